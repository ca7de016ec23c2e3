"""What attentions over kernels share: a temperature, a norm for pooled vectors, and initial values."""

import math
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_KEY = "temperature"


class Tempered(nn.Module):
    """A layer whose logits are divided by `temperature`, a number that training may lower.

    Weights belong to the temperature at which they were trained. If it differs from the temperature at construction,
    the state dict holds it under "temperature". A state dict without this key restores the temperature at construction.
    """

    OPTIONAL_STATE: ClassVar[tuple[str, ...]] = (_KEY,)
    temperature: float

    def set_first_temperature(self, value: float) -> None:
        """Set the temperature at construction.

        Raises:
            ValueError: if it is not a number above 0.
        """
        self.temperature = self._first_temperature = checked_temperature(value)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.temperature != self._first_temperature:
            destination[prefix + _KEY] = torch.tensor(self.temperature, dtype=torch.float64)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        trained_at = state_dict.pop(prefix + _KEY, self._first_temperature)  # PyTorch passes a copy
        self.temperature = checked_temperature(float(trained_at))
        super()._load_from_state_dict(state_dict, prefix, *rest)


def checked_temperature(value: float) -> float:
    """The temperature, checked.

    Raises:
        ValueError: if it is not a number above 0.
    """
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(
            f"temperature must be a number above 0, since it divides logits, got {value}; use 30, for example"
        )
    return float(value)


class BatchNormOfVectors(nn.BatchNorm2d):
    """Batch normalisation of vectors (B, C, 1, 1) that also supports a batch of one or zero vectors.

    A single vector has no statistics of its own, and PyTorch rejects it in train mode. This layer normalises it by the
    running statistics, as in eval mode, and does not update them.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.training and len(x) < 2:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
        normalised: Tensor = super().forward(x)
        return normalised

    def _check_input_dim(self, x: Tensor) -> None:
        """Accept any number of spatial dimensions of size 1."""


def he_normal_convolutions(part: nn.Module) -> None:
    """Draw convolutions by He's normal rule (fan-out), with biases 0. Norms stay unchanged."""
    for module in part.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)

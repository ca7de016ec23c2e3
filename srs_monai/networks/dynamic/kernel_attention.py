"""What the attentions over kernels share: a temperature, a norm of pooled vectors, and first values."""

import math
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_KEY = "temperature"


class Tempered(nn.Module):
    """A layer whose logits are divided by `temperature`, a number that training may lower.

    Weights belong to the temperature they were trained at: once it is another than the one the layer was built with,
    the state dict holds it, under "temperature". A state dict without it brings the first one back.
    """

    OPTIONAL_STATE: ClassVar[tuple[str, ...]] = (_KEY,)
    temperature: float

    def set_first_temperature(self, value: float) -> None:
        """The temperature that the layer is built with.

        Raises:
            ValueError: when it is not a number above 0.
        """
        self.temperature = self._first_temperature = checked_temperature(value)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.temperature != self._first_temperature:
            destination[prefix + _KEY] = torch.tensor(self.temperature, dtype=torch.float64)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        trained_at = state_dict.pop(prefix + _KEY, self._first_temperature)  # of the copy that PyTorch hands down
        self.temperature = checked_temperature(float(trained_at))
        super()._load_from_state_dict(state_dict, prefix, *rest)


def checked_temperature(value: float) -> float:
    """A temperature, by which logits are divided.

    Raises:
        ValueError: when it is not a number above 0.
    """
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"a temperature divides logits and is a number above 0, got {value}; give one, such as 30")
    return float(value)


class BatchNormOfVectors(nn.BatchNorm2d):
    """Batch normalisation of vectors (B, C, 1, 1) that also takes a batch of one, or none.

    A single vector has no statistics of its own: PyTorch refuses it in train mode. It is normalised by the running
    statistics, as in eval mode, and leaves them as they are.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.training and len(x) < 2:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
        normalised: Tensor = super().forward(x)
        return normalised

    def _check_input_dim(self, x: Tensor) -> None:
        """Vectors may have any number of empty spatial dimensions."""


def he_normal_convolutions(part: nn.Module) -> None:
    """Convolutions normal by He's rule (fan-out), their biases 0; norms as they are."""
    for module in part.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)

"""The temperature that flattens the weights of a mixture."""

import math
from typing import Any, ClassVar

import torch
from torch import nn

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

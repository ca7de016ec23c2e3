"""A network run in a chosen precision and memory layout."""

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer
from torch import Tensor

from srs_monai.tensors import PRECISIONS, channels_last, plain, with_meta_of


class NetworkInferer(Inferer):
    """Run a network under autocast on the device of its input; the result is float32.

    The network sees a MetaTensor as a plain tensor, which is faster; the result gets its meta data. A network with deep
    supervision gives a list: the result is the list in train mode, and its first, finest output in eval mode.

    Args:
        precision: "float32", "bfloat16" or "float16"; autocast chooses the operations.
        channels_last: use this memory layout for the input. `srs_monai.device.place` does the same for the network.

    Raises:
        ValueError: for an unknown precision.
    """

    def __init__(self, precision: str = "float32", channels_last: bool = True) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}; got {precision!r}")
        self.precision, self.channels_last = precision, channels_last

    def __call__(
        self, inputs: Tensor, network: Callable[..., Tensor | list[Tensor]], *args: Any, **kwargs: Any
    ) -> Tensor | list[Tensor]:
        """Run the network once."""
        images = plain(inputs)
        if self.channels_last:
            images = channels_last(images)
        lowered = self.precision != "float32"
        with torch.autocast(images.device.type, dtype=PRECISIONS[self.precision], enabled=lowered):
            result = network(images, *args, **kwargs)
        if isinstance(result, Tensor):
            return with_meta_of(inputs, result.float())
        if getattr(network, "training", False):
            return [with_meta_of(inputs, output.float()) for output in result]
        return with_meta_of(inputs, result[0].float())

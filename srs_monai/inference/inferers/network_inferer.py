"""A network run in a chosen precision and memory layout."""

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer
from torch import Tensor

from srs_monai.tensors import PRECISIONS, channels_last, plain, with_meta_of


class NetworkInferer(Inferer):
    """Run a network under autocast for the device of its input; the result is float32.

    A MetaTensor goes in as a plain tensor, which is faster, and its meta data come out on the result. Of a network with
    deep supervision, which gives a list, all outputs come out in train mode, and the first, the finest, in eval mode.

    Args:
        precision: "float32", "bfloat16" or "float16", of the operations that autocast lowers.
        channels_last: lay the input out for convolutions; for a network that `srs_monai.device.place` laid out so too.

    Raises:
        ValueError: for an unknown precision.
    """

    def __init__(self, precision: str = "float32", channels_last: bool = True) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"precision is one of {', '.join(PRECISIONS)}; got {precision!r}")
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

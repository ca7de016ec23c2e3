"""How fast this machine multiplies at most: the limit of a network that does nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from measure.clock import seconds_of
from measure.precision import DTYPES, set_precision
from measure.worker import Run

#: side of the matrices, and of the convolution batch, channels and side of the map
SIZES = {"cpu": (2048, (4, 128, 64)), "cuda": (8192, (64, 256, 64))}
SMALL_SIZES = (128, (1, 16, 32))
SECONDS = 1.0  # for which each product is repeated; the fastest counts


@dataclass(frozen=True)
class Products:
    """Prepares products of matrices and 3x3 convolutions, which give their GFLOP/s by name.

    MKL's matrix products are slower on some processors than the convolutions of oneDNN, so that the limit is the best
    of both.

    Args:
        precision: a name of `DTYPES`.
        device: "cpu" or a CUDA device.
        small: tiny products, for trying a script out.
    """

    precision: str
    device: str = "cpu"
    small: bool = False

    def __call__(self) -> Run:
        set_precision(self.precision)
        side, (batch, channels, map_side) = SMALL_SIZES if self.small else SIZES[self.device.partition(":")[0]]
        make: dict[str, Any] = {"device": self.device, "dtype": DTYPES[self.precision]}
        a, b = torch.rand(side, side, **make), torch.rand(side, side, **make)
        x = torch.rand(batch, channels, map_side, map_side, **make).contiguous(memory_format=torch.channels_last)
        weight = torch.rand(channels, channels, 3, 3, **make).contiguous(memory_format=torch.channels_last)
        products: dict[str, tuple[float, Callable[[Any], Tensor]]] = {
            "matrix product": (2 * side**3, lambda _: a @ b),
            "convolution": (2 * x.numel() * channels * 9, lambda _: F.conv2d(x, weight, padding=1)),
        }

        def run(seconds: float) -> dict[str, float]:
            with torch.inference_mode():
                return {name: work / self._best(product, seconds) / 1e9 for name, (work, product) in products.items()}

        return run

    def _best(self, product: Callable[[Any], Tensor], seconds: float) -> float:
        best, spent = float("inf"), 0.0
        warm_up = 2
        while spent < seconds:
            taken = seconds_of(product, None, device=self.device, warm_up=warm_up)
            best, spent, warm_up = min(best, taken), spent + taken, 0
        return best

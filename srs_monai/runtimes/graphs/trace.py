"""A network recorded as a graph for any batch and size."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from srs_monai.errors import one_line
from srs_monai.networks.fuse import fuse
from srs_monai.tensors import finest

INPUT, OUTPUT = "image", "logits"
#: names of the free axes of pictures and volumes: batch, then the sides
AXES = ("batch", "height", "width", "depth")

# batch and sides of pictures and of volumes; no axis is equal in both
_RECORDED, _CHECKED = {2: (2, 64, 96), 3: (2, 16, 32, 48)}, {2: (3, 96, 32), 3: (3, 32, 48, 16)}
_TOLERANCE = 1e-3  # of the largest logit: far above rounding, far below the error of a recorded size


class Graph(nn.Module):
    """Names the input, and returns only the finest output of a network with deep supervision."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.name = network, type(network).__name__

    def forward(self, image: Tensor) -> Tensor:
        return finest(self.network(image))


def prepared(network: nn.Module) -> Graph:
    """The network prepared for recording: fused, in eval mode, on the CPU, with one input and one output.

    Raises:
        ValueError: for a network that normalises by the current batch.
    """
    fused = fuse(network).cpu().float()
    if any(isinstance(part, _BatchNorm) and part.training for part in fused.modules()):
        raise ValueError(
            f"the result of a graph must not depend on the batch, but {type(network).__name__} normalises by the "
            "current batch (drifting_statistics); build it without drifting_statistics, or run it in PyTorch"
        )
    return Graph(fused).eval()


def sample_of(graph: Graph, shapes: Mapping[int, tuple[int, ...]] = _RECORDED) -> Tensor:
    """Random images for a network, with the channels and dimensions of its first convolution.

    Raises:
        ValueError: for a network without convolutions.
    """
    for part in graph.modules():
        if isinstance(part, nn.Conv2d | nn.Conv3d):
            batch, *sides = shapes[len(part.kernel_size)]
            return torch.rand(batch, part.in_channels, *sides, generator=torch.Generator().manual_seed(0))
    raise ValueError(
        f"recording needs a convolution, to know the shape of images, but {graph.name} has none; run it in PyTorch"
    )


def traced(graph: Graph, sample: Tensor | None = None) -> tuple[torch.jit.ScriptModule, Tensor]:
    """Record a network's graph, and check the record with another batch size and other sides.

    Args:
        graph: the prepared network.
        sample: images for recording, (B, C, H, W[, D]), B above 1; None: random images.

    Returns:
        The record and the sample.

    Raises:
        ValueError: for a network that cannot be recorded, or whose record is valid for the size of the sample only.
    """
    sample = sample_of(graph) if sample is None else sample.detach().cpu().float()
    other = sample_of(graph, _CHECKED)
    try:
        with torch.no_grad(), quiet():
            record = torch.jit.trace(graph, sample, check_trace=False)
            expected, found = graph(other), record(other)
    except Exception as error:  # the network's code and the recorder may raise anything
        raise ValueError(
            f"a network must be recordable for any size, but recording {graph.name} fails: "
            f"{_last_line(error)}; run it in PyTorch"
        ) from error
    worst = float((found - expected).abs().max())
    if not worst <= _TOLERANCE * max(1.0, float(expected.abs().max())):
        raise ValueError(
            f"a recorded graph must work for any batch and size, but that of {graph.name}, recorded at "
            f"{tuple(sample.shape)}, is off by {worst:.3g} at {tuple(other.shape)}: its code turns sizes into "
            "constants; run it in PyTorch"
        )
    return record, sample


def _last_line(error: Exception) -> str:
    """The last line of a recorder's error; the lines above give the place in the network."""
    return one_line((str(error).splitlines() or [type(error).__name__])[-1])


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress torch's warnings about TorchScript's deprecation, and about fixed sizes, which `traced` checks."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # type: ignore[attr-defined]
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.", category=DeprecationWarning)
        yield

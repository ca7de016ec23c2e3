"""A network recorded as a graph that serves any batch and size."""

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
#: names of the axes that are free, of pictures and volumes: batch, then the sides
AXES = ("batch", "height", "width", "depth")

# batch and sides, of pictures and of volumes; no axis the same in both
_RECORDED, _CHECKED = {2: (2, 64, 96), 3: (2, 16, 32, 48)}, {2: (3, 96, 32), 3: (3, 32, 48, 16)}
_TOLERANCE = 1e-3  # of the largest logit: far above rounding, far below a size that was recorded as a number


class Graph(nn.Module):
    """Gives the input its name, and of a network with deep supervision the finest output alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.name = network, type(network).__name__

    def forward(self, image: Tensor) -> Tensor:
        return finest(self.network(image))


def prepared(network: nn.Module) -> Graph:
    """The network as graphs are made of it: fused, in eval mode, on the CPU, one image batch in and logits out.

    Raises:
        ValueError: for a network that normalises by the batch at hand.
    """
    fused = fuse(network).cpu().float()
    if any(isinstance(part, _BatchNorm) and part.training for part in fused.modules()):
        raise ValueError(
            f"a graph gives an image the same result in every batch, but {type(network).__name__} normalises by the "
            "batch at hand (drifting_statistics); build it without that, or run it in PyTorch"
        )
    return Graph(fused).eval()


def sample_of(graph: Graph, shapes: Mapping[int, tuple[int, ...]] = _RECORDED) -> Tensor:
    """Random images that a network takes, channels and dimensions as in its first convolution.

    Raises:
        ValueError: for a network without convolutions.
    """
    for part in graph.modules():
        if isinstance(part, nn.Conv2d | nn.Conv3d):
            batch, *sides = shapes[len(part.kernel_size)]
            return torch.rand(batch, part.in_channels, *sides, generator=torch.Generator().manual_seed(0))
    raise ValueError(
        f"a network's first convolution says what images it takes, but {graph.name} has none; run it in PyTorch"
    )


def traced(graph: Graph, sample: Tensor | None = None) -> tuple[torch.jit.ScriptModule, Tensor]:
    """Record a network's graph, and try the record on another batch size and other sides.

    Args:
        graph: the network, prepared.
        sample: images to record with, (B, C, H, W[, D]), B above 1; None: made up.

    Returns:
        The record and the sample.

    Raises:
        ValueError: for a network that cannot be recorded, or whose record holds for the sample's size alone.
    """
    sample = sample_of(graph) if sample is None else sample.detach().cpu().float()
    other = sample_of(graph, _CHECKED)
    try:
        with torch.no_grad(), quiet():
            record = torch.jit.trace(graph, sample, check_trace=False)
            expected, found = graph(other), record(other)
    except Exception as error:  # whatever the network's own code and the recorder raise
        raise ValueError(
            f"a network's graph is recorded and serves any size, but that of {graph.name} fails: "
            f"{_last_line(error)}; run it in PyTorch"
        ) from error
    worst = float((found - expected).abs().max())
    if not worst <= _TOLERANCE * max(1.0, float(expected.abs().max())):
        raise ValueError(
            f"a recorded graph serves any batch and size, but that of {graph.name}, recorded at "
            f"{tuple(sample.shape)}, is off by {worst:.3g} at {tuple(other.shape)}: its code takes numbers from the "
            "size; run it in PyTorch"
        )
    return record, sample


def _last_line(error: Exception) -> str:
    """What the recorder's errors say, below where in the network they arose."""
    return one_line((str(error).splitlines() or [type(error).__name__])[-1])


@contextmanager
def quiet() -> Iterator[None]:
    """Let torch say nothing of its plans for TorchScript, nor of what a record fixes, which is tried."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # type: ignore[attr-defined]
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.", category=DeprecationWarning)
        yield

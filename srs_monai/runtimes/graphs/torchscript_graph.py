"""TorchScript: a graph that PyTorch runs without Python."""

from pathlib import Path

import torch
from torch import Tensor, nn

from srs_monai.runtimes.graphs.graph_files import replacing_graph
from srs_monai.runtimes.graphs.trace import prepared, quiet, traced


def torchscript_graph(network: nn.Module, path: str | Path, *, sample: Tensor | None = None) -> None:
    """Write a network as TorchScript: float32, batch and sides free, `torch.jit.load(path)(image)` gives logits.

    Args:
        network: image (B, C, H, W[, D]) to logits; it is fused first.
        path: of the file; one that is there is replaced.
        sample: images to record with; None: made up.

    Raises:
        ValueError: for a network that has no such graph.
    """
    record, _ = traced(prepared(network), sample)
    with replacing_graph(path) as temporary, quiet():
        torch.jit.save(record, temporary)

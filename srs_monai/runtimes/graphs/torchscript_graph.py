"""TorchScript: a graph format that PyTorch runs without Python."""

from pathlib import Path

import torch
from torch import Tensor, nn

from srs_monai.runtimes.graphs.graph_files import replacing_graph
from srs_monai.runtimes.graphs.trace import prepared, quiet, traced


def torchscript_graph(network: nn.Module, path: str | Path, *, sample: Tensor | None = None) -> None:
    """Write a network as TorchScript: float32, free batch and sides; `torch.jit.load(path)(image)` gives logits.

    Args:
        network: image (B, C, H, W[, D]) to logits; it is fused first.
        path: path of the file; an existing file is replaced.
        sample: images for recording; None: random images.

    Raises:
        ValueError: for a network that cannot be recorded.
    """
    record, _ = traced(prepared(network), sample)
    with replacing_graph(path) as temporary, quiet():
        torch.jit.save(record, temporary)

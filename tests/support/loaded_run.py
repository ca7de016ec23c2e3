"""A run whose weights were loaded from a file."""

from pathlib import Path

import torch
from torch import nn

from srs_monai.inference import Run
from srs_monai.weights import load_weights, save_weights


def loaded_run(path: Path, *, seed: int = 0) -> Run:
    """Write random weights to a file, load them, and make a run of them."""
    torch.manual_seed(seed)
    network = nn.Conv2d(1, 1, 1)
    save_weights(network.state_dict(), path)
    run = Run("cpu")
    run.use(load_weights(network, path))
    return run

"""Whether this machine can compile networks, asked before any work."""

import torch
from torch import Tensor

from srs_monai.errors import one_line, root_cause


def check_compiler(device: str | torch.device, *, wanted: bool = True) -> None:
    """Refuse torch.compile where it does not work: something small is compiled and run.

    Args:
        device: which the network is compiled for.
        wanted: False checks nothing.

    Raises:
        ValueError: with what is missing, such as a C++ compiler, or Triton for a GPU.
    """
    if not wanted:
        return
    try:
        torch.compile(_small)(torch.ones(16, device=device))
    except RuntimeError as error:  # all that torch.compile raises
        said = str(root_cause(error)).split("\n\n")[0]
        raise ValueError(
            f"torch.compile needs a C++ compiler, and Triton for a GPU, but it fails here on {device}: {one_line(said)}"
            "; install what is missing (g++ on Linux), or leave compile out"
        ) from error


def _small(values: Tensor) -> Tensor:
    return (values + 1).sin()

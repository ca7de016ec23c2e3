"""Whether this machine can compile networks, asked before any work."""

import torch

from srs_monai.compiling import cannot_compile


def check_compiler(device: str | torch.device, *, wanted: bool = True) -> None:
    """Refuse torch.compile where it does not work: something small is compiled and run.

    Args:
        device: which the network is compiled for.
        wanted: False checks nothing.

    Raises:
        ValueError: with what is missing, such as a C++ compiler, or what stands in the way.
    """
    if wanted and (reason := cannot_compile(device)):
        raise ValueError(f"torch.compile {reason}; or leave compile out")

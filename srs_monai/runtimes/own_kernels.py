"""Runtime of our own kernels: SRSNet's residual blocks by Winograd's method, on the CPU."""

import torch

from srs_monai.device import keep_freed_memory
from srs_monai.environment import NO_COMPILER, cpp_compiler
from srs_monai.runtimes.build_request import Target
from srs_monai.runtimes.eager import Eager
from srs_monai.runtimes.native import accelerate
from srs_monai.runtimes.runtime import Runtime


def build_native(target: Target) -> Runtime:
    """Our own kernels, compiled for this processor in a second; float32, also where a lower precision would do."""
    keep_freed_memory()  # its maps are made and freed with every image
    return Eager(accelerate(target.fused(channels_last=True)), "native", "float32", (1, 2), channels_last=True)


def lacks_compiler(device: torch.device) -> str:
    """Why the kernels cannot be compiled on this machine, and the way out; empty where they can."""
    return "" if cpp_compiler() else NO_COMPILER

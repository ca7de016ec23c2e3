"""Runtime of our own kernels: SRSNet's residual blocks by Winograd's method, on the CPU."""

import torch

from srs_monai.inference.native import accelerate, compiler
from srs_monai.inference.runtimes.eager import Eager
from srs_monai.inference.runtimes.runtime import Runtime
from srs_monai.inference.runtimes.target import Target
from srs_monai.memory import keep_freed_memory


def build_native(target: Target) -> Runtime:
    """Our own kernels, compiled for this processor in a second; float32, also where a lower precision would do."""
    keep_freed_memory()  # its maps are made and freed with every image
    return Eager(accelerate(target.fused(channels_last=True)), "native", "float32", (1, 2), channels_last=True)


def lacks_cpp_compiler(device: torch.device) -> str:
    """What the kernels need and this machine does not have; empty when it has all."""
    return "" if compiler() else "a C++ compiler (g++), or CXX=PATH of one"

"""Runtime of torch.compile: inductor writes C++ for a CPU, Triton for a GPU."""

import torch
from torch import Tensor

from srs_monai.runtimes.build_request import Target
from srs_monai.runtimes.eager import Eager
from srs_monai.runtimes.runtime import Runtime, to_power_of_two, usual_batches


class Compiled(Eager):
    """A compiled network; on a GPU its kernels are launched as one CUDA graph."""

    def logits(self, images: Tensor) -> Tensor:
        filled = to_power_of_two(images, self.batch_size or len(images))
        result = super().logits(filled)[: len(images)]
        return result.clone() if images.device.type == "cuda" else result  # the next launch writes to the same memory


def build_compiled(target: Target) -> Runtime:
    """torch.compile; the first image of each size waits for the compiler, up to a minute."""
    network = target.fused(channels_last=True)
    if target.device.type == "cuda":
        compiled = torch.compile(network, mode="reduce-overhead")
    else:
        compiled = torch.compile(network, options={"freezing": True})  # weights as constants, laid out once
    return Compiled(compiled, "compile", target.precision, usual_batches(target.device), channels_last=True)

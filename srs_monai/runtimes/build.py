"""A network made ready for inference."""

from collections.abc import Sequence
from itertools import chain

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from srs_monai.device import pick_device
from srs_monai.runtimes.known_runtimes import AUTO, RUNTIMES, check_runtime
from srs_monai.runtimes.pytorch import Eager
from srs_monai.runtimes.runtime import BuildRequest, Runtime
from srs_monai.runtimes.selection.auto import Auto


def build(
    network: nn.Module,
    name: str = AUTO,
    *,
    precision: str = "float32",
    device: str | torch.device | None = None,
    image_size: Sequence[int] = (256, 256),
    channels_last: bool = True,
) -> Runtime:
    """Make a network ready for inference in one way; the network itself stays as it is.

    Args:
        network: any that gives logits, or a list of them, the finest first; it is fused where that is known.
        name: of RUNTIMES; "auto" is the fastest on this machine, once so many images are asked for that finding it
            pays. It is remembered in the user's cache.
        precision: "float32", "bfloat16" or "float16".
        device: where images will be; None: where the network is.
        image_size: height and width in pixels of most images; others are taken all the same.
        channels_last: of "auto": the memory layout of torch's own operations.

    Raises:
        ValueError: for a name, precision or device that cannot be, and a runtime that is not installed; for a network
            that cannot be brought into it.
    """
    there = _device_of(network) if device is None else pick_device(device)
    check_runtime(name, precision, there)
    request = BuildRequest(network, precision, there, tuple(image_size))
    if _depends_on_batch(network):
        if name not in (AUTO, "eager", "channels_last"):
            raise ValueError(
                f"runtime {name} cuts batches, but {type(network).__name__} normalises by the batch at hand, on which "
                "its result depends; take runtime eager or channels_last, or build it without drifting_statistics"
            )
        laid_out = channels_last if name == AUTO else name == "channels_last"
        place_name = "channels_last" if laid_out else "eager"
        return Eager(request.fused(channels_last=laid_out), place_name, precision, (), laid_out)
    return Auto(request, channels_last) if name == AUTO else RUNTIMES[name].build(request)


def _device_of(network: nn.Module) -> torch.device:
    first = next(chain(network.parameters(), network.buffers()), None)
    return torch.device("cpu") if first is None else first.device


def _depends_on_batch(network: nn.Module) -> bool:
    """Whether a network in eval mode normalises by the batch at hand, so that a batch must go through as it is."""
    modes = {part: part.training for part in network.modules()}
    try:
        network.eval()  # SRSNet(drifting_statistics=True) keeps a part of it in train mode
        return any(isinstance(part, _BatchNorm) and (part.training or part.running_mean is None) for part in modes)
    finally:
        for part, mode in modes.items():
            part.training = mode

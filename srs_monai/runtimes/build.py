"""Build a runtime: a network prepared for inference."""

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
    """Prepare a network for inference with one runtime. The network itself stays unchanged.

    Args:
        network: any network that returns logits, or a list of them, finest first. Known parts of it are fused.
        name: a name of RUNTIMES. "auto" is the fastest runtime on this machine; it is measured once enough images are
            requested to pay for that, and remembered in the user's cache.
        precision: "float32", "bfloat16" or "float16".
        device: device of the images; None means the device of the network.
        image_size: height and width in pixels of most images; other sizes are also accepted.
        channels_last: for "auto": the memory layout of PyTorch's own operations.

    Raises:
        ValueError: for an invalid name, precision or device, a runtime that is not installed, and a network that the
            runtime cannot convert.
    """
    there = _device_of(network) if device is None else pick_device(device)
    check_runtime(name, precision, there)
    request = BuildRequest(network, precision, there, tuple(image_size))
    if _depends_on_batch(network):
        if name not in (AUTO, "eager", "channels_last"):
            raise ValueError(
                f"runtime {name} splits batches, but {type(network).__name__} normalises by the current batch, so its "
                "result depends on it; use runtime eager or channels_last, or build it without drifting_statistics"
            )
        laid_out = channels_last if name == AUTO else name == "channels_last"
        place_name = "channels_last" if laid_out else "eager"
        return Eager(request.fused(channels_last=laid_out), place_name, precision, (), laid_out)
    return Auto(request, channels_last) if name == AUTO else RUNTIMES[name].build(request)


def _device_of(network: nn.Module) -> torch.device:
    first = next(chain(network.parameters(), network.buffers()), None)
    return torch.device("cpu") if first is None else first.device


def _depends_on_batch(network: nn.Module) -> bool:
    """Whether a network in eval mode normalises by the current batch, so that a batch must not be split."""
    modes = {part: part.training for part in network.modules()}
    try:
        network.eval()  # SRSNet(drifting_statistics=True) keeps one part in train mode
        return any(isinstance(part, _BatchNorm) and (part.training or part.running_mean is None) for part in modes)
    finally:
        for part, mode in modes.items():
            part.training = mode

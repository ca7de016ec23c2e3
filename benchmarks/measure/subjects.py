"""The networks that are measured: SRSNet, its plain form and its rivals, and what each of them costs."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import monai.networks.nets as monai_nets
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._C._autograd import DeviceType
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from measure.machine import ROOT
from measure.worker import Run
from srs_monai.networks import SRSNet
from srs_monai.networks.blocks import CBAMResidual
from srs_monai.networks.layers.attention import ECA, ChannelAttention, SpatialAttention
from srs_monai.weights import load_weights

SHIPPED = ROOT / "bundle" / "models" / "model.pt"
SEED = 41
#: about a fiftieth of the network, for trying out a script
SMALL: dict[str, Any] = {
    "reconstruction_features": (8, 8, 16, 32),
    "reconstruction_blocks": (1, 1, 1, 1),
    "reconstruction_stem": 8,
    "segmentation_features": (8, 16, 32, 64),
    "segmentation_blocks": (1, 1, 1, 1),
}


@dataclass(frozen=True)
class Subject:
    """An SRSNet to be measured.

    Args:
        small: a network of a fiftieth of the size, with random weights.
        weights: file of the network's weights; None: random ones, always the same.
    """

    small: bool = False
    weights: Path | None = SHIPPED

    def network(self, dpconv_form: Literal["closed", "literal"] = "closed") -> SRSNet:
        """The network on the CPU, in train mode; both forms have the same weights."""
        torch.manual_seed(SEED)
        network = SRSNet(dpconv_form=dpconv_form, **(SMALL if self.small else {}))
        if self.weights is not None and not self.small:
            load_weights(network, self.weights)
        return network


def unet() -> nn.Module:
    """MONAI's residual U-Net, as its documentation and tutorials build it."""
    return _monai("UNet", channels=(16, 32, 64, 128, 256), strides=(2, 2, 2, 2), num_res_units=2, norm="BATCH")


def basic_unet() -> nn.Module:
    """MONAI's BasicUNet with its own features."""
    return _monai("BasicUNet")


def dyn_unet() -> nn.Module:
    """nnU-Net's plan for 2-D images of 256 x 256: seven stages down to 4 x 4, 32 to 512 channels."""
    strides = [1, 2, 2, 2, 2, 2, 2]
    return _monai(
        "DynUNet",
        kernel_size=[3] * 7,
        strides=strides,
        upsample_kernel_size=strides[1:],
        filters=[32, 64, 128, 256, 512, 512, 512],
    )


def swin_unetr() -> nn.Module:
    """MONAI's SwinUNETR with 24 features, its default; needs einops."""
    if find_spec("einops") is None:
        raise ValueError("SwinUNETR needs einops, which is not installed; pip install einops")
    return _monai("SwinUNETR")


RIVALS: dict[str, Callable[[], nn.Module]] = {
    "MONAI UNet": unet,
    "MONAI BasicUNet": basic_unet,
    "MONAI DynUNet (nnU-Net 2-D)": dyn_unet,
    "MONAI SwinUNETR": swin_unetr,
}


def _monai(name: str, **arguments: Any) -> nn.Module:
    torch.manual_seed(SEED)
    network: nn.Module = getattr(monai_nets, name)(spatial_dims=2, in_channels=3, out_channels=1, **arguments)
    return network


def plain_attention(network: nn.Module) -> nn.Module:
    """Let a network for pictures compute its attention operation by operation, with PyTorch's own gradients.

    Nothing that makes the package's own blocks faster is used. The network is changed and returned.
    """
    for part in network.modules():
        for kind, forward in _PLAIN.items():
            if type(part) is kind:
                part.forward = partial(forward, part)
    return network


def _residual(block: Any, x: Tensor) -> Tensor:
    y = F.relu(block.norm1(block.conv1(x)))
    y = block.norm2(block.conv2(y))
    y = block.channel_attention(y) * y
    y = block.spatial_attention(y) * y
    return F.relu(y + block.shortcut(x))


def _by_channel(layer: Any, x: Tensor) -> Tensor:
    average = F.relu(layer.fc1(x.mean((2, 3), keepdim=True)))
    largest = F.relu(layer.fc1(x.amax((2, 3), keepdim=True)))
    return torch.sigmoid(layer.fc2(average + largest))


def _by_position(layer: Any, x: Tensor) -> Tensor:
    return torch.sigmoid(layer.conv(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], dim=1)))


def _eca(layer: Any, x: Tensor) -> Tensor:
    largest = torch.sigmoid(x.amax((2, 3)))
    weights = torch.sigmoid(layer.conv(largest.unsqueeze(1))).transpose(1, 2)
    return x * weights.unsqueeze(-1)


_PLAIN: dict[type[nn.Module], Callable[[Any, Tensor], Tensor]] = {
    CBAMResidual: _residual,
    ChannelAttention: _by_channel,
    SpatialAttention: _by_position,
    ECA: _eca,
}


def parameters(network: nn.Module) -> int:
    """How many numbers are learned, in all of the network."""
    return sum(parameter.numel() for parameter in network.parameters())


def gflop(network: nn.Module, size: tuple[int, int], channels: int = 3) -> float:
    """10^9 floating-point operations of a forward pass of one image; a multiply-add counts as two.

    Convolutions and matrix products are counted, on tensors that have a shape and no values.
    """
    counted = copy.deepcopy(network).eval()
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad(), FlopCounterMode(display=False) as counter:
        counted(torch.empty(1, channels, *size))
    return float(counter.get_total_flops()) / 1e9


def most_expensive(run: Run, request: tuple[Any, str]) -> str:
    """The three kernels of a GPU, or operations of PyTorch on a CPU, that take most of the time, with their shares.

    Args:
        run: the work.
        request: what the work is asked, and the device.
    """
    about, device = request
    cuda = device.startswith("cuda")
    run(about)
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]) as profiler:
        run(about)
        if cuda:
            torch.cuda.synchronize(device)
    events = profiler.key_averages()
    if not cuda:
        return shares({event.key: float(event.self_cpu_time_total) for event in events})
    # an operation's row has the time of its kernels, too
    kernels = [event for event in events if event.device_type == DeviceType.CUDA]
    return shares({event.key: float(event.self_device_time_total) for event in kernels})


def shares(times: dict[str, float], count: int = 3) -> str:
    """The largest of the named times, with their percent of the sum: "a 60 %; b 30 %"."""
    whole = sum(times.values()) or 1.0
    largest = sorted(times, key=lambda name: -times[name])[:count]
    return "; ".join(f"{name[:80]} {100 * times[name] / whole:.0f} %" for name in largest if times[name] > 0)

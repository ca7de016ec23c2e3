"""Every operator, block and network that `srs_monai.networks` exports, small, with inputs that it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks import (
    BLAM,
    ECA,
    IPATR,
    SDI,
    CBAMResidual,
    ChannelAttention,
    CondConv,
    DCDConv,
    DDConv,
    DPConv,
    DyConv,
    HamburgerResNet18,
    MAGICConv,
    ODConv,
    PVTv2,
    ReconstructionNet,
    ScConv,
    SegmentationNet,
    SpatialAttention,
    SRSNet,
    SRSNetPretrained,
    TransFuse,
    TransUNet,
    UNetV2,
    UpShuffle,
)
from srs_monai.networks.blocks import ResidualNode
from srs_monai.networks.layers import NMF2D, StandardizedConv2d, conv_per_sample, conv_same

#: exported, but not an operator on tensors
TABLES_AND_BUILDERS = {"DYNAMIC_CONVS", "dynamic_conv", "replace_convs"}

# widths that differ between the two networks, of two levels
SRSNET: dict[str, Any] = {
    "reconstruction_features": (4, 8),
    "reconstruction_blocks": (1, 1),
    "segmentation_features": (4, 16),
    "segmentation_blocks": (1, 1),
    "reconstruction_stem": 4,
    "segmentation_stem": 4,
}


@dataclass(frozen=True)
class Case:
    """A network and inputs for it.

    Args:
        build: makes the network.
        shapes: of its inputs, two samples each; a list of shapes is a list of maps.
        rest: further arguments.
        large: it takes seconds; a test that all of its parts pass by themselves leaves it out.
        forward_mode: whether PyTorch carries derivatives forward through all its operations.
    """

    build: Callable[[], nn.Module]
    shapes: tuple[Any, ...]
    rest: tuple[Any, ...] = ()
    large: bool = False
    forward_mode: bool = True

    def network(self) -> nn.Module:
        """The network in double precision, away from special first values, in train mode."""
        torch.manual_seed(0)
        network = self.build().double()
        for part in network.modules():
            if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
                nn.init.uniform_(part.running_var, 0.5, 1.5)
            if isinstance(part, DDConv):  # else it samples at pixels exactly, where bilinear sampling has a kink
                nn.init.uniform_(part.offsets.bias, 0.1, 0.4)
            if isinstance(part, nn.Dropout | nn.Dropout2d):
                part.p = 0.0
        return network

    def inputs(self) -> tuple[Any, ...]:
        """The inputs, in double precision."""
        generator = torch.Generator().manual_seed(1)

        def drawn(shape: Any) -> Any:
            if isinstance(shape, list):
                return [drawn(each) for each in shape]
            return torch.rand(2, *shape, dtype=torch.float64, generator=generator)

        return (*map(drawn, self.shapes), *self.rest)


class WithKernel(nn.Module):
    """A convolution by a kernel at hand, with that kernel as its parameter."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor], *kernel: int) -> None:
        super().__init__()
        self.function, self.kernel = function, nn.Parameter(torch.randn(kernel))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, self.kernel)


class Pyramid(nn.Module):
    """An encoder for U-Net v2."""

    channels = (4, 4, 4, 4)

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(2, 4, 1) for _ in self.channels)

    def forward(self, image: Tensor) -> list[Tensor]:
        return [conv(F.avg_pool2d(image, 4 * 2**level)) for level, conv in enumerate(self.convs)]


def _dynamic(kind: Callable[..., nn.Module], **options: Any) -> Callable[[], nn.Module]:
    return lambda: kind(16, 16, 3, padding=1, **options)


FLAT, DEEP = (4, 6, 4), (4, 4, 2, 4)  # a feature of a picture, and of a volume
IN_3D = {"spatial_dims": 3}
WIDE = ((16, 9, 8),)  # more places than those on which outputs are mixed

CASES: dict[str, Case] = {
    "BLAM": Case(lambda: BLAM(4), (FLAT, FLAT)),
    "BLAM, 3-D": Case(lambda: BLAM(4, **IN_3D), (DEEP, DEEP)),
    "CBAMResidual": Case(lambda: CBAMResidual(4, 4), (FLAT,)),
    "CBAMResidual, another width": Case(lambda: CBAMResidual(4, 6), (FLAT,)),
    "CBAMResidual, 3-D": Case(lambda: CBAMResidual(4, 6, **IN_3D), (DEEP,)),
    "ChannelAttention": Case(lambda: ChannelAttention(4, 2), (FLAT,)),
    "CondConv": Case(_dynamic(CondConv), WIDE),
    "CondConv, 3-D": Case(_dynamic(CondConv, **IN_3D), ((16, 5, 4, 4),)),
    "DCDConv": Case(_dynamic(DCDConv), WIDE),
    "DDConv": Case(_dynamic(DDConv, num_kernels=2), WIDE, forward_mode=False),
    "DPConv": Case(lambda: DPConv(4, 4, guide_channels=2), (FLAT, (2, 3, 2))),
    "DPConv, literal": Case(lambda: DPConv(4, 4, guide_channels=2, form="literal"), (FLAT, (2, 3, 2))),
    "DPConv, 3-D": Case(lambda: DPConv(4, 4, guide_channels=2, **IN_3D), (DEEP, (2, 2, 2, 2))),
    "DyConv": Case(_dynamic(DyConv), WIDE),
    "DyConv, small map": Case(_dynamic(DyConv), ((16, 4, 4),)),
    "ECA": Case(ECA, (FLAT,)),
    "HamburgerResNet18": Case(lambda: HamburgerResNet18(1, 1, 32, 2, 1), ((1, 32, 32),), large=True),
    "IPATR": Case(lambda: IPATR(4), (FLAT,)),
    "MAGICConv": Case(_dynamic(MAGICConv, num_kernels=2), WIDE),
    "NMF2D": Case(lambda: NMF2D(4, 2, 2), (FLAT,)),
    "ODConv": Case(_dynamic(ODConv), WIDE),
    "PVTv2": Case(lambda: PVTv2(3, drop_path=0.0), ((3, 32, 32),), large=True),
    "ReconstructionNet": Case(lambda: ReconstructionNet(2, 2, (4, 8), (1, 1), 4), ((2, 8, 8),)),
    "ResidualNode": Case(lambda: ResidualNode(8, 4, 2), ([FLAT, FLAT],)),
    "SDI": Case(lambda: SDI(4, 2), ([FLAT, (4, 3, 2)],), ((3, 2),)),
    "SRSNet": Case(lambda: SRSNet(2, 2, 3, **SRSNET), ((2, 8, 8),)),
    "SRSNet, joint": Case(lambda: SRSNet(2, 2, 3, freeze_reconstruction=False, **SRSNET), ((2, 8, 8),)),
    # not smaller: PyTorch 2.13's Conv3d of 16 channels on 2 x 2 x 2 in bfloat16 reads memory that was never written
    "SRSNet, 3-D": Case(lambda: SRSNet(3, 2, 1, **SRSNET), ((2, 8, 8, 8),)),
    "SRSNet, folded": Case(lambda: SRSNet(2, 2, 3, fold=2, **SRSNET), ((2, 16, 16),)),
    "SRSNet, magic": Case(lambda: SRSNet(2, 2, 1, kernel="magic", **SRSNET), ((2, 8, 8),)),
    "SRSNetPretrained": Case(
        lambda: SRSNetPretrained(
            decoder_features=(4, 4, 4, 4), reconstruction_features=(4, 4), reconstruction_blocks=(1, 1)
        ),
        ((3, 64, 64),),
        large=True,
    ),
    "ScConv": Case(_dynamic(ScConv), WIDE),
    "SegmentationNet": Case(
        lambda: SegmentationNet(2, 2, 3, (4, 8), (1, 1), 4, guide_channels=2), ((2, 8, 8), (2, 3, 2))
    ),
    "SpatialAttention": Case(lambda: SpatialAttention(3), (FLAT,)),
    "StandardizedConv2d": Case(lambda: StandardizedConv2d(4, 6, 3, stride=2), (FLAT,)),
    "TransFuse": Case(lambda: TransFuse(1, 1, image_size=(32, 32), deep_supervision=True), ((1, 32, 32),), large=True),
    "TransUNet": Case(
        lambda: TransUNet(1, 1, (32, 32), 32, (1, 1, 1), 16, 16, 2, 1, (8, 8, 8, 8, 8)), ((1, 32, 32),), large=True
    ),
    "UNetV2": Case(lambda: UNetV2(2, 2, 4, encoder=Pyramid()), ((2, 32, 32),)),
    "UpShuffle": Case(lambda: UpShuffle(4, 3), (FLAT,)),
    "UpShuffle, 3-D": Case(lambda: UpShuffle(8, 3, **IN_3D), ((8, 3, 2, 2),)),
    "conv_per_sample": Case(lambda: WithKernel(conv_per_sample, 2, 3, 4, 3, 3), (FLAT,)),
    "conv_same": Case(lambda: WithKernel(conv_same, 3, 4, 3, 3), (FLAT,)),
}

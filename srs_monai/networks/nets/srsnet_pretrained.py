"""SRSNet with a pretrained encoder: the reconstruction network gives a kernel between encoder and decoder."""

from collections.abc import Sequence
from math import lcm

import torch
import torch.nn.functional as F
from monai.networks.blocks import Convolution
from torch import Tensor, nn

from srs_monai.networks.layers.dpconv import DPConv
from srs_monai.networks.nets.efficientnet_lite import EfficientNetLite0
from srs_monai.networks.nets.guided_net import GuidedNet, ReconstructionNet
from srs_monai.text import one_of


class PretrainedSegmentationNet(nn.Module):
    """EfficientNet-Lite0 as encoder, DPConv on its deepest feature, and a U-shaped decoder of four steps.

    Args:
        out_channels: 1 for a binary task, else the number of classes with the background.
        features: channels of the decoder's four steps, coarsest first. The filtered feature has features[0] channels.
        guide_channels: channels of the guide; None: there is no DPConv.

    Shapes: image (B, 3, H, W) with values from 0 to 1, sides in multiples of 32, and a guide
    (B, guide_channels, any, any) give logits (B, out_channels, H, W).

    Raises:
        ValueError: for another number of features; in forward, if a side is not a multiple of 32, or the guide is
            missing.
    """

    def __init__(
        self, out_channels: int = 1, features: Sequence[int] = (128, 64, 48, 32), guide_channels: int | None = 64
    ) -> None:
        super().__init__()
        self.encoder = EfficientNetLite0()
        *skips, deepest = self.encoder.channels
        if len(features) != len(skips):
            raise ValueError(
                f"the decoder has {len(skips)} steps, got features {list(features)}; give {len(skips)} numbers"
            )
        self.reduce = Convolution(2, deepest, features[0], kernel_size=1, norm="batch", act="relu")
        self.dpconv = None
        if guide_channels is not None:
            self.dpconv = DPConv(features[0], features[0], guide_channels=guide_channels)
        widths = [features[0], *features]
        self.steps = nn.ModuleList(
            Convolution(2, coarse + skip, fine, norm="batch", act="relu")
            for coarse, fine, skip in zip(widths, features, reversed(skips), strict=False)
        )
        self.head = nn.Conv2d(features[-1], out_channels, 1)

    def forward(self, image: Tensor, guide: Tensor | None = None) -> Tensor:
        *skips, deepest = self.encoder(image)
        x = self.reduce(deepest)
        if self.dpconv is not None:
            if guide is None:
                raise ValueError(
                    "DPConv computes its kernel from a guide, got none; pass the feature of the reconstruction network"
                )
            x = x + self.dpconv(x, guide)
        for step, skip in zip(self.steps, reversed(skips), strict=True):
            x = step(torch.cat([_doubled(x), skip], dim=1))
        return _doubled(self.head(x))


class SRSNetPretrained(GuidedNet):
    """A light SRSNet whose segmentation network starts with an encoder trained on ImageNet.

    `srs_monai.training.LoadPretrainedEncoder` loads the weights from ImageNet when a training starts. Trained weights
    contain the encoder.

    Args:
        spatial_dims: must be 2.
        in_channels: must be 3.
        out_channels: 1 for a binary task, else the number of classes with the background.
        reconstruction_features, reconstruction_blocks, reconstruction_stem, reconstruction_fold: arguments of
            ReconstructionNet.
        decoder_features: `features` of PretrainedSegmentationNet.
        kernel: "dpconv", or None for the segmentation network alone.
        freeze_reconstruction: see `SRSNet`.

    Shapes: image (B, 3, H, W), sides in multiples of 32, gives logits (B, out_channels, H, W). A larger fold or
    more levels of the reconstruction network may need larger multiples.

    Raises:
        ValueError: for another number of dimensions or channels, or an unknown kernel; in forward, if a side is not
            such a multiple.
    """

    def __init__(
        self,
        spatial_dims: int = 2,
        in_channels: int = 3,
        out_channels: int = 1,
        reconstruction_features: Sequence[int] = (8, 16, 32, 64),
        reconstruction_blocks: Sequence[int] = (1, 1, 1, 1),
        reconstruction_stem: int = 8,
        reconstruction_fold: int = 2,
        decoder_features: Sequence[int] = (128, 64, 48, 32),
        *,
        kernel: str | None = "dpconv",
        freeze_reconstruction: bool = True,
    ) -> None:
        if (spatial_dims, in_channels) != (2, 3):
            raise ValueError(
                f"the pretrained encoder needs pictures of 3 channels, got {in_channels} channels in {spatial_dims} "
                "dimensions; set in_channels to 3 and spatial_dims to 2: grey images are repeated"
            )
        reconstruction = None
        if kernel is not None:
            one_of(kernel, ["dpconv"], "kernel of SRSNetPretrained beside None")
            reconstruction = ReconstructionNet(
                2,
                in_channels,
                reconstruction_features,
                reconstruction_blocks,
                reconstruction_stem,
                reconstruction_fold,
            )
        guide_channels = None if reconstruction is None else reconstruction_features[-1]
        segmentation = PretrainedSegmentationNet(out_channels, decoder_features, guide_channels)
        multiple = 32 if reconstruction is None else lcm(32, reconstruction.multiple)
        super().__init__(reconstruction, segmentation, multiple=multiple, freeze_reconstruction=freeze_reconstruction)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)

"""ResNet-18 with a light Hamburger head: global context by matrix decomposition."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks.layers.nmf import NMF2D
from srs_monai.networks.nets.baselines.argument_checks import require_channels, require_rate
from srs_monai.networks.nets.baselines.resnet import ResNetStages

GROUPS = 32
FIRST = 1  # the head skips the stage at a quarter of the size


class HamburgerResNet18(nn.Module):
    """The last three stages of a ResNet-18, joined at an eighth of the size, and a light Hamburger head.

    The maps are resized to the finest of them and concatenated. A 1x1 convolution reduces their channels. The Hamburger
    adds the global part of the result, found by matrix decomposition. One 1x1 convolution aligns, another classifies,
    and the logits are enlarged to the image's size. Resizing is bilinear, without aligned corners.

    Args:
        in_channels: channels of the image.
        out_channels: number of classes K.
        features: channels of the head, a multiple of 32, the number of groups in its norms.
        bases: bases R of `NMF2D`.
        steps: steps of `NMF2D`.
        dropout: rate, at least 0 and below 1, of dropout of whole channels before the classifier.

    Shapes: image (B, I, H, W) of any height and width gives logits (B, K, H, W).

    Raises:
        ValueError: for less than one channel, basis or step, features that are not a multiple of 32, or a rate outside
            its range.

    Source: the head is the light one of Geng et al., ICLR 2021, as Guo et al., SegNeXt, NeurIPS 2022, use it; the
        encoder is `ResNetStages`. The MAGIC article gives no code and no sizes for the network in its tables. The
        choice of stages, `features`, `bases`, `steps`, `dropout` and group norm follow SegNeXt; initial weights are
        random.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 1,
        features: int = 256,
        bases: int = 64,
        steps: int = 6,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        require_channels(in_channels, out_channels, "HamburgerResNet18")
        if features < GROUPS or features % GROUPS:
            raise ValueError(
                f"HamburgerResNet18 needs features in multiples of {GROUPS}, got {features} features; give a multiple "
                f"of {GROUPS}"
            )
        self.encoder = ResNetStages(in_channels, depth=18)
        self.squeeze = _conv_norm(sum(self.encoder.channels[FIRST:]), features)
        self.hamburger = Hamburger(features, bases, steps)
        self.align = _conv_norm(features, features)
        self.dropout = nn.Dropout2d(require_rate(dropout, "dropout"))
        self.head = nn.Conv2d(features, out_channels, 1)

    def forward(self, image: Tensor) -> Tensor:
        maps: Sequence[Tensor] = self.encoder(image)[FIRST:]
        together = torch.cat([_resized(x, maps[0].shape[2:]) for x in maps], dim=1)
        x = self.align(self.hamburger(self.squeeze(together)))
        return _resized(self.head(self.dropout(x)), image.shape[2:])


class Hamburger(nn.Module):
    """Matrix decomposition (ham) between two 1x1 convolutions (bread), added to the feature (B, C, H, W)."""

    def __init__(self, channels: int, bases: int, steps: int) -> None:
        super().__init__()
        self.lower = nn.Conv2d(channels, channels, 1)
        self.ham = NMF2D(channels, bases, steps)
        self.upper = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = nn.GroupNorm(GROUPS, channels)

    def forward(self, x: Tensor) -> Tensor:
        context = self.ham(F.relu(self.lower(x)))
        return F.relu(x + self.norm(self.upper(context)))


def _conv_norm(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.GroupNorm(GROUPS, out_channels), nn.ReLU(inplace=True)
    )


def _resized(x: Tensor, size: Sequence[int]) -> Tensor:
    return F.interpolate(x, size=list(size), mode="bilinear", align_corners=False)

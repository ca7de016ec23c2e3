"""TransUNet: a U-Net whose encoder ends in a vision transformer."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks.layers.standardized_conv import StandardizedConv2d
from srs_monai.networks.nets.baselines.argument_checks import require_channels, token_grid
from srs_monai.networks.nets.baselines.vit import ViTEncoder
from srs_monai.networks.nets.dense_nested import require_divisible

STEP = 16  # pixels of the image for each token, along a side
LEVELS = 5
GROUPS = 32


class TransUNet(nn.Module):
    """A ResNet-50 down to a sixteenth of the size, a ViT-B on its pixels as tokens, and a decoder with three skips.

    The convolutions of the encoder have standardised weights. `replace_convs(network, "magic", where=lambda path, _:
    path.startswith("encoder."))` replaces them, as the MAGIC article does, and keeps transformer and decoder.
    `StandardizedConv2d` describes the effect on the standardisation.

    Args:
        in_channels: channels of the image.
        out_channels: number of classes K.
        image_size: height and width of the position embedding, in pixels, in multiples of 16. The embedding is a
            parameter, so weights belong to one image_size. Images of other sizes also work: the positions are resized.
        features: channels of the stem, a multiple of 32; the stages have 4, 8 and 16 times as many.
        blocks: number of bottlenecks in each of three stages, finest first.
        hidden_size, mlp_dim, num_heads, num_layers: arguments of `ViTEncoder`.
        decoder_features: channels after the transformer, at a sixteenth of the size, then of the four larger maps.
        dropout: argument of `ViTEncoder`.

    Shapes: image (B, I, H, W), sides in multiples of 16, gives logits (B, K, H, W).

    Raises:
        ValueError: for less than one channel, an invalid image_size, features, blocks, decoder_features, number of
            heads or rate; in forward, if a side is not a multiple of 16.

    Source: Chen et al., TransUNet, 2021. By default parameters and FLOPs equal those measured on the authors' code;
        values were not compared. The article leaves open, and this code chooses: the groups of the norms (32) and their
        epsilon, positions of dropout, and how position embeddings are resized. Initial weights are random; the article
        starts from ImageNet's.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 1,
        image_size: Sequence[int] = (224, 224),
        features: int = 64,
        blocks: Sequence[int] = (3, 4, 9),
        hidden_size: int = 768,
        mlp_dim: int = 3072,
        num_heads: int = 12,
        num_layers: int = 12,
        decoder_features: Sequence[int] = (512, 256, 128, 64, 16),
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        require_channels(in_channels, out_channels, "TransUNet")
        if len(decoder_features) != LEVELS or min(decoder_features) < 1:
            raise ValueError(
                f"TransUNet needs {LEVELS} decoder_features of at least 1, from a sixteenth of the size up, got "
                f"decoder_features {list(decoder_features)}; give {LEVELS} numbers of channels"
            )
        grid = token_grid(image_size, STEP, "TransUNet")
        self.encoder = ResNetV2(in_channels, features, blocks)
        self.transformer = ViTEncoder(
            self.encoder.channels[-1], grid, 1, hidden_size, mlp_dim, num_heads, num_layers, dropout
        )
        self.bottom = _conv_norm(hidden_size, decoder_features[0])
        skips = [*self.encoder.channels[-2::-1], 0]
        self.decoder = nn.ModuleList(
            nn.Sequential(_conv_norm(i + skip, o), _conv_norm(o, o))
            for (i, o), skip in zip(pairwise(decoder_features), skips, strict=True)
        )
        self.head = nn.Conv2d(decoder_features[-1], out_channels, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        require_divisible(image, LEVELS, "TransUNet")
        *skips, deepest = self.encoder(image)
        x = self.bottom(self.transformer(deepest))
        for n, convolve in enumerate(self.decoder):
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            if n < len(skips):
                x = torch.cat([x, skips[-1 - n]], dim=1)
            x = convolve(x)
        logits: Tensor = self.head(x)
        return logits


class ResNetV2(nn.Module):
    """The convolutional encoder: maps at a half, a quarter, an eighth and a sixteenth of the size, fine to coarse.

    The pooling after the stem has no padding, so the map at a quarter is one pixel short. As a skip it is padded with
    zeros at the bottom and the right.
    """

    def __init__(self, in_channels: int, features: int, blocks: Sequence[int]) -> None:
        super().__init__()
        if features < GROUPS or features % GROUPS:
            raise ValueError(
                f"TransUNet needs features in multiples of {GROUPS}, got {features} features; give a multiple of "
                f"{GROUPS}"
            )
        if len(blocks) != LEVELS - 2 or min(blocks) < 1:
            raise ValueError(
                f"TransUNet's encoder needs {LEVELS - 2} stages of at least 1 block, got blocks {list(blocks)}; give "
                f"{LEVELS - 2} numbers of 1 or more"
            )
        self.stem = nn.Sequential(
            StandardizedConv2d(in_channels, features, 7, stride=2, padding=3, bias=False),
            nn.GroupNorm(GROUPS, features, eps=1e-6),
            nn.ReLU(inplace=True),
        )
        self.channels = [features] + [features * 4 * 2**stage for stage in range(len(blocks))]
        self.stages = nn.ModuleList()
        for stage, ((i, o), repeats) in enumerate(zip(pairwise(self.channels), blocks, strict=True)):
            self.stages.append(
                nn.Sequential(
                    Bottleneck(i, o, stride=2 if stage else 1), *(Bottleneck(o, o) for _ in range(repeats - 1))
                )
            )

    def forward(self, image: Tensor) -> list[Tensor]:
        maps = [self.stem(image)]
        x = F.max_pool2d(maps[0], 3, stride=2)
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        maps[1] = F.pad(maps[1], (0, 1, 0, 1))
        return maps


class Bottleneck(nn.Module):
    """A residual bottleneck of standardised convolutions and group norms; (B, I, H, W) gives O channels over stride."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        hidden = out_channels // 4
        self.branch = nn.Sequential(
            StandardizedConv2d(in_channels, hidden, 1, bias=False),
            nn.GroupNorm(GROUPS, hidden, eps=1e-6),
            nn.ReLU(inplace=True),
            StandardizedConv2d(hidden, hidden, 3, stride=stride, padding=1, bias=False),
            nn.GroupNorm(GROUPS, hidden, eps=1e-6),
            nn.ReLU(inplace=True),
            StandardizedConv2d(hidden, out_channels, 1, bias=False),
            nn.GroupNorm(GROUPS, out_channels, eps=1e-6),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                StandardizedConv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.GroupNorm(GROUPS, out_channels, eps=1e-6),
            )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.branch(x) + self.shortcut(x))


def _conv_norm(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )

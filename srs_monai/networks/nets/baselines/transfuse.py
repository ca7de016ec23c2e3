"""TransFuse: a ResNet and a vision transformer side by side, fused at three scales."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks.nets.baselines.argument_checks import require_channels, require_rate, token_grid
from srs_monai.networks.nets.baselines.resnet import ResNetStages
from srs_monai.networks.nets.baselines.vit import ViTEncoder
from srs_monai.networks.nets.dense_nested import require_divisible
from srs_monai.text import one_of

PATCH = 16  # side, in pixels
LEVELS = 5


class Size(NamedTuple):
    """The arguments that differ between the small and the large network."""

    depth: int  # layers of the ResNet
    hidden: int  # channels of a token
    heads: int
    layers: int
    head: int  # channels inside the heads


SIZES = {"S": Size(34, 384, 6, 8, 64), "L": Size(50, 768, 12, 12, 256)}


class TransFuse(nn.Module):
    """A ResNet and a vision transformer read the image in parallel. Their maps are fused at three scales and decoded.

    `replace_convs(network, "magic", where=lambda _, conv: conv.in_channels > 8)` excludes the convolutions on the two
    maps of spatial attention, which have too few channels for MAGIC.

    Args:
        in_channels: channels of the image.
        out_channels: number of classes K.
        size: "S" (ResNet-34, DeiT-small cut to 8 layers) or "L" (ResNet-50, DeiT-base).
        image_size: height and width of the position embedding, in pixels, in multiples of 16. The embedding is a
            parameter, so weights belong to one image_size. Images of other sizes also work: the positions are resized.
            The original supports 192 x 256 only.
        deep_supervision: return three logits as a list (final, of the transformer's branch, of the coarsest fusion)
            instead of the final ones only. The weights are the same in both cases; without deep supervision the last
            two heads receive no gradient. The article weights the losses 0.5, 0.3 and 0.2, in this order.
        dropout: rate, at least 0 and below 1, of dropout of whole channels in both branches; half of it after each
            fusion.

    Shapes: image (B, I, H, W), sides in multiples of 16, gives logits (B, K, H, W), or three of that shape.

    Raises:
        ValueError: for less than one channel, an unknown size, an invalid image_size or a rate outside its range; in
            forward, if a side is not a multiple of 16.

    Source: Zhang et al., TransFuse, MICCAI 2021. Parameters and FLOPs equal those measured on the authors' code, less
        the class token that it declares and never uses (384 and 768 parameters); values were not compared. The
        article leaves open, and this code chooses: rate and positions of dropout, aligned corners in resizing, the
        epsilons. Initial weights are random; the article starts from ImageNet's. Biases of convolutions before a batch
        norm exist as in the original and have no effect.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 1,
        size: Literal["S", "L"] = "S",
        image_size: Sequence[int] = (192, 256),
        deep_supervision: bool = False,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        depth, hidden, heads, layers, head = SIZES[one_of(size, SIZES, "size of TransFuse")]
        require_channels(in_channels, out_channels, "TransFuse")
        grid = token_grid(image_size, PATCH, "TransFuse")
        self.deep_supervision = deep_supervision
        self.cnn = ResNetStages(in_channels, depth, stages=3)
        self.transformer = ViTEncoder(in_channels, grid, PATCH, hidden, 4 * hidden, heads, layers)
        fine, middle, coarse = self.cnn.channels
        self.enlarge = nn.ModuleList([Enlarge(hidden, 0, middle), Enlarge(middle, 0, fine)])
        self.fusions = nn.ModuleList(
            [
                BiFusion(coarse, hidden, 4, dropout / 2),
                BiFusion(middle, middle, 2, dropout / 2),
                BiFusion(fine, fine, 1, dropout / 2),
            ]
        )
        self.decoder = nn.ModuleList([Enlarge(coarse, middle, middle), Enlarge(middle, fine, fine)])
        self.dropout = nn.Dropout2d(require_rate(dropout, "dropout"))
        self.head = _head(fine, head, out_channels)
        self.transformer_head = _head(fine, head, out_channels)
        self.fused_head = nn.Sequential(_conv_norm(coarse, head, 1), *_head(head, head, out_channels))

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        require_divisible(image, LEVELS, "TransFuse")
        local = [self.dropout(x) for x in self.cnn(image)[::-1]]  # coarse to fine from here on
        seen = [self.dropout(self.transformer(image))]
        for enlarge in self.enlarge:
            seen.append(self.dropout(enlarge(seen[-1])))
        fused = [fuse(c, t) for fuse, c, t in zip(self.fusions, local, seen, strict=True)]
        decoded = fused[0]
        for enlarge, skip in zip(self.decoder, fused[1:], strict=True):
            decoded = enlarge(decoded, skip)
        logits = _resized(self.head(decoded), image)
        if not self.deep_supervision:
            return logits
        return [logits, _resized(self.transformer_head(seen[-1]), image), _resized(self.fused_head(fused[0]), image)]


class BiFusion(nn.Module):
    """Merge the ResNet's map, weighted by position, the transformer's map, weighted by channel, and their product.

    Both maps have one size. The result has as many channels as the ResNet's map.
    """

    def __init__(self, cnn_channels: int, transformer_channels: int, reduction: int, dropout: float) -> None:
        super().__init__()
        hidden = transformer_channels // reduction
        self.to_weights = nn.Sequential(
            nn.Conv2d(transformer_channels, hidden, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, transformer_channels, 1),
        )
        self.to_map = nn.Sequential(nn.Conv2d(2, 1, 7, padding=3, bias=False), nn.BatchNorm2d(1))
        self.project_cnn = _conv_norm(cnn_channels, cnn_channels, 1, relu=False)
        self.project_transformer = _conv_norm(transformer_channels, cnn_channels, 1, relu=False)
        self.product = _conv_norm(cnn_channels, cnn_channels, 3)
        self.merge = PreActivationBottleneck(2 * cnn_channels + transformer_channels, cnn_channels)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, local: Tensor, seen: Tensor) -> Tensor:
        product = self.product(self.project_cnn(local) * self.project_transformer(seen))
        summary = torch.cat([local.amax(1, keepdim=True), local.mean(1, keepdim=True)], dim=1)
        local = torch.sigmoid(self.to_map(summary)) * local
        seen = torch.sigmoid(self.to_weights(seen.mean((2, 3), keepdim=True))) * seen
        merged: Tensor = self.dropout(self.merge(torch.cat([local, seen, product], dim=1)))
        return merged


class PreActivationBottleneck(nn.Module):
    """Three convolutions, each after a norm and a rectifier, with a 1x1 convolution as the shortcut."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        hidden = out_channels // 2
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1)
        self.branch = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(in_channels, hidden, 1),
            nn.BatchNorm2d(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, hidden, 3, padding=1),
            nn.BatchNorm2d(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, out_channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.branch(x) + self.shortcut(x)
        return y


class Enlarge(nn.Module):
    """Double the size, join a gated skip if there is one, and apply a residual double convolution."""

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int) -> None:
        super().__init__()
        joint = in_channels + skip_channels
        self.gate = Gate(in_channels, skip_channels, out_channels) if skip_channels else None
        self.branch = nn.Sequential(
            _conv_norm(joint, out_channels, 3), _conv_norm(out_channels, out_channels, 3, relu=False)
        )
        self.shortcut = _conv_norm(joint, out_channels, 1, relu=False)

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        if self.gate is not None:
            x = torch.cat([self.gate(skip, x), x], dim=1)
        return F.relu(self.branch(x) + self.shortcut(x))


class Gate(nn.Module):
    """Attention gate: a skip, weighted at each position by attention from the coarser map."""

    def __init__(self, in_channels: int, skip_channels: int, hidden: int) -> None:
        super().__init__()
        self.look = _conv_norm(in_channels, hidden, 1, relu=False)
        self.at = _conv_norm(skip_channels, hidden, 1, relu=False)
        self.to_map = _conv_norm(hidden, 1, 1, relu=False)

    def forward(self, skip: Tensor, x: Tensor) -> Tensor:
        return torch.sigmoid(self.to_map(F.relu(self.look(x) + self.at(skip)))) * skip


def _conv_norm(in_channels: int, out_channels: int, kernel_size: int, *, relu: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2),
        nn.BatchNorm2d(out_channels),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))


def _head(in_channels: int, hidden: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(_conv_norm(in_channels, hidden, 3), nn.Conv2d(hidden, out_channels, 3, padding=1))


def _resized(x: Tensor, image: Tensor) -> Tensor:
    return F.interpolate(x, size=image.shape[2:], mode="bilinear", align_corners=True)

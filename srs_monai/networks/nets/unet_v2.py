"""U-Net v2: skip connections that combine the semantics of coarse levels with the detail of fine levels."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks.blocks.sdi import SDI
from srs_monai.networks.layers.attention import ChannelAttention, SpatialAttention
from srs_monai.networks.nets.pvt_v2 import PVTv2

LEVELS = 4


class UNetV2(nn.Module):
    """An encoder of four levels, attention and SDI on every skip connection, and a decoder of sums.

    Args:
        in_channels: channels of the image.
        out_channels: number of classes K.
        features: channels C of all maps after the encoder.
        deep_supervision: return the logits of all heads as a list, finest first, instead of the finest only. The
            weights are the same in both cases.
        heads: number of levels with a head, from the finest: 2 in the polyp version of the release, 4 in the skin
            version.
        encoder: returns four maps, fine to coarse, each half as large as the one before. Its attribute `channels`
            holds their channels. None means `PVTv2`, which needs sides in multiples of 32.

    Shapes: image (B, I, H, W) gives logits (B, K, H, W); deep supervision adds (B, K, H / 2, W / 2) and so on. The
        finest map is a quarter of the image's size.

    Raises:
        ValueError: for heads outside 1 to 4, features below 1, and an encoder without four numbers of channels; in
            forward, for an image whose sides are not multiples of 32, and an encoder with another number of maps.
        ImportError: as in `PVTv2`.

    Source: Peng et al., U-Net v2, 2023; values equal those of the release. The release supports square images only and
        declares 16,450 parameters that it never uses.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 1,
        features: int = 32,
        deep_supervision: bool = True,
        *,
        heads: int = 2,
        encoder: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if not 1 <= heads <= LEVELS:
            raise ValueError(f"heads of U-Net v2 must be 1 to {LEVELS}, got {heads}; use 2 or 4 as in the releases")
        if features < 1:
            raise ValueError(f"features of U-Net v2 must be at least 1, got features {features}; use 32, for example")
        self.encoder = PVTv2(in_channels) if encoder is None else encoder
        channels: Sequence[int] = getattr(self.encoder, "channels", ())
        if len(channels) != LEVELS:
            raise ValueError(
                f"an encoder needs the channels of its {LEVELS} maps in its attribute `channels`, but that of "
                f"{type(self.encoder).__name__} is {channels or 'missing'}; set it"
            )
        self.deep_supervision = deep_supervision
        self.skips = nn.ModuleList(Skip(width, features) for width in channels)
        self.fusions = nn.ModuleList(SDI(features, LEVELS) for _ in range(LEVELS))
        self.enlarge = nn.ModuleList(
            nn.ConvTranspose2d(features, features, 4, stride=2, padding=1, bias=False) for _ in range(LEVELS - 1)
        )
        self.heads = nn.ModuleList(nn.Conv2d(features, out_channels, 1) for _ in range(heads))  # the finest first

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        step = 2 ** (LEVELS + 1)
        height, width = image.shape[2:]
        if height % step or width % step:
            raise ValueError(
                f"U-Net v2 needs height and width in multiples of {step}, got {height} x {width}; resize the image, or "
                f"add DivisiblePadd(keys, k={step}) to the transforms"
            )
        encoded = self.encoder(image)
        if len(encoded) != LEVELS:
            raise ValueError(
                f"an encoder must return {LEVELS} maps, but {type(self.encoder).__name__} returns {len(encoded)}; "
                "return one map for each entry of `channels`"
            )
        maps = [skip(x) for skip, x in zip(self.skips, encoded, strict=True)]
        fused = [fuse(maps, x.shape[2:]) for fuse, x in zip(self.fusions, maps, strict=True)]
        decoded = [fused[-1]]  # the finest comes last
        for enlarge, infused in zip(self.enlarge, fused[-2::-1], strict=True):
            decoded.append(enlarge(decoded[-1]) + infused)
        logits = [
            F.interpolate(head(x), scale_factor=4, mode="bilinear", align_corners=False)
            for head, x in zip(self.heads, decoded[::-1], strict=False)
        ]
        return logits if self.deep_supervision else logits[0]


class Skip(nn.Module):
    """An encoder map, weighted by channel and by position, and reduced to the channels of the decoder."""

    def __init__(self, in_channels: int, features: int) -> None:
        super().__init__()
        self.channel_attention = ChannelAttention(in_channels, reduction=16)
        self.spatial_attention = SpatialAttention()
        self.reduce = nn.Sequential(nn.Conv2d(in_channels, features, 1, bias=False), nn.BatchNorm2d(features))

    def forward(self, x: Tensor) -> Tensor:
        x = self.channel_attention(x) * x
        x = self.spatial_attention(x) * x
        reduced: Tensor = self.reduce(x)
        return reduced

"""Semantics and detail infusion (SDI) of U-Net v2."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn


class SDI(nn.Module):
    """Resize the maps of all levels to one size, convolve each, and multiply them.

    Finer maps are averaged over blocks. Coarser maps are enlarged bilinearly with aligned corners.

    Args:
        features: channels C of every map.
        levels: number of maps.

    Shapes: `levels` maps (B, C, any, any) and a size (H, W) give (B, C, H, W). A map must be finer than,
        coarser than or equal to the size in both directions.

    Raises:
        ValueError: in forward, for a wrong number of maps, or a map that is finer in one direction and coarser in the
            other.

    Source: U-Net v2, 2023; the release supports square maps only.
    """

    def __init__(self, features: int, levels: int = 4) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(features, features, 3, padding=1) for _ in range(levels))

    def forward(self, maps: Sequence[Tensor], size: Sequence[int]) -> Tensor:
        if len(maps) != len(self.convs):
            raise ValueError(f"SDI was built for {len(self.convs)} maps, got {len(maps)}; pass one map for each level")
        first, *others = (conv(_resized(x, size)) for conv, x in zip(self.convs, maps, strict=True))
        product: Tensor = first
        for other in others:
            product = product * other
        return product


def _resized(x: Tensor, size: Sequence[int]) -> Tensor:
    height, width = x.shape[2:]
    if (height, width) == tuple(size):
        return x
    if height >= size[0] and width >= size[1]:
        if height % size[0] == width % size[1] == 0:  # same values, and exporters support it for any size
            return F.avg_pool2d(x, (height // size[0], width // size[1]))
        return F.adaptive_avg_pool2d(x, (size[0], size[1]))
    if height <= size[0] and width <= size[1]:
        return F.interpolate(x, size=list(size), mode="bilinear", align_corners=True)
    raise ValueError(
        f"SDI needs maps that are finer or coarser in both directions, got {height} x {width} beside "
        f"{size[0]} x {size[1]}; use maps with one ratio of height to width"
    )

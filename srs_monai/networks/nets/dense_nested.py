"""The dense nested encoder and decoder that both networks of SRSNet share.

Node (i, j) of the grid is on level i, at 1 / 2**i of the image's size, in column j. Column 0 is the encoder. Every
other node reads the two nodes before it in its row, the enlarged node below its predecessor, and the halved node above.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from monai.networks.blocks import Convolution
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.blocks.cbam_residual import CBAMResidual, ResidualNode
from srs_monai.networks.blocks.row_fusion import RowFusion


class DenseNestedEncoder(nn.Module):
    """Column 0 of the grid: a stem, then one node for each level, each at half the size of the level above.

    Args:
        in_channels: channels of the image.
        features: channels of the levels, finest first.
        blocks: number of residual blocks in a node of each level, finest first.
        stem: channels between the image and the first node.
        spatial_dims: 2 or 3.

    Shapes: image (B, in_channels, H, W[, D]), sides in multiples of 2**(levels - 1), gives the list of levels,
    finest first: (B, features[i], H / 2**i, W / 2**i[, D / 2**i]).

    Raises:
        ValueError: if features and blocks differ in length, describe fewer than two levels, or hold a number below 1,
            or if in_channels or stem is below 1.
    """

    def __init__(
        self, in_channels: int, features: Sequence[int], blocks: Sequence[int], stem: int, *, spatial_dims: int
    ) -> None:
        super().__init__()
        if spatial_dims not in (2, 3):
            raise ValueError(
                f"the nested grid supports 2 or 3 spatial dimensions, got {spatial_dims}; choose one of them"
            )
        require_channels(in_channels=in_channels, stem=stem)
        if len(features) != len(blocks) or len(features) < 2 or min(*features, *blocks) < 1:
            raise ValueError(
                "features and blocks need one number of at least 1 for each level, and at least two levels; "
                f"got features {tuple(features)} and blocks {tuple(blocks)}"
            )
        self.stem = Convolution(spatial_dims, in_channels, stem, norm="batch", act="relu")
        widths = [stem, *features]
        self.stages = nn.ModuleList(
            ResidualNode(widths[i], widths[i + 1], depth, spatial_dims=spatial_dims) for i, depth in enumerate(blocks)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.stem(image)
        levels: list[Tensor] = []
        for i, stage in enumerate(self.stages):
            x = stage([x if i == 0 else halve(x)])
            levels.append(x)
        return levels


class DenseNestedDecoder(nn.Module):
    """The other columns of the grid, the fusion of its rows from coarse to fine, and a head on all fused levels.

    Args:
        out_channels: channels of the result.
        features, blocks: as in the encoder.
        patch_contrast: apply IPATR to the last node of each row before the fusion.
        spatial_dims: 2 or 3.

    Shapes: the list from the encoder gives (B, out_channels, H, W[, D]).

    Raises:
        ValueError: if out_channels is below 1.
    """

    def __init__(
        self,
        out_channels: int,
        features: Sequence[int],
        blocks: Sequence[int],
        *,
        patch_contrast: bool,
        spatial_dims: int,
    ) -> None:
        super().__init__()
        require_channels(out_channels=out_channels)
        depth, finest = len(features) - 1, features[0]
        conv = Conv[Conv.CONV, spatial_dims]

        def node(i: int, j: int) -> ResidualNode:
            wide = features[i] + features[i + 1]
            if j > 1:
                wide += features[i]
            if i > 0:
                wide += features[i - 1]
            return ResidualNode(wide, features[i], blocks[i], spatial_dims=spatial_dims)

        # column by column, each from the finest level down, so that the inputs of a node precede it
        self.places = {f"{i}_{j}": (i, j) for j in range(1, depth + 1) for i in range(depth + 1 - j)}
        self.nodes = nn.ModuleDict({name: node(i, j) for name, (i, j) in self.places.items()})
        self.fusions = nn.ModuleList(  # from the coarsest row to the finest
            RowFusion(features[i + 1], features[i], patch_contrast=patch_contrast, spatial_dims=spatial_dims)
            for i in reversed(range(depth))
        )
        self.project = nn.ModuleList(conv(width, finest, 1) for width in features[1:depth])
        self.blend = CBAMResidual(finest * depth, finest, spatial_dims=spatial_dims)
        self.head = conv(finest, out_channels, 1)

    def forward(self, levels: list[Tensor]) -> Tensor:
        rows = self._fill_grid(levels)
        fused = [levels[-1]]
        for k, fusion in enumerate(self.fusions):
            fused.append(fusion(rows[-2 - k][-1], fused[-1]))

        maps = [fused[-1]]
        for k, project in enumerate(self.project):
            maps.append(enlarge(project(fused[-2 - k]), 2.0 ** (k + 1)))
        result: Tensor = self.head(self.blend(torch.cat(maps, dim=1)))
        return result

    def _fill_grid(self, levels: list[Tensor]) -> list[list[Tensor]]:
        """The rows of the grid, finest first; each starts with its level of the encoder."""
        rows = [[level] for level in levels]
        for name, node in self.nodes.items():
            i, j = self.places[name]
            links = [rows[i][j - 1], enlarge(rows[i + 1][j - 1], 2.0)]
            if j > 1:
                links.append(rows[i][j - 2])
            if i > 0:
                links.append(halve(rows[i - 1][j]))
            rows[i].append(node(links))
        return rows


def require_channels(**channels: int) -> None:
    """Reject numbers of channels below 1."""
    for name, number in channels.items():
        if number < 1:
            raise ValueError(f"{name} must be a number of channels of at least 1, got {number}; give 1 or more")


def halve(x: Tensor) -> Tensor:
    """Max-pool every side to half its size."""
    return F.max_pool2d(x, 2) if x.dim() == 4 else F.max_pool3d(x, 2)


def enlarge(x: Tensor, factor: float) -> Tensor:
    """Interpolate linearly to factor times every side, with aligned corners."""
    mode = "bilinear" if x.dim() == 4 else "trilinear"
    return F.interpolate(x, scale_factor=factor, mode=mode, align_corners=True)


def require_divisible(image: Tensor, levels: int, network: str) -> None:
    """Reject an image whose sides cannot be halved levels - 1 times."""
    require_multiples(image, 1 << (levels - 1), network)


def require_multiples(image: Tensor, multiple: int, network: str) -> None:
    """Reject an image whose sides are not multiples of a number. A trace has no sizes and skips the check."""
    if torch.jit.is_tracing():  # type: ignore[attr-defined]
        return
    sides = image.shape[2:]
    if any(side % multiple != 0 for side in sides):
        fit = [(side + multiple - 1) // multiple * multiple for side in sides]
        names = "height and width" if len(sides) == 2 else "height, width and depth"
        raise ValueError(
            f"{network} needs {names} in multiples of {multiple}, got {' x '.join([str(side) for side in sides])}; "
            f"pad the image to {' x '.join([str(side) for side in fit])} "
            f"or add DivisiblePadd(keys, k={multiple}) to the transforms"
        )

"""A reconstruction network, and a segmentation network that it guides."""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from srs_monai.networks.layers.fold_pixels import to_channels, to_space
from srs_monai.networks.nets.dense_nested import DenseNestedDecoder, DenseNestedEncoder, require_multiples


class ReconstructionNet(nn.Module):
    """The network of stage one. It learns to reconstruct its own input, without labels.

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the image and of the result.
        features: channels of the levels, finest first.
        blocks: number of residual blocks in a node of each level, finest first.
        stem: channels between the image and the first node.
        fold: squares (cubes) of fold x fold pixels become channels before the grid and pixels again after it, so the
            grid works at 1 / fold of the image's sides. 2 costs about a quarter of 1.

    Shapes: image (B, in_channels, H, W[, D]), sides in multiples of fold * 2**(levels - 1), gives an image of the same
    shape.

    Raises:
        ValueError: if features and blocks do not match; in forward, if a side is not such a multiple.

    Source: SRSNet, IEEE TIP 2025, and its released code.
    """

    def __init__(
        self,
        spatial_dims: int = 2,
        in_channels: int = 3,
        features: Sequence[int] = (8, 16, 32, 64),
        blocks: Sequence[int] = (5, 5, 5, 5),
        stem: int = 16,
        fold: int = 1,
    ) -> None:
        super().__init__()
        self.fold, self.multiple = fold, checked_fold(fold) << (len(features) - 1)
        channels = in_channels * fold**spatial_dims
        self.encoder = DenseNestedEncoder(channels, features, blocks, stem, spatial_dims=spatial_dims)
        self.decoder = DenseNestedDecoder(channels, features, blocks, patch_contrast=True, spatial_dims=spatial_dims)

    def forward(self, image: Tensor) -> Tensor:
        require_multiples(image, self.multiple, "ReconstructionNet")
        return to_space(self.decoder(self.encoder(to_channels(image, self.fold))), self.fold)

    def encode(self, image: Tensor) -> Tensor:
        """The deepest feature, (B, features[-1], H / fold / 2**(levels - 1), ...), the guide of the segmentation."""
        require_multiples(image, self.multiple, "ReconstructionNet")
        deepest: Tensor = self.encoder(to_channels(image, self.fold))[-1]
        return deepest


class GuidedNet(nn.Module):
    """A segmentation network and the reconstruction network that guides it, if there is one.

    Args:
        reconstruction: network that computes the guide; None: there is no guide.
        segmentation: network of the image and the guide.
        multiple: the sides of an image must be multiples of this number.
        freeze_reconstruction, drifting_statistics: see `SRSNet`.

    Raises:
        ValueError: in forward, if a side is not such a multiple.
    """

    def __init__(
        self,
        reconstruction: ReconstructionNet | None,
        segmentation: nn.Module,
        *,
        multiple: int,
        freeze_reconstruction: bool = True,
        drifting_statistics: bool = False,
    ) -> None:
        super().__init__()
        self.multiple, self.name = multiple, type(self).__name__
        self.freeze_reconstruction, self.drifting_statistics = freeze_reconstruction, drifting_statistics
        self.reconstruction: ReconstructionNet | None = reconstruction
        self.segmentation = segmentation
        if self.reconstruction is not None and freeze_reconstruction:
            self.reconstruction.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if self.reconstruction is not None and self.freeze_reconstruction:
            self.reconstruction.train(self.drifting_statistics)
        return self

    def forward(self, image: Tensor, guide: Tensor | None = None) -> Tensor:
        require_multiples(image, self.multiple, self.name)
        if guide is None:
            guide = self.guide(image)
        logits: Tensor = self.segmentation(image, guide)
        return logits

    def guide(self, image: Tensor) -> Tensor | None:
        """The deepest feature of the reconstruction network, (B, reconstruction_features[-1], h, w), or None."""
        guide: Tensor | None = None
        if self.reconstruction is not None:
            if self.freeze_reconstruction:
                # not inference_mode: DPConv trains, and its backward pass saves the guide
                with torch.no_grad():
                    guide = self.reconstruction.encode(image).detach()  # also stops forward-mode derivatives
            else:
                guide = self.reconstruction.encode(image)
        return guide

    def reconstruct(self, image: Tensor) -> Tensor:
        """The image as the reconstruction network reproduces it, (B, in_channels, H, W[, D])."""
        if self.reconstruction is None:
            raise ValueError(f"this {self.name} has no reconstruction network; build it with kernel='dpconv'")
        reconstruction: Tensor = self.reconstruction(image)
        return reconstruction


def checked_fold(fold: int) -> int:
    """Reject a number that cannot divide the sides of an image."""
    if isinstance(fold, bool) or not isinstance(fold, int) or fold < 1:
        raise ValueError(f"fold must be a whole number of 1 or more, got {fold!r}; use 1 or 2")
    return fold

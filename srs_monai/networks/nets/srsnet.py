"""SRSNet: a reconstruction network whose deepest feature writes a kernel of the segmentation network."""

from collections.abc import Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn

from srs_monai.networks.dynamic.named_convolutions import DYNAMIC_CONVS
from srs_monai.networks.layers.dpconv import DPConv
from srs_monai.networks.nets.dense_nested import DenseNestedDecoder, DenseNestedEncoder, require_divisible
from srs_monai.text import one_of


class ReconstructionNet(nn.Module):
    """The network of stage one: learns, without labels, to redraw its own input.

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the image, and of the result.
        features: channels of the levels, finest first.
        blocks: residual blocks in a node of each level, finest first.
        stem: channels between the image and the first node.

    Shapes: image (B, in_channels, H, W[, D]), sides in multiples of 2**(levels - 1), gives an image of that shape.

    Raises:
        ValueError: when features and blocks do not match; in forward, when a side is no such multiple.

    Source: SRSNet, IEEE TIP 2025, and its released code.
    """

    def __init__(
        self,
        spatial_dims: int = 2,
        in_channels: int = 3,
        features: Sequence[int] = (8, 16, 32, 64),
        blocks: Sequence[int] = (5, 5, 5, 5),
        stem: int = 16,
    ) -> None:
        super().__init__()
        self.levels = len(features)
        self.encoder = DenseNestedEncoder(in_channels, features, blocks, stem, spatial_dims=spatial_dims)
        self.decoder = DenseNestedDecoder(in_channels, features, blocks, patch_contrast=True, spatial_dims=spatial_dims)

    def forward(self, image: Tensor) -> Tensor:
        require_divisible(image, self.levels, "ReconstructionNet")
        reconstruction: Tensor = self.decoder(self.encoder(image))
        return reconstruction

    def encode(self, image: Tensor) -> Tensor:
        """The deepest feature, (B, features[-1], H / 2**(levels - 1), ...), which guides the segmentation."""
        require_divisible(image, self.levels, "ReconstructionNet")
        deepest: Tensor = self.encoder(image)[-1]
        return deepest


class SegmentationNet(nn.Module):
    """The network of stage two: segments the image, its deepest feature filtered with a kernel made for the image.

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the image.
        out_channels: 1 for a binary task, else the number of classes with the background.
        features: channels of the levels, finest first.
        blocks: residual blocks in a node of each level, finest first: (3, 4, 6, 3) as released, (6, 8, 12, 6) in
            Table 1 of the article.
        stem: channels between the image and the first node.
        guide_channels: channels of the guide.
        kernel: "dpconv" filters as the guide says; a name of `DYNAMIC_CONVS` puts that convolution in its place, whose
            kernel follows from the filtered feature itself (the article's Table 5); None filters nothing (Table 6).
        generator, gate, form: of DPConv.

    Shapes: image (B, in_channels, H, W[, D]), sides in multiples of 2**(levels - 1), and for "dpconv" guide
    (B, guide_channels, any, any[, any]) give logits (B, out_channels, H, W[, D]).

    Raises:
        ValueError: when features and blocks do not match, or there is no such kernel; in forward, when a side is no
            such multiple, and for a guide that is missing or has no use.

    Source: SRSNet, IEEE TIP 2025, and its released code.
    """

    def __init__(
        self,
        spatial_dims: int = 2,
        in_channels: int = 3,
        out_channels: int = 1,
        features: Sequence[int] = (16, 64, 128, 256),
        blocks: Sequence[int] = (3, 4, 6, 3),
        stem: int = 8,
        guide_channels: int = 64,
        *,
        kernel: str | None = "dpconv",
        generator: Literal["grouped", "dense"] = "grouped",
        gate: bool = True,
        form: Literal["closed", "literal"] = "closed",
    ) -> None:
        super().__init__()
        self.levels = len(features)
        self.encoder = DenseNestedEncoder(in_channels, features, blocks, stem, spatial_dims=spatial_dims)
        self.dpconv: DPConv | None = None
        self.kernel: nn.Module | None = None
        if kernel == "dpconv":
            self.dpconv = DPConv(
                features[-1],
                features[-1],
                guide_channels=guide_channels,
                spatial_dims=spatial_dims,
                generator=generator,
                gate=gate,
                form=form,
            )
        elif kernel is not None:
            known = DYNAMIC_CONVS[one_of(kernel, DYNAMIC_CONVS, "kernel beside 'dpconv' and None")]
            self.kernel = known(features[-1], features[-1], 3, padding=1, spatial_dims=spatial_dims)
        self.decoder = DenseNestedDecoder(
            out_channels, features, blocks, patch_contrast=False, spatial_dims=spatial_dims
        )

    def forward(self, image: Tensor, guide: Tensor | None = None) -> Tensor:
        require_divisible(image, self.levels, "SegmentationNet")
        levels = self.encoder(image)
        if self.dpconv is not None:
            if guide is None:
                raise ValueError("DPConv takes its kernel from a guide, got none; give the reconstruction's feature")
            levels[-1] = levels[-1] + self.dpconv(levels[-1], guide)
        elif guide is not None:
            raise ValueError("only kernel='dpconv' is guided, got a guide; leave it out")
        if self.kernel is not None:
            levels[-1] = levels[-1] + self.kernel(levels[-1])
        logits: Tensor = self.decoder(levels)
        return logits


class SRSNet(nn.Module):
    """Segmentation guided by self-supervised reconstruction.

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the image.
        out_channels: 1 for a binary task, else the number of classes with the background.
        reconstruction_features, reconstruction_blocks, reconstruction_stem: of ReconstructionNet.
        segmentation_features, segmentation_blocks, segmentation_stem: of SegmentationNet.
        freeze_reconstruction: the reconstruction network takes no part in training: its parameters ask for no
            gradient, the guide carries none, and `train()` leaves it in eval mode. False trains both together.
        kernel: how the deepest feature is filtered: "dpconv", guided by the reconstruction network; or, without one,
            another dynamic convolution or nothing (None), for comparison; see `SegmentationNet`.
        drifting_statistics: run the frozen encoder in train mode always, in `eval()` too, as the authors' scripts do.
            It then normalises by the batch at hand, so the result for an image depends on its neighbours in the batch;
            tables of the original were made so, image by image (batch size 1). Its running averages move with every
            forward pass, and `reconstruct` in eval mode would use the moved ones.
        dpconv_generator, dpconv_gate, dpconv_form: `generator`, `gate` and `form` of DPConv.

    Shapes: image (B, in_channels, H, W[, D]), sides in multiples of 2**(levels - 1), gives logits
    (B, out_channels, H, W[, D]). What `guide` gave for the image may be given with it, and is then not computed again.

    Raises:
        ValueError: when features and blocks do not match, there is no such kernel, or statistics are to drift in a
            network that is not frozen or not there; in forward, when a side is no such multiple.

    Source: SRSNet, IEEE TIP 2025, and its released code.
    """

    def __init__(
        self,
        spatial_dims: int = 2,
        in_channels: int = 3,
        out_channels: int = 1,
        reconstruction_features: Sequence[int] = (8, 16, 32, 64),
        reconstruction_blocks: Sequence[int] = (5, 5, 5, 5),
        segmentation_features: Sequence[int] = (16, 64, 128, 256),
        segmentation_blocks: Sequence[int] = (3, 4, 6, 3),
        reconstruction_stem: int = 16,
        segmentation_stem: int = 8,
        *,
        kernel: str | None = "dpconv",
        freeze_reconstruction: bool = True,
        drifting_statistics: bool = False,
        dpconv_generator: Literal["grouped", "dense"] = "grouped",
        dpconv_gate: bool = True,
        dpconv_form: Literal["closed", "literal"] = "closed",
    ) -> None:
        super().__init__()
        if drifting_statistics and (kernel != "dpconv" or not freeze_reconstruction):
            raise ValueError(
                f"drifting_statistics describes a frozen reconstruction network, got freeze_reconstruction="
                f"{freeze_reconstruction} and kernel={kernel!r}; leave it out"
            )
        self.levels = max(len(reconstruction_features), len(segmentation_features))
        self.freeze_reconstruction = freeze_reconstruction
        self.drifting_statistics = drifting_statistics
        self.reconstruction: ReconstructionNet | None = None
        if kernel == "dpconv":
            self.reconstruction = ReconstructionNet(
                spatial_dims, in_channels, reconstruction_features, reconstruction_blocks, reconstruction_stem
            )
        self.segmentation = SegmentationNet(
            spatial_dims,
            in_channels,
            out_channels,
            segmentation_features,
            segmentation_blocks,
            segmentation_stem,
            guide_channels=reconstruction_features[-1],
            kernel=kernel,
            generator=dpconv_generator,
            gate=dpconv_gate,
            form=dpconv_form,
        )
        if self.reconstruction is not None and freeze_reconstruction:
            self.reconstruction.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if self.reconstruction is not None and self.freeze_reconstruction:
            self.reconstruction.train(self.drifting_statistics)
        return self

    def forward(self, image: Tensor, guide: Tensor | None = None) -> Tensor:
        require_divisible(image, self.levels, "SRSNet")
        if guide is None:
            guide = self.guide(image)
        logits: Tensor = self.segmentation(image, guide)
        return logits

    def guide(self, image: Tensor) -> Tensor | None:
        """What the reconstruction network says of an image, (B, reconstruction_features[-1], h, w), or None."""
        guide: Tensor | None = None
        if self.reconstruction is not None:
            if self.freeze_reconstruction:
                # not inference_mode: DPConv learns, and backward keeps what it was given
                with torch.no_grad():
                    guide = self.reconstruction.encode(image).detach()  # forward-mode derivatives stop here too
            else:
                guide = self.reconstruction.encode(image)
        return guide

    def reconstruct(self, image: Tensor) -> Tensor:
        """The reconstruction network's image of the image: the aim of stage one, later a check of quality."""
        if self.reconstruction is None:
            raise ValueError("only SRSNet(kernel='dpconv') has a reconstruction network; build it so")
        reconstruction: Tensor = self.reconstruction(image)
        return reconstruction

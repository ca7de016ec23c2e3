"""SRSNet: the deepest feature of a reconstruction network gives a kernel of the segmentation network."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from srs_monai.networks.dynamic.named_convolutions import DYNAMIC_CONVS
from srs_monai.networks.layers.dpconv import DPConv
from srs_monai.networks.layers.fold_pixels import to_channels, to_space
from srs_monai.networks.nets.dense_nested import DenseNestedDecoder, DenseNestedEncoder, require_multiples
from srs_monai.networks.nets.guided_net import GuidedNet, ReconstructionNet, checked_fold
from srs_monai.text import one_of


class SegmentationNet(nn.Module):
    """The network of stage two. It segments the image and filters its deepest feature with a kernel for this image.

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the image.
        out_channels: 1 for a binary task, else the number of classes with the background.
        features: channels of the levels, finest first.
        blocks: number of residual blocks in a node of each level, finest first: (3, 4, 6, 3) as released, (6, 8, 12, 6)
            in Table 1 of the article.
        stem: channels between the image and the first node.
        guide_channels: channels of the guide.
        kernel: "dpconv" filters with a kernel from the guide; a name of `DYNAMIC_CONVS` selects that convolution, whose
            kernel comes from the filtered feature itself (Table 5 of the article); None does not filter (Table 6).
        generator, gate, form: arguments of DPConv.
        fold: see `ReconstructionNet`.

    Shapes: image (B, in_channels, H, W[, D]), sides in multiples of fold * 2**(levels - 1), and for "dpconv" guide
    (B, guide_channels, any, any[, any]) give logits (B, out_channels, H, W[, D]).

    Raises:
        ValueError: if features and blocks do not match, or the kernel is unknown; in forward, if a side is not such a
            multiple, and for a guide that is missing or not needed.

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
        fold: int = 1,
    ) -> None:
        super().__init__()
        self.fold, self.multiple = fold, checked_fold(fold) << (len(features) - 1)
        share = fold**spatial_dims
        self.encoder = DenseNestedEncoder(in_channels * share, features, blocks, stem, spatial_dims=spatial_dims)
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
            out_channels * share, features, blocks, patch_contrast=False, spatial_dims=spatial_dims
        )

    def forward(self, image: Tensor, guide: Tensor | None = None) -> Tensor:
        require_multiples(image, self.multiple, "SegmentationNet")
        levels = self.encoder(to_channels(image, self.fold))
        if self.dpconv is not None:
            if guide is None:
                raise ValueError(
                    "DPConv computes its kernel from a guide, got none; pass the feature of the reconstruction network"
                )
            levels[-1] = levels[-1] + self.dpconv(levels[-1], guide)
        elif guide is not None:
            raise ValueError("only kernel='dpconv' uses a guide, got a guide; omit it")
        if self.kernel is not None:
            levels[-1] = levels[-1] + self.kernel(levels[-1])
        return to_space(self.decoder(levels), self.fold)


class SRSNet(GuidedNet):
    """Segmentation guided by self-supervised reconstruction.

    Args:
        spatial_dims: 2 or 3.
        in_channels: channels of the image.
        out_channels: 1 for a binary task, else the number of classes with the background.
        reconstruction_features, reconstruction_blocks, reconstruction_stem: arguments of ReconstructionNet.
        segmentation_features, segmentation_blocks, segmentation_stem: arguments of SegmentationNet.
        freeze_reconstruction: exclude the reconstruction network from training. Its parameters require no gradient, the
            guide carries none, and `train()` keeps it in eval mode. False trains both networks together.
        kernel: the filter of the deepest feature: "dpconv", guided by the reconstruction network; or, without that
            network and for comparison, another dynamic convolution or no filter (None). See `SegmentationNet`.
        drifting_statistics: keep the frozen encoder in train mode always, also in `eval()`, as the authors' scripts do.
            It then normalises by the current batch, so the result for an image depends on the other images in its
            batch. Tables of the original were computed in this way, image by image (batch size 1). The running averages
            change with every forward pass, and `reconstruct` in eval mode uses the changed averages.
        dpconv_generator, dpconv_gate, dpconv_form: `generator`, `gate` and `form` of DPConv.
        fold: of both networks, see `ReconstructionNet`.

    Shapes: image (B, in_channels, H, W[, D]), sides in multiples of fold * 2**(levels - 1), gives logits
    (B, out_channels, H, W[, D]). The result of `guide` for the image may be passed with it, which saves computing it.

    Raises:
        ValueError: if features and blocks do not match, the kernel is unknown, or statistics shall drift without a
            frozen reconstruction network; in forward, if a side is not such a multiple.

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
        fold: int = 1,
    ) -> None:
        if drifting_statistics and (kernel != "dpconv" or not freeze_reconstruction):
            raise ValueError(
                f"drifting_statistics needs a frozen reconstruction network, got freeze_reconstruction="
                f"{freeze_reconstruction} and kernel={kernel!r}; omit drifting_statistics"
            )
        levels = max(len(reconstruction_features), len(segmentation_features))
        reconstruction: ReconstructionNet | None = None
        if kernel == "dpconv":
            reconstruction = ReconstructionNet(
                spatial_dims, in_channels, reconstruction_features, reconstruction_blocks, reconstruction_stem, fold
            )
        segmentation = SegmentationNet(
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
            fold=fold,
        )
        super().__init__(
            reconstruction,
            segmentation,
            multiple=checked_fold(fold) << (levels - 1),
            freeze_reconstruction=freeze_reconstruction,
            drifting_statistics=drifting_statistics,
        )

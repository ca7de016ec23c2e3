"""PVTv2, the pyramid vision transformer that is the encoder of U-Net v2."""

from torch import Tensor, nn

CHANNELS = (64, 128, 320, 512)


class PVTv2(nn.Module):
    """PVTv2-b2: four feature maps of an image, at a quarter of its size down to a thirty-second.

    The network comes from the package `transformers` (extra "unetv2"), with the sizes and both epsilons of layer
    normalisation from the authors' code. It starts from random weights and downloads nothing.
    `srs_monai.interop.load_original_checkpoint(encoder, path)` loads the authors' files, also the pretrained ones.

    Args:
        in_channels: channels of the image.
        drop_path: rate of stochastic depth in the last block; it rises linearly from 0 in the first.

    Shapes: (B, I, H, W) gives maps of 64, 128, 320 and 512 channels at strides 4, 8, 16 and 32.

    Raises:
        ImportError: if `transformers` is not installed.

    Source: Wang et al., PVT v2, 2022; values equal those of the code in the U-Net v2 release.
    """

    channels = CHANNELS

    def __init__(self, in_channels: int = 3, drop_path: float = 0.1) -> None:
        super().__init__()
        try:
            from transformers import PvtV2Backbone, PvtV2Config
        except ImportError as error:
            raise ImportError(
                "the PVTv2 encoder needs the package transformers, which is not installed; run pip install "
                "'srs_monai[unetv2]', or pass another encoder to UNetV2"
            ) from error
        config = PvtV2Config(
            num_channels=in_channels,
            hidden_sizes=list(CHANNELS),
            depths=[3, 4, 6, 3],
            num_attention_heads=[1, 2, 5, 8],
            mlp_ratios=[8, 8, 4, 4],
            sr_ratios=[8, 4, 2, 1],
            drop_path_rate=drop_path,
            layer_norm_eps=1e-6,
            out_indices=[0, 1, 2, 3],
        )
        self.backbone = PvtV2Backbone(config)
        for name, part in self.backbone.named_modules():
            if name.endswith(("patch_embedding.layer_norm", "attention.layer_norm")):
                part.eps = 1e-5

    def forward(self, image: Tensor) -> list[Tensor]:
        return list(self.backbone(image).feature_maps)

"""A ResNet that returns the maps of its stages, the encoder of several baselines."""

from monai.networks.nets.resnet import ResNet
from torch import Tensor

BLOCKS: dict[int, tuple[str, list[int]]] = {
    18: ("basic", [2, 2, 2, 2]),
    34: ("basic", [3, 4, 6, 3]),
    50: ("bottleneck", [3, 4, 6, 3]),
}
FEATURES = [64, 128, 256, 512]


class ResNetStages(ResNet):
    """The maps after the first stages of a ResNet, fine to coarse, from MONAI's network with random weights.

    The layout is the usual one for images: a 7x7 stem of stride 2, max pooling, and projections by a 1x1 convolution
    without bias and a batch norm. MONAI's own `ResNetFeatures` differs: its shortcuts at depth 18 and 34 pass no
    gradient.

    Args:
        in_channels: channels of the image.
        depth: 18, 34 or 50.
        stages: number of stages, 1 to 4.

    Shapes: (B, I, H, W) gives one map for each stage, at a quarter, an eighth ... of the size, rounded up. The
    attribute
        `channels` holds their channels.

    Raises:
        ValueError: for another depth or number of stages.

    Source: He et al., CVPR 2016.
    """

    def __init__(self, in_channels: int = 3, depth: int = 18, stages: int = 4) -> None:
        if depth not in BLOCKS:
            raise ValueError(f"depth of a ResNet must be one of {sorted(BLOCKS)}, got {depth}; choose one of them")
        if not 1 <= stages <= len(FEATURES):
            raise ValueError(f"stages of a ResNet must be 1 to {len(FEATURES)}, got {stages}; choose such a number")
        block, repeats = BLOCKS[depth]
        super().__init__(
            block,
            repeats,
            FEATURES,
            spatial_dims=2,
            n_input_channels=in_channels,
            conv1_t_stride=2,
            shortcut_type="B",
            feed_forward=False,
            bias_downsample=False,
        )
        for unused in range(stages, len(FEATURES)):
            delattr(self, f"layer{unused + 1}")
        self.stages = stages
        self.channels = [width * (4 if block == "bottleneck" else 1) for width in FEATURES[:stages]]

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.maxpool(self.act(self.bn1(self.conv1(image))))
        maps: list[Tensor] = []
        for number in range(self.stages):
            x = getattr(self, f"layer{number + 1}")(x)
            maps.append(x)
        return maps

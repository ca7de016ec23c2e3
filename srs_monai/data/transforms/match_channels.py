"""Images with as many channels as a network expects."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import get_track_meta
from monai.transforms import MapTransform, Transform
from monai.utils import TransformBackends, convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.provenance import source_of

LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601


class MatchChannels(Transform):
    """Give an image its number of channels: grey is repeated, RGB becomes its luminance where one channel is wanted.

    Args:
        channels: wanted, at least 1.

    Shapes: image (1, ...), (3, ...) or (channels, ...) gives (channels, ...), float32.

    Raises:
        ValueError: for fewer than one channel; on calling, for images that cannot be matched.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, channels: int = 3) -> None:
        if channels < 1:
            raise ValueError(f"an image has at least 1 channel; got {channels}")
        self.channels = channels

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image: Tensor = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
        if len(image) == self.channels:
            return image
        if len(image) == 1:
            return image.expand(self.channels, *image.shape[1:])  # one channel in memory
        if len(image) == 3 and self.channels == 1:
            weights = image.new_tensor(LUMINANCE).reshape(-1, *[1] * (image.ndim - 1))
            return (image * weights).sum(dim=0, keepdim=True)
        raise ValueError(
            f"{self.channels} channels are made of grey or, when 1 is wanted, of RGB, but {source_of(img)} has "
            f"{len(image)}; set in_channels to {len(image)} or convert the image"
        )


class MatchChannelsd(MapTransform):
    """Dictionary form of `MatchChannels`.

    Args:
        keys: of the images.
        channels: wanted, at least 1.
        allow_missing_keys: pass over keys that an item lacks.
    """

    backend = MatchChannels.backend

    def __init__(self, keys: KeysCollection, channels: int = 3, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.match = MatchChannels(channels)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.match(item[key])
        return item

"""Images with as many channels as a network expects, and grey values of colour pictures."""

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import get_track_meta
from monai.transforms import Transform
from monai.utils import TransformBackends, convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.dictionary_form import DictionaryForm
from srs_monai.data.transforms.provenance import source_of

LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601


class MatchChannels(Transform):
    """Give an image the number of channels that a network expects: grey is repeated, RGB becomes its luminance.

    Args:
        channels: number of channels wanted, at least 1.

    Shapes: image (1, ...), (3, ...) or (channels, ...) gives (channels, ...), float32.

    Raises:
        ValueError: for fewer than one channel; on calling, for images that cannot be converted.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, channels: int = 3) -> None:
        if channels < 1:
            raise ValueError(f"an image must have at least 1 channel; got {channels}")
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
            f"{self.channels} channels can be made from grey, and 1 channel from RGB, but {source_of(img)} has "
            f"{len(image)}; set in_channels to {len(image)} or convert the image"
        )


class MatchChannelsd(DictionaryForm):
    """Dictionary form of `MatchChannels`."""

    slice_by_slice = True

    def __init__(self, keys: KeysCollection, channels: int = 3, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, MatchChannels(channels), allow_missing_keys)


_luminance = MatchChannels(1)


def without_alpha(image: Tensor) -> Tensor:
    """The grey or RGB channels without alpha; the readers of this package drop alpha already."""
    return image[:-1] if len(image) in (2, 4) else image


def to_grey(image: Tensor) -> Tensor:
    """One channel, float32: grey as it is, or the luminance of RGB."""
    return _luminance(without_alpha(image))

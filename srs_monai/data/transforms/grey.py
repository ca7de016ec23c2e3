"""Grey values of pictures that are stored in colour."""

from torch import Tensor

from srs_monai.data.transforms.match_channels import MatchChannels

_luminance = MatchChannels(1)


def without_alpha(image: Tensor) -> Tensor:
    """The channels without the alpha of grey or RGB pictures; readers of this package leave it out already."""
    return image[:-1] if len(image) in (2, 4) else image


def to_grey(image: Tensor) -> Tensor:
    """One channel, float32: grey as it is, the luminance of RGB."""
    return _luminance(without_alpha(image))

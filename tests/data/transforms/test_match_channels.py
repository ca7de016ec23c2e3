"""Images get as many channels as the network has inputs."""

import pytest
import torch
from monai.data import MetaTensor

from srs_monai.data.transforms import MatchChannels, MatchChannelsd


def test_grey_is_repeated() -> None:
    image = MetaTensor(torch.rand(1, 4, 5), meta={"modality": "US"})
    matched = MatchChannels(3)(image)
    torch.testing.assert_close(matched.as_tensor(), image.as_tensor().expand(3, 4, 5))
    assert matched.meta["modality"] == "US"


def test_volumes_are_matched_like_pictures() -> None:
    assert MatchChannels(3)(torch.rand(1, 4, 5, 6)).shape == (3, 4, 5, 6)


def test_rgb_becomes_its_luminance() -> None:
    rgb = torch.tensor([1.0, 10.0, 100.0])[:, None, None]
    torch.testing.assert_close(MatchChannels(1)(rgb), torch.tensor([[[0.299 + 5.87 + 11.4]]]))


def test_what_matches_already_is_left_alone() -> None:
    rgb = torch.rand(3, 2, 2)
    torch.testing.assert_close(MatchChannelsd("image", 3)({"image": rgb})["image"], rgb)


def test_anything_else_is_refused_by_name() -> None:
    image = MetaTensor(torch.rand(4, 2, 2), meta={"filename_or_obj": "a.tif"})
    with pytest.raises(ValueError, match=r"a.tif has 4; set in_channels to 4"):
        MatchChannels(3)(image)
    with pytest.raises(ValueError, match="at least 1 channel; got 0"):
        MatchChannelsd("image", 0)

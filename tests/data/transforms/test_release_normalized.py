"""The release's preprocessing, as reference A.4 describes it."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from srs_monai.data.transforms import ReleaseNormalized


@pytest.mark.parametrize("bgr", [True, False])
def test_it_equals_the_arithmetic_of_the_release(bgr: bool) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.float64)  # rows, columns, RGB
    ordered = stored[..., ::-1] if bgr else stored
    expected = (ordered / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225]) / 255
    image = torch.from_numpy(stored / 255).permute(2, 0, 1).float()
    normalized = ReleaseNormalized("image", bgr=bgr)({"image": image})["image"]
    torch.testing.assert_close(normalized, torch.from_numpy(expected).permute(2, 0, 1).float())


def test_black_and_white_give_the_published_bounds() -> None:
    normalize = ReleaseNormalized("image")
    assert float(normalize({"image": torch.zeros(3, 1, 1)})["image"].min()) == pytest.approx(-0.0083, abs=5e-5)
    assert float(normalize({"image": torch.ones(3, 1, 1)})["image"].max()) == pytest.approx(0.0104, abs=5e-5)


@pytest.mark.parametrize("image", [torch.zeros(1, 2, 2), torch.full((3, 2, 2), 255.0), -torch.ones(3, 2, 2)])
def test_other_channels_and_ranges_are_refused(image: torch.Tensor) -> None:
    named = MetaTensor(image, meta={"filename_or_obj": "a.png"})
    with pytest.raises(ValueError, match=r"a\.png has \d in .*MatchChannelsd and ToUnitRanged"):
        ReleaseNormalized("image")({"image": named})

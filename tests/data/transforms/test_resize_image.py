"""Pictures keep their borders, their mean and their place when they are resized."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from PIL import Image

from srs_monai.data.transforms import ResizeImaged, resize_pictures


def test_growing_is_plain_bilinear() -> None:
    row = torch.tensor([[[[0.0, 4.0]]]])
    assert resize_pictures(row, (1, 4)).flatten().tolist() == [0, 1, 3, 4]
    picture = torch.rand(2, 3, 5, 7)
    torch.testing.assert_close(resize_pictures(picture, (9, 11)), resize_pictures(picture, (9, 11), antialias=False))


def test_shrinking_sees_every_pixel() -> None:
    picture = torch.zeros(1, 1, 64, 64)
    picture[..., 5, 5] = 64.0  # one bright pixel of 4096
    torch.testing.assert_close(resize_pictures(picture, (8, 8)).mean(), picture.mean(), rtol=0.3, atol=0)
    assert resize_pictures(picture, (8, 8), antialias=False).max() == 0


def test_shrinking_is_pillows() -> None:
    picture = np.random.default_rng(0).random((50, 70), dtype=np.float32)
    expected = np.asarray(Image.fromarray(picture).resize((31, 20), Image.Resampling.BILINEAR))
    result = resize_pictures(torch.from_numpy(picture)[None, None], (20, 31))[0, 0]
    np.testing.assert_allclose(result.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("sides", [3, 4])
def test_the_affine_keeps_the_borders_of_the_picture(sides: int) -> None:
    affine = torch.eye(sides, dtype=torch.float64)
    affine[0, 0], affine[1, 1], affine[0, -1] = 0.5, 0.7, 10.0
    resized = ResizeImaged("image", (4, 16))({"image": MetaTensor(torch.rand(1, 8, 8), affine=affine)})["image"]
    assert resized.shape == (1, 4, 16)
    edge = torch.tensor([-0.5, -0.5] + [0.0] * (sides - 3) + [1.0], dtype=torch.float64)
    torch.testing.assert_close(resized.affine @ edge, affine @ edge)
    far_before = torch.tensor([7.5, 7.5] + [0.0] * (sides - 3) + [1.0], dtype=torch.float64)
    far_after = torch.tensor([3.5, 15.5] + [0.0] * (sides - 3) + [1.0], dtype=torch.float64)
    torch.testing.assert_close(resized.affine @ far_after, affine @ far_before)


def test_the_source_keeps_its_affine_and_plain_tensors_stay_plain() -> None:
    picture = MetaTensor(torch.rand(1, 8, 8))
    ResizeImaged("image", (4, 4))({"image": picture})
    torch.testing.assert_close(picture.affine, torch.eye(4, dtype=torch.float64))
    plain = ResizeImaged("image", (4, 4))({"image": torch.rand(1, 8, 8)})["image"]
    assert type(plain) is torch.Tensor
    assert plain.shape == (1, 4, 4)


def test_sizes_and_volumes_that_cannot_be_are_refused() -> None:
    for size in ([256], [0, 8], [1.5, 8]):
        with pytest.raises(ValueError, match="height and width"):
            ResizeImaged("image", size)
    with pytest.raises(ValueError, match=r"'image' has shape \(1, 2, 3, 4\); take one slice"):
        ResizeImaged("image", (8, 8))({"image": torch.zeros(1, 2, 3, 4)})

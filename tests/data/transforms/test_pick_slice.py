"""One slice of a volume is taken, and its place is kept."""

import pytest
import torch
from monai.data import MetaTensor, list_data_collate

from srs_monai.data.transforms import PickSliced


@pytest.fixture
def volume() -> MetaTensor:
    affine = torch.tensor([[0.0, -2, 0, 10], [-3, 0, 1, 20], [0, 0, 5, 30], [0, 0, 0, 1]], dtype=torch.float64)
    meta = {"filename_or_obj": "a.nii.gz", "spatial_shape": torch.tensor([3, 4, 6])}
    return MetaTensor(torch.rand(1, 3, 4, 6), affine=affine, meta=meta)


def test_the_slice_that_the_item_names_is_taken(volume: MetaTensor) -> None:
    label = MetaTensor(volume.as_tensor() * 2, affine=volume.affine)
    picked = PickSliced(["image", "label"])({"image": volume, "label": label, "slice": 4})
    torch.testing.assert_close(picked["image"].as_tensor(), volume.as_tensor()[..., 4])
    torch.testing.assert_close(picked["label"].as_tensor(), volume.as_tensor()[..., 4] * 2)
    assert "slice" not in picked
    assert picked["image"].meta["slice"] == 4
    assert tuple(picked["image"].meta["spatial_shape"]) == (3, 4)


def test_pixels_keep_their_world_position(volume: MetaTensor) -> None:
    picked = PickSliced("image")({"image": volume, "slice": 4})["image"]
    in_volume = volume.affine @ torch.tensor([1.0, 2, 4, 1], dtype=torch.float64)
    in_slice = picked.affine @ torch.tensor([1.0, 2, 0, 1], dtype=torch.float64)
    torch.testing.assert_close(in_slice, in_volume)


def test_the_volume_is_left_as_it_was_and_not_held(volume: MetaTensor) -> None:
    before = volume.affine.clone()
    picked = PickSliced("image")({"image": volume, "slice": 2})["image"]
    torch.testing.assert_close(volume.affine, before)
    assert "slice" not in volume.meta
    assert picked.untyped_storage().nbytes() == 3 * 4 * 4


def test_items_without_a_slice_pass_and_share_a_batch(volume: MetaTensor) -> None:
    pick = PickSliced("image")
    picture = MetaTensor(torch.rand(1, 3, 4))
    items = [pick({"image": volume, "slice": 0}), pick({"image": picture})]
    torch.testing.assert_close(items[1]["image"], picture)
    assert list_data_collate(items)["image"].shape == (2, 1, 3, 4)


@pytest.mark.parametrize("number", [-1, 6])
def test_a_slice_that_is_not_there_is_refused(volume: MetaTensor, number: int) -> None:
    with pytest.raises(ValueError, match=rf"slice {number} .* a\.nii\.gz has shape \(1, 3, 4, 6\)"):
        PickSliced("image")({"image": volume, "slice": number})


def test_a_picture_has_no_slices() -> None:
    with pytest.raises(ValueError, match=r"correct the item's 'k'"):
        PickSliced("image", slice_key="k")({"image": torch.rand(1, 3, 4), "k": 0})

"""Volumes look as on a viewer, and masks come back to the voxels they were drawn on."""

import itertools

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import MetaTensor, decollate_batch, list_data_collate
from monai.transforms import Compose, Invertd

from srs_monai.data.transforms import AsSeend


def _affine(codes: str, angles: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """An affine of 0.5 x 0.7 x 3 mm voxels whose axes point to `codes`, then turned by angles in degrees."""
    turn = nib.orientations.inv_ornt_aff(nib.orientations.axcodes2ornt(codes), (4, 5, 6))[:3, :3].T
    rotation = nib.eulerangles.euler2mat(*np.deg2rad(angles))
    affine = np.eye(4)
    affine[:3, :3] = rotation @ turn @ np.diag([0.5, 0.7, 3])
    affine[:3, 3] = [-10, 20, 30]
    return affine


def _volume(affine: np.ndarray, shape: tuple[int, int, int] = (4, 5, 6)) -> MetaTensor:
    return MetaTensor(torch.rand(1, *shape), affine=affine)


def _world(affine: np.ndarray, index: np.ndarray) -> np.ndarray:
    return affine[:3, :3] @ index + affine[:3, 3]


@pytest.mark.parametrize("codes", ["LPS", "RAS", "PLS", "PSR", "IAL"])
def test_axes_point_to_posterior_left_superior_and_voxels_stay_where_they_are(codes: str) -> None:
    volume = _volume(_affine(codes, (5, -8, 3)))
    seen = AsSeend("image")({"image": volume})["image"]
    assert nib.aff2axcodes(seen.affine.numpy()) == ("P", "L", "S")
    for index in itertools.product(range(2), range(2), range(2)):
        place = _world(seen.affine.numpy(), np.array(index))
        there = np.linalg.solve(volume.affine.numpy()[:3, :3], place - volume.affine.numpy()[:3, 3])
        np.testing.assert_allclose(there, there.round(), atol=1e-6)
        assert seen[(0, *index)] == volume[(0, *there.round().astype(int))]


def test_an_axial_dicom_is_transposed() -> None:
    volume = _volume(_affine("LPS"))  # columns, rows, slices
    seen = AsSeend("image")({"image": volume})["image"]
    assert torch.equal(seen.as_tensor(), volume.as_tensor().transpose(1, 2))


@pytest.mark.parametrize(
    ("codes", "seen_as"),
    [("LPS", "PLS"), ("PIL", "IPL"), ("PIR", "IPL"), ("LIA", "ILP"), ("RSP", "ILP"), ("PLI", "PLS")],
)
def test_a_single_slice_is_seen_in_its_own_plane(codes: str, seen_as: str) -> None:
    volume = _volume(_affine(codes), (4, 5, 1))
    seen = AsSeend("image")({"image": volume})["image"]
    assert "".join(nib.aff2axcodes(seen.affine.numpy())) == seen_as
    assert seen.shape[3] == 1


@pytest.mark.parametrize("codes", ["LPS", "PIR", "ALS", "SRA"])
@pytest.mark.parametrize("angles", [(0, 0, 0), (20, -35, 10), (45, 0, 0), (0, 0, 45), (45, 45, 0)])
@pytest.mark.parametrize("shape", [(4, 5, 6), (4, 5, 1), (1, 5, 6), (1, 5, 1)])
def test_masks_come_back_exactly(codes: str, angles: tuple[float, float, float], shape: tuple[int, int, int]) -> None:
    volume = _volume(_affine(codes, angles), shape)
    forward = Compose([AsSeend("image")])
    item = forward({"image": volume})
    batch = list_data_collate([{**item, "pred": MetaTensor((item["image"] > 0.5).to(torch.uint8))}])
    decollated = decollate_batch(batch)[0]
    back = Invertd("pred", transform=forward, orig_keys="image", nearest_interp=True)(decollated)["pred"]
    assert torch.equal(back.as_tensor(), (volume.as_tensor() > 0.5).to(torch.uint8))
    torch.testing.assert_close(back.affine, volume.affine, rtol=0, atol=1e-9)


def test_pictures_pass_untouched_both_ways() -> None:
    forward = Compose([AsSeend("image")])
    picture = MetaTensor(torch.rand(3, 4, 5))
    item = forward({"image": picture})
    assert item["image"] is picture
    back = Invertd("pred", transform=forward, orig_keys="image")({**item, "pred": MetaTensor(picture[:1])})["pred"]
    assert torch.equal(back.as_tensor(), picture[:1].as_tensor())


def test_a_volume_without_affine_is_refused() -> None:
    with pytest.raises(ValueError, match="plain Tensor; read it with LoadImaged"):
        AsSeend("image")({"image": torch.zeros(1, 2, 3, 4)})


def test_sequences_of_pictures_pass_untouched_both_ways() -> None:
    forward = Compose([AsSeend("image")])
    sequence = MetaTensor(torch.rand(3, 4, 5, 6), meta={"frames": 6})
    item = forward({"image": sequence})
    assert item["image"] is sequence
    pred = MetaTensor(sequence[:1])
    back = Invertd("pred", transform=forward, orig_keys="image")({**item, "pred": pred})["pred"]
    assert torch.equal(back.as_tensor(), sequence[:1].as_tensor())

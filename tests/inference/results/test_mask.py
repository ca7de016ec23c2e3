"""Sizes of labels are counted in the units that are known."""

from typing import Any

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from srs_monai.inference.results.mask import EMPTY, Mask
from srs_monai.labels import TISSUE, Code, Label

CODE = {"value": "10200004", "scheme": "SCT", "meaning": "Liver"}
LABELS = [Label(name, Code("10200004", "Liver")) for name in ("liver", "spleen")]


def mask(shape: tuple[int, ...], spacing: list[float], **meta: Any) -> Mask:
    values = torch.zeros(shape)
    values.view(-1)[:5] = torch.tensor([1.0, 1, 1, 4, 0])
    return Mask.from_tensor(MetaTensor(values[None], affine=np.diag([*spacing, 1.0]), meta=meta), LABELS)


def test_volumes_are_measured_in_mm3() -> None:
    measured = mask((2, 3, 4), [-0.5, 0.7, 2.5], spacing_unit="mm")
    assert measured.is_volume
    assert measured.measures() == [
        {"number": 1, "name": "liver", "voxels": 3, "volume_mm3": 2.625, "code": CODE},
        {"number": 2, "name": "spleen", "voxels": 0, "volume_mm3": 0.0, "code": CODE},
        {"number": 4, "name": "label 4", "voxels": 1, "volume_mm3": 0.875},
    ]


def test_a_label_says_the_colour_that_it_was_given() -> None:
    labels = [Label("vessel", TISSUE, TISSUE, colour=(1, 2, 3))]
    measured = Mask(np.ones((2, 2), np.uint8), np.eye(4), {}, labels).measures()
    assert measured == [{"number": 1, "name": "vessel", "pixels": 4, "area_px": 4.0, "colour": [1, 2, 3]}]


def test_a_sheared_voxel_has_the_volume_of_its_base_and_height() -> None:
    affine = np.diag([0.5, 0.5, 2.0, 1.0])
    affine[1, 2] = 0.7
    volume = Mask(np.ones((1, 1, 2), np.uint8), affine, {}, LABELS)
    assert volume.measures()[0]["volume_mm3"] == 1.0


@pytest.mark.parametrize(("unit", "size"), [("mm", {"area_mm2": 0.45}), ("pixels", {"area_px": 3.0})])
def test_pictures_are_measured_in_what_their_spacing_is_known_in(unit: str, size: dict[str, float]) -> None:
    measured = mask((2, 5), [0.3, 0.5, 1.0], spacing_unit=unit)
    assert not measured.is_volume
    assert measured.measures()[0] == {"number": 1, "name": "liver", "pixels": 3, **size, "code": CODE}


def test_a_sequence_of_pictures_is_no_volume() -> None:
    measured = mask((2, 3, 4), [1, 1, 1], spacing_unit="pixels")
    assert not measured.is_volume
    assert measured.measures()[0] == {"number": 1, "name": "liver", "pixels": 3, "area_px": 3.0, "code": CODE}


def test_a_volume_of_an_array_file_is_measured_in_voxels() -> None:
    measured = mask((2, 3, 4), [1, 1, 1], spacing_unit="pixels", source_kind="array")
    assert measured.is_volume
    assert measured.measures()[0] == {"number": 1, "name": "liver", "voxels": 3, "volume_voxels": 3.0, "code": CODE}


def test_what_the_reader_noted_is_a_warning() -> None:
    assert mask((2, 5), [1, 1, 1], notes="", left_out="").warnings() == []
    noted = mask((2, 5), [1, 1, 1], notes="resampled straight", left_out="1 localizers")
    assert noted.warnings() == ["resampled straight", "skipped: 1 localizers"]
    assert Mask(np.zeros((2, 2), np.uint8), np.eye(4), {}, ()).warnings() == [EMPTY]


def test_a_volume_without_affine_is_refused() -> None:
    with pytest.raises(ValueError, match=r"affine.*Tensor"):
        Mask.from_tensor(torch.zeros(1, 2, 3, 4))

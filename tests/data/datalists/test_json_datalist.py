"""Data lists in JSON: pictures, or volumes that become slices and are split whole."""

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from srs_monai.data import load_datalist


def volume(path: Path, shape: tuple[int, ...] = (4, 5, 3), *, foreground: int | None = None, shift: float = 0) -> None:
    values = np.zeros(shape, dtype=np.uint8)
    if foreground is not None:
        values[..., foreground] = 1
    affine = np.diag([2.0, 2, 5, 1])
    affine[0, 3] = shift
    path.parent.mkdir(exist_ok=True)
    nib.save(nib.Nifti1Image(values, affine), path)


@pytest.fixture
def decathlon(tmp_path: Path) -> Path:
    for i in range(4):
        volume(tmp_path / "imagesTr" / f"a_{i}.nii.gz")
        volume(tmp_path / "labelsTr" / f"a_{i}.nii.gz", foreground=1)
    volume(tmp_path / "imagesTs" / "t.nii.gz")
    entries = [{"image": f"./imagesTr/a_{i}.nii.gz", "label": f"./labelsTr/a_{i}.nii.gz"} for i in range(4)]
    written(tmp_path, training=entries, test=["./imagesTs/t.nii.gz"])
    return tmp_path


def written(folder: Path, **sections: Any) -> None:
    (folder / "dataset.json").write_text(json.dumps({"name": "A", **sections}))


def entries(folder: Path) -> list[dict[str, Any]]:
    return list(json.loads((folder / "dataset.json").read_text())["training"])


def test_volumes_of_a_json_list_become_slices_and_are_split_whole(decathlon: Path, tmp_path: Path) -> None:
    datalist = load_datalist(decathlon, datalist="dataset.json", val_fraction=0.25, split_dir=tmp_path / "split")
    assert {section: len(items) for section, items in datalist.items()} == {
        "training": 9,
        "validation": 3,
        "test": 3,
    }
    volumes = {section: {item["image"] for item in items} for section, items in datalist.items()}
    assert not volumes["training"] & volumes["validation"]
    assert [item["slice"] for item in datalist["validation"]] == [0, 1, 2]
    assert "label" not in datalist["test"][0]
    assert len((tmp_path / "split" / "train.txt").read_text().splitlines()) == 3


def test_only_training_may_skip_slices_without_a_label(decathlon: Path) -> None:
    datalist = load_datalist(decathlon, datalist="dataset.json", val_fraction=0.25, skip_empty_slices=True)
    assert [item["slice"] for item in datalist["training"]] == [1, 1, 1]
    assert [item["slice"] for item in datalist["validation"]] == [0, 1, 2]
    for i in range(4):
        volume(decathlon / "labelsTr" / f"a_{i}.nii.gz")
    with pytest.raises(ValueError, match="skip_empty_slices"):
        load_datalist(decathlon, datalist="dataset.json", skip_empty_slices=True)


def test_a_json_list_may_name_its_validation_or_its_folds(decathlon: Path) -> None:
    listed = entries(decathlon)
    written(decathlon, training=listed[:3], validation=listed[3:])
    datalist = load_datalist(decathlon, datalist="dataset.json")
    assert {Path(item["image"]).name for item in datalist["validation"]} == {"a_3.nii.gz"}
    written(decathlon, training=[entry | {"fold": i % 2} for i, entry in enumerate(listed)])
    datalist = load_datalist(decathlon, datalist="dataset.json", fold=1)
    assert {Path(item["image"]).name for item in datalist["validation"]} == {"a_1.nii.gz", "a_3.nii.gz"}
    assert len(datalist["training"]) == 6
    with pytest.raises(ValueError, match=r"got 2 of \[0, 1\]"):
        load_datalist(decathlon, datalist="dataset.json", fold=2)


def test_a_json_list_may_lie_elsewhere(decathlon: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("lists") / "mine.json"
    elsewhere.write_text((decathlon / "dataset.json").read_text())
    assert load_datalist(decathlon, datalist=elsewhere) == load_datalist(decathlon, datalist="dataset.json")


def test_a_json_list_may_hold_pictures(tmp_path: Path) -> None:
    for name in ("a.png", "a_mask.png", "b.png", "b_mask.png"):
        Image.new("L", (6, 4)).save(tmp_path / name)
    written(tmp_path, training=[{"image": f"{name}.png", "label": f"{name}_mask.png"} for name in "ab"])
    datalist = load_datalist(tmp_path, datalist="dataset.json", val_fraction=0.5)
    assert (len(datalist["training"]), len(datalist["validation"])) == (1, 1)
    assert set(datalist["training"][0]) == {"image", "label"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "dataset.json is not"),
        ("[]", "dataset.json does not"),
        ('{"training": "a.png"}', "dataset.json does not"),
        ('{"test": ["a.png"]}', "section 'training' with images"),
        ('{"training": [{"image": "a.png"}]}', r"one as label, .* has \{.image.: .a.png.\}"),
        ('{"training": [{"image": ["a", "b"], "label": "c"}]}', r"dataset.json has .*\[.a., .b.\]"),
        ('{"training": [{"image": "a", "label": "b"}, {"image": "a", "label": "c"}]}', "repeats a;"),
        ('{"training": [{"image": "a", "label": "b"}], "validation": [{"image": "a", "label": "b"}]}', "share a;"),
        (
            '{"training": [{"image": "a.png", "label": "b"}], "validation": [{"image": "c", "label": "d"}]}',
            "no file .*a",
        ),
    ],
)
def test_bad_json_lists_are_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(ValueError, match=reason):
        load_datalist(tmp_path, datalist="dataset.json")


def test_a_missing_json_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no data list .*dataset.json"):
        load_datalist(tmp_path, datalist="dataset.json")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"shape": (4, 5, 2)}, "has 5 x 4 x 3 pixels and .* 5 x 4 x 2;"),
        ({"shift": 7}, "lies up to 7.0 mm away"),
    ],
)
def test_labels_on_another_grid_are_refused(decathlon: Path, options: dict[str, Any], reason: str) -> None:
    volume(decathlon / "labelsTr" / "a_2.nii.gz", **options)
    with pytest.raises(ValueError, match=reason):
        load_datalist(decathlon, datalist="dataset.json")


def test_real_volumes(datasets: Path, tmp_path: Path) -> None:
    names = ("totalseg_example", "totalseg_dicom20")
    small, large = ({"image": f"{name}_ct.nii.gz", "label": f"{name}_label117.nii.gz"} for name in names)
    (tmp_path / "list.json").write_text(json.dumps({"training": [small], "validation": [large]}))
    datalist = load_datalist(datasets / "ct_abdomen", datalist=tmp_path / "list.json")
    assert (len(datalist["training"]), len(datalist["validation"])) == (30, 20)

"""Masks become class numbers, or are refused when they are something else."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from PIL import Image

from srs_monai.data.readers.picture import PictureReader
from srs_monai.data.transforms import MaskToLabels, MaskToLabelsd


def mask(values: Sequence[float], **meta: object) -> MetaTensor:
    return MetaTensor(torch.tensor([[values]], dtype=torch.float32), meta={"filename_or_obj": "a.png", **meta})


def read(path: Path, **options: str) -> MetaTensor:
    array, meta = PictureReader(**options).get_data(path)  # type: ignore[arg-type]
    return MetaTensor(torch.from_numpy(array), meta={**meta, "filename_or_obj": str(path)})


@pytest.mark.parametrize(
    ("stored", "labels"),
    [
        ([0, 1, 1], [0, 1, 1]),
        ([0, 255, 0], [0, 1, 0]),
        ([0, 128, 128], [0, 1, 1]),
        ([0, 65535, 0], [0, 1, 0]),
        ([0, 0, 0], [0, 0, 0]),
        ([1, 1, 1], [1, 1, 1]),
        ([255, 255, 255], [1, 1, 1]),
        ([0, 1, 3, 6, 250, 253, 255], [0, 0, 0, 0, 1, 1, 1]),  # compression
    ],
)
def test_binary_masks_of_every_scale(stored: list[float], labels: list[float]) -> None:
    full = 65535 if max(stored) > 255 else 255
    torch.testing.assert_close(
        MaskToLabels()(mask(stored, stored_max=full)).as_tensor(), torch.tensor([[labels]], dtype=torch.float32)
    )


def test_soft_borders_are_cut_in_the_middle() -> None:
    stored = [0] * 60 + [127, 128] + [255] * 38
    assert MaskToLabels()(mask(stored)).sum() == 39


@pytest.mark.parametrize(
    "stored",
    [
        [0, 1, 2, 3],  # class numbers of another task
        [0, 3, 3, 0],
        [0, 1, 1, 255],  # two classes and "ignore"
        [0, 60, 120, 180],  # a grey picture
        [*range(0, 256, 5)],
        [0, 128, 128, 255],
        [0, 1000, 0, 1000],
    ],
)
def test_what_is_no_binary_mask_is_refused_by_name(stored: list[float]) -> None:
    with pytest.raises(ValueError, match=r"black and white of \d+, but a.png holds 0"):
        MaskToLabels()(mask(stored))


def test_jpeg_may_leave_a_gap_that_class_numbers_would() -> None:
    assert MaskToLabels()(mask([0, 1, 2, 255], format="JPEG")).sum() == 1


@pytest.mark.parametrize("bad", [0.5, -1.0, float("nan")])
def test_labels_are_whole_numbers(bad: float) -> None:
    for to_labels in (MaskToLabels(), MaskToLabels(4), MaskToLabels(instances=True)):
        with pytest.raises(ValueError, match=r"whole numbers of 0 or more, but a.png holds"):
            to_labels(mask([0, 1, bad]))


def test_class_numbers_are_kept_and_unknown_ones_named() -> None:
    stored = mask([0, 3, 1, 2.0001])
    torch.testing.assert_close(MaskToLabels(4)(stored).as_tensor(), torch.tensor([[[0.0, 3, 1, 2]]]))
    with pytest.raises(ValueError, match=r"0 to 3, but a.png holds 4, 255; renumber"):
        MaskToLabels(4)(mask([0, 4, 255]))


def test_instances_are_all_foreground() -> None:
    to_labels = MaskToLabelsd("label", instances=True)
    torch.testing.assert_close(
        to_labels({"label": mask([0, 1, 17, 255])})["label"].as_tensor(), torch.tensor([[[0.0, 1, 1, 1]]])
    )


def test_equal_channels_are_one_and_colours_refused() -> None:
    grey = torch.tensor([0.0, 255.0]).expand(3, 1, 2).clone()
    assert MaskToLabels()(grey).shape == (1, 1, 2)
    grey[0, 0, 1] = 128
    with pytest.raises(ValueError, match="has colours; save class numbers"):
        MaskToLabels()(grey)
    with pytest.raises(ValueError, match="has 2"):
        MaskToLabels()(torch.zeros(2, 1, 2))


def test_volumes_are_taken_like_pictures() -> None:
    volume = torch.randint(0, 2, (1, 4, 5, 6)).float()
    torch.testing.assert_close(MaskToLabels()(volume), volume)


def test_the_meta_data_stay_but_for_the_full_scale() -> None:
    labels = MaskToLabels()(mask([0, 255], stored_max=255))
    assert labels.dtype == torch.float32
    assert labels.meta["filename_or_obj"] == "a.png"
    assert "stored_max" not in labels.meta


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="got 1 with instances False"):
        MaskToLabels(1)
    with pytest.raises(ValueError, match="got 3 with instances True"):
        MaskToLabelsd("label", 3, instances=True)


def save_palette(path: Path, indices: np.ndarray, palette: list[int]) -> Path:
    picture = Image.fromarray(indices.astype(np.uint8))
    picture.putpalette(palette)
    picture.save(path)
    return path


def test_palette_masks_go_by_colour_or_by_index(tmp_path: Path) -> None:
    indices = np.array([[0, 1], [2, 0]])
    black_and_white = save_palette(tmp_path / "a.png", indices > 0, [0, 0, 0, 255, 255, 255])
    np.testing.assert_array_equal(MaskToLabels()(read(black_and_white))[0], indices > 0)
    coloured = save_palette(tmp_path / "b.png", indices, [0, 0, 0, 128, 0, 0, 0, 128, 0])
    with pytest.raises(ValueError, match=r"b.png has colours"):
        MaskToLabels()(read(coloured))
    np.testing.assert_array_equal(MaskToLabels(3)(read(coloured, palette="index"))[0], indices)


def foreground_share(folder: Path, to_labels: Callable[[MetaTensor], MetaTensor]) -> list[float]:
    return [float(to_labels(read(path)).mean()) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("name", ["mini/sirst", "mini/busi", "mini/isic2018", "kvasir"])
def test_real_binary_masks(datasets: Path, name: str) -> None:
    shares = foreground_share(datasets / name / "masks", MaskToLabels())
    assert all(0 < share < 1 for share in shares)
    for path, share in zip(sorted((datasets / name / "masks").iterdir()), shares, strict=True):
        with Image.open(path) as stored:
            assert share == pytest.approx((np.asarray(stored.convert("L")) > 127).mean(), abs=1e-6)


def test_real_gland_numbers_are_instances(datasets: Path) -> None:
    assert min(foreground_share(datasets / "glas" / "masks", MaskToLabels(instances=True))) > 0
    refused = 0
    for path in (datasets / "glas" / "masks").iterdir():
        mask_ = read(path)
        if mask_.max() > 1:
            refused += 1
            with pytest.raises(ValueError, match="instances to True"):
                MaskToLabels()(mask_)
    assert refused > 100


def test_real_cardiac_labels_have_four_classes(datasets: Path) -> None:
    path = datasets / "acdc" / "masks" / "patient001_frame01_slice_3.png"
    labels = MaskToLabels(4)(read(path))
    assert labels.unique().tolist() == [0, 1, 2, 3]
    for num_classes in (2, 3):
        with pytest.raises(ValueError, match=r"patient001_frame01_slice_3.png holds"):
            MaskToLabels(num_classes)(read(path))


@pytest.mark.parametrize("name", ["mini/busi", "mini/sirst"])
def test_real_images_are_no_masks(datasets: Path, name: str) -> None:
    for path in (datasets / name / "images").iterdir():
        with pytest.raises(ValueError, match=r"black and white|has colours"):
            MaskToLabels()(read(path))


VALUES = [[0, 5], [8, 9], [4]]


def test_stored_values_become_the_classes_that_they_stand_for() -> None:
    labels = MaskToLabels(3, values=VALUES)(mask([0, 4, 5, 8, 9, 4]))
    assert labels.flatten().tolist() == [0, 2, 0, 1, 1, 2]
    assert labels.dtype == torch.float32


def test_values_that_stand_for_nothing_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"0, 4, 5, 8, 9, but a\.png holds 1, 12;"):
        MaskToLabels(3, values=VALUES)(mask([0, 12, 1, 8]))
    with pytest.raises(ValueError, match="whole numbers"):
        MaskToLabels(3, values=VALUES)(mask([0, 4.5]))


@pytest.mark.parametrize(
    "options",
    [{"values": VALUES}, {"values": [[0], [0, 1]]}, {"values": [[0], [1]], "instances": True}],
)
def test_values_must_fit_the_classes(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=rf"2 classes .* got {re.escape(str(options['values']))}"):
        MaskToLabels(**options)  # type: ignore[arg-type]


def test_an_item_says_what_its_labels_hold() -> None:
    item = MaskToLabelsd("label", num_classes=3)({"label": mask([0, 4, 8]), "label_values": VALUES, "slice": 2})
    assert item["label"].flatten().tolist() == [0, 2, 1]
    assert set(item) == {"label", "slice"}
    numbered = MaskToLabelsd("label")({"label": mask([0, 7, 3]), "label_values": "instances"})
    assert numbered["label"].flatten().tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match="out_channels"):
        MaskToLabelsd("label")({"label": mask([0, 4, 8]), "label_values": VALUES})

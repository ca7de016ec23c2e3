"""Copies of a picture are found whatever their size, contrast and format, and strangers are not."""

from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from srs_monai.data.splits.near_duplicates import groups_of_pairs, near_duplicates


def scene(seed: int, size: tuple[int, int] = (128, 128)) -> Image.Image:
    """Coarse random blobs, another picture for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12)).astype(np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def groups_of(paths: Sequence[Path]) -> list[list[str]]:
    """Groups of images that hang together by pairs."""
    return groups_of_pairs([str(path) for path in paths], [pair[:2] for pair in near_duplicates(paths, progress=False)])


def test_the_twins_of_busi_are_found(datasets: Path) -> None:
    names = ["benign (1)", "benign (318)", "benign (13)", "benign (330)", "benign (18)", "benign (152)"]
    names += ["benign (131)", "malignant (51)", "benign (2)", "benign (5)", "malignant (1)"]
    paths = [datasets / "busi" / "images" / f"{name}.png" for name in names]
    pairs = near_duplicates(paths)
    assert {frozenset(Path(p).stem for p in pair[:2]) for pair in pairs} == {
        frozenset(names[i : i + 2]) for i in (0, 2, 4, 6)
    }
    assert all(correlation > 0.99 for *_, correlation in pairs)
    assert [c for *_, c in pairs] == sorted((c for *_, c in pairs), reverse=True)


def test_all_of_busi_hangs_together_in_small_groups(datasets: Path) -> None:
    paths = sorted((datasets / "busi" / "images").iterdir())
    pairs = near_duplicates(paths, progress=False)
    assert sum(c > 0.99 for *_, c in pairs) == 82  # as counted when the data were collected
    groups = groups_of_pairs([str(p) for p in paths], [pair[:2] for pair in pairs])
    assert len(pairs) == pytest.approx(118, abs=2)
    assert max(map(len, groups)) <= 4


def test_smooth_skies_are_not_taken_for_one_another(datasets: Path) -> None:
    groups = groups_of(sorted((datasets / "sirst" / "images").iterdir()))
    assert [[Path(p).stem for p in group] for group in groups] == [["Misc_138", "Misc_7"]]


def test_size_contrast_colour_and_format_are_no_matter(tmp_path: Path) -> None:
    picture = scene(0)
    picture.save(tmp_path / "a.png")
    picture.resize((90, 200)).convert("RGB").save(tmp_path / "b.jpg", quality=70)
    picture.point(lambda v: v // 2 + 60).save(tmp_path / "c.bmp")
    Image.fromarray(np.asarray(picture, dtype=np.uint16) * 200).save(tmp_path / "d.png")
    scene(1).save(tmp_path / "e.png")
    groups = groups_of(sorted(tmp_path.iterdir()))
    assert groups == [[str(tmp_path / name) for name in ("a.png", "b.jpg", "c.bmp", "d.png")]]


def test_flat_images_are_like_no_other(tmp_path: Path) -> None:
    for i, value in enumerate((0, 7, 7)):
        Image.new("L", (40, 40), value).save(tmp_path / f"{i}.png")
    assert near_duplicates(sorted(tmp_path.iterdir())) == []


@pytest.mark.parametrize("ending", [".nii.gz", ".npy"])
def test_volumes_are_compared_by_their_middle_slices(tmp_path: Path, ending: str) -> None:
    random = np.random.default_rng(0)
    middles = [np.asarray(scene(seed), dtype=np.float32) for seed in (0, 0, 1)]
    for i, middle in enumerate(middles):
        volume = random.normal(size=(128, 128, 5)).astype(np.float32)
        volume[:, :, 2] = middle
        if ending == ".npy":
            np.save(tmp_path / f"{i}{ending}", volume.transpose(2, 0, 1))  # slices first, as arrays are laid out
        else:
            nib.save(nib.Nifti1Image(volume, np.eye(4)), tmp_path / f"{i}{ending}")
    [(first, second, correlation)] = near_duplicates(sorted(tmp_path.iterdir()))
    assert (Path(first).name, Path(second).name) == (f"0{ending}", f"1{ending}")
    assert correlation == pytest.approx(1, abs=1e-5)


def test_the_table_is_made_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for i, seed in enumerate((0, 1, 2, 0, 1, 0, 3)):
        scene(seed).save(tmp_path / f"{i}.png")
    paths = sorted(tmp_path.iterdir())
    whole = near_duplicates(paths)
    monkeypatch.setattr("srs_monai.data.splits.near_duplicates._ROWS", 2)
    parts = near_duplicates(paths)
    assert [pair[:2] for pair in parts] == [pair[:2] for pair in whole]
    assert [pair[2] for pair in parts] == pytest.approx([pair[2] for pair in whole], abs=1e-6)
    assert {(Path(a).stem, Path(b).stem) for a, b, _ in whole} == {("0", "3"), ("0", "5"), ("3", "5"), ("1", "4")}


def test_identical_images_correlate_fully_and_pairs_keep_the_order_of_the_paths(tmp_path: Path) -> None:
    for i in range(9):
        scene(1).save(tmp_path / f"{i}.png")
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    assert near_duplicates(paths) == [(a, b, 1.0) for i, a in enumerate(paths) for b in paths[i + 1 :]]


def test_pairs_make_groups_by_their_union() -> None:
    assert groups_of_pairs(list("abcdef"), [("a", "c"), ("e", "c"), ("b", "f")]) == [["a", "c", "e"], ["b", "f"]]
    assert groups_of_pairs(["a"], []) == []
    assert groups_of([]) == []


@pytest.mark.parametrize("threshold", [0, 1, -0.5, 2])
def test_a_threshold_is_a_correlation(threshold: float) -> None:
    with pytest.raises(ValueError, match=rf"threshold .* got {threshold}"):
        near_duplicates([], threshold)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"broken\.png"):
        near_duplicates([tmp_path / "broken.png"])
    scene(0).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:300])
    with pytest.raises(ValueError, match=r"cut\.png"):
        near_duplicates([tmp_path / "cut.png"])

"""CVC-ClinicDB in its layouts, by sequence."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from srs_monai.data import load_datalist
from srs_monai.data.recipes import recipe

CVC = recipe("cvc_clinicdb")
SPANS = {"sequence 1": (1, 25), "sequence 8": (152, 177), "sequence 10": (200, 205), "sequence 29": (592, 612)}


@pytest.mark.parametrize(
    "pair", [("Original/{}.tif", "Ground Truth/{}.tif"), ("PNG/Original/{}.png", "PNG/Ground Truth/{}.png")]
)
def test_frames_belong_to_sequences(tmp_path: Path, draw_pairs: Callable[..., None], pair: tuple[str, str]) -> None:
    frames = sorted({frame for span in SPANS.values() for frame in span} | {600})
    draw_pairs(tmp_path, {pair[0].format(frame): pair[1].format(frame) for frame in frames})
    (tmp_path / "TIF").mkdir()
    of = {int(case.name): case.patient for case in CVC.cases(tmp_path)}
    assert set(of) == set(frames)
    assert all(of[first] == of[last] == sequence for sequence, (first, last) in SPANS.items())
    assert of[600] == "sequence 29"


def test_there_are_29_sequences_of_612_frames(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        for frame in range(1, 613):
            (tmp_path / folder / f"{frame}.png").touch()
    sequences = [case.patient for case in sorted(CVC.cases(tmp_path), key=lambda case: int(case.name))]
    assert len(sequences) == 612
    assert len(set(sequences)) == 29
    assert sum(before != after for before, after in pairwise(sequences)) == 28


def test_sequences_are_not_divided(tmp_path: Path, draw_pairs: Callable[..., None]) -> None:
    frames = [*range(1, 6), *range(26, 31), *range(51, 54), 200, 201, 210]
    draw_pairs(tmp_path, {f"Original/{frame}.png": f"Ground Truth/{frame}.png" for frame in frames})
    of = {case.name: case.patient for case in CVC.cases(tmp_path)}
    for split in ("1", "2", "3"):
        sections = load_datalist(tmp_path, recipe="cvc_clinicdb", split=split)
        training, validation = (
            {of[Path(item["image"]).stem] for item in sections[section]} for section in ("training", "validation")
        )
        assert training
        assert validation
        assert not training & validation


def test_other_names_belong_to_no_sequence(tmp_path: Path, draw_pairs: Callable[..., None]) -> None:
    draw_pairs(tmp_path, {f"images/{name}.png": f"masks/{name}.png" for name in ("frame_a", "0", "613", "7")})
    assert [case.patient for case in CVC.cases(tmp_path)] == [None, None, "sequence 1", None]

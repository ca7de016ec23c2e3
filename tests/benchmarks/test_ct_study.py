"""The made-up study: always the same, with air at both ends."""

from pathlib import Path

import numpy as np

from measure.ct_study import write_study
from srs_monai.data.readers import MedicalImageReader


def test_a_study_is_read_as_ct(tmp_path: Path) -> None:
    assert write_study(tmp_path / "a", 40, side=32) == 4
    reader = MedicalImageReader()
    values, header = reader.get_data(reader.read(str(tmp_path / "a")))
    assert values.shape == (32, 32, 40)
    along = [int((np.asarray(values[..., number]) > -160).sum()) for number in range(40)]
    assert [number for number, body in enumerate(along) if body == 0] == [0, 1, 38, 39]
    assert np.asarray(values).min() < -900 < 600 < np.asarray(values).max()
    assert np.linalg.norm(np.asarray(header["affine"])[:3, 2]) == 1.25


def test_the_same_study_again(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_study(tmp_path / name, 3, side=32)
    first, second = (sorted((tmp_path / name).iterdir()) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert first[0].read_bytes() != first[1].read_bytes()

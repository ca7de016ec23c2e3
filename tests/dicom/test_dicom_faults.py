"""Links, pipes and files that cannot be opened are refused by name or left out with a line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dicom_files import assert_same_places
from monai.transforms import LoadImage

from srs_monai.data.readers import DicomError, DicomReader


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


def test_links_to_nothing_pipes_and_empty_files_are_no_slices(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "done.txt").touch()
    os.mkfifo(tmp_path / "pipe")
    volume = load(tmp_path)
    assert_same_places(volume, series)
    for name in ("loop (", "folder", "done.txt (empty)", "pipe ("):
        assert name in volume.meta["left_out"]
    with pytest.raises(DicomError, match="no file or series loop in"):
        load(tmp_path / "loop")
    (tmp_path / "lost").touch()  # named like a slice, without an ending
    with pytest.raises(DicomError, match="lost is empty"):
        load(tmp_path)


def test_what_cannot_be_opened_is_refused_by_name(
    tmp_path: Path, write_series: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    series = write_series(tmp_path)
    forbidden = PermissionError(13, "Permission denied")

    def deny(*_: object, **__: object) -> None:
        raise forbidden

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", deny)
        with pytest.raises(DicomError, match=r"cannot be listed: .*Permission denied; change its permissions"):
            load(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "is_dir", deny)
        with pytest.raises(DicomError, match=r"cannot be opened: .*Permission denied"):
            load(tmp_path)
    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(DicomError, match=rf"{series.files[0].name} cannot be opened: .*Permission denied"):
        load(series.files[0])

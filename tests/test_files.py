"""Files are there whole or not at all."""

from pathlib import Path

import pytest

from srs_monai.files import check_folder, make_folder, replacing, write_atomically


def test_the_target_appears_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new folder" / "a.txt", b"1")
    assert [p.name for p in (tmp_path / "new folder").iterdir()] == ["a.txt"]
    assert (tmp_path / "new folder" / "a.txt").read_bytes() == b"1"


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.nii.gz"
    target.write_bytes(b"old")

    def fail() -> None:
        with replacing(target) as temporary:
            temporary.write_bytes(b"half")
            raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        fail()
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.nii.gz"]


def test_the_temporary_name_keeps_the_ending(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.nii.gz") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.endswith(".nii.gz")
        temporary.write_bytes(b"")


def test_a_folder_that_can_be_made_passes_and_is_not_made(tmp_path: Path) -> None:
    check_folder(tmp_path)
    check_folder(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("name", ["file", "file/below", "link"])
def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"(file|link) .*output_dir"):
        check_folder(tmp_path / name)


def test_a_folder_for_others_to_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # nothing is forbidden to root
    with pytest.raises(ValueError, match=r"but .* is not writable"):
        check_folder(tmp_path)


def test_a_folder_is_made_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert not list((tmp_path / "a" / "b").iterdir())


def _refuse(*_: object, **__: object) -> None:
    raise OSError(30, "no files are taken here")


@pytest.mark.parametrize("refusing", ["pathlib.Path.mkdir", "srs_monai.files.TemporaryFile"])
def test_a_folder_that_a_file_system_refuses_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing: str
) -> None:
    monkeypatch.setattr(refusing, _refuse)
    with pytest.raises(ValueError, match=r"b .*: .*no files are taken here; .*output_dir"):
        make_folder(tmp_path / "b")

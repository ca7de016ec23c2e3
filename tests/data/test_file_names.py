"""Names of files without what only says of what kind they are."""

from pathlib import Path

import pytest

from srs_monai.data.file_names import without_ending


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b.nii.gz", ("a/b", ".nii.gz")),
        ("a/B.PNG", ("a/B", ".png")),
        ("a/b", ("a/b", "")),
        ("a/case0001.npy.h5", ("a/case0001", ".npy.h5")),
        ("a/case0001.npy.h5/image", ("a/case0001", ".npy.h5")),
        ("a/case0001.npz/label", ("a/case0001.npz/label", "")),
        ("a/image", ("a/image", "")),
        ("a/image.png", ("a/image", ".png")),
    ],
)
def test_the_ending_and_the_key_of_an_image_are_no_part_of_a_name(name: str, expected: tuple[str, str]) -> None:
    path, ending = without_ending(Path(name))
    assert (path.as_posix(), ending) == expected

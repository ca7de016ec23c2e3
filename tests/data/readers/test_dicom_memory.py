"""A study of 1,000 slices is read in little more memory than its volume takes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dicom_files import image_dataset
from pydicom.uid import CTImageStorage, RLELossless, generate_uid

SLICES, SIDE = 1000, 512
READ = """
import json, resource, sys
from monai.transforms import LoadImage
from srs_monai.data.readers import DicomReader

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

loader = LoadImage(reader=DicomReader(resample_uneven=True), image_only=True)
loader(sys.argv[1])
start = peak()
volume = loader(sys.argv[2])
read = {"shape": volume.shape, "over": peak() - start, "bytes": volume.nbytes, "notes": volume.meta["notes"]}
print(json.dumps(read))
"""


def write_study(folder: Path, position: Callable[[int], list[float]], slices: int) -> None:
    """Slices whose compressed pixels are shared, so that they are quickly written."""
    folder.mkdir()
    values = (np.indices((SIDE, SIDE)).sum(axis=0) // 64).astype(np.int16)
    dataset = image_dataset(CTImageStorage, "CT", values)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID, dataset.FrameOfReferenceUID = (generate_uid() for _ in "123")
    dataset.ImageOrientationPatient, dataset.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.7, 0.7]
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    for number in range(slices):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        dataset.ImagePositionPatient = [f"{value:.6g}" for value in position(number)]
        dataset.save_as(folder / f"{number:04d}.dcm", enforce_file_format=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("position", "slices", "said"),
    [
        (lambda number: [0, 0, number], SLICES, ""),
        (lambda number: [0, 0.01 * number, number], SLICES, "gantry tilt"),
        (lambda number: [0, 0, number if number < 400 else 2 * number - 400], 700, "missing slices"),
        (lambda number: [0, 0, number if number < 400 else 1.5 * number - 200], 800, "uneven spacing"),
    ],
)
def test_reading_takes_little_more_than_the_volume(
    tmp_path: Path, position: Callable[[int], list[float]], slices: int, said: str
) -> None:
    write_study(tmp_path / "small", position, 3)
    write_study(tmp_path / "study", position, slices)
    arguments = [sys.executable, "-W", "ignore", "-c", READ, str(tmp_path / "small"), str(tmp_path / "study")]
    read = json.loads(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)
    assert abs(read["shape"][2] - SLICES) <= 1
    assert said in read["notes"]
    assert bool(said) == bool(read["notes"])
    assert read["over"] < 1.5 * read["bytes"]

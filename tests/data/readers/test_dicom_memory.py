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
# ru_maxrss would begin with the peak of the process that started this one; Linux counts anew in VmHWM
READ = """
import json, sys
from pathlib import Path
from monai.transforms import LoadImage
from srs_monai.data.readers import DicomReader

def memory(kind):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(kind))

loader = LoadImage(reader=DicomReader(resample_uneven=True), image_only=True)
loader(sys.argv[1])
start = memory("VmRSS")
volume = loader(sys.argv[2])
read = {"shape": volume.shape, "over": memory("VmHWM") - start, "bytes": volume.nbytes, "notes": volume.meta["notes"]}
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
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is counted as Linux does")
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

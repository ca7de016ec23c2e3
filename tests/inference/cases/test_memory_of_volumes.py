"""A long volume takes no more memory than a short one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dicom_files import write_series

SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from test_pipeline import Segmenter
Segmenter(Path(sys.argv[2]), [Path(sys.argv[1])], format="dicom-seg").run(True)
# ru_maxrss would begin with the peak of the process that started this one; Linux counts anew in VmHWM
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
HERE = Path(__file__).parent
_MARGIN = 64 * 1024  # KiB: what pydicom holds of 360 headers and frames; one copy of as many slices has 92,000 more


def peak(folder: Path, count: int) -> int:
    """KiB that a process takes at most to segment a series of so many slices of 256 x 256."""
    stored = np.random.default_rng(0).integers(900, 1200, (count, 256, 256)).astype(np.int16)
    write_series(folder / "ct", along=[float(i) for i in range(count)], stored=stored)
    paths = [str(HERE), str(HERE.parents[1] / "support")]
    command = [sys.executable, "-c", SCRIPT, str(folder / "ct"), str(folder / "out"), *paths]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "MALLOC_ARENA_MAX": "2"}
    )
    return int(ended.stdout.split()[-1])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_slices(tmp_path: Path) -> None:
    short, long = (peak(tmp_path / str(count), count) for count in (60, 420))
    assert long - short < _MARGIN, long - short

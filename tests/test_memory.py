"""Freed memory stays with the process."""

import os
import subprocess
import sys

import pytest

from srs_monai import device
from srs_monai.device import keep_freed_memory

# page faults of allocating, filling and freeing 40 MB ten times; the module alone, without the rest of the package
COUNT = """
import resource, runpy, sys
import numpy as np
if sys.argv[1] == "kept":
    assert runpy.run_path(sys.argv[2])["keep_freed_memory"]()
np.ones(5_000_000).sum()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    np.ones(5_000_000).sum()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(mode: str) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-W", "error", "-c", COUNT, mode, str(device.__file__)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's way")
def test_what_was_freed_is_used_again_without_new_pages() -> None:
    assert faults("kept") < 100 < faults("given back")


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False

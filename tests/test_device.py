"""The requested device or the best one, networks placed on it, and memory that the process keeps."""

import os
import subprocess
import sys

import pytest
import torch

from srs_monai import device
from srs_monai.device import keep_freed_memory, pick_device, place
from srs_monai.networks import CondConv


def test_auto_takes_the_gpu_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device() == torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == torch.device("cpu")


def test_a_device_stays_what_it_is() -> None:
    assert pick_device(torch.device("cpu")) == torch.device("cpu")


def test_devices_that_are_not_there_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert pick_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(ValueError, match=r"cuda:1 .* 1 GPUs"):
        pick_device("cuda:1")
    with pytest.raises(ValueError, match="got 'gpu'"):
        pick_device("gpu")


@pytest.mark.parametrize(
    ("convolution", "layout"), [(torch.nn.Conv2d, torch.channels_last), (torch.nn.Conv3d, torch.channels_last_3d)]
)
def test_weights_take_the_memory_layout(convolution: type, layout: torch.memory_format) -> None:
    network = place(torch.nn.Sequential(torch.nn.Conv1d(1, 1, 3), convolution(3, 4, 3)), "cpu", channels_last=True)
    assert network[1].weight.is_contiguous(memory_format=layout)


def test_a_bank_of_kernels_stays_as_it_is() -> None:
    network = place(CondConv(4, 4, 3), "cpu", channels_last=True)
    assert network.weight.is_contiguous()
    assert network.route.weight.is_contiguous(memory_format=torch.channels_last)


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

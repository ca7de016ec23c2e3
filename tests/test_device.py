"""The device asked for, or the best there is."""

import pytest
import torch

from srs_monai.device import pick_device, place


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
    with pytest.raises(ValueError, match="cuda:1 is not there: PyTorch sees 1 GPUs"):
        pick_device("cuda:1")
    with pytest.raises(ValueError, match="got 'gpu'"):
        pick_device("gpu")


def test_weights_take_the_memory_layout() -> None:
    network = place(torch.nn.Conv2d(3, 4, 3), "cpu", channels_last=True)
    assert network.weight.is_contiguous(memory_format=torch.channels_last)

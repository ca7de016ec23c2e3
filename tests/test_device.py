"""The device asked for, or the best there is."""

import pytest
import torch

from srs_monai.device import pick_device, place
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
    with pytest.raises(ValueError, match="cuda:1 is not there: PyTorch sees 1 GPUs"):
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

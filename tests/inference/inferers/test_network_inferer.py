"""Precision and memory layout reach the network; meta data reach the result."""

import pytest
import torch
from monai.data import MetaTensor
from torch import Tensor, nn

from srs_monai.inference import NetworkInferer


class Spy(nn.Module):
    def __init__(self, layer: nn.Module | None = None) -> None:
        super().__init__()
        self.layer = layer or nn.Conv2d(3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        self.seen = x
        self.result = self.layer(x)
        return self.result


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_operations_are_lowered_and_the_result_is_not(precision: str) -> None:
    spy = Spy()
    with torch.no_grad():
        result = NetworkInferer(precision)(torch.rand(1, 3, 4, 4), spy)
    assert spy.result.dtype == getattr(torch, precision)
    assert result.dtype == torch.float32


@pytest.mark.parametrize("channels_last", [True, False])
def test_the_layout_is_as_asked_and_changes_no_value(channels_last: bool) -> None:
    spy, image = Spy(), torch.rand(2, 3, 4, 4)
    result = NetworkInferer(channels_last=channels_last)(image, spy)
    assert spy.seen.is_contiguous(memory_format=torch.channels_last) == channels_last
    torch.testing.assert_close(result, spy(image))


def test_volumes_have_their_own_layout() -> None:
    spy, volume = Spy(nn.Conv3d(3, 2, 1)), torch.rand(1, 3, 4, 4, 4)
    result = NetworkInferer(channels_last=True)(volume, spy)
    assert spy.seen.is_contiguous(memory_format=torch.channels_last_3d)
    torch.testing.assert_close(result, spy(volume))


def test_meta_data_pass_round_the_network() -> None:
    spy = Spy()
    image = MetaTensor(torch.rand(1, 3, 4, 4), meta={"filename_or_obj": ["a.png"]})
    image.is_batch = True
    result = NetworkInferer()(image, spy)
    assert type(spy.seen) is Tensor
    assert isinstance(result, MetaTensor)
    assert result.meta["filename_or_obj"] == ["a.png"]
    assert result.is_batch
    assert type(NetworkInferer()(torch.rand(1, 3, 4, 4), spy)) is Tensor


def test_gradients_pass() -> None:
    spy = Spy()
    NetworkInferer("bfloat16")(MetaTensor(torch.rand(1, 3, 4, 4)), spy).sum().backward()
    assert spy.layer.weight.grad is not None


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="float32, bfloat16, float16; got 'half'"):
        NetworkInferer("half")

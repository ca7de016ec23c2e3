"""Slices go through the network in batches, and probabilities come back on the input's grid."""

import io

import pytest
import torch
from monai.data import MetaTensor
from monai.inferers import SimpleInferer
from torch import Tensor

from srs_monai.data.transforms import resize_pictures
from srs_monai.inference import SliceBatchInferer


class Recorder:
    """A network that adds up channels and remembers what it saw."""

    def __init__(self, classes: int = 1) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.classes = classes

    def __call__(self, x: Tensor) -> Tensor:
        self.shapes.append(tuple(x.shape))
        total = x.sum(dim=1, keepdim=True) - 0.5
        return torch.cat([total * (i + 1) for i in range(self.classes)], dim=1)


def test_a_volume_goes_slice_by_slice_and_keeps_its_grid() -> None:
    volume, network = torch.rand(1, 3, 20, 12, 7), Recorder()
    result = SliceBatchInferer(SimpleInferer(), (8, 16), batch_size=3)(volume, network)
    assert network.shapes == [(3, 3, 8, 16), (3, 3, 8, 16), (1, 3, 8, 16)]
    assert result.shape == (1, 1, 20, 12, 7)
    for i in range(7):
        logits = resize_pictures(volume[..., i], (8, 16)).sum(dim=1, keepdim=True) - 0.5
        expected = resize_pictures(torch.sigmoid(logits), (20, 12))
        torch.testing.assert_close(result[..., i], expected)


def test_pictures_go_in_batches_and_each_has_its_own_result() -> None:
    pictures, network = torch.rand(5, 3, 10, 14), Recorder()
    result = SliceBatchInferer(SimpleInferer(), (8, 8), batch_size=2)(pictures, network)
    assert [shape[0] for shape in network.shapes] == [2, 2, 1]
    alone = torch.cat([SliceBatchInferer(SimpleInferer(), (8, 8))(p[None], Recorder()) for p in pictures])
    torch.testing.assert_close(result, alone)


def test_several_volumes_do_not_mix() -> None:
    volumes = torch.rand(2, 3, 8, 8, 5)
    result = SliceBatchInferer(SimpleInferer(), None, batch_size=4)(volumes, Recorder())
    torch.testing.assert_close(result, torch.sigmoid(volumes.sum(dim=1, keepdim=True) - 0.5))


def test_the_probability_is_interpolated_not_the_logit() -> None:
    picture = torch.tensor([[[[-40.0, 40.0]]]])
    result = SliceBatchInferer(SimpleInferer(), (1, 2))(picture.repeat(1, 1, 1, 2)[..., [0, 0, 3, 3]], lambda x: x)
    torch.testing.assert_close(result.flatten(), torch.tensor([0.0, 0.25, 0.75, 1.0]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("classes", [1, 3])
def test_one_channel_is_squashed_and_several_compete(classes: int) -> None:
    picture = torch.rand(1, 3, 8, 8)
    logits = Recorder(classes)(picture)
    expected = torch.sigmoid(logits) if classes == 1 else torch.softmax(logits, dim=1)
    torch.testing.assert_close(SliceBatchInferer(SimpleInferer(), (8, 8))(picture, Recorder(classes)), expected)


def test_meta_data_come_out_on_the_result() -> None:
    image = MetaTensor(torch.rand(1, 3, 8, 8, 2), meta={"filename_or_obj": ["a"]})
    image.is_batch = True
    result = SliceBatchInferer(SimpleInferer(), (8, 8))(image, Recorder())
    assert isinstance(result, MetaTensor)
    assert result.meta["filename_or_obj"] == ["a"]
    assert result.is_batch


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1; got 0"):
        SliceBatchInferer(SimpleInferer(), batch_size=0)
    with pytest.raises(ValueError, match="height and width"):
        SliceBatchInferer(SimpleInferer(), (256,))
    with pytest.raises(ValueError, match=r"got shape \(3, 8, 8\)"):
        SliceBatchInferer(SimpleInferer())(torch.rand(3, 8, 8), Recorder())
    with pytest.raises(ValueError, match="at least one slice"):
        SliceBatchInferer(SimpleInferer())(torch.rand(1, 3, 8, 8, 0), Recorder())


def test_a_network_that_gives_nan_fails_instead_of_finding_nothing() -> None:
    with pytest.raises(ValueError, match=r"output holds NaN.*use precision float32"):
        SliceBatchInferer(SimpleInferer(), None)(torch.rand(1, 1, 8, 8), lambda image: image * torch.nan)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("batch_size", "bar"), [(2, True), (5, False)])
def test_a_long_volume_has_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], batch_size: int, bar: bool
) -> None:
    infer = SliceBatchInferer(SimpleInferer(), None, batch_size)
    infer(torch.zeros(1, 1, 4, 4, 5), torch.nn.Identity())
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    infer(torch.zeros(1, 1, 4, 4, 5), torch.nn.Identity())
    assert ("0/5" in terminal.getvalue()) is bar

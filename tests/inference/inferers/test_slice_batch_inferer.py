"""Slices go through the network in batches, and probabilities come back on the input's grid."""

import io

import pytest
import torch
from monai.data import MetaTensor
from torch import Tensor

from srs_monai.data.transforms import resize_pictures
from srs_monai.inference import RuntimeInferer, SliceBatchInferer


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
    result = SliceBatchInferer(RuntimeInferer("eager"), (8, 16), batch_size=3)(volume, network)
    assert network.shapes == [(3, 3, 8, 16), (3, 3, 8, 16), (1, 3, 8, 16)]
    assert result.shape == (1, 1, 20, 12, 7)
    for i in range(7):
        logits = resize_pictures(volume[..., i], (8, 16)).sum(dim=1, keepdim=True) - 0.5
        expected = resize_pictures(torch.sigmoid(logits), (20, 12))
        torch.testing.assert_close(result[..., i], expected)


def test_pictures_go_in_batches_and_each_has_its_own_result() -> None:
    pictures, network = torch.rand(5, 3, 10, 14), Recorder()
    result = SliceBatchInferer(RuntimeInferer("eager"), (8, 8), batch_size=2)(pictures, network)
    assert [shape[0] for shape in network.shapes] == [2, 2, 1]
    alone = torch.cat([SliceBatchInferer(RuntimeInferer("eager"), (8, 8))(p[None], Recorder()) for p in pictures])
    torch.testing.assert_close(result, alone)


def test_several_volumes_do_not_mix() -> None:
    volumes = torch.rand(2, 3, 8, 8, 5)
    result = SliceBatchInferer(RuntimeInferer("eager"), None, batch_size=4)(volumes, Recorder())
    torch.testing.assert_close(result, torch.sigmoid(volumes.sum(dim=1, keepdim=True) - 0.5))


def test_the_probability_is_interpolated_not_the_logit() -> None:
    picture = torch.tensor([[[[-40.0, 40.0]]]])
    result = SliceBatchInferer(RuntimeInferer("eager"), (1, 2))(
        picture.repeat(1, 1, 1, 2)[..., [0, 0, 3, 3]], lambda x: x
    )
    torch.testing.assert_close(result.flatten(), torch.tensor([0.0, 0.25, 0.75, 1.0]), atol=1e-6, rtol=0)


def test_meta_data_come_out_on_the_result() -> None:
    image = MetaTensor(torch.rand(1, 3, 8, 8, 2), meta={"filename_or_obj": ["a"]})
    image.is_batch = True
    result = SliceBatchInferer(RuntimeInferer("eager"), (8, 8))(image, Recorder())
    assert isinstance(result, MetaTensor)
    assert result.meta["filename_or_obj"] == ["a"]
    assert result.is_batch


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1; got 0"):
        SliceBatchInferer(RuntimeInferer("eager"), batch_size=0)
    with pytest.raises(ValueError, match="height and width"):
        SliceBatchInferer(RuntimeInferer("eager"), (256,))
    with pytest.raises(ValueError, match=r"got shape \(3, 8, 8\)"):
        SliceBatchInferer(RuntimeInferer("eager"))(torch.rand(3, 8, 8), Recorder())
    with pytest.raises(ValueError, match="at least one slice"):
        SliceBatchInferer(RuntimeInferer("eager"))(torch.rand(1, 3, 8, 8, 0), Recorder())


def test_a_network_that_gives_nan_fails_instead_of_finding_nothing() -> None:
    with pytest.raises(ValueError, match=r"output holds NaN.*use precision float32"):
        SliceBatchInferer(RuntimeInferer("eager"), None)(torch.rand(1, 1, 8, 8), lambda image: image * torch.nan)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("batch_size", "bar"), [(2, True), (5, False)])
def test_a_long_volume_has_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], batch_size: int, bar: bool
) -> None:
    infer = SliceBatchInferer(RuntimeInferer("eager"), None, batch_size)
    infer(torch.zeros(1, 1, 4, 4, 5), torch.nn.Identity())
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    infer(torch.zeros(1, 1, 4, 4, 5), torch.nn.Identity())
    assert ("0/5" in terminal.getvalue()) is bar


def airy(channels: int = 3) -> Tensor:
    """Nine slices, of which four are air and two are of another single value."""
    volume = torch.rand(1, channels, 20, 34, 9)
    volume[..., [0, 3, 7, 8]] = 0
    volume[..., [4, 6]] = 0.7
    return volume


@pytest.mark.parametrize("size", [(8, 16), None])
def test_slices_of_one_value_go_through_the_network_once_in_full_batches(size: tuple[int, int] | None) -> None:
    volume, every, once = airy(), Recorder(), Recorder()
    expected = SliceBatchInferer(RuntimeInferer("eager"), size, 3, reuse_constant_slices=False)(volume, every)
    result = SliceBatchInferer(RuntimeInferer("eager"), size, 3)(volume, once)
    assert [shape[0] for shape in every.shapes] == [3, 3, 3]
    assert [shape[0] for shape in once.shapes] == [3, 2]  # three slices of many values, one of each single one
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-7)


def test_a_slice_with_one_odd_pixel_or_channel_is_not_of_one_value() -> None:
    pictures = torch.zeros(4, 2, 40, 40)
    pictures[1, 0, 17, 3] = 1
    pictures[2, 1] = 1
    network = Recorder()
    result = SliceBatchInferer(RuntimeInferer("eager"), None)(pictures, network)
    assert network.shapes == [(3, 2, 40, 40)]
    torch.testing.assert_close(result, torch.sigmoid(pictures.sum(dim=1, keepdim=True) - 0.5))


def test_what_is_known_of_a_value_is_used_for_the_next_part_of_a_volume() -> None:
    volume, network, known = airy(), Recorder(), {}
    infer = SliceBatchInferer(RuntimeInferer("eager"), None, 4)
    done: list[int] = []
    parts = [infer.segment(part, network, known, done.append) for part in volume.split([2, 3, 2, 2], dim=-1)]
    assert [shape[0] for shape in network.shapes] == [2, 2, 1]  # the last part is of air alone
    assert sum(done) == 9
    assert sorted(known) == [(0.0,) * 3, (pytest.approx(0.7),) * 3]
    torch.testing.assert_close(torch.cat(parts, dim=-1), infer(volume, Recorder()))


def test_grey_repeated_without_memory_is_resized_once_and_seen_as_if_it_were_colour() -> None:
    grey, seen = torch.rand(2, 1, 20, 12, 5), list[Tensor]()
    repeated = grey.expand(-1, 3, -1, -1, -1)
    result = SliceBatchInferer(RuntimeInferer("eager"), (8, 8), 4)(repeated, lambda x: seen.append(x) or x[:, :1])
    assert all(x.is_contiguous() and x.shape[1] == 3 for x in seen)
    torch.testing.assert_close(
        result, SliceBatchInferer(RuntimeInferer("eager"), (8, 8), 4)(repeated.clone(), lambda x: x[:, :1])
    )

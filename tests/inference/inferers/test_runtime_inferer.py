"""A runtime is built for the network at hand, kept as long as it is the same, and said in the results."""

from collections.abc import Callable

import pytest
import torch
from monai.data import MetaTensor, decollate_batch
from torch import Tensor, nn

from srs_monai.inference import RuntimeInferer, SliceBatchInferer
from srs_monai.inference.inferers import runtime_inferer
from srs_monai.runtimes.selection import auto
from srs_monai.runtimes.selection.auto import Auto


@pytest.fixture(autouse=True)
def _no_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRS_MONAI_CACHE", str(tmp_path_factory.mktemp("cache")))


def small(classes: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, classes, 1)).eval()


def probability(network: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.sigmoid(network(images))


@pytest.mark.parametrize("runtime", ["auto", "eager", "channels_last", "torchscript"])
@pytest.mark.parametrize("classes", [1, 3])
def test_one_channel_is_squashed_and_several_compete(runtime: str, classes: int) -> None:
    network, images = small(classes), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        logits = network(images)
    expected = torch.sigmoid(logits) if classes == 1 else torch.softmax(logits, dim=1)
    torch.testing.assert_close(RuntimeInferer(runtime)(images, network), expected)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[nn.Module]:
    """The networks for which a runtime was built."""
    networks: list[nn.Module] = []
    build = runtime_inferer.build

    def spy(network: nn.Module, *args: object, **kwargs: object) -> object:
        networks.append(network)
        return build(network, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(runtime_inferer, "build", spy)
    return networks


def load_other_weights(network: nn.Module) -> None:
    network.load_state_dict(small().state_dict())


def train_a_step(network: nn.Module) -> None:
    network(torch.rand(2, 3, 8, 8)).sum().backward()
    torch.optim.SGD(network.parameters(), 0.1).step()


def move_a_statistic(network: nn.Module) -> None:
    next(network.buffers()).add_(0.5)


def replace_a_tensor(network: nn.Module) -> None:
    next(network.parameters()).data = torch.ones_like(next(network.parameters()))


@pytest.mark.parametrize("change", [load_other_weights, train_a_step, move_a_statistic, replace_a_tensor])
def test_changed_weights_have_a_new_runtime(built: list[nn.Module], change: Callable[[nn.Module], None]) -> None:
    infer, network, images = RuntimeInferer("channels_last"), small(), torch.rand(1, 3, 16, 16)
    for _ in range(3):
        infer(images, network)
        network.train().eval()
    assert len(built) == 1
    before = infer(images, network)
    change(network)
    found = infer(images, network)
    assert len(built) == 2
    torch.testing.assert_close(found, probability(network, images))
    assert not torch.allclose(found, before)


def test_another_network_has_a_runtime_of_its_own(built: list[nn.Module]) -> None:
    infer, one, other, images = RuntimeInferer("eager"), small(), small(), torch.rand(1, 3, 16, 16)
    for network in (one, one, other):
        torch.testing.assert_close(infer(images, network), probability(network, images))
    assert built == [one, other]


def test_torchscript_and_functions_are_called_as_they_are(built: list[nn.Module]) -> None:
    network, images = small(), torch.rand(3, 3, 16, 16)
    script = torch.jit.trace(network, images)
    torch.testing.assert_close(RuntimeInferer()(images, script), probability(network, images))
    batches: list[int] = []

    def function(shown: Tensor) -> Tensor:
        batches.append(len(shown))
        return shown[:, :1]

    torch.testing.assert_close(RuntimeInferer()(images, function), torch.sigmoid(images[:, :1]))
    assert batches == [3]
    assert not built


def test_meta_data_pass_round_the_network() -> None:
    image = MetaTensor(torch.rand(1, 3, 8, 8), meta={"filename_or_obj": ["a.png"]})
    image.is_batch = True
    result = RuntimeInferer("eager")(image, small())
    assert isinstance(result, MetaTensor)
    assert result.meta["filename_or_obj"] == ["a.png"]
    assert result.is_batch
    assert type(RuntimeInferer("eager")(image.as_tensor(), small())) is Tensor


@pytest.mark.parametrize("axes", [(8, 8), (8, 8, 2)], ids=["pictures", "volumes"])
def test_the_image_says_what_its_result_was_made_with(axes: tuple[int, ...]) -> None:
    images = MetaTensor(torch.rand(2, 3, *axes), meta={"filename_or_obj": ["a.png", "b.png"]})
    images.is_batch = True
    infer = RuntimeInferer("channels_last", "bfloat16")
    assert infer.used == {}
    SliceBatchInferer(infer, None)(images, small())
    noted = [(image.meta["runtime"], image.meta["runtime_precision"]) for image in decollate_batch(images)]
    assert noted == [("channels_last", "bfloat16")] * 2


def test_a_volume_is_announced_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(Auto, "_decide", lambda self, images: asked.append(self._asked))
    volume, infer = torch.rand(1, 3, 4, 4, 5), SliceBatchInferer(RuntimeInferer(), None, 2)
    monkeypatch.setattr(auto, "PAYS_KNOWN", 5)
    network = small()
    infer(volume, network)
    assert asked == [5, 5, 5], "at its first batch already"
    infer(volume, network)
    assert asked[3:] == [10, 10, 10]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no runtime is called 'chanels_last'; did you mean 'channels_last'"):
        RuntimeInferer("chanels_last")
    with pytest.raises(ValueError, match="float32, bfloat16, float16; got 'half'"):
        RuntimeInferer(precision="half")
    with pytest.raises(ValueError, match=r"torchscript .* float32, but precision is bfloat16"):
        RuntimeInferer("torchscript", "bfloat16")
    with pytest.raises(ValueError, match=r"openvino .* cpu, but the device is cuda"):
        RuntimeInferer("openvino", device="cuda")
    with pytest.raises(ValueError, match=r"arguments \(7, 'guide'\)"):
        RuntimeInferer("eager")(torch.rand(1, 3, 8, 8), small(), 7, guide=1)

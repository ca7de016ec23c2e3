"""What every baseline must do."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from monai.bundle import ConfigParser
from torch import Tensor, nn

from srs_monai.networks import DYNAMIC_CONVS, HamburgerResNet18, MAGICConv, TransFuse, TransUNet, replace_convs
from srs_monai.networks.nets.baselines.transfuse import SIZES, Size

OVERLAYS = Path(__file__).resolve().parents[4] / "configs" / "networks"


def hamburger(in_channels: int = 3) -> nn.Module:
    return HamburgerResNet18(in_channels, 2, features=64, bases=8)


def transunet(in_channels: int = 3) -> nn.Module:
    return TransUNet(in_channels, 2, (48, 64), 32, (1, 2, 1), 32, 64, 4, 2, (64, 48, 32, 24, 16))


def transfuse(in_channels: int = 3) -> nn.Module:
    return TransFuse(in_channels, 2, image_size=(48, 64), deep_supervision=True)


@pytest.fixture(autouse=True)
def _small_transfuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "S", Size(depth=18, hidden=48, heads=4, layers=2, head=16))


BASELINES = pytest.mark.parametrize("build", [hamburger, transunet, transfuse], ids=lambda build: build.__name__)
Build = Callable[..., nn.Module]


def outputs(network: nn.Module, image: Tensor) -> list[Tensor]:
    logits = network(image)
    return logits if isinstance(logits, list) else [logits]


@BASELINES
def test_a_batch_equals_its_samples_and_itself(build: Build) -> None:
    network, image = build().double().eval(), torch.randn(2, 3, 64, 32).double()
    with torch.no_grad():
        together = outputs(network, image)
        assert all(y.shape == (2, 2, 64, 32) for y in together)
        assert all(torch.equal(a, b) for a, b in zip(outputs(network, image), together, strict=True))
        alone = [torch.cat(parts) for parts in zip(*(outputs(network, x[None]) for x in image), strict=True)]
    torch.testing.assert_close(alone, together)
    assert all(not torch.allclose(y[0], y[1]) for y in together)


@BASELINES
def test_every_parameter_gets_a_gradient(build: Build) -> None:
    network, image = build(1).double(), torch.randn(2, 1, 64, 64).double().requires_grad_()
    sum((y - 1).square().sum() for y in outputs(network, image)).backward()
    assert image.grad is not None
    assert image.grad.abs().max() > 0
    for part in network.modules():
        for conv, norm in pairwise(part.children()) if isinstance(part, nn.Sequential) else ():
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                conv.bias = None  # what the norm takes away again has a gradient of 0
    idle = [name for name, value in network.named_parameters() if value.grad is None or value.grad.abs().max() < 1e-12]
    assert not idle


@BASELINES
def test_convolutions_become_magic_and_start_where_they_were(build: Build) -> None:
    network, image = build().double().eval(), torch.randn(2, 3, 48, 64).double()
    with torch.no_grad():
        static = outputs(network, image)
        # the maps of TransFuse's spatial attention have 2 channels, too few for MAGIC
        turned = replace_convs(network, "magic", num_kernels=2, where=lambda _, conv: conv.in_channels > 8)
        torch.testing.assert_close(outputs(turned, image), static)
    left = [part for part in turned.modules() if isinstance(part, nn.Conv2d) and part.in_channels > 3]
    inside = {id(conv) for part in turned.modules() if isinstance(part, MAGICConv) for conv in part.modules()}
    assert all(id(conv) in inside for conv in left)
    sum((y - 1).square().sum() for y in outputs(turned.train(), image)).backward()
    assert all(part.weight.grad is not None for part in turned.modules() if isinstance(part, MAGICConv))


def test_magic_in_the_convolutional_encoder_of_transunet_alone() -> None:
    network = replace_convs(transunet(), "magic", num_kernels=2, where=lambda path, _: path.startswith("encoder."))
    turned = [path for path, part in network.named_modules() if isinstance(part, DYNAMIC_CONVS["magic"])]
    assert len(turned) == 3 * 4 + 3  # bottlenecks, and the projections of three stages
    assert all(path.startswith("encoder.stages.") for path in turned)
    assert network(torch.randn(1, 3, 32, 32)).shape == (1, 2, 32, 32)


@pytest.mark.parametrize("name", ["hamburger_resnet18", "transunet", "transfuse"])
def test_overlays_build_the_network(name: str) -> None:
    overlay = yaml.safe_load((OVERLAYS / f"{name}.yaml").read_text())
    parser = ConfigParser({"in_channels": 1, "out_channels": 3, "image_size": [64, 96]} | overlay)
    with torch.device("cpu" if "hamburger" in name else "meta"):
        network = parser.get_parsed_content("network_def")
        assert network(torch.zeros(1, 1, 64, 96)).shape == (1, 3, 64, 96)


@pytest.mark.slow
@BASELINES
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_onnx_for_any_batch_and_size(build: Build, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    network, path = build().eval(), tmp_path / "network.onnx"
    batch = torch.export.Dim("batch")
    height, width = (16 * torch.export.Dim(name, min=2, max=32) for name in ("rows", "columns"))
    shapes = ({0: batch, 2: height, 3: width},)
    # of the size that there are positions for
    torch.onnx.export(network, (torch.randn(2, 3, 48, 64),), path, dynamo=True, dynamic_shapes=shapes, verbose=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in ((1, 3, 48, 64), (3, 3, 96, 160)):
        image = torch.randn(shape)
        ours = session.run(None, {session.get_inputs()[0].name: image.numpy()})
        with torch.no_grad():
            for exported, logits in zip(ours, outputs(network, image), strict=True):
                np.testing.assert_allclose(exported, logits.numpy(), rtol=1e-3, atol=1e-4)


@BASELINES
def test_a_compiled_network_gives_the_same_numbers(build: Build) -> None:
    network, image = build().eval(), torch.randn(2, 3, 48, 64)
    compiled = torch.compile(network, backend="aot_eager")
    with torch.no_grad():
        torch.testing.assert_close(outputs(compiled, image), outputs(network, image))

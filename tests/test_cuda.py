"""What runs on the CPU runs on a GPU, with the same numbers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Transform

from srs_monai.data.phantoms import write_phantoms
from srs_monai.data.transforms import (
    CropBorder,
    CropUltrasound,
    CTWindow,
    Dermoscopy,
    Infrared,
    RemoveHair,
    ToUnitRange,
    Ultrasound,
)
from srs_monai.inference import NetworkInferer, RuntimeInferer
from srs_monai.networks import SRSNet
from srs_monai.runtimes import RUNTIMES, available, build
from srs_monai.runtimes.selection.auto import PAYS_UNKNOWN

ROOT = Path(__file__).resolve().parents[1]
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


@pytest.fixture
def network() -> SRSNet:
    return SRSNet(reconstruction_blocks=(1, 1, 1, 1), segmentation_blocks=(1, 1, 1, 1)).eval()


def test_logits_and_gradients_equal_those_of_the_cpu(network: SRSNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    image = torch.rand(2, 3, 64, 96)
    results = []
    for device in ("cpu", "cuda"):
        placed = network.to(device, torch.float64)
        placed.zero_grad()
        logits = placed(image.to(device, torch.float64))
        logits.square().mean().backward()
        gradients = [p.grad.cpu() for p in placed.segmentation.parameters() if p.grad is not None]
        results.append((logits.detach().cpu(), gradients))
    torch.testing.assert_close(results[1], results[0], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("precision", "tolerance"), [("bfloat16", 3e-2), ("float16", 5e-3)])
def test_lower_precision_stays_close(network: SRSNet, precision: str, tolerance: float) -> None:
    image = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        expected = network(image).sigmoid()
        got = NetworkInferer(precision=precision)(image.cuda(), network.cuda())
    assert got.dtype == torch.float32
    torch.testing.assert_close(got.sigmoid().cpu(), expected, rtol=0, atol=tolerance)


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """float32 without TensorFloat-32."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)


MINUTES = {"compile", "tensorrt"}
ON_GPU = [pytest.param(name, marks=pytest.mark.slow) if name in MINUTES else name for name in available("cuda")]


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("name", ON_GPU)
def test_every_runtime_gives_the_probabilities_of_the_cpu(network: SRSNet, name: str) -> None:
    runtime = build(network, name, device="cuda", image_size=(64, 64))
    for size in ((64, 64), (64, 96)):
        for batch in (1, 3, 8, 20, 3):  # the last one again: other images in the same recording
            images = torch.rand(batch, 3, *size)
            with torch.no_grad():
                expected = network(images).sigmoid()
            found = runtime(images.cuda())
            runtime(torch.zeros(batch, 3, *size, device="cuda"))  # must not write into the first result
            assert found.device.type == "cuda"
            torch.testing.assert_close(found.cpu(), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ON_GPU)
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_every_runtime_stays_close_in_a_lower_precision(network: SRSNet, name: str, precision: str) -> None:
    if precision not in RUNTIMES[name].precisions:
        pytest.skip(f"{name} computes in {RUNTIMES[name].precisions}")
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        expected = network(images).sigmoid()
    found = build(network, name, precision=precision, device="cuda", image_size=(64, 64))(images.cuda())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.cpu(), expected, rtol=0, atol=3e-2)


def test_a_network_on_the_gpu_has_its_runtime_there(network: SRSNet) -> None:
    images = torch.rand(PAYS_UNKNOWN, 3, 64, 64, device="cuda")
    infer, placed = RuntimeInferer(), network.cuda()
    with torch.no_grad():
        expected = placed(images).sigmoid()
    torch.testing.assert_close(infer(images, placed), expected, rtol=0, atol=3e-3)
    assert infer.used["name"] in available("cuda")


@pytest.mark.parametrize(
    ("precision", "compiled"), [("float32", False), ("bfloat16", False), ("float16", False), ("bfloat16", True)]
)
def test_the_bundle_trains_both_stages(tmp_path: Path, precision: str, compiled: bool) -> None:
    write_phantoms(tmp_path / "data", count=12, size=(64, 64), seed=0)
    files = [str(ROOT / "bundle/configs/train.yaml"), str(ROOT / "configs/networks/srsnet_small.yaml")]
    values = {"dataset_dir": tmp_path / "data", "output_dir": tmp_path / "run", "image_size": [64, 64]}
    values |= {"precision": precision, "device": "cuda", "reconstruction_epochs": 2, "epochs": 2, "compile": compiled}
    options = [text for name, value in values.items() for text in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "monai.bundle", "run", "training", "--config_file", str(files), *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    assert ended.returncode == 0, ended.stderr
    weights = torch.load(tmp_path / "run" / "model.pt", weights_only=True)
    assert all(torch.isfinite(value).all() for value in weights.values())


@pytest.mark.parametrize(
    "transform",
    [
        ToUnitRange("percentile"),
        CTWindow(),
        CropUltrasound(),
        Ultrasound(),
        CropBorder(),
        Infrared(),
        Dermoscopy(),
        RemoveHair(),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_images_are_prepared_where_they_lie(transform: Transform) -> None:
    picture = torch.rand(120, 160) * torch.tensor([1.0, 0.95, 0.9])[:, None, None]  # tinted
    picture[:, :30] = picture[:, :, 140:] = 0
    picture[:, 60] *= 0.1
    image = MetaTensor(picture if isinstance(transform, RemoveHair) else picture * 255, meta={"stored_max": 255.0})
    expected, got = transform(image.clone()), transform(image.cuda())
    assert got.device.type == "cuda"
    assert isinstance(got, MetaTensor)
    torch.testing.assert_close(got.as_tensor().cpu(), expected.as_tensor(), rtol=0, atol=1e-5)

"""MONAI's own exporters on the bundle, as the documents give the commands."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from lived_in import lived_in
from monai.bundle import ConfigParser
from torch import Tensor, nn
from warm_python import WarmPython

from srs_monai.weights import save_weights

ROOT = Path(__file__).resolve().parents[2]
INFERENCE = ROOT / "bundle" / "configs" / "inference.yaml"
METADATA = ROOT / "bundle" / "configs" / "metadata.json"
FREE = "{0: 'batch', 2: 'height', 3: 'width'}"
ONNX = {
    "use_trace": "true",
    "input_shape": "[2, 3, 64, 96]",
    "converter_kwargs": (
        "{'dynamo': False, 'input_names': ['image'], 'output_names': ['logits'], "
        f"'dynamic_axes': {{'image': {FREE}, 'logits': {FREE}}}}}"
    ),
}
SHAPES = [(1, 3, 96, 160), (3, 3, 64, 64), (8, 3, 32, 48)]


@pytest.fixture(scope="module")
def network(tiny: Path) -> nn.Module:
    torch.manual_seed(2)
    files = [str(INFERENCE), str(tiny)]
    return lived_in(ConfigParser(ConfigParser.load_config_files(files)).get_parsed_content("network_def"))


@pytest.fixture
def weights(network: nn.Module, tmp_path: Path) -> Path:
    save_weights(network.state_dict(), tmp_path / "a run" / "model.pt")
    return tmp_path / "a run" / "model.pt"


@pytest.fixture
def monai(warm_python: WarmPython, tmp_path: Path) -> Callable[..., None]:
    """Run a command of MONAI in a folder that is not the project's."""

    def run(command: str, **values: object) -> None:
        arguments = [text for name, value in values.items() for text in (f"--{name}", str(value))]
        environment, log = {**os.environ, "OMP_NUM_THREADS": "1"}, tmp_path / "log.txt"
        status = warm_python.run("monai.bundle", command, *arguments, folder=tmp_path, environment=environment, log=log)
        assert status == 0, log.read_text()

    return run


def check(network: nn.Module, run: object) -> None:
    for shape in SHAPES:
        image = torch.rand(shape)
        with torch.no_grad():
            torch.testing.assert_close(run(image), network(image), rtol=1e-5, atol=1e-5)


def test_ckpt_export(monai: Callable[..., None], network: nn.Module, weights: Path, tiny: Path, tmp_path: Path) -> None:
    configs = [str(INFERENCE), str(tiny)]
    path = tmp_path / "model.ts"
    monai(
        "ckpt_export",
        net_id="network_def",
        filepath=path,
        ckpt_file=weights,
        meta_file=METADATA,
        config_file=configs,
    )
    extra = {"metadata.json": "", "inference.json": ""}
    module = torch.jit.load(path, _extra_files=extra)
    check(network, module)
    assert b"SRSNet weak-target segmentation" in extra["metadata.json"]
    assert b"srs_monai.inference.SliceBatchInferer" in extra["inference.json"]


def test_onnx_export(monai: Callable[..., None], network: nn.Module, weights: Path, tiny: Path, tmp_path: Path) -> None:
    configs = [str(INFERENCE), str(tiny)]
    path = tmp_path / "model.onnx"
    monai(
        "onnx_export",
        net_id="network_def",
        filepath=path,
        ckpt_file=weights,
        meta_file=METADATA,
        config_file=configs,
        **ONNX,
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(image: Tensor) -> Tensor:
        (logits,) = session.run(["logits"], {"image": np.ascontiguousarray(image)})
        return torch.from_numpy(logits)

    check(network, run)


def test_the_documents_give_these_commands() -> None:
    page = " ".join((ROOT / "docs" / "inference.md").read_text().replace("\\\n", " ").split())
    assert "python -m monai.bundle ckpt_export --net_id network_def --filepath" in page
    assert f'--use_trace true --input_shape "{ONNX["input_shape"]}"' in page
    assert f'--converter_kwargs "{ONNX["converter_kwargs"]}"' in page

"""From trained weights to a graph that is checked, and nothing else is left behind."""

import hashlib
import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from lived_in import lived_in
from monai.bundle import ConfigParser
from PIL import Image
from torch import nn

from srs_monai.cli.parser import main
from srs_monai.config.settings import PROVENANCE, settings_of
from srs_monai.inference import Exported, export_network
from srs_monai.inference import export as export_plainly
from srs_monai.runtimes.graphs.graph_formats import GRAPH_FORMATS
from srs_monai.weights import load_weights, save_weights

ROOT = Path(__file__).resolve().parents[2]
export = partial(export_plainly, trust_settings=True)  # a single convolution stands for a network
SUFFIXES = {"onnx": ".onnx", "torchscript": ".ts", "openvino": ".xml"}
FORMATS = pytest.mark.parametrize("to", SUFFIXES)
NETWORK = {
    "_target_": "srs_monai.networks.SRSNet",
    "in_channels": "@in_channels",
    "out_channels": "@out_channels",
    **{f"{part}_features": [8, 8, 8, 8] for part in ("reconstruction", "segmentation")},
    **{f"{part}_blocks": [1, 1, 1, 1] for part in ("reconstruction", "segmentation")},
}


def write_weights(folder: Path, **values: Any) -> Path:
    """Weights of a network that has seen data, and their settings, as training leaves them."""
    parser = ConfigParser(ConfigParser.load_config_files([str(ROOT / "bundle" / "configs" / "train.yaml")]))
    parser.update({"image_size": [32, 48], "intensity": "range", **values})
    settings = settings_of(parser)
    network = lived_in(parser.get_parsed_content("network_def"))
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(network.state_dict(), folder / "model.pt")
    (folder / "model.json").write_text(json.dumps({PROVENANCE: {}, **settings}))
    return folder / "model.pt"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    return write_weights(tmp_path_factory.mktemp("a small run"), network_def=NETWORK, out_channels=2)


@pytest.fixture(scope="module")
def simple(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of one convolution, which is exported quickly."""
    network = {"_target_": "torch.nn.Conv2d", "in_channels": 3, "out_channels": 1, "kernel_size": 3, "padding": 1}
    return write_weights(tmp_path_factory.mktemp("simple"), network_def=network)


@pytest.fixture
def sabotaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs to TorchScript are those of a slightly different network."""

    def write(network: nn.Module, path: Path) -> None:
        with torch.no_grad():
            other = nn.Sequential(network, nn.Threshold(-1e9, 0))
            for parameter in other.parameters():
                parameter.mul_(1.01)
            form.write(other, path)
            for parameter in other.parameters():
                parameter.div_(1.01)

    form = GRAPH_FORMATS["torchscript"]
    monkeypatch.setitem(GRAPH_FORMATS, "torchscript", replace(form, write=write))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@FORMATS
def test_a_graph_takes_what_the_network_is_shown(to: str, weights: Path, tmp_path: Path) -> None:
    """The exported file, fed by hand with a prepared picture, gives what the network gives."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 48), dtype=np.uint8)
    (tmp_path / "pictures").mkdir()
    Image.fromarray(pixels).save(tmp_path / "pictures" / "a.png")
    path = tmp_path / "out" / f"graph{SUFFIXES[to]}"
    exported = export(path, to, weights=weights, images=tmp_path / "pictures")

    image = torch.from_numpy(pixels.astype(np.float32) / 255).expand(1, 3, 32, 48).contiguous()
    values = {"in_channels": 3, "out_channels": 2}
    parser = ConfigParser({**values, "network_def": NETWORK})
    network = load_weights(parser.get_parsed_content("network_def"), weights).eval()
    with torch.no_grad():
        found = GRAPH_FORMATS[to].run(path)(image)
        torch.testing.assert_close(found, network(image), rtol=1e-5, atol=1e-5)
    assert exported == Exported(path, to, exported.comparison, path.with_name(f"{path.name}.json"))
    assert 0 <= exported.comparison.probability < 1e-5
    assert 0 < exported.comparison.logit < 1e-5


@FORMATS
def test_the_description_says_what_it_is(to: str, weights: Path, tmp_path: Path) -> None:
    exported = export(tmp_path / f"graph{SUFFIXES[to]}", to, weights=weights, threshold=0.3)
    said = json.loads(exported.description.read_text())
    files = {"graph.xml", "graph.bin"} if to == "openvino" else {f"graph{SUFFIXES[to]}"}
    assert {file.name for file in tmp_path.iterdir()} == files | {exported.description.name}
    assert said["files"] == {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in files}
    assert said["input"]["shape"] == ["batch", 3, "height", "width"]
    assert said["output"]["shape"] == ["batch", 2, "height", "width"]
    assert said["output"]["probability"] == "softmax over the channels"
    assert said["weights"] == {"path": str(weights), "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    assert said["settings"]["network_def"] == NETWORK
    assert (said["settings"]["image_size"], said["settings"]["threshold"]) == ([32, 48], 0.3)
    assert said["settings"]["scaling"]["_target_"] == "srs_monai.data.transforms.ToUnitRanged"
    assert said["compared"]["sizes"] == [[32, 48], [96, 160]]
    assert (said["compared"]["batches"], said["compared"]["pictures"]) == ([1, 3, 8], 8)
    assert said["largest_differences"]["probability"] == exported.comparison.probability
    assert said["versions"]["torch"] == torch.__version__
    assert set(GRAPH_FORMATS[to].packages) <= set(said["versions"])


def test_a_wrong_graph_is_noticed_and_removed(simple: Path, tmp_path: Path, sabotaged: None) -> None:
    with pytest.raises(ValueError, match=r"Conv2d .*[(]batch [138],.* 0\.0001;"):
        export(tmp_path / "graph.ts", "torchscript", weights=simple)
    assert contents(tmp_path) == {}
    exported = export(tmp_path / "graph.ts", "torchscript", weights=simple, tolerance=0.5)
    assert 1e-4 < exported.comparison.logit < 0.05


def test_a_graph_that_does_not_run_is_removed(simple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form = GRAPH_FORMATS["onnx"]
    monkeypatch.setitem(GRAPH_FORMATS, "onnx", replace(form, write=lambda _, path: path.write_bytes(b"no graph")))
    with pytest.raises(ValueError, match=r"onnx graph of Conv2d fails: "):
        export(tmp_path / "graph.onnx", "onnx", weights=simple)
    assert contents(tmp_path) == {}


def test_a_wrong_graph_leaves_an_earlier_one(simple: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    export(tmp_path / "graph.ts", "torchscript", weights=simple)
    before = contents(tmp_path)
    request.getfixturevalue("sabotaged")
    with pytest.raises(ValueError, match="another format"):
        export(tmp_path / "graph.ts", "torchscript", weights=simple, overwrite=True)
    assert contents(tmp_path) == before


def test_what_is_there_is_replaced_when_asked_only(simple: Path, weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    export(path, "onnx", weights=simple)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=r"graph\.onnx already exists; .*--overwrite"):
        export(path, "onnx", weights=weights)
    assert contents(tmp_path) == before
    export(path, "onnx", weights=weights, overwrite=True)
    said = json.loads((tmp_path / "graph.onnx.json").read_text())
    assert said["weights"]["path"] == str(weights)
    assert said["files"]["graph.onnx"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_weights_of_openvino_alone_are_not_written_over(simple: Path, tmp_path: Path) -> None:
    (tmp_path / "graph.bin").write_bytes(b"of something else")
    with pytest.raises(ValueError, match=r"graph\.bin already exists"):
        export(tmp_path / "graph.xml", "openvino", weights=simple)
    assert contents(tmp_path) == {"graph.bin": b"of something else"}


def test_volumes_are_compared_by_their_slices(simple: Path, tmp_path: Path) -> None:
    volume = np.random.default_rng(0).normal(size=(20, 24, 30)).astype(np.float32)
    nib.save(nib.Nifti1Image(volume, np.eye(4)), tmp_path / "volume.nii.gz")
    exported = export(
        tmp_path / "graph.ts", "torchscript", weights=simple, images=tmp_path / "volume.nii.gz", intensity="percentile"
    )
    assert json.loads(exported.description.read_text())["compared"]["pictures"] == 8


def test_a_network_in_hand(tmp_path: Path) -> None:
    network = nn.Conv2d(1, 1, 3, padding=1)
    pictures = [torch.rand(1, 16, 16)]
    exported = export_network(network, tmp_path / "graph.ts", "torchscript", pictures=pictures, sizes=[(16, 24)])
    said = json.loads(exported.description.read_text())
    assert said["compared"] == {"tolerance": 1e-4, "batches": [1, 3, 8], "sizes": [[16, 24]], "pictures": 1}
    assert "weights" not in said


Refused = tuple[dict[str, Any], str]
REFUSALS: dict[str, Refused] = {
    "format": ({"to": "caffe"}, "onnx, torchscript, openvino, tensorrt; got 'caffe'"),
    "ending": ({"path": "graph.pt"}, r"torchscript .* \.ts; got .*graph\.pt"),
    "images": ({"images": "absent"}, "there is nothing at .*absent"),
    "weights": ({"weights": "absent.pt"}, r"weights .*absent\.pt"),
    "own setting": ({"ckpt_path": "model.pt"}, "ckpt_path is the argument weights"),
    "setting": ({"treshold": 0.3}, "treshold"),
    "no folder": ({"path": "file/graph.ts"}, "results .*file .*output_dir"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(name: str, simple: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    arguments, said = REFUSALS[name]
    places = {key: tmp_path / arguments[key] for key in ("path", "images", "weights") if key in arguments}
    given = {"path": tmp_path / "graph.ts", "to": "torchscript", "weights": simple, **arguments, **places}
    with pytest.raises(ValueError, match=said):
        export(**given)
    assert contents(tmp_path) == {"file": b"a file"}


def test_tensorrt_needs_its_package(simple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch_tensorrt", None)
    with pytest.raises(ValueError, match=r"pip install 'srs_monai\[tensorrt\]'"):
        export(tmp_path / "graph.pt2", "tensorrt", weights=simple)


def test_the_command(simple: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    arguments = ["export", "--to", "onnx", "--weights", str(simple), "--output", str(tmp_path / "graph.onnx")]
    assert main(arguments) == 1
    assert "--trust_settings true" in caplog.messages[-1]
    arguments.append("--trust-settings")
    with caplog.at_level("INFO"):
        assert main(arguments) == 0
        assert "graph.onnx: largest difference from PyTorch: " in caplog.messages[-1]
        assert main(arguments) == 1
        assert caplog.messages[-1].startswith("srs-monai export: ")
        assert "graph.onnx already exists" in caplog.messages[-1]
        assert main([*arguments, "--overwrite", "--tolerance", "1e-12"]) == 1
        assert "tolerance 1e-12" in caplog.messages[-1]
    assert set(contents(tmp_path)) == {"graph.onnx", "graph.onnx.json"}


@pytest.mark.slow
@FORMATS
def test_the_shipped_network_on_real_images(to: str, datasets: Path, tmp_path: Path) -> None:
    path = tmp_path / f"model{SUFFIXES[to]}"
    exported = export(path, to, images=datasets / "busi" / "images")
    assert exported.comparison.probability <= 2e-5
    assert json.loads(exported.description.read_text())["compared"]["sizes"] == [[256, 256], [96, 160]]

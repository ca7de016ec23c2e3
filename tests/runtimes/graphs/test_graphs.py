"""Every format of graph gives the logits of its network, for any batch and size, from one file or two."""

import sys
from pathlib import Path

import pytest
import torch
from lived_in import SMALL, lived_in
from torch import Tensor, nn

from srs_monai.networks import SRSNet
from srs_monai.runtimes.graphs import onnx_graph, openvino_graph, tensorrt_graph, torchscript_graph
from srs_monai.runtimes.graphs.graph_formats import GRAPH_FORMATS

FORMATS = pytest.mark.parametrize("name", ["torchscript", "onnx", "openvino"])
SIZES = [(1, 3, 64, 64), (3, 3, 48, 80), (8, 3, 64, 64)]


class Sized(nn.Module):
    """Takes a number from the size of the image that a trace would keep."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        mixed: Tensor = self.conv(image)
        return mixed * float(image.shape[2])


class Unknown(nn.Module):
    """Computes what the other formats have no operator for."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        return torch.special.bessel_j0(self.conv(image))


class TwoOutputs(nn.Module):
    """As networks with deep supervision in train mode."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)

    def forward(self, image: Tensor) -> list[Tensor]:
        mixed = self.conv(image)
        return [mixed, mixed[:, :1]]


def written(name: str, network: nn.Module, folder: Path) -> Path:
    path = folder / "with a space" / f"graph{GRAPH_FORMATS[name].suffix}"
    GRAPH_FORMATS[name].write(network, path)
    return path


def check(name: str, network: nn.Module, path: Path, shapes: list[tuple[int, ...]]) -> None:
    run = GRAPH_FORMATS[name].run(path)
    for shape in shapes:
        image = torch.rand(shape)
        with torch.no_grad():
            torch.testing.assert_close(run(image), network(image), rtol=1e-5, atol=1e-5)


@FORMATS
def test_a_graph_equals_its_network_for_any_batch_and_size(name: str, tmp_path: Path) -> None:
    network = lived_in(SRSNet(**SMALL, out_channels=2))
    state = {key: value.clone() for key, value in network.state_dict().items()}
    path = written(name, network, tmp_path)
    check(name, network, path, SIZES)
    torch.testing.assert_close(network.state_dict(), state, rtol=0, atol=0)
    files = {"graph.xml", "graph.bin"} if name == "openvino" else {path.name}
    assert {file.name for file in path.parent.iterdir()} == files


@FORMATS
def test_volumes_have_a_depth(name: str, tmp_path: Path) -> None:
    small = {key: value[:2] if isinstance(value, tuple) else value for key, value in SMALL.items()}
    network = lived_in(SRSNet(3, 1, **small))
    check(name, network, written(name, network, tmp_path), [(1, 1, 16, 24, 8), (2, 1, 8, 16, 16)])


@FORMATS
@pytest.mark.parametrize("options", [{"kernel": "condconv"}, {"dpconv_form": "literal"}, {"dpconv_generator": "dense"}])
def test_kernels_of_every_sample_leave_the_batch_free(name: str, options: dict[str, str], tmp_path: Path) -> None:
    network = lived_in(SRSNet(**SMALL, **options))
    check(name, network, written(name, network, tmp_path), SIZES)


@FORMATS
def test_of_several_outputs_the_finest_is_taken(name: str, tmp_path: Path) -> None:
    network, image = TwoOutputs().eval(), torch.rand(1, 3, 8, 8)
    found = GRAPH_FORMATS[name].run(written(name, network, tmp_path))(image)
    torch.testing.assert_close(found, network(image)[0])


def test_an_operator_that_one_exporter_alone_knows(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    attention = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)

    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.attention = nn.Conv2d(3, 4, 16, 16), attention

        def forward(self, image: Tensor) -> Tensor:
            tokens = self.conv(image)
            seen: Tensor = self.attention(tokens.flatten(2).transpose(1, 2))
            return seen.transpose(1, 2).reshape(tokens.shape)

    network = Tokens().eval()
    check("onnx", network, written("onnx", network, tmp_path), [(1, 3, 32, 96), (3, 3, 64, 64)])
    assert capfd.readouterr() == ("", "")


def test_names_and_axes(tmp_path: Path) -> None:
    import onnx

    network = lived_in(SRSNet(**SMALL))
    model = onnx.load(written("onnx", network, tmp_path), load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    (image,), (logits,) = model.graph.input, model.graph.output
    assert (image.name, logits.name) == ("image", "logits")
    axes = [axis.dim_param or axis.dim_value for axis in image.type.tensor_type.shape.dim]
    assert axes == ["batch", 3, "height", "width"]
    assert not any(tensor.external_data for tensor in model.graph.initializer)


@FORMATS
def test_a_network_that_takes_numbers_from_the_size_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Sized, recorded at \(2, 3, 64, 96\)"):
        written(name, Sized(), tmp_path)
    assert not (tmp_path / "with a space").exists()


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_an_operator_without_a_counterpart_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Unknown: .*bessel_j0.*; export it to torchscript"):
        written(name, Unknown(), tmp_path)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


@FORMATS
def test_statistics_of_the_batch_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"SRSNet .*drifting_statistics"):
        written(name, SRSNet(**SMALL, drifting_statistics=True), tmp_path)


def test_a_network_without_convolutions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Sequential has none"):
        torchscript_graph(nn.Sequential(nn.ReLU()), tmp_path / "relu.ts")


def test_too_large_for_one_file(tmp_path: Path) -> None:
    with torch.device("meta"):
        large = nn.Conv2d(2**14, 2**15, 1)
    with pytest.raises(ValueError, match=r"2 GB, .* Conv2d .* 2\.0 GB"):
        onnx_graph(large, tmp_path / "large.onnx")


def test_openvino_has_its_own_ending(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"NAME\.xml, with NAME\.bin beside it; got .*; end it in \.xml"):
        openvino_graph(nn.Conv2d(1, 1, 1), tmp_path / "graph.onnx")


@pytest.mark.parametrize(("name", "package"), [("onnx", "onnx"), ("openvino", "openvino")])
def test_a_package_that_is_not_there(name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=rf"needs the package {package}, .*pip install 'srs_monai\[{name}\]'"):
        written(name, nn.Conv2d(1, 1, 1), tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"precision": "int8"}, "float32, bfloat16, float16; got 'int8'"),
        ({"sides": (60, 256, 512)}, r"multiples of 8; got .* sides \(60, 256, 512\)"),
        ({"batches": (8, 1, 16)}, r"got batches \(8, 1, 16\)"),
    ],
)
def test_limits_of_tensorrt(options: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said):
        tensorrt_graph(nn.Conv2d(1, 1, 1), tmp_path / "graph.pt2", **options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_tensorrt_needs_a_gpu(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PyTorch sees none"):
        tensorrt_graph(nn.Conv2d(1, 1, 1), tmp_path / "graph.pt2")


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_tensorrt_equals_its_network(tmp_path: Path) -> None:
    pytest.importorskip("torch_tensorrt")
    network = lived_in(SRSNet(**SMALL))
    path = tmp_path / "graph.pt2"
    tensorrt_graph(network, path, batches=(1, 3, 8), sides=(48, 64, 96))
    run = GRAPH_FORMATS["tensorrt"].run(path)
    for shape in SIZES:
        image = torch.rand(shape)
        with torch.no_grad():
            torch.testing.assert_close(run(image), network(image), rtol=1e-4, atol=1e-4)

"""What cannot be is refused, with what can."""

import os
from pathlib import Path

import pytest
import torch
from warm_python import WarmPython

from srs_monai.networks import SRSNet
from srs_monai.runtimes import RUNTIMES, available, build, check_runtime, known_runtimes


def test_torchs_own_are_always_there() -> None:
    assert {"eager", "channels_last", "torchscript"} <= set(available())
    assert "cuda_graphs" not in available("cpu")


def test_there_is_nothing_on_a_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert available("cuda") == []


def test_a_gpu_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert "cuda_graphs" in available("cuda")
    assert not {"openvino", "onnxruntime"} & set(available("cuda"))


def test_a_misspelt_name(network: SRSNet) -> None:
    with pytest.raises(ValueError, match="no runtime is called 'openvimo'; did you mean 'openvino'"):
        build(network, "openvimo")


def test_an_unknown_precision() -> None:
    with pytest.raises(ValueError, match="float32, bfloat16, float16; got 'half'"):
        check_runtime("auto", "half")


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        (name, precision)
        for name, row in RUNTIMES.items()
        for precision in known_runtimes.PRECISIONS
        if precision not in row.precisions
    ],
)
def test_a_precision_that_a_runtime_does_not_have(name: str, precision: str) -> None:
    with pytest.raises(ValueError, match=rf"runtime {name} .* float32.*precision is {precision}.*eager.*auto"):
        check_runtime(name, precision)


@pytest.mark.parametrize(("name", "device"), [("openvino", "cuda"), ("onnxruntime", "cuda:1"), ("cuda_graphs", "cpu")])
def test_a_device_that_a_runtime_does_not_serve(name: str, device: str) -> None:
    with pytest.raises(ValueError, match=rf"runtime {name} .* c.* device is {device}; .*eager"):
        check_runtime(name, "float32", torch.device(device))


def test_what_is_not_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_runtimes, "find_spec", lambda package: None)
    assert "openvino" not in available()
    with pytest.raises(ValueError, match=r"needs the package openvino.*pip install 'srs_monai\[openvino\]'"):
        check_runtime("openvino", "float32")
    with pytest.raises(ValueError, match=r"needs the package onnxruntime.*pip install 'srs_monai\[onnx\]'"):
        check_runtime("onnxruntime", "float32")
    with pytest.raises(ValueError, match=r"needs the package torch_tensorrt.*pip install 'srs_monai\[tensorrt\]'"):
        check_runtime("tensorrt", "float32")


def test_compiling_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "compile" not in available()
    with pytest.raises(ValueError, match="runtime compile needs a C\\+\\+ compiler"):
        check_runtime("compile", "float32", torch.device("cpu"))


def test_optional_packages_are_not_imported_to_look_for_them(warm_python: WarmPython, tmp_path: Path) -> None:
    code = "import sys, srs_monai.inference as i; from srs_monai.inference import runtimes as r; r.available(); "
    code += "print([n for n in ('openvino', 'onnxruntime', 'onnx', 'torch_tensorrt') if n in sys.modules])"
    (tmp_path / "program.py").write_text(code)
    log = tmp_path / "log.txt"
    assert warm_python.run("program", folder=tmp_path, environment=os.environ, log=log) == 0
    assert log.read_text().strip() == "[]"

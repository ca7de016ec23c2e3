"""torch.compile is tried before it is offered, and what stands in its way is named."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch._inductor import config

from srs_monai import environment
from srs_monai.environment import cannot_compile


@pytest.fixture(autouse=True)
def _untried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing is known of this machine, and nothing compiled earlier is found."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    torch.compiler.reset()
    environment._compile_fault.cache_clear()
    yield
    environment._compile_fault.cache_clear()
    torch.compiler.reset()


def test_where_it_works_it_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    monkeypatch.setattr(torch, "compile", lambda function: tried.append(function) or function)
    assert (cannot_compile("cpu"), cannot_compile(torch.device("cpu"))) == ("", "")
    assert len(tried) == 1


def test_a_compiler_that_is_not_there_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert cannot_compile("cpu").startswith("needs a C++ compiler")


def test_what_torch_says_is_said(tmp_path: Path) -> None:
    with config.patch("cpp.cxx", (None, str(tmp_path / "no-compiler"))):
        said = cannot_compile("cpu")
    assert "No working C++ compiler found" in said
    assert "no-compiler" in said


@pytest.mark.skipif(sys.platform != "linux", reason="by the linker of Linux")
def test_an_environment_in_a_folder_with_a_space_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(function: object) -> object:
        output = "In file included\nld: cannot find -ltorch\ncollect2: error"
        raise RuntimeError(f"C++ compile error\n\nCommand:\ng++ -L/a b/lib\n\nOutput:\n{output}")

    monkeypatch.setattr(torch, "compile", fail)
    monkeypatch.setattr(torch, "__file__", str(tmp_path / "an environment" / "torch" / "__init__.py"))
    said = cannot_compile("cpu")
    assert str(tmp_path / "an environment" / "torch") in said
    assert "spaces or quotes" in said
    assert said.endswith("(ld: cannot find -ltorch)")


def test_what_else_fails_is_said_with_the_usual_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(function: object) -> object:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(torch, "compile", fail)
    monkeypatch.setattr(torch, "__file__", "/environment/torch/__init__.py")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/cache")
    assert cannot_compile("cpu").startswith("fails here on cpu: install g++")
    assert cannot_compile("cpu").endswith("(no such instruction)")


@pytest.mark.parametrize("name", ["with space", "o'clock", 'a "b"', "back\\slash"])
def test_a_cache_whose_path_comes_apart_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def fail(function: object) -> object:
        raise RuntimeError("no such file")

    monkeypatch.setattr(torch, "compile", fail)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / name))
    said = cannot_compile("cpu")
    assert str(tmp_path / name) in said
    assert "TORCHINDUCTOR_CACHE_DIR" in said


@pytest.mark.slow
@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="not in a virtual environment")
def test_a_real_environment_in_a_folder_with_a_space_works_or_is_named(tmp_path: Path) -> None:
    environment = tmp_path / "an environment"
    environment.symlink_to(sys.prefix, target_is_directory=True)
    code = "import torch, srs_monai.environment as c; print(torch.__file__); print(c.cannot_compile('cpu'))"
    ended = subprocess.run(
        [environment / "bin" / "python", "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    )
    where, said = ended.stdout.splitlines()
    assert where.startswith(str(environment))
    assert said == "" or f"cannot link with {environment}" in said

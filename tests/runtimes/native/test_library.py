"""Compiling: on this machine's own compiler, or not at all."""

from pathlib import Path

import pytest

from srs_monai.environment import cpp_compiler
from srs_monai.runtimes.native import library as module
from srs_monai.runtimes.native.library import library


@pytest.fixture(autouse=True)
def _compiled_anew() -> None:
    library.cache_clear()


@pytest.mark.skipif(cpp_compiler() is None, reason="no C++ compiler")
def test_the_kernels_are_compiled_once() -> None:
    assert library() is library()
    assert library().lanes() % 4 == 0


def test_without_a_compiler_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert cpp_compiler() is None
    with pytest.raises(ValueError, match=r"'native' needs a C\+\+ compiler.* CXX"):
        library()


@pytest.mark.skipif(cpp_compiler() is None, reason="no C++ compiler")
def test_what_the_compiler_says_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kernels.cpp").write_text("#error this is no program")
    monkeypatch.setattr(module, "SOURCE", tmp_path / "kernels.cpp")
    with pytest.raises(ValueError, match=r"which failed: .*this is no program"):
        library()


@pytest.mark.skipif(cpp_compiler() is None, reason="no C++ compiler")
def test_a_folder_from_which_nothing_is_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise OSError(f"{path}: failed to map segment from shared object")

    monkeypatch.setattr(module.ctypes, "CDLL", refuse)
    with pytest.raises(ValueError, match=r"kernels\.so.* failed to map segment .*TMPDIR"):
        library()

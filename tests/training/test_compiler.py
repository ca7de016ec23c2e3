"""torch.compile is tried before any work is done for it, and changes no name and hardly a number."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._dynamo.utils import counters
from torch._inductor import config

from srs_monai.training import check_compiler, run_stage


def test_nothing_is_compiled_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", None)
    check_compiler("cpu", wanted=False)


def test_a_missing_compiler_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))  # nothing compiled earlier is found
    torch.compiler.reset()
    text = r"needs a C\+\+ compiler, .* fails here on cpu: .*No working C\+\+ compiler found.*no-compiler"
    with config.patch("cpp.cxx", (None, str(tmp_path / "no-compiler"))), pytest.raises(ValueError, match=text):
        check_compiler("cpu")
    torch.compiler.reset()


def test_a_compiled_stage_has_the_same_weights_under_the_same_names(
    tiny_run: Callable[..., Any], tmp_path: Path
) -> None:
    def weights(compiled: bool) -> dict[str, torch.Tensor]:
        run = tiny_run([0.1] * 5, 5, items=7)
        keep = tmp_path / "best.pt"
        torch.save({}, keep)
        run_stage(run.trainer(), best=keep, result=keep, compiled=compiled)
        return dict(run.network.state_dict())

    torch.compiler.reset()
    counters.clear()
    torch.testing.assert_close(weights(compiled=True), weights(compiled=False))
    # batches of 2, 2, 2 and 1 images: torch makes one version of each size, not one an epoch
    assert counters["stats"]["unique_graphs"] == 2

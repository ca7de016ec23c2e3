"""torch.compile is tried before any work is done for it, and changes no name and hardly a number."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._dynamo.utils import counters

from srs_monai.environment import cannot_compile
from srs_monai.training import check_compiler, run_stage


def test_nothing_is_compiled_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", None)
    check_compiler("cpu", wanted=False)


def test_a_missing_compiler_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ValueError, match=r"torch\.compile needs a C\+\+ compiler.*leave compile out"):
        check_compiler("cpu")


def test_a_compiled_stage_has_the_same_weights_under_the_same_names(
    tiny_run: Callable[..., Any], tmp_path: Path
) -> None:
    def weights(compiled: bool) -> dict[str, torch.Tensor]:
        run = tiny_run([0.1] * 5, 5, items=7)
        keep = tmp_path / "best.pt"
        torch.save({}, keep)
        run_stage(run.trainer(), best=keep, result=keep, compiled=compiled)
        return dict(run.network.state_dict())

    if reason := cannot_compile("cpu"):
        pytest.skip(f"torch.compile {reason}")
    torch.compiler.reset()
    counters.clear()
    torch.testing.assert_close(weights(compiled=True), weights(compiled=False))
    # batches of 2, 2, 2 and 1 images: torch makes one version of each size, not one an epoch
    assert counters["stats"]["unique_graphs"] == 2

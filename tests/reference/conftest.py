"""Recorded runs of the original code: what was built, its weights by rule, its inputs, and what came out."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

FOLDER = Path(__file__).parent


class Case:
    """One recorded case; README.md beside this file tells how it was made and how closely it must be met."""

    def __init__(self, family: str, name: str) -> None:
        manifest = json.loads((FOLDER / family / "manifest.json").read_text())
        self.record: dict[str, Any] = next(case for case in manifest["cases"] if case["name"] == name)
        with np.load(FOLDER / family / self.record["file"]) as stored:
            self.stored = {key: torch.from_numpy(stored[key]) for key in stored.files}
        self.trainable: list[dict[str, Any]] = [entry for entry in self.record["entries"] if entry["trainable"]]

    def weights(self) -> dict[str, Tensor]:
        """The original's state dict, float32."""
        return {entry["key"]: self._weight(entry) for entry in self.record["entries"]}

    def inputs(self, dtype: torch.dtype, group: str = "inputs") -> list[Tensor]:
        """The inputs in call order; group "inputs256" has the large ones."""
        return [_normal(given["seed"], given["shape"]).to(dtype) for given in self.record[group]]

    def loss(self, output: Tensor) -> Tensor:
        """The recorded loss: the output projected on a fixed random direction."""
        return (output * _normal(self.record["projection_seed"], list(output.shape)).to(output)).sum()

    def differences(self, computed: dict[str, Tensor]) -> dict[str, str]:
        """Recorded arrays, by name, from which computed is farther than allowed, with distance and allowance."""
        worse = {}
        for array in self.record["arrays"]:
            name = array["name"]
            if name not in computed:
                continue
            ours, sharp = computed[name], computed[name].dtype == torch.float64
            theirs = self.stored[name.replace("/", "_f64/", 1) if sharp else name].to(ours)
            if ours.shape != theirs.shape or not torch.equal(ours.isnan(), theirs.isnan()):
                worse[name] = f"{tuple(ours.shape)} is not like the recorded {tuple(theirs.shape)}"
                continue
            distance = (ours - theirs).nan_to_num().abs().max().item()
            noise, scale = array["float64_delta"], array["max_abs"]
            allowed = 2e-6 * scale if sharp else max(20 * noise, 2e-5 * scale)
            if not distance <= allowed:
                worse[name] = f"differs by {distance:.3g}, allowed {allowed:.3g}"
        return worse

    def _weight(self, entry: dict[str, Any]) -> Tensor:
        if entry["kind"] == "counter":
            return torch.zeros((), dtype=torch.int64)
        seed = zlib.crc32((self.record["salt"] + entry["key"]).encode("utf-8"))
        z = np.random.default_rng(seed).standard_normal(entry["shape"])
        if entry["kind"] == "running_var":
            z = np.abs(z)
        return torch.from_numpy(np.asarray(entry["offset"] + entry["scale"] * z, dtype=np.float32))


def _normal(seed: int, shape: list[int]) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


@pytest.fixture(scope="session")
def load_case() -> Callable[[str, str], Case]:
    """Read a case by its folder and name."""
    return Case

"""Recorded runs of the original code: what was built, its weights by rule, its inputs, and what came out."""

import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from srs_monai.interop import ImportReport, load_original_checkpoint
from srs_monai.interop.original_names import original_name

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

    def loss(self, outputs: Sequence[Tensor]) -> Tensor:
        """The recorded loss: every output projected on a fixed random direction of its own."""
        seed = self.record["projection_seed"]
        directions = [_normal(seed + i, list(output.shape)).to(output) for i, output in enumerate(outputs)]
        return torch.stack([(y * p).sum() for y, p in zip(outputs, directions, strict=True)]).sum()

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


class Run:
    """Our module for a case, with the case's weights, run in the ways in which the original was run."""

    def __init__(self, case: Case, module: nn.Module, dtype: torch.dtype) -> None:
        self.case, self.module, self.dtype = case, module, dtype
        self.report: ImportReport = load_original_checkpoint(self.module, case.weights())
        self.module.to(dtype)
        self.call = self.module.encode if "encoder" in case.record["name"] else self.module

    @torch.no_grad()
    def eval(self) -> dict[str, Tensor]:
        self.module.eval()
        parts = reversed(list(self.module.named_modules()))  # where a part and its child share a name, the part wins
        ours = {original_name(self.module, path): part for path, part in parts if path}
        seen: dict[str, Tensor] = {}
        for array in self.case.record["arrays"]:
            if array["name"].endswith("/sample"):
                node = array["name"].split("/")[1]
                keep = probe(seen, node, array["stride"])
                if node in ours or f"{node}.0" in ours:
                    ours.get(node, ours.get(f"{node}.0")).register_forward_hook(keep)
                else:  # a module there, a method here
                    keep(None, None, getattr(self.module, node)(*self.case.inputs(self.dtype)))
        outputs = self.call(*self.case.inputs(self.dtype))
        return seen | {f"eval/out{i}": output for i, output in enumerate(several(outputs))}

    @torch.no_grad()
    def eval256(self) -> dict[str, Tensor]:
        self.module.eval()
        output = self.call(*self.case.inputs(self.dtype, "inputs256"))
        return {"eval256/out0/stride8": output[..., ::8, ::8], "eval256/out0/stats": statistics(output)}

    def train(self) -> dict[str, Tensor]:
        self.module.train()
        inputs = [given.requires_grad_() for given in self.case.inputs(self.dtype)]
        outputs = several(self.call(*inputs))
        loss = self.case.loss(outputs)
        loss.backward()
        seen = {f"train/out{i}": output.detach() for i, output in enumerate(outputs)}
        seen["train/loss"] = loss.detach()
        for given, x in zip(self.case.record["inputs"], inputs, strict=True):
            seen[f"train/grad_in/{given['name']}"] = x.grad
        parameters, buffers = dict(self.module.named_parameters()), dict(self.module.named_buffers())
        gradients = {}
        for theirs, ours in self.report.mapping.items():
            if ours in buffers:
                seen[f"train/state/{theirs}"] = buffers[ours]
            elif parameters[ours].grad is not None:
                gradients[theirs] = seen[f"train/grad/{theirs}"] = parameters[ours].grad
        nothing = torch.tensor(torch.nan, dtype=self.dtype)  # recorded so for what takes no part
        seen["train/grad_norms"] = torch.stack(
            [gradients[entry["key"]].norm() if entry["key"] in gradients else nothing for entry in self.case.trainable]
        )
        return seen


def probe(seen: dict[str, Tensor], node: str, stride: int) -> Callable[[nn.Module, Any, Tensor], None]:
    """A hook that keeps of a module's output what was recorded of the original's."""

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        seen[f"probe/{node}/sample"] = output.flatten()[::stride][:256]
        seen[f"probe/{node}/stats"] = statistics(output)

    return keep


def statistics(x: Tensor) -> Tensor:
    return torch.stack([x.mean(), x.std(correction=0), x.min(), x.max()])


def several(outputs: Tensor | list[Tensor]) -> list[Tensor]:
    """What a module gives, as a list."""
    return [outputs] if isinstance(outputs, Tensor) else list(outputs)


@pytest.fixture(scope="session")
def load_case() -> Callable[[str, str], Case]:
    """Read a case by its folder and name."""
    return Case


@pytest.fixture(scope="session")
def run_case() -> type[Run]:
    """Our module in the place of a case's original: run_case(case, module, dtype)."""
    return Run

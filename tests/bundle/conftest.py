"""The bundle as a user runs it: a process of its own, from a folder that is not the project's."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigWorkflow
from warm_python import WarmPython

from srs_monai.data.phantoms import write_phantoms

ROOT = Path(__file__).resolve().parents[2]
TINY_NETWORK = """
image_size: [32, 32]
batch_size: 4
network_def:
  _target_: srs_monai.networks.SRSNet
  spatial_dims: 2
  in_channels: "@in_channels"
  out_channels: "@out_channels"
  reconstruction_features: [8, 8, 8, 8]
  reconstruction_blocks: [1, 1, 1, 1]
  reconstruction_stem: 8
  segmentation_features: [8, 8, 8, 8]
  segmentation_blocks: [1, 1, 1, 1]
  segmentation_stem: 8
"""


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An overlay with the smallest network that has every part, in a folder with a space in its name."""
    path = tmp_path_factory.mktemp("an overlay") / "tiny.yaml"
    path.write_text(TINY_NETWORK)
    return path


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve generated images with their masks, nine of them for training."""
    folder = tmp_path_factory.mktemp("some phantoms")
    write_phantoms(folder, count=12, size=(48, 40), seed=0, val_fraction=0.25)
    return folder


Start = Callable[..., subprocess.Popen[str]]


def heed_interrupts() -> None:
    """What runs in the background ignores Ctrl-C, and hands that down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def arguments(run_id: str, configs: tuple[str | Path, ...], values: dict[str, object]) -> list[str]:
    """What follows `python -m monai.bundle`; values are given as --name value."""
    files = [str(c) if isinstance(c, Path) else str(ROOT / "bundle" / "configs" / f"{c}.yaml") for c in configs]
    options = [text for name, value in values.items() for text in (f"--{name}", str(value))]
    return ["run", run_id, "--config_file", str(files), *options]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start `python -m monai.bundle run`, with values given as --name value; its process is handed back."""

    def start_bundle(run_id: str, *configs: str | Path, **values: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "monai.bundle", *arguments(run_id, configs, values)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with (tmp_path / "log.txt").open("a") as log:
            return subprocess.Popen(
                command, cwd=tmp_path, env=environment, text=True, stdout=log, stderr=log, preexec_fn=heed_interrupts
            )

    return start_bundle


@pytest.fixture
def run(warm_python: WarmPython, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run `python -m monai.bundle run` to its end; the exit status and all that it printed."""

    def run_bundle(run_id: str, *configs: str | Path, **values: object) -> tuple[int, str]:
        log, environment = tmp_path / "log.txt", {**os.environ, "OMP_NUM_THREADS": "1"}
        log.unlink(missing_ok=True)
        asked = arguments(run_id, configs, values)
        status = warm_python.run("monai.bundle", *asked, folder=tmp_path, environment=environment, log=log)
        return status, (tmp_path / "log.txt").read_text()

    return run_bundle


@pytest.fixture
def workflow(tiny: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Make a MONAI workflow of a training configuration in this process, with the values given; it has not begun."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # which the bundle replaces

    def make(**values: Any) -> ConfigWorkflow:
        options = {"dataset_dir": str(phantoms), "output_dir": str(tmp_path / "out"), "device": "cpu"}
        return ConfigWorkflow(
            config_file=[str(ROOT / "bundle" / "configs" / "train.yaml"), str(tiny)],
            workflow_type="train",
            logging_file=False,  # which would set up logging for all the tests that follow
            **{"run_id": "training", **options, "reconstruction_epochs": 1, **values},
        )

    return make

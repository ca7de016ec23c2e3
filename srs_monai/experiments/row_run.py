"""One experiment from its lists of images to its measures; it can be stopped at any moment and goes on later."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from srs_monai.experiments.row_lists import write_lists
from srs_monai.experiments.rows import ROOT, Row
from srs_monai.files import write_atomically

logger = logging.getLogger(__name__)

#: files of a row's folder: what it is divided into, that it has been trained, and why it failed
COUNTS, TRAINED, FAILED = "counts.json", "trained.json", "failed.json"
STAGES = ("reconstruction", "segmentation")  # of a training, and its folders
_LISTS = {"train_list": "train", "val_list": "val", "test_list": "test"}
_PATIENCE = 20.0  # seconds that a process has to end after it was asked to


class TimeUp(Exception):
    """The time that a row may take is over; it goes on in the next run."""


class RowRun:
    """The folder of a row, and the steps that fill it.

    Args:
        row: the experiment.
        folder: of this row alone.
        data: folder that holds the data sets, each under the name of its recipe.
        threads: of the processor that a step may use.
        deadline: by `time.monotonic()`.
        keep_open: file descriptors that a step inherits: a step that outlives this process keeps the row's lock.
    """

    def __init__(
        self, row: Row, folder: Path, data: Path, *, threads: int, deadline: float, keep_open: Sequence[int] = ()
    ) -> None:
        self.row, self.folder, self.data = row, folder, data / row.recipe
        self.threads, self.deadline, self.keep_open = threads, deadline, tuple(keep_open)

    def finish(self) -> None:
        """Do what is left to do.

        Raises:
            TimeUp: when the deadline comes first.
            ValueError: when a step fails; the folder says why.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / COUNTS).is_file():
            seed = int(self.row.values.get("seed", 41))
            counts = write_lists(self.folder / "lists", self.data, self.row.recipe, self.row.split, seed)
            write_atomically(self.folder / COUNTS, json.dumps(counts).encode())
        if not (self.folder / TRAINED).is_file():
            begun = any((self.folder / "run" / stage / "last.pt").is_file() for stage in STAGES)
            self._step("training", "train.yaml", self.row.overlays, output_dir="run", resume=begun, **self.row.values)
            write_atomically(self.folder / TRAINED, b"{}")
        if not (self.folder / "test" / "metrics.json").is_file():
            weights = str(self.folder / "run" / "model.pt")
            self._step(
                "evaluating",
                "evaluate.yaml",
                [],
                output_dir="test",
                ckpt_path=weights,
                evaluate_list="test",
                network_grid=True,
            )

    def _step(self, run_id: str, config: str, overlays: Sequence[Path], *, output_dir: str, **values: object) -> None:
        """Run one id of the bundle in a process of its own, until it ends or time is up."""
        files = [str(ROOT / "bundle" / "configs" / config), *map(str, overlays)]
        lists = {name: self.folder / "lists" / f"{part}.txt" for name, part in _LISTS.items()}
        given = {"dataset_dir": self.data, "output_dir": self.folder / output_dir, **lists, **values}
        options = [text for name, value in given.items() for text in (f"--{name}", str(value))]
        command = [sys.executable, "-m", "monai.bundle", "run", run_id, "--config_file", str(files), *options]
        environment = os.environ | {
            "OMP_NUM_THREADS": str(self.threads),
            "OMP_WAIT_POLICY": "PASSIVE",
            "TQDM_MININTERVAL": "60",
        }
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=environment, pass_fds=self.keep_open, cwd=self.folder
            )
            try:
                status = process.wait(timeout=max(0.0, self.deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise TimeUp from None
            finally:
                _end(process)
        if status:
            raise ValueError(f"{run_id} of {self.row.name} ended with status {status}: {_last_line(self.folder)}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that still runs, gently first."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            continue


def _last_line(folder: Path) -> str:
    lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else "without a word"

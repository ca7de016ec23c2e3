"""One experiment, from its lists of images to its measures. It can be stopped at any time and continues later."""

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

#: files of a row's folder: the number of images in each list, the mark of a finished training, the reason of a failure
COUNTS, TRAINED, FAILED = "counts.json", "trained.json", "failed.json"
STAGES = ("reconstruction", "segmentation")  # the folders of a training
_LISTS = {"train_list": "train", "val_list": "val", "test_list": "test"}
_PATIENCE = 20.0  # seconds from a request to end until a process is killed


class TimeUp(Exception):
    """The time is up before a row is finished. The next run continues it."""


class RowRun:
    """The steps of a row, which fill its folder. A repeated run skips the finished steps.

    Args:
        row: the experiment.
        folder: folder of this row.
        data: folder of the data sets, each named like its recipe.
        threads: number of processor threads for a step.
        deadline: end of the time, by `time.monotonic()`.
        keep_open: file descriptors that a step inherits, so that a step that outlives this process keeps the row's
            lock.
    """

    def __init__(
        self, row: Row, folder: Path, data: Path, *, threads: int, deadline: float, keep_open: Sequence[int] = ()
    ) -> None:
        self.row, self.folder, self.data = row, folder, data / row.recipe
        self.threads, self.deadline, self.keep_open = threads, deadline, tuple(keep_open)

    def finish(self) -> None:
        """Run the steps that are not finished.

        Raises:
            TimeUp: if the deadline comes first.
            ValueError: if a step fails, with the last line of its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / COUNTS).is_file():
            lists = self.folder / "lists"
            counts = write_lists(lists, self.data, self.row.recipe, self.row.split, self.row.seed)
            write_atomically(self.folder / COUNTS, json.dumps(counts).encode())
        if not (self.folder / TRAINED).is_file():
            begun = any((self.folder / "run" / stage / "last.pt").is_file() for stage in STAGES)
            # without a state to resume from, files of an interrupted first epoch may exist
            how = {"resume": begun, "overwrite": not begun}
            self._step("training", "train.yaml", self.row.overlays, output_dir="run", **how, **self.row.values)
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
                overwrite=True,  # an interrupted step may have written some of its tables
            )

    def _step(self, run_id: str, config: str, overlays: Sequence[Path], *, output_dir: str, **values: object) -> None:
        """Run one id of the bundle in a process of its own, until it ends or the time is up."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeUp
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
                status = process.wait(timeout=left)
            except subprocess.TimeoutExpired:
                raise TimeUp from None
            finally:
                _end(process)
        if status:
            raise ValueError(f"{run_id} of {self.row.name} ended with status {status}: {_last_line(self.folder)}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that still runs: ask it to end, then kill it."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(request)
        try:
            process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            continue


def _last_line(folder: Path) -> str:
    lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else "no output"

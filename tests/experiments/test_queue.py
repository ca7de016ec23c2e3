"""The queue runs each row once, also after it was stopped, and records its results."""

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from srs_monai.data.phantoms import write_phantoms
from srs_monai.data.split_lists import read_names
from srs_monai.experiments import queue
from srs_monai.experiments.queue import row_folder, run_table, table_status
from srs_monai.experiments.records import read_rows
from srs_monai.experiments.row_lists import write_lists
from srs_monai.experiments.row_run import RowRun
from srs_monai.experiments.rows import Row, Table

SMALL = {"epochs": 2, "reconstruction_epochs": 1, "image_size": [32, 32], "batch_size": 4}
ROW = Row("small", "kvasir_seg", "1", network="srsnet_small", values=SMALL)
TABLE = Table("short", "A table", "How it is made.", (ROW, replace(ROW, name="other", values={**SMALL, "seed": 7})))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data set in Kvasir-SEG's form."""
    write_phantoms(tmp_path / "data" / "kvasir_seg", count=16, size=(32, 32), seed=0)
    for name in ("train.txt", "val.txt"):
        (tmp_path / "data" / "kvasir_seg" / name).unlink()
    return tmp_path / "data"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the steps instead of running them, and write their files."""
    noted: list[str] = []

    def step(self: RowRun, run_id: str, config: str, overlays: object, *, output_dir: str, **values: object) -> None:
        noted.append(f"{self.row.name} {run_id}")
        made = self.folder / output_dir
        for stage in ("reconstruction", "segmentation"):
            (made / stage).mkdir(parents=True, exist_ok=True)
            rows = "epoch,seconds,validation_pooled_iou\n1,30,0.25\n2,30,0.5\n"
            (made / stage / "epochs.csv").write_text(rows)
        if run_id == "evaluating":
            statistic = {"mean": 0.5, "sd": 0.1, "count": 2}
            content = {
                "summary": {"foreground": {"iou": statistic, "dice_f1": statistic}},
                "pooled": {"foreground": {"pooled_iou": 0.4}},
            }
            (made / "metrics.json").write_text(json.dumps(content))
            (made / "metrics.csv").write_text("case,label,iou\na,foreground,0.5\n")

    monkeypatch.setattr(RowRun, "_step", step)
    return noted


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setattr(queue, "read_table", lambda name: TABLE)
    return TABLE


def run(tmp_path: Path, minutes: float = 60.0, retry: bool = False) -> int:
    return run_table(
        "short", tmp_path / "data", minutes=minutes, runs=tmp_path / "runs", results=tmp_path / "out", retry=retry
    )


def states(tmp_path: Path) -> list[str]:
    return [each.state for each in table_status(TABLE, tmp_path / "runs", tmp_path / "out")]


def test_rows_run_once_each_and_are_written_down(tmp_path: Path, data: Path, steps: list[str], table: Table) -> None:
    assert run(tmp_path) == 2
    assert steps == ["small training", "small evaluating", "other training", "other evaluating"]
    rows = read_rows(tmp_path / "out" / "short.csv")
    assert [row["row"] for row in rows] == ["small", "other"]
    assert [rows[0][name] for name in ("iou", "iou_sd", "pooled_iou", "minutes", "best_epoch")] == [
        *("0.5000", "0.1000", "0.4000", "2.0", "2")
    ]
    cases = gzip.decompress((tmp_path / "out" / "short" / "small.csv.gz").read_bytes()).decode()
    assert next(csv.DictReader(cases.splitlines()))["case"] == "a"
    assert run(tmp_path) == 0
    assert len(steps) == 4
    assert states(tmp_path) == ["finished", "finished"]


def test_nothing_begins_when_time_is_up(tmp_path: Path, data: Path, steps: list[str], table: Table) -> None:
    assert run(tmp_path, minutes=0.0) == 0
    assert not steps
    assert states(tmp_path) == ["pending", "pending"]


def test_a_failed_row_does_not_stop_the_others_and_is_tried_again_on_request(
    tmp_path: Path, data: Path, steps: list[str], table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = RowRun._step

    def fail(self: RowRun, run_id: str, *arguments: object, **values: object) -> None:
        if self.row.name == "small":
            raise ValueError("training of small ended with status 1")
        well(self, run_id, *arguments, **values)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(RowRun, "_step", fail)
        assert run(tmp_path) == 1
    assert states(tmp_path) == ["failed", "finished"]
    assert run(tmp_path) == 0
    assert run(tmp_path, retry=True) == 1
    assert states(tmp_path) == ["finished", "finished"]


@pytest.mark.parametrize("resumable", [False, True])
def test_files_of_an_interrupted_step_are_continued_or_replaced(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, resumable: bool
) -> None:
    """A kill may come between the first weights and the first state of a training, or between two tables."""
    met: dict[str, dict[str, object]] = {}
    monkeypatch.setattr(
        RowRun, "_step", lambda self, run_id, config, overlays, **values: met.setdefault(run_id, values)
    )
    stage = tmp_path / "row" / "run" / "segmentation"
    stage.mkdir(parents=True)
    (stage.parent / "model.pt").touch()
    if resumable:
        (stage / "last.pt").touch()
    RowRun(ROW, tmp_path / "row", data, threads=1, deadline=time.monotonic() + 60).finish()
    assert (met["training"]["resume"], met["training"]["overwrite"]) == (resumable, not resumable)
    assert met["evaluating"]["overwrite"] is True


def test_two_processes_never_run_one_row(tmp_path: Path, data: Path, steps: list[str], table: Table) -> None:
    folder = row_folder(TABLE, ROW, tmp_path / "runs")
    folder.mkdir(parents=True)
    holds = (
        "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holds, str(folder / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert states(tmp_path) == ["running", "pending"]
        assert run(tmp_path) == 1
        assert steps == ["other training", "other evaluating"]
        other.kill()
    assert run(tmp_path) == 1
    assert states(tmp_path) == ["finished", "finished"]


def test_test_images_do_not_choose_the_weights(tmp_path: Path, data: Path) -> None:
    counts = write_lists(tmp_path / "lists", data / "kvasir_seg", "kvasir_seg", "1", seed=41)
    names = {part: set(read_names(tmp_path / "lists" / f"{part}.txt")) for part in ("train", "val", "test")}
    assert not names["train"] & names["val"] | names["train"] & names["test"] | names["val"] & names["test"]
    assert counts == {"training": len(names["train"]), "validation": len(names["val"]), "test": len(names["test"])}
    assert sum(counts.values()) == 16
    again = write_lists(tmp_path / "again", data / "kvasir_seg", "kvasir_seg", "1", seed=41)
    assert again == counts
    assert (tmp_path / "again" / "val.txt").read_bytes() == (tmp_path / "lists" / "val.txt").read_bytes()


@pytest.mark.slow
def test_a_killed_queue_goes_on_and_equals_an_unbroken_one(tmp_path: Path, data: Path) -> None:
    program = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[4:]; import test_queue_program as p; "
        "p.main(*map(Path, sys.argv[1:4]))"
    )
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "test_queue_program.py").write_text(
        "from srs_monai.experiments import queue\n"
        "from srs_monai.experiments.rows import Row, Table\n"
        f"row = Row('small', 'kvasir_seg', '1', network='srsnet_small', values={ {**SMALL, 'epochs': 6}!r})\n"
        "table = Table('short', 'A table', 'How it is made.', (row,))\n"
        "queue.read_table = lambda name: table\n"
        "def main(data, runs, results):\n"
        "    print(queue.run_table('short', data, minutes=60, runs=runs, results=results), flush=True)\n"
    )

    def start(runs: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", program, str(data), str(tmp_path / runs), str(tmp_path / f"{runs} out")]
        return subprocess.Popen([*command, str(folder)], start_new_session=True)

    assert start("whole").wait() == 0
    killed = start("killed")
    begun = tmp_path / "killed"
    while not list(begun.rglob("segmentation/last.pt")):
        assert killed.poll() is None
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert start("killed").wait() == 0
    for column in ("iou", "pooled_iou", "best_epoch", "segmentation_epochs"):
        assert (
            read_rows(tmp_path / "killed out" / "short.csv")[0][column]
            == (read_rows(tmp_path / "whole out" / "short.csv")[0][column])
        )

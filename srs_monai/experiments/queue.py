"""The queue of a table: its unfinished rows run one after the other until the time is up."""

import fcntl
import json
import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from srs_monai.errors import one_line
from srs_monai.experiments.records import read_rows, record
from srs_monai.experiments.row_run import FAILED, STAGES, RowRun, TimeUp
from srs_monai.experiments.rows import ROOT, Row, Table, read_table
from srs_monai.files import write_atomically

logger = logging.getLogger(__name__)

RESULTS, RUNS = ROOT / "docs" / "results", ROOT / "runs" / "experiments"


def run_table(
    name: str,
    data: str | Path,
    *,
    minutes: float,
    threads: int = 1,
    runs: str | Path = RUNS,
    results: str | Path = RESULTS,
    retry: bool = False,
) -> int:
    """Run the unfinished rows of a table for a number of minutes.

    A row that was stopped continues after its last epoch. Rows that another process runs are skipped, and failed rows
    too. The operating system holds the lock of a row and releases it when the process ends, even if it is killed.

    Args:
        name: name of the table, see configs/experiments.
        data: folder of the data sets, each named like its recipe.
        minutes: time after which the current row is stopped.
        threads: number of processor threads.
        runs: folder for weights, lists and logs of the rows.
        results: folder for TABLE.csv.
        retry: run failed rows again.

    Returns:
        The number of rows that were finished.

    Raises:
        ValueError: if the table or the folder of the data sets does not exist.
    """
    table, data = read_table(name), Path(data).expanduser().resolve()
    if not data.is_dir():
        raise ValueError(f"the data sets must be in one folder, but there is no folder {data}; name it with --data")
    deadline, finished = time.monotonic() + 60 * minutes, 0
    with _interrupted_by_sigterm():
        for row in table.rows:
            if time.monotonic() >= deadline:
                break
            try:
                finished += _run_row(table, row, data, threads, deadline, Path(runs), Path(results), retry)
            except TimeUp:
                logger.info("%s: stopped because the time is up; the next run continues it", row.name)
    return finished


def _run_row(
    table: Table, row: Row, data: Path, threads: int, deadline: float, runs: Path, results: Path, retry: bool
) -> int:
    folder = row_folder(table, row, runs)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        if not _take_lock(lock.fileno()):
            logger.info("%s: skipped because another process runs it", row.name)
            return 0
        failed = folder / FAILED
        if is_read_rows(table, row, results) or (failed.is_file() and not retry):
            return 0
        failed.unlink(missing_ok=True)
        logger.info("%s: started", row.name)
        try:
            RowRun(row, folder, data, threads=threads, deadline=deadline, keep_open=[lock.fileno()]).finish()
        except ValueError as error:
            logger.error("%s: failed: %s", row.name, one_line(error))
            write_atomically(failed, json.dumps({"reason": one_line(error)}).encode())
            return 0
        with (runs / table.name / "lock").open("a") as table_lock:
            fcntl.flock(table_lock, fcntl.LOCK_EX)
            record(row, folder, results, table.name, threads)
        logger.info("%s: finished", row.name)
        return 1


def row_folder(table: Table, row: Row, runs: Path) -> Path:
    """The folder of a row. A changed row has another folder and starts again."""
    return runs / table.name / f"{row.name}-{row.digest}"


def is_read_rows(table: Table, row: Row, results: Path) -> bool:
    """Whether the results hold this row in its current form."""
    known = read_rows(results / f"{table.name}.csv")
    return any(each["row"] == row.name and each["digest"] == row.digest for each in known)


@dataclass(frozen=True)
class RowStatus:
    """The progress of a row.

    Args:
        row: the experiment.
        state: finished, running, failed, stopped or pending.
        epochs: number of finished epochs of both stages.
        minutes_left: estimate from the finished epochs of the second stage; None if it is unknown.
        reason: why the row failed.
    """

    row: Row
    state: str
    epochs: int
    minutes_left: float | None
    reason: str = ""


def table_status(table: Table, runs: str | Path = RUNS, results: str | Path = RESULTS) -> list[RowStatus]:
    """The progress of each row of a table."""
    return [_status(table, row, Path(runs), Path(results)) for row in table.rows]


def _status(table: Table, row: Row, runs: Path, results: Path) -> RowStatus:
    folder = row_folder(table, row, runs)
    done = {stage: read_rows(folder / "run" / stage / "epochs.csv") for stage in STAGES}
    epochs = sum(map(len, done.values()))
    if is_read_rows(table, row, results):
        return RowStatus(row, "finished", epochs, 0.0)
    if (folder / FAILED).is_file():
        return RowStatus(row, "failed", epochs, None, json.loads((folder / FAILED).read_text())["reason"])
    left = _minutes_left(row, done)
    if (folder / "lock").is_file():
        with (folder / "lock").open("a") as lock:
            if not _take_lock(lock.fileno()):
                return RowStatus(row, "running", epochs, left)
    return RowStatus(row, "stopped" if epochs else "pending", epochs, left)


def _minutes_left(row: Row, done: dict[str, list[dict[str, str]]]) -> float | None:
    """The time for the remaining epochs, from the mean epoch of the second stage; None before that stage."""
    segmentation = done["segmentation"]
    if not segmentation or "epochs" not in row.values:
        return None
    seconds = sum(float(each["seconds"]) for each in segmentation) / len(segmentation)
    return (int(row.values["epochs"]) - len(segmentation)) * seconds / 60


def _take_lock(descriptor: int) -> bool:
    """Take a lock and return True; False if another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C, so that the process of the current step ends too."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

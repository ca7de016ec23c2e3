"""The queue of a table: unfinished rows one after the other, each by one process at a time, until time is up."""

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
from srs_monai.experiments.records import record, recorded
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
    """Run the rows of a table that are not finished, for a number of minutes.

    A row that was stopped goes on from its last epoch. A row that another process runs is skipped, and so is one that
    failed. A row's lock is the system's, so that it ends with the process, however that ends.

    Args:
        name: of the table, see configs/experiments.
        data: folder that holds the data sets by their names.
        minutes: after which the row at work is stopped.
        threads: of the processor.
        runs: folder for weights, lists and logs of the rows.
        results: folder for TABLE.csv.
        retry: run failed rows again.

    Returns:
        How many rows were finished.

    Raises:
        ValueError: when there is no such table, or no such folder.
    """
    table, data = read_table(name), Path(data).expanduser().resolve()
    if not data.is_dir():
        raise ValueError(f"the data sets lie in one folder, but there is no folder {data}; name it with --data")
    deadline, finished = time.monotonic() + 60 * minutes, 0
    with _ended_by_termination():
        for row in table.rows:
            if time.monotonic() >= deadline:
                break
            try:
                finished += _run_row(table, row, data, threads, deadline, Path(runs), Path(results), retry)
            except TimeUp:
                logger.info("%s: stopped, time is up; the next run goes on with it", row.name)
    return finished


def _run_row(
    table: Table, row: Row, data: Path, threads: int, deadline: float, runs: Path, results: Path, retry: bool
) -> int:
    folder = row_folder(table, row, runs)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        if not _taken(lock.fileno()):
            logger.info("%s: another process runs it", row.name)
            return 0
        failed = folder / FAILED
        if is_recorded(table, row, results) or (failed.is_file() and not retry):
            return 0
        failed.unlink(missing_ok=True)
        logger.info("%s: runs", row.name)
        try:
            RowRun(row, folder, data, threads=threads, deadline=deadline, keep_open=[lock.fileno()]).finish()
        except ValueError as error:
            logger.error("%s: failed: %s", row.name, one_line(error))
            write_atomically(failed, json.dumps({"reason": one_line(error)}).encode())
            return 0
        with (runs / table.name / "lock").open("a") as whole:
            fcntl.flock(whole, fcntl.LOCK_EX)
            record(row, folder, results, table.name, threads)
        logger.info("%s: finished", row.name)
        return 1


def row_folder(table: Table, row: Row, runs: Path) -> Path:
    """The folder of a row; a row that is changed begins anew in another one."""
    return runs / table.name / f"{row.name}-{row.digest}"


def is_recorded(table: Table, row: Row, results: Path) -> bool:
    """Whether the results have this row as it is stated now."""
    known = recorded(results / f"{table.name}.csv")
    return any(each["row"] == row.name and each["digest"] == row.digest for each in known)


@dataclass(frozen=True)
class RowStatus:
    """Where a row stands.

    Args:
        row: the experiment.
        state: finished, running, failed, stopped or pending.
        epochs: of both stages that are done.
        left: minutes that it still takes, by its own epochs so far; None: not known.
        reason: why it failed.
    """

    row: Row
    state: str
    epochs: int
    left: float | None
    reason: str = ""


def table_status(table: Table, runs: str | Path = RUNS, results: str | Path = RESULTS) -> list[RowStatus]:
    """Where the rows of a table stand."""
    return [_status(table, row, Path(runs), Path(results)) for row in table.rows]


def _status(table: Table, row: Row, runs: Path, results: Path) -> RowStatus:
    folder = row_folder(table, row, runs)
    done = {stage: recorded(folder / "run" / stage / "epochs.csv") for stage in STAGES}
    epochs = sum(map(len, done.values()))
    if is_recorded(table, row, results):
        return RowStatus(row, "finished", epochs, 0.0)
    if (folder / FAILED).is_file():
        return RowStatus(row, "failed", epochs, None, json.loads((folder / FAILED).read_text())["reason"])
    left = _minutes_left(row, done)
    if (folder / "lock").is_file():
        with (folder / "lock").open("a") as lock:
            if not _taken(lock.fileno()):
                return RowStatus(row, "running", epochs, left)
    return RowStatus(row, "stopped" if epochs else "pending", epochs, left)


def _minutes_left(row: Row, done: dict[str, list[dict[str, str]]]) -> float | None:
    """What the epochs that are left take, each as long as the mean of its stage; None before the second stage."""
    segmentation = done["segmentation"]
    if not segmentation or "epochs" not in row.values:
        return None
    seconds = sum(float(each["seconds"]) for each in segmentation) / len(segmentation)
    return (int(row.values["epochs"]) - len(segmentation)) * seconds / 60


def _taken(descriptor: int) -> bool:
    """Take a lock; False where another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _ended_by_termination() -> Iterator[None]:
    """End as by Ctrl-C when the process is asked to end, so that a row's own process ends too."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

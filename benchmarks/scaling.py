"""How speed goes with the batch, the image's size, the cores and the number of processes.

    python benchmarks/scaling.py [--runtime openvino]

Each question changes one thing and leaves the others: batch 1, 256 x 256, all cores, one process. The plain form of the
network is measured in turns with the runtime. Cores are given to a process by its affinity; several processes share
all cores evenly and work at the same time.
"""

import argparse
import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from measure.arguments import image_side, parse, parser, positive
from measure.contenders import OfRuntime, Shown, baseline, chosen
from measure.machine import environment
from measure.results import Results
from measure.subjects import Subject
from measure.turns import Spread, spread_names, take_turns, times_as_fast
from measure.worker import Prepare, Worker, WorkerError, available_cores
from srs_monai.runtimes import RUNTIMES, available

logger = logging.getLogger("benchmarks.scaling")

KEYS = ("question", "name", "precision", "batch", "side", "cores_each", "processes")
COLUMNS = ("rounds", *spread_names("images_per_second"), *spread_names("times_baseline"), "note")
PROCESS_BATCHES = 2  # that each of several processes does in a turn


class Processes:
    """Several processes that do the same work at the same time, each on cores of its own.

    Args:
        prepare: the work of each.
        count: how many.
        cores: of this machine, that are shared evenly.
        device: "cpu" or a CUDA device.
        repeats: how often each does a request in one turn.
    """

    def __init__(self, prepare: Prepare, count: int, cores: Sequence[int], device: str, repeats: int = 1) -> None:
        self._stack, self.repeats = ExitStack(), repeats
        share = len(cores) // count
        with ExitStack() as stack:
            self.workers = [
                stack.enter_context(Worker(prepare, cores=cores[share * n : share * (n + 1)], device=device))
                for n in range(count)
            ]
            self._stack = stack.pop_all()

    def seconds(self, request: Any, *, warm_up: int = 0) -> float:
        """From the first's beginning to the last's end."""
        for _ in range(warm_up):
            self._together(request)
        start = time.perf_counter()
        self._together(request)
        return time.perf_counter() - start

    def rest(self) -> None:
        """Give memory back."""
        for worker in self.workers:
            worker.rest()

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _together(self, request: Any) -> None:
        for worker in self.workers:
            worker.begin(request, warm_up=self.repeats - 1)
        for worker in self.workers:
            worker.end()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for and not yet in the file."""
    options = _options(arguments)
    results = Results(
        options.output, keys=KEYS, columns=COLUMNS, environment=environment(options.device), overwrite=options.overwrite
    )
    cores = available_cores()
    everything = (1, options.side, len(cores), 1)
    points = [("batch", [(batch, *everything[1:]) for batch in options.batches])]
    points += [("size", [(1, side, *everything[2:]) for side in options.sides])]
    if options.device == "cpu":
        points += [("cores", [(1, options.side, count, 1) for count in options.cores])]
        points += [("processes", [(1, options.side, len(cores) // count, count) for count in options.processes])]
    for question, settings in points:
        for setting in settings:
            _measure(question, setting, options, results)
    logger.info("%s is complete", options.output)


def _measure(question: str, setting: tuple[int, int, int, int], options: argparse.Namespace, results: Results) -> None:
    """A row for the baseline and one for the runtime."""
    batch, side, cores_each, processes = setting
    subject = Subject(small=options.quick)
    shown = Shown(None, batch, (side, side), options.device)
    plain = baseline(subject, shown)
    field: list[tuple[str, str, Prepare]] = [
        ("plain", plain.precision, plain),
        (options.runtime, options.precision, OfRuntime(subject, options.runtime, shown, options.precision)),
    ]
    place = {"batch": batch, "side": side, "cores_each": cores_each, "processes": processes}
    keys = [{"question": question, "name": name, "precision": precision, **place} for name, precision, _ in field]
    if all(results.row(**key) is not None for key in keys):
        return
    logger.info("%s: batch %d, side %d, %d processes of %d cores", question, batch, side, processes, cores_each)
    repeats = PROCESS_BATCHES if question == "processes" else 1
    ours = available_cores()[: cores_each * processes]
    with ExitStack() as stack:
        try:
            ready = [
                stack.enter_context(Processes(prepare, processes, ours, options.device, repeats))
                for _, _, prepare in field
            ]
        except WorkerError as error:
            results.add(**keys[-1], note=str(error))
            return
        found = take_turns(ready, (0, batch), options.rounds)
        for key, turns, workers in zip(keys, found, ready, strict=True):
            if results.row(**key) is not None:
                continue
            if turns.failure:
                results.add(**key, note=turns.failure)
                continue
            images = batch * processes * repeats
            results.add(
                **key,
                rounds=options.rounds,
                **Spread.of([images / seconds for seconds in turns.seconds]).columns("images_per_second"),
                **times_as_fast(found[0].seconds, turns.seconds).columns("times_baseline"),
                note=workers.workers[0].call(chosen, None),
            )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    cores = len(available_cores())
    made = parser("scaling", __doc__ or "")
    made.set_defaults(rounds=3)
    made.add_argument("--runtime", default="auto", help="auto, or a name of srs_monai.runtimes.RUNTIMES")
    made.add_argument("--precision", default="float32", choices=["float32", "tf32", "bfloat16"])
    made.add_argument("--batches", type=positive, nargs="+", default=[1, 2, 4, 8, 16])
    made.add_argument("--sides", type=image_side, nargs="+", default=[128, 256, 512], help="of square images")
    made.add_argument("--side", type=image_side, default=256, help="where another thing is changed")
    made.add_argument("--cores", type=positive, nargs="+", default=list(range(1, cores + 1)))
    made.add_argument("--processes", type=positive, nargs="+", default=list(range(1, cores + 1)))
    options = parse(made, arguments)
    if options.quick:
        options.batches, options.sides, options.side, options.rounds = [2], [32], 32, 2
        options.cores, options.processes = [1], [1]
    asked = [options.runtime] if options.runtime in RUNTIMES else []
    if options.runtime not in [*available(options.device, asked), "auto"]:
        known = [*available(options.device), "auto"]
        made.error(f"runtimes that are there are {', '.join(known)}; got {options.runtime}")
    most = max(*options.cores, *options.processes)
    if most > cores:
        made.error(f"this machine has {cores} cores, got {most} cores or processes")
    return options


if __name__ == "__main__":
    main()

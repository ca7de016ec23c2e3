"""How fast a network gives probabilities: every runtime, in every precision, against the plain form of the network.

    python benchmarks/inference.py [--images FOLDER]

Baseline, runtimes and rivals each have a process of their own and take turns at the same batch. Ratios are to the
baseline at that batch.
"""

import argparse
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from measure.arguments import folder, image_side, parse, parser, positive
from measure.contenders import (
    COMPARED,
    OfRuntime,
    PlainNetwork,
    Shown,
    as_given,
    baseline,
    baseline_precision,
    chosen,
    computes_in,
    exact,
)
from measure.machine import SECONDS, Products, environment
from measure.results import Results
from measure.subjects import RIVALS, SHIPPED, Subject, gflop, most_expensive, parameters
from measure.turns import Spread, spread_names, take_turns, times_as_fast
from measure.worker import Prepare, Worker, WorkerError
from srs_monai.runtimes import RUNTIMES, available

logger = logging.getLogger("benchmarks.inference")

KEYS = ("kind", "name", "precision", "batch", "height", "width")
COLUMNS = (
    *("rounds", *spread_names("seconds_per_image"), "images_per_second", *spread_names("times_baseline")),
    *("worst_difference", "parameters", "gflop_per_image", "gflop_per_second", "limit_gflop_per_second"),
    *("share_of_limit", "peak_memory_mib", "most_expensive", "note"),
)
PRECISIONS = {"cpu": ("float32", "bfloat16"), "cuda": ("float32", "tf32", "bfloat16")}
BATCHES = {"cpu": (1, 8), "cuda": (1, 8, 64)}
RIVAL_PRECISIONS = {"cpu": ("float32", "bfloat16"), "cuda": ("tf32", "bfloat16")}
REPEATS = {"cpu": 1, "cuda": 10}
#: runtimes of a quick run: they need no compiler, and convert nothing
QUICK = ("channels_last",)


@dataclass(frozen=True)
class Contender:
    """One setting: what its row says of it, and what builds it."""

    kind: str
    name: str
    precision: str
    prepare: Prepare
    parameters: int
    gflop: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for and not yet in the file."""
    options = _options(arguments)
    measurement = Measurement(options)
    measurement.limits()
    measurement.field(measurement.runtimes())
    measurement.field(measurement.rivals())
    logger.info("%s is complete", options.output)


class Measurement:
    """One run of the script.

    Args:
        options: as the command line gives them.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.device = options, options.device
        self.kind = self.device.partition(":")[0]
        self.size = (options.size[0], options.size[1])
        self.subject = Subject(small=options.quick, weights=options.weights)
        self.shown = Shown(options.images, max(*options.batches, COMPARED), self.size, self.device)
        self.results = Results(
            options.output,
            keys=KEYS,
            columns=COLUMNS,
            environment=environment(self.device),
            overwrite=options.overwrite,
        )
        network = self.subject.network("literal")
        self.network_cost = (parameters(network), gflop(network, self.size))

    def limits(self) -> None:
        """A row for each product and precision."""
        for precision in dict.fromkeys([*self.options.precisions, baseline_precision(self.device)]):
            if self._limit(precision) is not None:
                continue
            products = Products(precision, self.device, self.options.quick)
            with Worker(products, device=self.device) as worker:
                rates = worker.result(0.05 if self.options.quick else SECONDS)
            for name, rate in {**rates, "best": max(rates.values())}.items():
                logger.info("limit: %s in %s: %.0f GFLOP/s", name, precision, rate)
                self.results.add(**self._key("limit", name, precision, None), gflop_per_second=rate)

    def runtimes(self) -> list[Contender]:
        """The baseline, and every runtime in every precision."""
        found = [
            Contender(
                "runtime", name, precision, OfRuntime(self.subject, name, self.shown, precision), *self.network_cost
            )
            for name in self.options.runtimes
            for precision in self.options.precisions
            if computes_in(name, precision)
        ]
        return [self._baseline(), *found]

    def rivals(self) -> list[Contender]:
        """The baseline, and networks of MONAI: as they are, and lowered with channels last."""
        found = [self._baseline()]
        for name in self.options.rivals:
            make = RIVALS[name]
            try:
                network = make()
                cost = (parameters(network), gflop(network, self.size))
            except (ValueError, RuntimeError) as error:
                for batch in self.options.batches:
                    self._add_failure(self._key("rival", name, "", batch), str(error))
                continue
            for precision in RIVAL_PRECISIONS[self.kind]:
                plain = PlainNetwork(make, self.shown, precision, channels_last=precision == "bfloat16")
                found.append(Contender("rival", name, precision, plain, *cost))
        return found

    def field(self, contenders: Sequence[Contender]) -> None:
        """Measure those that some batch still lacks, in turns with the baseline, which comes first."""
        plain, *others = contenders
        missing = [one for one in others if any(self._row(one, batch) is None for batch in self.options.batches)]
        if not missing:
            return
        with ExitStack() as stack:
            ready: list[tuple[Contender, Worker]] = []
            for one in (plain, *missing):
                logger.info("preparing %s in %s", one.name, one.precision)
                try:
                    worker = Worker(one.prepare, device=self.device, repeats=REPEATS[self.kind])
                    ready.append((one, stack.enter_context(worker)))
                except WorkerError as error:
                    if one is plain:
                        raise
                    for batch in self.options.batches:
                        self._add_failure(self._key(one.kind, one.name, one.precision, batch), str(error))
            for batch in self.options.batches:
                self._batch(ready, batch)

    def _batch(self, ready: Sequence[tuple[Contender, Worker]], batch: int) -> None:
        """One round of turns after another, and a row for each that has none."""
        logger.info("batch %d: %d settings in turns", batch, len(ready))
        rounds = self.options.rounds
        rewarm = [0 if self.kind == "cpu" else 3] * len(ready)  # a GPU slows down between turns
        found = take_turns([worker for _, worker in ready], (0, batch), rounds, rewarm=rewarm)
        peaks = [
            None if turns.failure else worker.peak_memory() for (_, worker), turns in zip(ready, found, strict=True)
        ]
        reference = ready[0][1].call(exact, batch)
        for (one, worker), turns, peak in zip(ready, found, peaks, strict=True):
            key = self._key(one.kind, one.name, one.precision, batch)
            if self.results.row(**key) is not None:
                continue
            if turns.failure:
                self._add_failure(key, turns.failure)
                continue
            per_image = Spread.of([seconds / batch for seconds in turns.seconds])
            rate, limit = one.gflop / per_image.median, self._limit(one.precision)
            difference = None
            if one.kind != "rival":
                given = worker.call(as_given, batch)
                difference = float((given - reference).abs().max())
            self.results.add(
                **key,
                rounds=rounds,
                **per_image.columns("seconds_per_image"),
                images_per_second=1 / per_image.median,
                **times_as_fast(found[0].seconds, turns.seconds).columns("times_baseline"),
                worst_difference=difference,
                parameters=one.parameters,
                gflop_per_image=one.gflop,
                gflop_per_second=rate,
                limit_gflop_per_second=limit,
                share_of_limit=None if limit is None else rate / limit,
                peak_memory_mib=peak,
                most_expensive=self._profile(worker, batch),
                note=worker.call(chosen, None),
            )
            logger.info("%s in %s: %.4f s an image", one.name, one.precision, per_image.median)

    def _profile(self, worker: Worker, batch: int) -> str | None:
        """Where the time goes, on a GPU or where it is asked for; graphs of other libraries may not say."""
        if not self.options.profile:
            return None
        try:
            return str(worker.call(most_expensive, ((0, batch), self.device)))
        except WorkerError as error:
            logger.info("no profile: %s", error)
            return None

    def _baseline(self) -> Contender:
        prepare = baseline(self.subject, self.shown)
        return Contender("baseline", "plain", prepare.precision, prepare, *self.network_cost)

    def _limit(self, precision: str) -> float | None:
        row = self.results.row(**self._key("limit", "best", precision, None))
        return None if row is None else float(row["gflop_per_second"])

    def _row(self, one: Contender, batch: int) -> dict[str, str] | None:
        return self.results.row(**self._key(one.kind, one.name, one.precision, batch))

    def _key(self, kind: str, name: str, precision: str, batch: int | None) -> dict[str, object]:
        height, width = (None, None) if batch is None else self.size
        return {
            "kind": kind,
            "name": name,
            "precision": precision,
            "batch": batch,
            "height": height,
            "width": width,
        }

    def _add_failure(self, key: dict[str, object], reason: str) -> None:
        if self.results.row(**key) is None:
            logger.warning("%s in %s: %s", key["name"], key["precision"], reason)
            self.results.add(**key, note=reason)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("inference", __doc__ or "")
    made.set_defaults(rounds=4)
    made.add_argument("--batches", type=positive, nargs="+", help="images at once; default: 1 8, on a GPU 1 8 64")
    made.add_argument("--size", type=image_side, nargs=2, default=[256, 256], metavar=("HEIGHT", "WIDTH"))
    made.add_argument("--precisions", nargs="+", choices=PRECISIONS["cuda"], help="default: all of the device")
    made.add_argument("--runtimes", nargs="+", help="default: all that are there")
    made.add_argument("--rivals", nargs="*", choices=RIVALS, default=list(RIVALS), help="networks of MONAI")
    made.add_argument("--images", type=folder, help="pictures to be shown; default: phantoms")
    made.add_argument("--weights", type=str, default=SHIPPED, help="of the network")
    made.add_argument("--profile", action="store_true", help="name the three most expensive kernels; always on a GPU")
    options = parse(made, arguments)
    kind = options.device.partition(":")[0]
    if options.quick:
        options.size, options.rounds = [64, 64], 2
        options.runtimes, options.rivals = options.runtimes or QUICK, options.rivals[:1]
    options.batches = options.batches or ([1, 2] if options.quick else BATCHES[kind])
    options.precisions = options.precisions or PRECISIONS[kind]
    asked = None if options.runtimes is None else [name for name in options.runtimes if name in RUNTIMES]
    there = available(options.device, asked)
    options.runtimes = options.runtimes or [*there, "auto"]
    options.profile = options.profile or kind == "cuda"
    unknown = set(options.precisions) - set(PRECISIONS[kind])
    if unknown:
        made.error(f"a {kind} has the precisions {', '.join(PRECISIONS[kind])}, got {', '.join(sorted(unknown))}")
    missing = set(options.runtimes) - {*there, "auto"}
    if missing:
        there = available(options.device)
        made.error(f"runtimes that are there are {', '.join(there)} and auto; got {', '.join(sorted(missing))}")
    return options


if __name__ == "__main__":
    main()

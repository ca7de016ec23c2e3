"""How long a CT study takes from DICOM to DICOM Segmentation, against its network alone, and how much memory.

    python benchmarks/study.py

`srs_monai.inference.predict` segments a made-up study of 512 x 512 pixels a slice in a process of its own. The network
alone runs, in another, on as many images as the study has slices with something in them. Both take turns. Memory is
asked of a small network as well, which makes long studies short: reading and writing are the same.
"""

import argparse
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from measure.arguments import parse, parser, positive
from measure.contenders import OfRuntime, Shown, baseline
from measure.images import write_study
from measure.machine import environment
from measure.results import Results
from measure.subjects import SHIPPED, SMALL, Subject
from measure.turns import Spread, spread_names, times_as_fast
from measure.worker import Prepare, Run, Worker, WorkerError
from srs_monai.config.settings import settings_path
from srs_monai.weights import save_weights

logger = logging.getLogger("benchmarks.study")

KEYS = ("network", "runtime", "precision", "slices")
COLUMNS = (
    *("slices_with_content", "rounds", *spread_names("seconds_with_imports"), *spread_names("seconds")),
    *(*spread_names("network_seconds"), *spread_names("times_network"), "plain_network_seconds"),
    *("times_plain_network", "peak_memory_mib", "network_peak_memory_mib", "result_mib", "note"),
)
AT_ONCE = 8  # slices given to the network alone at once, as the bundle does
FULL, FAST = "SRSNet", "small SRSNet"


@dataclass(frozen=True)
class Predict:
    """Prepares the segmentation of a study; the request is the folder of the results.

    Args:
        source: the study.
        weights: file of the network's weights, its settings beside it.
        settings: further values of the configuration.
    """

    source: Path
    weights: Path
    settings: tuple[tuple[str, Any], ...]

    def __call__(self) -> Run:
        from srs_monai.inference import predict

        def run(output: str) -> int:
            results = predict(
                self.source, output, weights=self.weights, format="dicom-seg", overwrite=True, **dict(self.settings)
            )
            failed = [result.reason for result in results if result.status == "failed"]
            if failed or not results:
                raise RuntimeError(f"the study was not segmented: {failed[0] if failed else 'no result'}")
            return len(results)

        return run


@dataclass(frozen=True)
class NetworkAlone:
    """Prepares a network on images that lie ready; the request is how many images it sees."""

    prepare: Prepare

    def __call__(self) -> Run:
        run = self.prepare()

        def slices(count: int) -> None:
            for first in range(0, count, AT_ONCE):
                run((0, min(AT_ONCE, count - first)))

        return slices


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for and not yet in the file."""
    options = _options(arguments)
    results = Results(
        options.output, keys=KEYS, columns=COLUMNS, environment=environment(options.device), overwrite=options.overwrite
    )
    with tempfile.TemporaryDirectory(prefix="srs_monai_study_", dir=options.temporary) as temporary:
        for network, slices, precision in _settings(options):
            if results.row(network=network, runtime=options.runtime, precision=precision, slices=slices) is None:
                Study(options, Path(temporary), network, slices, precision).measure(results)
    logger.info("%s is complete", options.output)


class Taken(NamedTuple):
    """Seconds of the work, and of its process from its beginning; the most memory that it held, in MiB."""

    seconds: float
    with_imports: float
    peak_memory: float


class Study:
    """One row: a study of so many slices, segmented by one network.

    Args:
        options: as the command line gives them.
        folder: for the study, the weights and the results.
        network: FULL or FAST.
        slices: how many.
        precision: a name of `DTYPES`.
    """

    def __init__(self, options: argparse.Namespace, folder: Path, network: str, slices: int, precision: str) -> None:
        self.options, self.folder, self.network, self.slices = options, folder, network, slices
        self.precision, self.device = precision, options.device
        side = 64 if network == FAST else 256
        self.subject = Subject(small=network == FAST)
        self.shown = Shown(None, AT_ONCE, (side, side), self.device)

    def measure(self, results: Results) -> None:
        """Segment the study in turns with its network alone, and write the row."""
        source = self.folder / f"study_{self.slices}"
        logger.info("writing a study of %d slices", self.slices)
        filled = self.slices - write_study(source, self.slices, self.options.side)
        weights = self._weights()
        settings = {"runtime": self.options.runtime, "precision": self.precision, "device": self.device}
        settings |= dict(self.options.set)
        predicting = Predict(source, weights, tuple(settings.items()))
        alone = NetworkAlone(OfRuntime(self.subject, self.options.runtime, self.shown, self.precision))
        rounds = 1 if self.network == FAST else self.options.rounds
        key = {"network": self.network, "runtime": self.options.runtime, "precision": self.precision}
        whole: list[Taken] = []
        network: list[Taken] = []
        try:
            self._take(
                alone, AT_ONCE, self.device
            )  # fills the caches: of converted graphs, of which runtime is fastest
            for number in range(rounds):
                logger.info("%d slices, round %d", self.slices, number + 1)
                turns: list[tuple[list[Taken], Prepare, object, str]] = [
                    (whole, predicting, str(self.folder / "results"), "cpu"),
                    (network, alone, filled, self.device),
                ]
                for taken, prepare, request, device in turns if number % 2 == 0 else reversed(turns):
                    taken.append(self._take(prepare, request, device))
            plain = self._plain_seconds(filled)
            written = sum(path.stat().st_size for path in (self.folder / "results").rglob("*.dcm"))
        except WorkerError as error:
            logger.warning("%s", error)
            results.add(**key, slices=self.slices, note=str(error))
            return
        finally:
            for folder in (source, self.folder / "results"):
                shutil.rmtree(folder, ignore_errors=True)
        seconds, network_seconds = [one.seconds for one in whole], [one.seconds for one in network]
        results.add(
            **key,
            slices=self.slices,
            slices_with_content=filled,
            rounds=rounds,
            **Spread.of([one.with_imports for one in whole]).columns("seconds_with_imports"),
            **Spread.of(seconds).columns("seconds"),
            **Spread.of(network_seconds).columns("network_seconds"),
            **times_as_fast(seconds, network_seconds).columns("times_network"),  # 1.15: 15 % longer
            plain_network_seconds=plain,
            times_plain_network=None if plain is None else plain / Spread.of(seconds).median,
            peak_memory_mib=max(one.peak_memory for one in whole),
            network_peak_memory_mib=max(one.peak_memory for one in network),
            result_mib=written / 2**20,
        )
        logger.info("%d slices: %.1f s, the network alone %.1f s", self.slices, seconds[-1], network_seconds[-1])

    def _take(self, prepare: Prepare, request: object, device: str) -> Taken:
        """A process for one piece of work, by the clock of a device."""
        start = time.perf_counter()
        with Worker(prepare, device=device) as worker:
            seconds = worker.seconds(request)
            return Taken(seconds, time.perf_counter() - start, worker.peak_memory())

    def _plain_seconds(self, filled: int) -> float | None:
        """Seconds of the plain network for all slices, from some of them."""
        if self.network == FAST or not self.options.baseline_slices:
            return None
        plain = NetworkAlone(baseline(self.subject, self.shown))
        with Worker(plain, device=self.device) as worker:
            seconds = worker.seconds(self.options.baseline_slices)
        return seconds / int(self.options.baseline_slices) * filled

    def _weights(self) -> Path:
        """The shipped weights, or a small network's beside settings of their own."""
        if self.network == FULL:
            return SHIPPED
        path = self.folder / "small.pt"
        save_weights(self.subject.network().state_dict(), path)
        settings = json.loads(settings_path(SHIPPED).read_text(encoding="utf-8"))
        settings["network_def"] |= {name: list(v) if isinstance(v, tuple) else v for name, v in SMALL.items()}
        settings["image_size"] = list(self.shown.size)
        settings_path(path).write_text(json.dumps(settings), encoding="utf-8")
        return path


def _settings(options: argparse.Namespace) -> list[tuple[str, int, str]]:
    """Network, slices and precision of each row."""
    fast = [(FAST, slices, "float32") for slices in options.memory_slices]
    if options.fast_network:
        return fast
    full = [(FULL, slices, precision) for slices in options.slices for precision in options.precisions]
    return [*full, *fast]


def _pair(text: str) -> tuple[str, str]:
    """NAME=VALUE."""
    name, given, value = text.partition("=")
    if not given or not name:
        raise argparse.ArgumentTypeError(f"a setting is NAME=VALUE, got {text}")
    return name, value


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("study", __doc__ or "")
    made.set_defaults(rounds=2)
    made.add_argument("--slices", type=positive, nargs="+", default=[300], help="of studies for the network")
    made.add_argument("--memory-slices", type=positive, nargs="+", default=[100, 300, 1000], help="for the small one")
    made.add_argument("--fast-network", action="store_true", help="the small network alone, for memory")
    made.add_argument("--runtime", default="auto", help="auto, or a name of srs_monai.runtimes.RUNTIMES")
    made.add_argument("--precisions", nargs="+", choices=["float32", "bfloat16"], default=["float32", "bfloat16"])
    made.add_argument("--baseline-slices", type=int, default=40, help="for the plain network's time; 0: leave it out")
    made.add_argument("--side", type=positive, default=512, help="of a slice, in pixels")
    made.add_argument("--temporary", type=Path, help="folder for studies and results; default: the system's")
    made.add_argument("--set", type=_pair, nargs="*", default=[], metavar="NAME=VALUE", help="of the configuration")
    options = parse(made, arguments)
    if options.quick:
        options.memory_slices, options.fast_network, options.rounds, options.side = [12], True, 1, 64
    return options


if __name__ == "__main__":
    main()

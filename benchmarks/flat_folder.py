"""How long a folder that holds many DICOM series takes to segment, how often its files are read, and how much memory.

    python benchmarks/flat_folder.py

`srs_monai.inference.predict` segments a folder of made-up CT series, all files side by side as archives export them, in
a process of its own. The network is one convolution of single pixels, so reading and writing take most of the time.
"""

import argparse
import json
import logging
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import torch

from measure.arguments import parse, parser, positive
from measure.images import write_study
from measure.machine import environment
from measure.results import Results
from measure.worker import Run, Worker
from srs_monai.weights import save_weights

logger = logging.getLogger("benchmarks.flat_folder")

KEYS = ("series", "slices", "side", "format")
COLUMNS = ("files", "seconds", "reader_calls", "calls_per_file", "most_calls_of_a_file", "peak_memory_mib")


@dataclass(frozen=True)
class Predict:
    """Prepares the segmentation of a folder; the request is the folder of the results.

    The result is the time in seconds and how often pydicom began to read each of the files.

    Args:
        source: the folder.
        weights: file of the network's weights, its settings beside it.
        format: of the masks.
    """

    source: Path
    weights: Path
    format: str

    def __call__(self) -> Run:
        from srs_monai.inference import predict

        calls: Counter[str] = Counter()
        read = pydicom.filereader.read_partial

        def counted(file: Any, *arguments: Any, **options: Any) -> Any:
            calls[str(file.name)] += 1
            return read(file, *arguments, **options)

        def run(output: str) -> tuple[float, Counter[str]]:
            pydicom.filereader.read_partial = counted
            start = time.perf_counter()
            results = predict(
                self.source, output, weights=self.weights, format=self.format, trust_settings=True, device="cpu"
            )
            failed = [result.reason for result in results if result.status != "segmented"]
            if failed or not results:
                raise RuntimeError(f"the folder was not segmented: {failed[0] if failed else 'no result'}")
            return time.perf_counter() - start, calls

        return run


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for and not yet in the file."""
    options = _options(arguments)
    results = Results(
        options.output, keys=KEYS, columns=COLUMNS, environment=environment("cpu"), overwrite=options.overwrite
    )
    with tempfile.TemporaryDirectory(prefix="srs_monai_flat_folder_", dir=options.temporary) as temporary:
        for series in options.series:
            key = {"series": series, "slices": options.slices, "side": options.side, "format": options.format}
            if results.row(**key) is None:
                results.add(**key, **_measured(options, series, Path(temporary) / str(series)))
    logger.info("%s is complete", options.output)


def _measured(options: argparse.Namespace, series: int, folder: Path) -> dict[str, Any]:
    """The measured columns of a folder of so many series."""
    source, files = folder / "flat", series * options.slices
    logger.info("writing %d series of %d slices", series, options.slices)
    _write_series(source, series, options.slices, options.side)
    logger.info("segmenting %d files", files)
    with Worker(Predict(source, _weights(folder), options.format)) as worker:
        seconds, calls = worker.result(str(folder / "results"))
        memory = worker.peak_memory()
    total = sum(calls.values())
    logger.info("%d files: %.1f s, %d calls of the reader", files, seconds, total)
    return {
        "files": files,
        "seconds": seconds,
        "reader_calls": total,
        "calls_per_file": total / files,
        "most_calls_of_a_file": max(calls.values()),
        "peak_memory_mib": memory,
    }


def _write_series(folder: Path, series: int, slices: int, side: int) -> None:
    """Copies of one made-up study as series of their own, all in one folder."""
    study = folder.with_name("study")
    write_study(study, slices, side)
    folder.mkdir(parents=True)
    for file in sorted(study.iterdir()):
        dataset = pydicom.dcmread(file)
        uids = dataset.SeriesInstanceUID, dataset.SOPInstanceUID
        for number in range(series):
            dataset.SeriesInstanceUID, instance = (pydicom.uid.UID(f"{uid}.{number + 1}") for uid in uids)
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = instance
            dataset.save_as(folder / f"{number:03d}_{file.name}")


def _weights(folder: Path) -> Path:
    """Weights of a convolution that calls bright pixels foreground, beside their settings."""
    path = folder / "model.pt"
    save_weights({"weight": torch.full((1, 3, 1, 1), 9.0), "bias": torch.tensor([-18.0])}, path)
    network = {"_target_": "torch.nn.Conv2d", "in_channels": 3, "out_channels": 1, "kernel_size": 1}
    settings = {"network_def": network, "image_size": None, "intensity": "window"}
    path.with_suffix(".json").write_text(json.dumps({"provenance": {}, **settings}), encoding="utf-8")
    return path


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("flat_folder", __doc__ or "")
    made.add_argument("--series", type=positive, nargs="+", default=[8, 30], help="in a folder")
    made.add_argument("--slices", type=positive, default=300, help="of each series")
    made.add_argument("--side", type=positive, default=64, help="of a slice, in pixels")
    made.add_argument("--format", choices=["nifti", "dicom-seg", "rtstruct"], default="dicom-seg", help="of the masks")
    made.add_argument("--temporary", type=Path, help="folder for series and results; default: the system's")
    options = parse(made, arguments)
    if options.quick:
        options.series, options.slices, options.side = [2, 4], 12, 32
    return options


if __name__ == "__main__":
    main()

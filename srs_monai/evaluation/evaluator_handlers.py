"""Handlers of an evaluator: the table of metrics of its run, and a progress bar over its cases."""

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from monai.data import MetaTensor
from monai.utils import CommonKeys, ImageMetaKey
from tqdm import tqdm

from srs_monai.data.file_names import SOURCE_SUFFIXES, without_ending
from srs_monai.evaluation.label_metrics import case_rows, check_labels
from srs_monai.evaluation.mask_files import spacing_mm
from srs_monai.evaluation.metrics_table import MetricTable, Row, check_output
from srs_monai.progress import ProgressBar

_logger = logging.getLogger(__name__)


class CaseMetrics:
    """Evaluator handler: measure every case of a MONAI evaluator, and write the table at the end of its run.

    The evaluator's output must be decollated and post-processed: `pred` and `label` (1, H, W[, D]) are masks, or maps
    of label values if `labels` is given. The meta data of the image give the name of the case and its spacing.
    Distances are in mm if the spacing is known, else in pixels.

    Args:
        output_dir: folder for metrics.csv, metrics.json and summary.md.
        labels: name of each label value, {1: "liver", 2: "spleen"}; None for one foreground.
        original_definition: also compute the metrics of the authors' release.
        overwrite: replace tables that exist in output_dir.

    Attributes:
        table: the table of the last run; None before it.

    Raises:
        ValueError: if the labels are invalid, or output_dir already has tables.
    """

    def __init__(
        self,
        output_dir: str | Path,
        *,
        labels: Mapping[int, str] | None = None,
        original_definition: bool = False,
        overwrite: bool = False,
    ) -> None:
        check_labels(labels, original_definition)
        check_output(output_dir, overwrite)
        self.output_dir = Path(output_dir)
        self.options: dict[str, Any] = {"labels": labels, "original_definition": original_definition}
        self.table: MetricTable | None = None
        self._cases: list[tuple[Path, int | None, list[Row]]] = []

    def attach(self, engine: Engine) -> None:
        """Follow a run of the evaluator."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._measure)
        engine.add_event_handler(Events.COMPLETED, self._finish)

    def _start(self, engine: Engine) -> None:
        """Discard the cases of an earlier run."""
        self._cases = []

    def _measure(self, engine: Engine) -> None:
        """Measure the cases of one batch."""
        for output in engine.state.output:
            image = output[CommonKeys.IMAGE]
            meta = image.meta if isinstance(image, MetaTensor) else {}
            source = Path(str(meta.get(ImageMetaKey.FILENAME_OR_OBJ, len(self._cases) + 1)))
            number = int(meta["slice"]) if "slice" in meta else None
            rows = case_rows(
                _name(source.name, number),
                output[CommonKeys.PRED][0],
                output[CommonKeys.LABEL][0],
                spacing=spacing_mm(image),
                **self.options,
            )
            self._cases.append((source, number, rows))

    def _finish(self, engine: Engine) -> None:
        """Name the cases, relative to their common folder, write the table, and log its place."""
        folders = [str(source.parent) for source, _, _ in self._cases]
        common = os.path.commonpath(folders) if folders else ""
        rows = [
            replace(row, case=_name(os.path.relpath(source, common), number))
            for source, number, case in self._cases
            for row in case
        ]
        self.table = MetricTable(rows)
        paths = self.table.save(self.output_dir)
        _logger.info("%s\n%s", self.table.to_markdown(), "\n".join(f"written: {path.resolve()}" for path in paths))


class CaseProgress(ProgressBar):
    """Evaluator handler: one progress bar for the run, with the remaining time."""

    def _open(self, engine: Engine) -> None:
        # ignite counts batches; a batch is one case, unless cases are evaluated on the grid of the network
        self.bar = tqdm(total=engine.state.epoch_length, desc="evaluating", unit="batch", dynamic_ncols=True)

    def _step(self, engine: Engine) -> None:
        self.bar.update()


def _name(source: str, number: int | None) -> str:
    """The name of the case in a file, or in one slice of it."""
    case = str(without_ending(Path(source), SOURCE_SUFFIXES)[0])
    return case if number is None else f"{case} slice {number}"

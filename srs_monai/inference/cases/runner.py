"""A batch of cases. One failed case does not stop the others."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from monai.data import DataLoader, Dataset
from monai.engines import Evaluator
from torch.utils.data import Subset
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from srs_monai.errors import one_line, root_cause
from srs_monai.files import make_folder
from srs_monai.inference.cases.conveyor import Conveyor, Outcome
from srs_monai.inference.cases.pipeline import CaseSteps
from srs_monai.inference.results.case_result import Result
from srs_monai.inference.results.earlier_results import check_finished
from srs_monai.inference.results.result_names import is_finished
from srs_monai.inference.results.sidecar import Run
from srs_monai.inference.writers.mask_formats import check_source

logger = logging.getLogger(__name__)


class FailedCasesError(RuntimeError):
    """Some cases of a batch failed; all others have results.

    Args:
        results: results of all cases, also of the failed ones.
    """

    def __init__(self, results: Sequence[Result]) -> None:
        self.results = list(results)
        failed = [result for result in results if result.status == "failed"]
        tried = [result for result in results if result.status != "left"]
        listed = [f"{result.name}: {result.reason}" for result in failed]
        super().__init__(
            f"{len(failed)} of {len(tried)} cases failed; the others were segmented:\n  " + "\n  ".join(listed)
        )


def run_cases(
    evaluator: Evaluator,
    dataset: Dataset,
    output_dir: str | Path,
    overwrite: bool = False,
    format: str = "auto",
    run: Run | None = None,
    postprocessing: Callable[[dict[Any, Any]], dict[Any, Any]] | None = None,
    handlers: Sequence[Any] = (),
) -> list[Result]:
    """Segment a data set case by case. Cases that already have results are skipped.

    With a `postprocessing`, different cases are loaded, computed and written at the same time (see `CaseSteps`).
    Without it, or if the evaluator has handlers or uses AMP, the evaluator runs for one case after the other.

    Args:
        evaluator: its postprocessing writes the results, the sidecar last.
        dataset: items with a "name" (see `find_sources`).
        output_dir: folder for the results; it is created if it is missing.
        overwrite: replace existing results.
        format: requested format of the masks.
        run: what the sidecars say about the run; existing results are compared with it.
        postprocessing: the evaluator's postprocessing.
        handlers: the evaluator's handlers.

    Returns:
        The results of all cases, in their order.

    Raises:
        ValueError: when no weights were loaded into the network; when output_dir cannot be created or written; when it
            holds results of these cases that were made from another source, with other weights or settings, or in
            another format.
        FailedCasesError: at the end, when any case failed. Each failure is also logged when it happens.
    """
    if run is not None:
        run.use(evaluator.network)
    make_folder(output_dir)
    items = [(str(item["name"]), _source(item.get("image"))) for item in dataset.data]
    left = {name for name, _ in items if not overwrite and is_finished(output_dir, name)}
    check_finished(output_dir, [item for item in items if item[0] in left], format=format, run=run)
    if left:
        logger.warning(
            "%d of %d cases are skipped because %s already has their results; use overwrite (--overwrite) to replace "
            "them",
            len(left),
            len(items),
            output_dir,
        )
    todo = [i for i, (name, _) in enumerate(items) if name not in left]
    results = {
        i: Result.from_sidecar(output_dir, name, source, "left")
        for i, (name, source) in enumerate(items)
        if name in left
    }
    if postprocessing is None or handlers or getattr(evaluator, "amp", False) or type(dataset) is not Dataset:
        outcomes = _one_by_one(evaluator, dataset, todo, format)
    else:
        outcomes = _at_once(CaseSteps(evaluator, dataset.transform, postprocessing, format), dataset, todo)
    with (
        logging_redirect_tqdm(),
        tqdm(total=len(todo), desc="segmenting", unit="case", dynamic_ncols=True, disable=None) as bar,
        closing(outcomes),
    ):
        for i, outcome in zip(todo, outcomes, strict=True):
            name, source = items[i]
            bar.set_postfix_str(name)
            if outcome.error is not None:
                reason = one_line(root_cause(outcome.error))
                results[i] = Result(name, source, "failed", reason, outcome.seconds)
                logger.error("%s failed: %s", name, reason)
            else:
                results[i] = Result.from_sidecar(output_dir, name, source, "segmented", outcome.seconds)
                if bar.disable:  # there is no terminal
                    logger.info("%s segmented in %.1f s", name, outcome.seconds)
            bar.update()
    ordered = [results[i] for i in range(len(items))]
    count = Counter(result.status for result in ordered)
    logger.info("%d segmented, %d failed, %d skipped", count["segmented"], count["failed"], count["left"])
    if count["failed"]:
        raise FailedCasesError(ordered)
    return ordered


def _at_once(steps: CaseSteps, dataset: Dataset, numbers: Sequence[int]) -> Generator[Outcome[Any], None, None]:
    """Outcomes of cases that are loaded, computed and written at the same time."""
    with closing(steps), closing(iter(Conveyor(steps, [dataset.data[i] for i in numbers]))) as outcomes:
        yield from outcomes


def _one_by_one(
    evaluator: Evaluator, dataset: Dataset, numbers: Sequence[int], format: str
) -> Generator[Outcome[Any], None, None]:
    """Outcomes of cases for which the evaluator runs one after the other."""
    evaluator.interrupt_resume_enabled = False  # otherwise ignite does nothing in the run after a failed one
    evaluator.logger = _silent()  # the caller logs the cause once
    evaluator.state.epoch_length = 1
    for i in numbers:
        case, started = dataset.data[i], time.monotonic()
        failed: Exception | None = None
        evaluator.data_loader = DataLoader(Subset(dataset, [i]), batch_size=1)
        try:
            check_source(_source(case.get("image")), format)
            evaluator.run()
        except Exception as error:  # one failed case does not stop the others
            failed = error
        yield Outcome(case, failed, time.monotonic() - started)


def _source(image: Any) -> str:
    """The path of an item's image; "" if the item holds the image itself."""
    return str(image) if isinstance(image, str | Path) else ""


def _silent() -> logging.Logger:
    silent = logging.getLogger(f"{__name__}.engine")
    silent.setLevel(logging.CRITICAL + 1)
    return silent

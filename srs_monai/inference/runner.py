"""A batch of cases, each by itself: what fails holds up no other."""

import logging
from pathlib import Path

from monai.data import DataLoader, Dataset
from monai.engines import Evaluator
from torch.utils.data import Subset
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from srs_monai.errors import one_line, root_cause
from srs_monai.files import check_folder
from srs_monai.inference.results import is_finished

logger = logging.getLogger(__name__)


class FailedCasesError(RuntimeError):
    """Some cases of a batch could not be segmented; all others were."""


def run_cases(
    evaluator: Evaluator, dataset: Dataset, output_dir: str | Path, overwrite: bool = False, format: str = "auto"
) -> list[str]:
    """Run an evaluator over its data set case by case, skipping those whose results are there already.

    Args:
        evaluator: whose postprocessing writes the results, the sidecar last.
        dataset: of items with a "name" (see `find_sources`).
        output_dir: where the results go.
        overwrite: make results that are there anew, instead of leaving them untouched.
        format: that was asked for; cases whose results are there in another one are run.

    Returns:
        Names of the cases that were run.

    Raises:
        ValueError: when output_dir cannot be a folder of results.
        FailedCasesError: at the end, when any case failed; each is logged with its cause when it does.
    """
    check_folder(output_dir)
    names = [str(item["name"]) for item in dataset.data]
    todo = [i for i, name in enumerate(names) if overwrite or not is_finished(output_dir, name, format)]
    if len(todo) < len(names):
        logger.warning(
            "%d of %d cases have their results in %s already and are left as they are; overwrite: true makes them anew",
            len(names) - len(todo),
            len(names),
            output_dir,
        )
    failed: dict[str, str] = {}
    evaluator.interrupt_resume_enabled = False  # else ignite's run after a failed one does nothing
    evaluator.logger = _silent()  # the cause is logged here, once
    evaluator.state.epoch_length = 1
    with logging_redirect_tqdm(), tqdm(todo, desc="segmenting", unit="case", dynamic_ncols=True) as bar:
        for i in bar:
            bar.set_postfix_str(names[i])
            evaluator.data_loader = DataLoader(Subset(dataset, [i]), batch_size=1)
            try:
                evaluator.run()
            except Exception as error:  # whatever happens to one case, the others go on
                failed[names[i]] = one_line(root_cause(error))
                logger.error("%s failed: %s", names[i], failed[names[i]])
    done = [names[i] for i in todo if names[i] not in failed]
    logger.info("%d segmented, %d failed, %d left as they were", len(done), len(failed), len(names) - len(todo))
    if failed:
        raise FailedCasesError(_summary(failed, len(todo)))
    return done


def _silent() -> logging.Logger:
    silent = logging.getLogger(f"{__name__}.engine")
    silent.setLevel(logging.CRITICAL + 1)
    return silent


def _summary(failed: dict[str, str], count: int) -> str:
    listed = [f"{name}: {reason}" for name, reason in failed.items()]
    return f"{len(failed)} of {count} cases could not be segmented, all others were:\n  " + "\n  ".join(listed)

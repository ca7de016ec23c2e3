"""The check of a run's images and masks before training starts."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from srs_monai.errors import one_line, root_cause
from srs_monai.progress import in_threads

logger = logging.getLogger(__name__)


def check_items(datasets: Sequence[Any], *, wanted: bool = True) -> None:
    """Request every item of some datasets, with its mask; their caches keep the images for training.

    Headers do not show truncated pixels or unknown labels, and masks are not used before stage two. A volume is read
    once, not slice by slice.

    Args:
        datasets: MONAI datasets with `data`, such as `SliceCacheDataset`.
        wanted: False skips the check.

    Raises:
        ValueError: with the first fault and the number of faults; the log has all of them.
    """
    if not wanted:
        return
    first: dict[Any, partial[Any]] = {}
    for dataset in datasets:
        for index, item in enumerate(dataset.data):
            first.setdefault(item["image"], partial(dataset.__getitem__, index))
    logger.info("checking %d images and their masks", len(first))
    found = [fault for fault in in_threads(_fault, list(first.values()), "checking") if fault]
    if found:
        for fault in found[1:]:
            logger.error("%s", fault)
        raise ValueError(found[0] if len(found) == 1 else f"{len(found)} images cannot be used; the first: {found[0]}")


def _fault(read: partial[Any]) -> str:
    """Why an item cannot be used; "" if it can."""
    try:
        read()
    except Exception as error:  # MONAI wraps the causes in errors of its own
        return one_line(root_cause(error))
    return ""

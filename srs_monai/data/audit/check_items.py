"""The check of a run's images and masks before training starts."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from srs_monai.errors import one_line, root_cause
from srs_monai.progress import in_threads

logger = logging.getLogger(__name__)


def check_items(
    datalists: Mapping[str, Sequence[Mapping[str, Any]]], transform: Callable[[Any], Any], *, wanted: bool = True
) -> None:
    """Apply the deterministic transforms to every labelled training and validation item, and discard the results.

    Headers do not show truncated pixels or unknown labels, and masks are not read before stage two. A volume is read
    once, not slice by slice.

    Args:
        datalists: a data list from `load_datalist`.
        transform: the deterministic transforms of training.
        wanted: False skips the check.

    Raises:
        ValueError: with the first fault and the number of faults; the log has all of them.
    """
    if not wanted:
        return
    items = [item for section in ("training", "validation") for item in datalists[section] if "label" in item]
    once = list({item["image"]: item for item in items}.values())
    logger.info("checking %d images and their masks", len(once))
    found = [fault for fault in in_threads(lambda item: _fault(item, transform), once, "checking") if fault]
    if found:
        for fault in found[1:]:
            logger.error("%s", fault)
        raise ValueError(found[0] if len(found) == 1 else f"{len(found)} images cannot be used; the first: {found[0]}")


def _fault(item: Mapping[str, Any], transform: Callable[[Any], Any]) -> str:
    """Why an item cannot be used; "" if it can."""
    try:
        transform(dict(item))
    except Exception as error:  # MONAI wraps the causes in errors of its own
        return one_line(root_cause(error))
    return ""

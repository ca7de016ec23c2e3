"""The options that all kinds of data lists share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

Item = dict[str, Any]
Datalist = dict[str, list[Item]]  # items of the sections "training", "validation" and "test"


@dataclass(frozen=True, kw_only=True)
class DatalistOptions:
    """Where images and masks are and how they are split; see `load_datalist` for those that are not explained here.

    Args:
        report_leaks: compare the images of given splits and warn of near-duplicates and patients in two sections.
        earlier_split: folder with the lists of a run that is resumed or measured; None: there is no such run.
    """

    split: str
    include_normal: bool
    images_dir: str
    masks_dir: str | None
    mask_suffix: str
    train_list: str | None
    val_list: str | None
    test_list: str | None
    fold: int
    val_fraction: float
    seed: int
    report_leaks: bool
    earlier_split: Path | None

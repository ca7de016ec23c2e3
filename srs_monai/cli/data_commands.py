"""The commands `srs-monai data`: which data sets are known, what is wrong with a copy, how it is split."""

import argparse
import logging
import shutil

logger = logging.getLogger(__name__)


def add_data_commands(data: argparse.ArgumentParser) -> None:
    """Add the commands list, check and split."""
    commands = data.add_subparsers(dest="data_command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the published data sets that are known")
    check = commands.add_parser("check", help="read every image and mask, and say what training would refuse")
    _add_place(check)
    split = commands.add_parser("split", help="write train.txt and val.txt, copies and patients undivided")
    _add_place(split)
    split.add_argument("--output", required=True, metavar="DIR", help="folder for the lists")
    split.add_argument(
        "--split", default="1", help="1, 2 or 3 (drawn), or a published one's name (default: %(default)s)"
    )
    split.add_argument("--seed", type=int, help="of what is drawn (default: the split's number)")
    split.add_argument(
        "--fraction", type=float, default=0.3, help="of the images to validate on (default: %(default)s)"
    )
    split.add_argument(
        "--include-normal", action="store_true", help="draw from images without anything to segment, too"
    )
    split.add_argument("--overwrite", action="store_true", help="put these lists in place of others")


def _add_place(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", help="of the data set, as `srs-monai data list` shows it")
    command.add_argument("path", help="folder of the data set")


def run_data(options: argparse.Namespace) -> int:
    """Run one of the commands; the exit status is 1 when training would refuse what was checked."""
    if options.data_command == "list":
        return _list()
    if options.data_command == "check":
        return _check(options)
    return _split(options)


def _list() -> int:
    from srs_monai.data.audit.dataset_table import dataset_table

    logger.info("%s", "\n".join(dataset_table(width=shutil.get_terminal_size((160, 24)).columns)))
    return 0


def _check(options: argparse.Namespace) -> int:
    from srs_monai.data.audit.check_dataset import check_dataset

    report = check_dataset(options.name, options.path)
    logger.info("%s", "\n".join(report.lines()))
    return 1 if report.faults else 0


def _split(options: argparse.Namespace) -> int:
    from srs_monai.data.datalists.recipe_split import split_dataset
    from srs_monai.data.split_lists import SECTION_LISTS

    sections = split_dataset(
        options.name,
        options.path,
        options.output,
        split=options.split,
        seed=options.seed,
        val_fraction=options.fraction,
        include_normal=options.include_normal,
        replace=options.overwrite,
    )
    counts = [f"{SECTION_LISTS[section]}: {len(names)}" for section, names in sections.items() if names]
    logger.info("%s: %s", options.output, ", ".join(counts))
    return 0

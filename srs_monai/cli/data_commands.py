"""The commands `srs-monai data`: list the known data sets, check a copy of one, and split it."""

import argparse
import logging
import shutil

logger = logging.getLogger(__name__)


def add_data_commands(data: argparse.ArgumentParser) -> None:
    """Add the commands list, check and split."""
    commands = data.add_subparsers(dest="data_command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="list the known published data sets")
    check = commands.add_parser("check", help="read every image and mask, and report what training would reject")
    _add_place(check)
    split = commands.add_parser("split", help="write train.txt and val.txt, with copies and patients kept together")
    _add_place(split)
    split.add_argument("--output", required=True, metavar="DIR", help="folder for the lists")
    split.add_argument(
        "--split", default="1", help="1, 2 or 3 (random), or the name of a published split (default: %(default)s)"
    )
    split.add_argument("--seed", type=int, help="seed of a random split (default: the number of the split)")
    split.add_argument(
        "--fraction", type=float, default=0.3, help="fraction of validation images (default: %(default)s)"
    )
    split.add_argument("--include-normal", action="store_true", help="also include images without foreground")
    split.add_argument("--overwrite", action="store_true", help="replace existing lists")


def _add_place(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", help="name of the data set, as `srs-monai data list` shows it")
    command.add_argument("path", help="folder of the data set")


def run_data(options: argparse.Namespace) -> int:
    """Run one of the commands. The exit status is 1 if training would reject the checked data set."""
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

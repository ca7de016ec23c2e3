"""The commands `srs-monai experiments`: run the rows of a table, show their progress, and show the results."""

import argparse
import logging

logger = logging.getLogger(__name__)


def add_experiments_commands(experiments: argparse.ArgumentParser) -> None:
    """Add the commands run, status and table."""
    commands = experiments.add_subparsers(dest="experiments_command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="train and measure the unfinished rows")
    _add_table(run)
    run.add_argument("--data", required=True, metavar="DIR", help="folder of the data sets, each named like its recipe")
    run.add_argument("--minutes", required=True, type=float, help="time after which the current row is stopped")
    run.add_argument("--threads", type=int, default=1, help="processor threads (default: %(default)s)")
    run.add_argument("--retry", action="store_true", help="run failed rows again")
    _add_table(commands.add_parser("status", help="show which rows are finished, running, stopped, failed and pending"))
    _add_table(commands.add_parser("table", help="show the finished rows as a table in Markdown"))


def _add_table(command: argparse.ArgumentParser) -> None:
    command.add_argument("table", help="name of a file in configs/experiments, without its ending")
    command.add_argument("--runs", metavar="DIR", help="folder for weights, lists and logs (default: runs/experiments)")
    command.add_argument("--results", metavar="DIR", help="folder for the results (default: docs/results)")


def run_experiments(options: argparse.Namespace) -> int:
    """Run one of the commands."""
    from srs_monai.experiments import page, queue, rows

    runs, results = options.runs or queue.RUNS, options.results or queue.RESULTS
    if options.experiments_command == "run":
        finished = queue.run_table(
            options.table,
            options.data,
            minutes=options.minutes,
            threads=options.threads,
            runs=runs,
            results=results,
            retry=options.retry,
        )
        logger.info("rows finished: %d", finished)
        return 0
    table = rows.read_table(options.table)
    if options.experiments_command == "status":
        logger.info("%s", page.status_text(queue.table_status(table, runs, results)))
    else:
        logger.info("%s", page.results_text(table, results))
    return 0

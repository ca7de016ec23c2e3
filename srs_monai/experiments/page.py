"""Tables of experiments as text: the progress of the rows, and the measures of the finished rows."""

from collections.abc import Sequence
from pathlib import Path

from srs_monai.experiments.queue import RowStatus
from srs_monai.experiments.records import read_rows
from srs_monai.experiments.rows import Table
from srs_monai.text import text_table

#: measures of a results page: heading, column of the CSV, factor, decimals
_MEASURES = (("IoU", "iou", 100, 1), ("Dice", "dice_f1", 100, 1), ("pooled IoU", "pooled_iou", 100, 1))


def status_text(rows: Sequence[RowStatus]) -> str:
    """One line for each row: name, state, finished epochs, and the minutes left or the reason of a failure."""
    lines = []
    for each in rows:
        left = "" if not each.minutes_left else f"about {each.minutes_left:.0f} minutes left"
        lines.append((each.row.name, each.state, f"{each.epochs} epochs", each.reason or left))
    return "\n".join(line.rstrip() for line in text_table(lines))


def results_text(table: Table, results: str | Path) -> str:
    """The finished rows of a table in Markdown, in the order of the table."""
    found = {(each["row"], each["digest"]): each for each in read_rows(Path(results) / f"{table.name}.csv")}
    rows = [found[row.name, row.digest] for row in table.rows if (row.name, row.digest) in found]
    heading = ["experiment", "test images", *(name for name, *_ in _MEASURES), "epochs", "minutes", "threads", "device"]
    lines = [heading, ["---"] * len(heading)]
    for each in rows:
        measures = [_mean_and_deviation(each, column, factor, decimals) for _, column, factor, decimals in _MEASURES]
        epochs = f"{each['reconstruction_epochs']} + {each['segmentation_epochs']}"
        device = each["processor"]
        lines.append([each["row"], each["test_images"], *measures, epochs, each["minutes"], each["threads"], device])
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {table.title}\n\n{table.about.strip()}\n\n{body}\n"


def _mean_and_deviation(row: dict[str, str], column: str, factor: float, decimals: int) -> str:
    value, deviation = row.get(column, ""), row.get(f"{column}_sd", "")
    if not value:
        return ""
    mean = f"{float(value) * factor:.{decimals}f}"
    return f"{mean} ± {float(deviation) * factor:.{decimals}f}" if deviation else mean

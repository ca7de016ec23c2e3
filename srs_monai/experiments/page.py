"""Tables of experiments as text: where the rows stand, and what the finished ones measured."""

from collections.abc import Sequence
from pathlib import Path

from srs_monai.experiments.queue import RowStatus
from srs_monai.experiments.records import recorded
from srs_monai.experiments.rows import Table

#: columns of a results page: heading, column of the CSV, factor, decimals
_MEASURES = (("IoU", "iou", 100, 1), ("Dice", "dice", 100, 1), ("pooled IoU", "pooled_iou", 100, 1))


def status_text(rows: Sequence[RowStatus]) -> str:
    """Where the rows stand, a line each, and how long those take of which it is known."""
    lines = []
    for each in rows:
        left = "" if not each.left else f"about {each.left:.0f} minutes left"
        lines.append((each.row.name, each.state, f"{each.epochs} epochs", each.reason or left))
    widths = [max((len(line[column]) for line in lines), default=0) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]).rstrip()
        for line in lines
    )


def results_text(table: Table, results: str | Path) -> str:
    """The finished rows of a table in Markdown, in the order of the table."""
    found = {(each["row"], each["digest"]): each for each in recorded(Path(results) / f"{table.name}.csv")}
    rows = [found[row.name, row.digest] for row in table.rows if (row.name, row.digest) in found]
    heading = ["experiment", "test images", *(name for name, *_ in _MEASURES), "epochs", "minutes", "threads", "device"]
    lines = [heading, ["---"] * len(heading)]
    for each in rows:
        measures = [_with_deviation(each, column, factor, decimals) for _, column, factor, decimals in _MEASURES]
        epochs = f"{each['reconstruction_epochs']} + {each['segmentation_epochs']}"
        device = each["processor"]
        lines.append([each["row"], each["test_images"], *measures, epochs, each["minutes"], each["threads"], device])
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {table.title}\n\n{table.about.strip()}\n\n{body}\n"


def _with_deviation(row: dict[str, str], column: str, factor: float, decimals: int) -> str:
    value, deviation = row.get(column, ""), row.get(f"{column}_sd", "")
    if not value:
        return ""
    said = f"{float(value) * factor:.{decimals}f}"
    return f"{said} ± {float(deviation) * factor:.{decimals}f}" if deviation else said

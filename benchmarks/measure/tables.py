"""Result files as tables of a page."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from measure.results import read_rows

Row = dict[str, str]
NOT_MEASURED = ["Not measured."]


def table_of(name: str, folder: Path) -> list[str]:
    """The lines of a table.

    Args:
        name: of the table and the device, "inference cpu".
        folder: of the result files.

    Raises:
        ValueError: for a name that no table has.
    """
    title, _, device = name.partition(" ")
    if title not in TABLES or device not in ("cpu", "cuda"):
        raise ValueError(f"a table is one of {', '.join(TABLES)}, of cpu or cuda; got {name!r}")
    question, make = TABLES[title]
    file = folder / f"{question}_{device}.csv"
    rows = read_rows(file)[1] if file.is_file() else []
    lines = make(rows)
    if len(lines) <= 2:  # the head alone
        return NOT_MEASURED
    return [*lines, "", _provenance(rows[0], file.name)]


def limits(rows: Sequence[Row]) -> list[str]:
    """How fast the machine multiplies."""
    return _table(
        ("product", "precision", "GFLOP/s"),
        ((row["name"], row["precision"], f"{_number(row, 'gflop_per_second'):.0f}") for row in _of(rows, "limit")),
    )


def inference(rows: Sequence[Row]) -> list[str]:
    """Baseline and runtimes."""
    head = ("runtime", "precision", "batch", "ms an image", "times the baseline", "worst difference", "of the limit")
    measured = [*_of(rows, "baseline"), *_of(rows, "runtime")]
    return _table(
        (*head, "peak memory, MiB", "remark"),
        (
            (
                "**baseline**" if row["kind"] == "baseline" else row["name"],
                row["precision"],
                row["batch"],
                _spread(row, "seconds_per_image", 1e3, 1),
                _spread(row, "times_baseline", 1, 2),
                f"{_number(row, 'worst_difference'):.0e}" if row["worst_difference"] else "",
                _percent(row, "share_of_limit"),
                _whole(row, "peak_memory_mib"),
                row["note"],
            )
            for row in sorted(measured, key=lambda row: int(row["batch"]))
        ),
    )


def rivals(rows: Sequence[Row]) -> list[str]:
    """Other networks at the same size, beside the baseline."""
    head = ("network", "precision", "batch", "parameters", "GFLOP", "ms an image", "times the baseline", "of the limit")
    measured = [*_of(rows, "baseline"), *_of(rows, "rival")]
    return _table(
        (*head, "remark"),
        (
            (
                "**SRSNet, baseline**" if row["kind"] == "baseline" else row["name"],
                row["precision"],
                row["batch"],
                f"{int(row['parameters']):,}" if row["parameters"] else "",
                f"{_number(row, 'gflop_per_image'):.1f}" if row["gflop_per_image"] else "",
                _spread(row, "seconds_per_image", 1e3, 1),
                _spread(row, "times_baseline", 1, 2),
                _percent(row, "share_of_limit"),
                row["note"],
            )
            for row in sorted(measured, key=lambda row: int(row["batch"]))
        ),
    )


def kernels(rows: Sequence[Row]) -> list[str]:
    """Where the time goes."""
    profiled = [row for row in rows if row["most_expensive"]]
    return _table(
        ("runtime", "precision", "batch", "most expensive"),
        ((row["name"], row["precision"], row["batch"], row["most_expensive"]) for row in profiled),
    )


def training(rows: Sequence[Row]) -> list[str]:
    """Settings of a training step, each with the gains of all before it."""
    medians = [_number(row, "seconds_per_step") if row["seconds_per_step"] else None for row in rows]
    gains = [f"{a / b:.2f}" if a and b else "" for a, b in pairwise([None, *medians])]
    return _table(
        ("setting", "s a step", "images/s", "times the one before", "times the baseline", "peak memory, MiB", "remark"),
        (
            (
                row["setting"],
                _spread(row, "seconds_per_step", 1, 2),
                f"{_number(row, 'images_per_second'):.2f}" if row["images_per_second"] else "",
                gain,
                _spread(row, "times_baseline", 1, 2),
                _whole(row, "peak_memory_mib"),
                row["note"],
            )
            for row, gain in zip(rows, gains, strict=True)
        ),
    )


def curve(rows: Sequence[Row]) -> list[str]:
    """How far loss curves are from that of float32, step by step."""
    runs: dict[str, list[float]] = {}
    for row in rows:
        runs.setdefault(row["run"], []).append(_number(row, "loss"))
    reference = next(iter(runs.values()), [])
    lines = []
    for name, losses in runs.items():
        apart = [abs(a - b) for a, b in zip(losses, reference, strict=False)]
        ends = fmean(losses[-10:])
        lines.append(
            (name, str(len(losses)), f"{losses[0]:.4f}", f"{ends:.4f}", f"{fmean(apart):.4f}", f"{max(apart):.4f}")
        )
    return _table(
        ("run", "steps", "first loss", "mean of the last ten", "mean distance to float32", "largest distance"), lines
    )


def dpconv(rows: Sequence[Row]) -> list[str]:
    """How many times as fast as the literal form the others are, batch by batch."""
    batches = sorted({int(row["batch"]) for row in rows})
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        if row["form"] != "literal":
            layout = "last" if row["channels_last"] == "yes" else "first"
            key = (row["form"], row["work"], row["map_side"], row["threads"], row["precision"], layout)
            found.setdefault(key, {})[row["batch"]] = f"{_number(row, 'times_literal'):.2f}"
    return _table(
        ("form", "work", "map", "threads", "precision", "channels", *(f"batch {batch}" for batch in batches)),
        ((*key, *(ratios.get(str(batch), "") for batch in batches)) for key, ratios in found.items()),
    )


def study(rows: Sequence[Row]) -> list[str]:
    """Studies from DICOM to DICOM Segmentation."""
    head = ("network", "runtime", "precision", "slices", "with content", "s", "s with imports", "network alone, s")
    return _table(
        (*head, "times the network", "plain network, s", "peak memory, MiB", "network alone, MiB", "remark"),
        (
            (
                *(row[name] for name in ("network", "runtime", "precision", "slices", "slices_with_content")),
                _spread(row, "seconds", 1, 1),
                _spread(row, "seconds_with_imports", 1, 1),
                _spread(row, "network_seconds", 1, 1),
                _spread(row, "times_network", 1, 2),
                _whole(row, "plain_network_seconds"),
                _whole(row, "peak_memory_mib"),
                _whole(row, "network_peak_memory_mib"),
                row["note"],
            )
            for row in rows
        ),
    )


def scaling(rows: Sequence[Row]) -> list[str]:
    """Images a second as one thing is changed."""
    head = ("question", "network", "precision", "batch", "side", "cores each", "processes", "images/s")
    return _table(
        (*head, "times the baseline", "remark"),
        (
            (
                *(row[name] for name in ("question", "name", "precision", "batch", "side", "cores_each", "processes")),
                _spread(row, "images_per_second", 1, 2),
                _spread(row, "times_baseline", 1, 2),
                row["note"],
            )
            for row in rows
        ),
    )


def flat_folder(rows: Sequence[Row]) -> list[str]:
    """Folders of many series, and how often their files are read."""
    head = ("series", "slices each", "files", "s", "calls of the reader", "calls per file", "most calls of a file")
    return _table(
        (*head, "peak memory, MiB"),
        (
            (
                *(row[name] for name in ("series", "slices", "files")),
                f"{_number(row, 'seconds'):.0f}",
                f"{int(row['reader_calls']):,}",
                f"{_number(row, 'calls_per_file'):.2f}",
                row["most_calls_of_a_file"],
                _whole(row, "peak_memory_mib"),
            )
            for row in rows
        ),
    )


#: the question whose file a table is made of, and what makes it
TABLES: dict[str, tuple[str, Callable[[Sequence[Row]], list[str]]]] = {
    "limits": ("inference", limits),
    "inference": ("inference", inference),
    "rivals": ("inference", rivals),
    "kernels": ("inference", kernels),
    "training": ("training_step", training),
    "curve": ("training_curve", curve),
    "dpconv": ("dpconv_forms", dpconv),
    "study": ("study", study),
    "flat": ("flat_folder", flat_folder),
    "flat_before": ("flat_folder_before", flat_folder),
    "scaling": ("scaling", scaling),
}


def _provenance(row: Row, file: str) -> str:
    """What was measured where, in one line under its table."""
    threads = f"OMP_NUM_THREADS {row['omp_threads']}" if row["omp_threads"] else "OMP_NUM_THREADS unset"
    changed = " with changes" if row["changed"] == "yes" else ""
    versions = ", ".join(
        f"{name} {row[name]}" for name in ("torch", "monai", "openvino", "onnxruntime", "torch_tensorrt") if row[name]
    )
    place = f"{row['device']}, {row['cores']} cores, {threads}"
    return f"{file}: {place}; {versions}; commit {row['commit']}{changed}, {row['date']}."


def _of(rows: Sequence[Row], kind: str) -> list[Row]:
    return [row for row in rows if row["kind"] == kind]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _number(row: Row, name: str) -> float:
    return float(row[name])


def _spread(row: Row, name: str, factor: float, digits: int) -> str:
    """Median and quartiles, "1.92 (1.88-1.95)"; nothing where nothing was measured."""
    if not row[name]:
        return ""
    median, lower, upper = (
        f"{factor * float(row[key]):.{digits}f}" for key in (name, f"{name}_lower", f"{name}_upper")
    )
    return median if median == lower == upper else f"{median} ({lower}-{upper})"


def _percent(row: Row, name: str) -> str:
    return f"{100 * float(row[name]):.0f} %" if row[name] else ""


def _whole(row: Row, name: str) -> str:
    return f"{float(row[name]):.0f}" if row[name] else ""

"""docs/performance.md shows what the result files say."""

from pathlib import Path
from typing import Any

import pytest

import page
from inference import COLUMNS, KEYS
from measure import tables
from measure.arguments import RESULTS
from measure.machine import COLUMNS as ENVIRONMENT
from measure.results import Results
from study import COLUMNS as STUDY_MEASURED
from study import KEYS as STUDY_KEYS

HERE = dict.fromkeys(ENVIRONMENT, "") | {
    "device": "made up",
    "cores": "2",
    "commit": "abc",
    "changed": "yes",
    "date": "2026-11-21",
    "torch": "2.13.0",
}

STUDY_COLUMNS = (*STUDY_KEYS, *STUDY_MEASURED)


def test_the_page_is_current(request: pytest.FixtureRequest) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    wanted = page.filled(text, RESULTS)
    if request.config.getoption("--update-docs"):
        page.PAGE.write_text(wanted, encoding="utf-8")
        text = wanted
    assert text == wanted, "run python benchmarks/page.py"


@pytest.mark.parametrize("title", tables.TABLES)
def test_every_table_stands_on_the_page(title: str) -> None:
    assert f"<!-- table: {title} cpu -->" in page.PAGE.read_text(encoding="utf-8")


def test_a_table_is_written_between_its_markers(tmp_path: Path) -> None:
    results = Results(tmp_path / "inference_cpu.csv", keys=KEYS, columns=COLUMNS, environment=HERE)
    key: dict[str, Any] = {"precision": "float32", "batch": 8, "height": 256, "width": 256}
    measured: dict[str, Any] = {
        "seconds_per_image": 0.25,
        "seconds_per_image_lower": 0.24,
        "seconds_per_image_upper": 0.26,
        "times_baseline": 2.0,
        "times_baseline_lower": 1.9,
        "times_baseline_upper": 2.25,
        "worst_difference": 6e-8,
        "share_of_limit": 0.417,
        "peak_memory_mib": 812.4,
    }
    results.add(kind="runtime", name="openvino", **key, **measured, note="1 at once")
    results.add(kind="runtime", name="compile", **key, note="no compiler | none")
    text = "before\n<!-- table: inference cpu -->\nold\n<!-- end of table -->\nafter\n"
    lines = page.filled(text, tmp_path).splitlines()
    assert lines[:3] == ["before", "<!-- table: inference cpu -->", ""]
    assert lines[5:7] == [
        "| openvino | float32 | 8 | 250.0 (240.0-260.0) | 2.00 (1.90-2.25) | 6e-08 | 42 % | 812 | 1 at once |",
        "| compile | float32 | 8 |  |  |  |  |  | no compiler / none |",
    ]
    assert lines[8] == (
        "inference_cpu.csv: made up, 2 cores, OMP_NUM_THREADS unset; torch 2.13.0; commit abc with changes, 2026-11-21."
    )
    assert lines[9:] == ["", "<!-- end of table -->", "after"]
    assert page.filled(page.filled(text, tmp_path), tmp_path) == page.filled(text, tmp_path)


def test_what_was_not_measured_says_so(tmp_path: Path) -> None:
    assert tables.table_of("training cuda", tmp_path) == ["Not measured."]


@pytest.mark.parametrize("name", ["speed cpu", "training", "training tpu"])
def test_an_unknown_table_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="a table is one of limits, inference"):
        tables.table_of(name, tmp_path)


def test_gains_of_training_one_by_one() -> None:
    empty = {"times_baseline": "", "peak_memory_mib": "", "note": "", "images_per_second": ""}
    spread = {f"seconds_per_step_{end}": "1" for end in ("lower", "upper")}
    rows = [{"setting": str(number), "seconds_per_step": s, **spread, **empty} for number, s in enumerate("842")]
    assert [line.split("|")[4].strip() for line in tables.training(rows)[2:]] == ["", "2.00", "2.00"]


def test_curves_are_compared_step_by_step() -> None:
    losses = {"float32": ("1.0", "0.5"), "bfloat16": ("1.25", "0.25")}
    rows = [{"run": run, "loss": loss} for run, values in losses.items() for loss in values]
    assert tables.curve(rows)[2:] == [
        "| float32 | 2 | 1.0000 | 0.7500 | 0.0000 | 0.0000 |",
        "| bfloat16 | 2 | 1.2500 | 0.7500 | 0.2500 | 0.2500 |",
    ]


def test_forms_of_dpconv_batch_by_batch() -> None:
    setting = {"work": "forward", "map_side": "32", "threads": "1", "precision": "float32", "channels_last": "yes"}
    rows = [
        {**setting, "form": form, "batch": batch, "times_literal": ratio}
        for form, batch, ratio in (("literal", "1", "1"), ("closed", "1", "0.5"), ("closed", "16", "3.456"))
    ]
    head, _, line = tables.dpconv(rows)
    assert head.endswith("| batch 1 | batch 16 |")
    assert line == "| closed | forward | 32 | 1 | float32 | last | 0.50 | 3.46 |"


def test_a_study_takes_so_many_times_its_network() -> None:
    row = dict.fromkeys(STUDY_COLUMNS, "") | {"network": "SRSNet", "slices": "300"}
    row |= {"times_network": "1.1", "times_network_lower": "1.1", "times_network_upper": "1.1"}
    assert tables.study([row])[2].split("|")[9].strip() == "1.10"

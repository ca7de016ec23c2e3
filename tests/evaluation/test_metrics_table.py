"""Tables of metrics: statistics by hand, the three files, what is undefined."""

import csv
import json
import math

import pytest

from srs_monai.evaluation import MetricTable, Overlap, Row
from srs_monai.evaluation.metrics_table import check_output


@pytest.fixture
def table():
    return MetricTable(
        [
            Row("a", "foreground", {"iou": 0.5, "hd95_mm": 2.0}),
            Row("b", "foreground", {"iou": 0.8, "hd95_mm": math.nan}),
            Row("c", "foreground", {"iou": 0.2, "hd95_mm": 5.0}),
        ]
    )


def test_statistics_by_hand(table):
    summary = table.summary()["foreground"]
    assert vars(summary["iou"]) == pytest.approx({"mean": 0.5, "sd": 0.3, "count": 3})
    assert vars(summary["hd95_mm"]) == pytest.approx({"mean": 3.5, "sd": math.sqrt(4.5), "count": 2})


def test_statistics_of_one_value_and_of_none():
    summary = MetricTable([Row("a", "foreground", {"iou": 0.5, "asd_mm": math.nan})]).summary()["foreground"]
    assert vars(summary["iou"]) == pytest.approx({"mean": 0.5, "sd": math.nan, "count": 1}, nan_ok=True)
    assert vars(summary["asd_mm"]) == pytest.approx({"mean": math.nan, "sd": math.nan, "count": 0}, nan_ok=True)


def test_every_label_has_its_own_statistics():
    rows = [Row("a", "liver", {"iou": 0.5}), Row("a", "spleen", {"iou": 0.9}), Row("b", "liver", {"iou": 0.7})]
    summary = MetricTable(rows).summary()
    assert summary["liver"]["iou"].mean == pytest.approx(0.6)
    assert summary["spleen"]["iou"].count == 1


@pytest.fixture
def organs():
    """Two cases of three labels, the last of which is in neither."""
    overlaps = {"liver": [(8, 1, 1), (0, 2, 0)], "spleen": [(0, 0, 0), (0, 0, 4)], "kidney": [(0, 0, 0), (0, 0, 0)]}
    rows = [
        Row(case, label, {"iou": math.nan}, Overlap(*counts[number]))
        for number, case in enumerate("ab")
        for label, counts in overlaps.items()
    ]
    return MetricTable([*rows, Row("a", "mean", {"iou": 0.8})])


def test_pooled_metrics_by_hand(organs):
    pooled = organs.pooled()
    assert list(pooled) == ["liver", "spleen", "kidney", "mean"]
    assert pooled["liver"] == pytest.approx({"pooled_iou": 8 / 12, "pooled_dice": 16 / 20})
    assert pooled["spleen"] == {"pooled_iou": 0, "pooled_dice": 0}
    assert all(math.isnan(value) for value in pooled["kidney"].values())
    assert pooled["mean"] == pytest.approx({"pooled_iou": 4 / 12, "pooled_dice": 0.4})


def test_pooled_metrics_are_written_with_what_they_are(organs):
    content = json.loads(organs.to_json())
    assert content["pooled"]["mean"]["pooled_iou"] == pytest.approx(1 / 3)
    assert content["pooled"]["kidney"] == {"pooled_iou": None, "pooled_dice": None}
    assert "TP / (TP + FP + FN)" in content["definitions"]["pooled"]
    text = organs.to_markdown()
    assert f"Pooled: {content['definitions']['pooled']}." in text
    assert text.splitlines()[-6:] == [
        "| label  | pooled_iou | pooled_dice |",
        "|--------|------------|-------------|",
        "| liver  | 0.6667     | 0.8000      |",
        "| spleen | 0.0000     | 0.0000      |",
        "| kidney | undefined  | undefined   |",
        "| mean   | 0.3333     | 0.4000      |",
    ]


def test_one_label_has_no_pooled_mean():
    row = Row("a", "foreground", {"iou": 0.5}, Overlap(1, 1, 0))
    assert MetricTable([row]).pooled() == {"foreground": {"pooled_iou": 0.5, "pooled_dice": 2 / 3}}
    assert MetricTable([]).pooled() == {}


def test_csv_has_empty_cells_where_nothing_is_defined(table):
    lines = list(csv.reader(table.to_csv().splitlines()))
    assert lines[0] == ["case", "label", "iou", "hd95_mm"]
    assert lines[2] == ["b", "foreground", "0.8", ""]
    assert len(lines) == 4


def test_a_case_in_pixels_does_not_mix_with_one_in_mm(table):
    mixed = MetricTable([*table.rows, Row("d", "foreground", {"iou": 1.0, "hd95_pixels": 7.0})])
    assert mixed.columns == ["iou", "hd95_mm", "hd95_pixels"]
    assert mixed.to_csv().splitlines()[-1] == "d,foreground,1,,7"
    assert mixed.summary()["foreground"]["hd95_mm"].count == 2


def test_json_is_strict_and_says_null(table):
    def refuse(constant):
        raise AssertionError(constant)

    content = json.loads(table.to_json(), parse_constant=refuse)
    assert content["rows"][1] == {"case": "b", "label": "foreground", "iou": 0.8, "hd95_mm": None}
    assert content["summary"]["foreground"]["iou"]["count"] == 3


def test_markdown_reads_as_a_table(table):
    lines = table.to_markdown().splitlines()
    assert lines[0].startswith("3 cases.")
    assert lines[2:] == [
        "| label      | metric  | mean ± sd       | cases |",
        "|------------|---------|-----------------|-------|",
        "| foreground | iou     | 0.5000 ± 0.3000 | 3     |",
        "| foreground | hd95_mm | 3.5000 ± 2.1213 | 2     |",
    ]


def test_markdown_says_what_is_undefined():
    text = MetricTable([Row("a", "foreground", {"asd_mm": math.nan, "iou": 1.0})]).to_markdown()
    assert "| asd_mm | undefined | 0 " in text
    assert "| 1.0000    | 1 " in text
    assert text.startswith("1 case.")


def test_a_name_divides_no_row():
    text = MetricTable([Row("a", "liver | left", {"iou": 1.0})]).to_markdown()
    assert "| liver \\| left | iou " in text
    assert "| ------" not in text


def test_save_writes_three_files_and_nothing_else(table, tmp_path):
    paths = table.save(tmp_path / "deep" / "results")
    assert sorted(path.name for path in (tmp_path / "deep" / "results").iterdir()) == sorted(
        path.name for path in paths
    )
    assert [path.name for path in paths] == ["metrics.csv", "metrics.json", "summary.md"]
    assert paths[0].read_text() == table.to_csv()
    assert paths[2].read_text(encoding="utf-8") == table.to_markdown()


def test_names_with_commas_survive(tmp_path):
    text = MetricTable([Row('benign (1), "left"', "foreground", {"iou": 1.0})]).to_csv()
    assert next(iter(csv.DictReader(text.splitlines())))["case"] == 'benign (1), "left"'


def test_tables_go_into_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file .*output_dir"):
        check_output(tmp_path / "file", overwrite=True)

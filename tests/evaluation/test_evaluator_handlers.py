"""The handler of an evaluator: the table of a run, its names, units and files."""

import csv
import json
import logging

import pytest
import torch
from monai.data import DataLoader, Dataset, MetaTensor
from monai.engines import SupervisedEvaluator
from monai.transforms import AsDiscreted

from srs_monai.evaluation import CaseMetrics, CaseProgress


def item(name, label, *, spacing=None, slice_number=None):
    """An item whose image is what the network shall answer; here the label itself."""
    meta = {"filename_or_obj": name, "spacing_unit": "pixels" if spacing is None else "mm"}
    meta |= {} if slice_number is None else {"slice": slice_number}
    affine = torch.diag(torch.tensor([*(spacing or (1.0, 1.0)), *[1.0] * (4 - label.ndim), 1.0], dtype=torch.float64))
    return {"image": MetaTensor(label[None].clone(), affine=affine, meta=meta), "label": label[None].clone()}


def run(items, handler, batch_size=1, postprocessing=None):
    SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(Dataset(items), batch_size=batch_size),
        network=torch.nn.Identity(),
        postprocessing=postprocessing or AsDiscreted("pred", threshold=0.5),
        val_handlers=[handler],
    ).run()
    return handler.table


def square(start, side=3, size=9):
    array = torch.zeros(size, size)
    array[start : start + side, start : start + side] = 1
    return array


@pytest.fixture
def items():
    """Three cases in two folders: predicted exactly, one row too low, and not at all."""
    items = [item(f"data/{name}.png", square(3)) for name in ("benign/1", "benign/2", "malignant/1")]
    items[1]["image"] = items[1]["image"].roll(1, dims=1)
    items[2]["image"] = items[2]["image"] * 0
    return items


@pytest.mark.parametrize("batch_size", [1, 3])
def test_table_by_hand(items, tmp_path, batch_size):
    table = run(items, CaseMetrics(tmp_path), batch_size)
    assert table.cases == ["benign/1", "benign/2", "malignant/1"]
    assert [row.values["iou"] for row in table.rows] == pytest.approx([1, 0.5, 0])
    summary = table.summary()["foreground"]
    assert summary["iou"].mean == pytest.approx(0.5)
    assert (summary["hd95_pixels"].count, summary["hd95_pixels"].mean) == (2, 0.5)
    assert table.pooled()["foreground"]["pooled_iou"] == pytest.approx((9 + 6 + 0) / (9 + 12 + 9))


def test_files_and_log(items, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "srs_monai.evaluation"):
        table = run(items, CaseMetrics(tmp_path / "out"))
    assert [
        row["case"] for row in csv.DictReader((tmp_path / "out" / "metrics.csv").read_text().splitlines())
    ] == table.cases
    assert len(json.loads((tmp_path / "out" / "metrics.json").read_text())["rows"]) == 3
    assert table.to_markdown() in caplog.text
    assert f"written: {tmp_path / 'out' / 'metrics.csv'}" in caplog.text


def test_files_of_one_folder_are_named_by_their_stems(items, tmp_path):
    assert run(items[:2], CaseMetrics(tmp_path)).cases == ["1", "2"]


def test_distances_in_mm_where_the_spacing_is_known(tmp_path):
    case = item("ct.nii.gz", square(3), spacing=(0.5, 0.25), slice_number=7)
    case["image"] = case["image"].roll(2, dims=1)
    (row,) = run([case], CaseMetrics(tmp_path)).rows
    assert row.case == "ct slice 7"
    assert row.values["hd95_mm"] == pytest.approx(1.0)  # two rows of 0.5 mm


def test_volumes(tmp_path):
    volume = torch.stack([square(3)] * 4, dim=-1)
    case = item("ct.nii.gz", volume, spacing=(1.0, 1.0, 5.0))
    case["image"][..., 3] = 0  # the last slice is missed: its rim is 5 mm from the next, and so is what it covered
    (row,) = run([case], CaseMetrics(tmp_path)).rows
    assert row.values["iou"] == pytest.approx(3 / 4)
    assert row.values["hd95_mm"] == pytest.approx(5.0)


def test_labels_are_measured_one_by_one(tmp_path):
    case = item("a.png", square(1) + 2 * square(5))
    case["image"] = torch.stack([torch.full((9, 9), 0.5), square(1), square(4)])  # class scores
    table = run([case], CaseMetrics(tmp_path, labels={1: "liver", 2: "spleen"}), 1, AsDiscreted("pred", argmax=True))
    assert table.labels == ["liver", "spleen", "mean"]
    assert [row.values["iou"] for row in table.rows] == pytest.approx([1, 4 / 14, 9 / 14])


def test_images_without_meta_data_are_numbered(items, tmp_path):
    plain = [{"image": case["image"].as_tensor(), "label": case["label"]} for case in items]
    table = run(plain, CaseMetrics(tmp_path))
    assert table.cases == ["1", "2", "3"]


def test_a_second_run_starts_anew(items, tmp_path):
    handler = CaseMetrics(tmp_path, original_definition=True)
    run(items, handler)
    table = run(items[:1], handler)
    assert table.cases == ["1"]
    assert table.rows[0].values["original_iou"] == pytest.approx(1)


def test_labels_are_checked_before_the_run(tmp_path):
    with pytest.raises(ValueError, match="original_definition"):
        CaseMetrics(tmp_path, labels={1: "liver", 2: "spleen"}, original_definition=True)


def test_a_case_that_cannot_be_compared_is_named(items, tmp_path):
    items[1]["image"] = items[1]["image"][:, 1:]
    with pytest.raises(ValueError, match=r"^2: .*\(9, 9\)"):
        run(items, CaseMetrics(tmp_path))


def test_tables_are_not_replaced_unasked(items, tmp_path):
    run(items, CaseMetrics(tmp_path))
    with pytest.raises(ValueError, match=r"metrics\.csv .*overwrite"):
        CaseMetrics(tmp_path)
    assert len(run(items[:1], CaseMetrics(tmp_path, overwrite=True)).rows) == 1


def test_dicom_cases_are_named_by_file_folder_or_series(tmp_path):
    names = ("data/p1/1.dcm", "data/p2/ct", "data/p2/1.2.840")
    table = run([item(name, square(3)) for name in names], CaseMetrics(tmp_path))
    assert table.cases == ["p1/1", "p2/ct", "p2/1.2.840"]


def evaluator_with(bar: CaseProgress, network: torch.nn.Module) -> SupervisedEvaluator:
    items = [{"image": torch.zeros(1, 2, 2), "label": torch.zeros(1, 2, 2)}] * 3
    loader = DataLoader(Dataset(items), batch_size=1)
    return SupervisedEvaluator(torch.device("cpu"), loader, network=network, val_handlers=[bar])


def test_the_bar_ends_full(capsys: pytest.CaptureFixture[str]) -> None:
    evaluator_with(CaseProgress(), torch.nn.Identity()).run()
    last = capsys.readouterr().err.strip().split("\r")[-1]
    assert last.startswith("evaluating: 100%")
    assert "3/3" in last


def test_a_failure_closes_the_bar_and_goes_on_its_way() -> None:
    bar = CaseProgress()
    with pytest.raises(RuntimeError):
        evaluator_with(bar, torch.nn.Conv2d(2, 1, 1)).run()
    assert bar.bar.disable, "a closed bar draws nothing more"

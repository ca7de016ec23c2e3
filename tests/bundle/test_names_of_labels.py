"""Names of a user's own labels, from the data list through training into every result and table."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from highdicom.color import CIELabColor
from monai.bundle import ConfigWorkflow
from PIL import Image

from srs_monai.errors import root_cause
from srs_monai.inference import predict
from tests.support.dicom_files import write_series

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
LIVER = {"value": "10200004", "scheme": "SCT", "meaning": "Liver"}
pytestmark = pytest.mark.filterwarnings("ignore:.*GHSA-873f-pvrv-4x83:UserWarning")  # MONAI's notice on every run

RunBundle = Callable[..., None]


@pytest.fixture
def bundle(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> RunBundle:
    """Run a configuration of the bundle, with the tiny network, in this process."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the configuration sets it

    def run(run_id: str, file: str, *overlays: Path, **values: Any) -> None:
        files = [str(CONFIGS / f"{file}.yaml"), str(tiny), *map(str, overlays)]
        workflow = ConfigWorkflow(files, workflow_type="train", logging_file=False, run_id=run_id, **values)
        try:
            workflow.initialize()
            workflow.run()
        except RuntimeError as error:  # as MONAI wraps it
            raise root_cause(error) from error

    return run


def write_data(folder: Path, labels: Any, count: int) -> Path:
    """Four pictures whose masks hold the labels 0 to count, in a list that names them."""
    rng, entries = np.random.default_rng(0), []
    folder.mkdir()
    for name in "abcd":
        mask = np.zeros((32, 32), np.uint8)
        for number in range(1, count + 1):
            mask[8 * number : 8 * number + 8, 4:20] = number
        Image.fromarray(mask).save(folder / f"{name}_mask.png")
        Image.fromarray((60 * mask + rng.integers(0, 60, mask.shape)).astype(np.uint8)).save(folder / f"{name}.png")
        entries.append({"image": f"{name}.png", "label": f"{name}_mask.png"})
    write_list(folder, labels, training=entries[:3], validation=entries[3:])
    return folder


def write_list(folder: Path, labels: Any, **sections: Any) -> None:
    path = folder / "dataset.json"
    before = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**before, **sections, "labels": labels}))


def train(bundle: RunBundle, data: Path, out_channels: int, **values: Any) -> Path:
    """The weights that one epoch of each stage leaves."""
    run = data.parent / "run"
    bundle(
        "training",
        "train",
        dataset_dir=str(data),
        datalist="dataset.json",
        output_dir=str(run),
        out_channels=out_channels,
        device="cpu",
        **{"reconstruction_epochs": 1, "epochs": 1, **values},
    )
    return run / "model.pt"


def settings(weights: Path) -> dict[str, Any]:
    return dict(json.loads(weights.with_suffix(".json").read_text()))


def evaluated(bundle: RunBundle, data: Path, weights: Path, out_channels: int, *, named: bool) -> list[str]:
    """The labels in the tables of an evaluation, with settings by name or from beside the weights."""
    out = data.parent / f"evaluation {named}"
    values = {"dataset_dir": str(data), "datalist": "dataset.json", "ckpt_path": str(weights), "output_dir": str(out)}
    if named:
        values["settings"] = str(weights.with_suffix(".json"))
    bundle("evaluating", "evaluate", out_channels=out_channels, device="cpu", **values)
    labels = [row["label"] for row in csv.DictReader((out / "metrics.csv").read_text().splitlines())]
    assert list(json.loads((out / "metrics.json").read_text())["summary"]) == labels
    assert all(f"| {label} " in (out / "summary.md").read_text() for label in labels)
    return labels


def predicted(data: Path, weights: Path, format: str, **values: Any) -> tuple[list[dict[str, Any]], Any]:
    """The labels of the sidecar of a DICOM series, and the DICOM result where it is one."""
    series = data.parent / "series"
    if not series.is_dir():
        write_series(series, size=(32, 32))
    out = data.parent / f"out {format} {len(values)}"
    (result,) = predict(series, out, weights=weights, format=format, device="cpu", runtime="eager", **values)
    assert result.status == "segmented", result.reason
    said = json.loads(result.files[-1].read_text())
    assert list(result.volumes) == [label["name"] for label in said["labels"]]
    return said["labels"], pydicom.dcmread(result.files[0]) if result.files[0].suffix == ".dcm" else said


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ({"0": "background", "1": "tumour"}, ["tumour"]),
        ({"background": 0, "liver": 1, "spleen": 2}, ["liver", "spleen"]),
    ],
    ids=["MSD, binary", "nnU-Net, two labels"],
)
def test_from_the_list_to_every_result(bundle: RunBundle, tmp_path: Path, labels: Any, names: list[str]) -> None:
    out_channels = 1 if len(names) == 1 else len(names) + 1
    data = write_data(tmp_path / "data", labels, len(names))
    weights = train(bundle, data, out_channels)
    assert settings(weights)["label_names"] == {str(number): name for number, name in enumerate(names, 1)}

    found, said = predicted(data, weights, "nifti")
    assert [label["name"] for label in found] == names
    assert said["settings"]["label_names"] == settings(weights)["label_names"]
    found, seg = predicted(data, weights, "dicom-seg")
    assert [label["name"] for label in found] == [segment.SegmentLabel for segment in seg.SegmentSequence] == names
    found, rtstruct = predicted(data, weights, "rtstruct")
    assert [roi.ROIName for roi in rtstruct.StructureSetROISequence] == names

    expected = [*names, *(["mean"] if len(names) > 1 else [])]
    write_list(data, None)  # the weights know the names
    assert evaluated(bundle, data, weights, out_channels, named=True) == expected
    assert evaluated(bundle, data, weights, out_channels, named=False) == expected


def test_codes_and_colours_that_are_given(bundle: RunBundle, tmp_path: Path) -> None:
    data = write_data(tmp_path / "data", {"0": "background", "1": "one", "2": "two"}, 2)
    described = {"name": "liver", "code": LIVER, "colour": [220, 20, 60]}
    weights = train(bundle, data, 3, label_names={1: described})
    assert settings(weights)["label_names"] == {"1": described, "2": {"name": "two"}}

    found, seg = predicted(data, weights, "dicom-seg")
    assert [(label["name"], label.get("code"), label.get("colour")) for label in found] == [
        ("liver", LIVER, [220, 20, 60]),
        ("two", None, None),
    ]
    liver, two = seg.SegmentSequence
    (code,) = liver.SegmentedPropertyTypeCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning) == ("10200004", "SCT", "Liver")
    assert two.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Tissue"
    assert tuple(liver.RecommendedDisplayCIELabValue) == CIELabColor.from_rgb(220, 20, 60).value
    assert tuple(two.RecommendedDisplayCIELabValue) != CIELabColor.from_rgb(220, 20, 60).value

    other = {1: {"name": "β", "code": {"value": "C12392", "scheme": "NCIt"}, "colour": [1, 2, 3]}, 2: "zwei"}
    _, rtstruct = predicted(data, weights, "rtstruct", label_names=other)
    assert [str(roi.ROIName) for roi in rtstruct.StructureSetROISequence] == ["β", "zwei"]
    assert list(rtstruct.ROIContourSequence[0].ROIDisplayColor) == [1, 2, 3]
    (code,) = rtstruct.RTROIObservationsSequence[0].RTROIIdentificationCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning) == ("C12392", "NCIt", "β")

    predicted(data, weights, "nifti")
    with pytest.raises(ValueError, match="label_names"):
        predict(data.parent / "series", data.parent / "out nifti 0", weights=weights, label_names="{1: a, 2: b}")

    with pytest.raises(ValueError, match=r"has label_names .*; give --label_names '\{\"1\": .*"):
        train(bundle, data, 3, resume=True)
    train(bundle, data, 3, resume=True, epochs=2, label_names=json.dumps(settings(weights)["label_names"]))


def test_other_names_in_the_list_of_an_evaluation(
    bundle: RunBundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = write_data(tmp_path / "data", ["liver", "spleen"], 2)
    weights = train(bundle, data, 3)
    write_list(data, {"1": "liver", "2": "milt"})
    assert evaluated(bundle, data, weights, 3, named=True) == ["liver", "spleen", "mean"]
    assert "dataset.json has other label names: label 2 is 'milt' there and 'spleen' here" in caplog.text
    assert "trained with" not in caplog.text


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"0": "background", "1": "liver", "7": "spleen"}, "label 7 has a name; set out_channels to 8"),
        ({"background": 0, "whole": [1, 2], "core": 2}, "region"),
        ({"background": 0, "liver": 1, "ignore": 2}, "'ignore' is to ignore 2"),
        ({"0": "background", "1": "$__import__('os').abort()"}, "begin with a letter"),
        ("liver", "named by their numbers; got 'liver'"),
    ],
)
def test_a_faulty_list_is_refused_before_an_earlier_run_is_lost(
    bundle: RunBundle, tmp_path: Path, labels: Any, said: str
) -> None:
    data = write_data(tmp_path / "data", labels, 2)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model.pt").write_text("an earlier run")
    with pytest.raises(ValueError, match=f"labels of .*dataset.json: .*{said}"):
        train(bundle, data, 3, overwrite=True)
    assert (tmp_path / "run" / "model.pt").read_text() == "an earlier run"

"""Results of another run are never left beside new ones without a word."""

import json
from pathlib import Path

import pytest
from loaded_run import loaded_run

from srs_monai.inference import Run
from srs_monai.inference.results.earlier_results import check_finished

SOURCE = "/data/a.png"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return loaded_run(tmp_path / "model.pt")


@pytest.fixture
def output(tmp_path: Path, run: Run) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    write(folder, source=SOURCE, format="png", weights={"path": "w.pt", "sha256": run.sha256})
    return folder


def write(folder: Path, **facts: object) -> None:
    (folder / "a.json").write_text(json.dumps({"files": [], **facts}))


@pytest.mark.parametrize("format", ["auto", "png"])
def test_results_of_the_same_run_may_be_left(output: Path, run: Run, format: str) -> None:
    check_finished(output, [("a", SOURCE), ("b", "/data/b.png")], format=format, run=run)


def test_a_series_may_be_named_by_its_folder(output: Path) -> None:
    write(output, source="/data/series/1.2.3", format="nifti")
    check_finished(output, [("a", "/data/series")])
    write(output, source="/data/series", format="nifti")
    check_finished(output, [("a", "/data/series/1.2.3")])


def test_other_weights_are_refused(output: Path, tmp_path: Path) -> None:
    said = r"a\.json has the weights w\.pt \(sha256 [0-9a-f]{12}\).*--overwrite"
    with pytest.raises(ValueError, match=said):
        check_finished(output, [("a", SOURCE)], run=loaded_run(tmp_path / "other.pt", seed=1))


def test_other_settings_are_refused(output: Path, run: Run) -> None:
    write(output, source=SOURCE, format="png", settings={"image_size": [64, 64], "threshold": 0.3})
    run.settings = {"image_size": [64, 64], "intensity": "auto"}
    check_finished(output, [("a", SOURCE)], run=run)
    run.settings["threshold"] = 0.5
    with pytest.raises(ValueError, match=r"a\.json has threshold 0\.3, .* 0\.5;"):
        check_finished(output, [("a", SOURCE)], run=run)


def test_labels_of_other_names_are_refused(output: Path, run: Run) -> None:
    labels = [{"number": 1, "name": "label 1"}, {"number": 2, "name": "spleen"}]
    before = {"source": SOURCE, "format": "png", "labels": labels}
    write(output, **before, settings={})  # of a version that kept no names in its settings
    for names in (None, {"2": "spleen"}, {"2": {"name": "spleen", "colour": [1, 2, 3]}}):
        run.settings = {"label_names": names}
        check_finished(output, [("a", SOURCE)], run=run)
    for liver in ("liver", {"name": "liver"}):
        run.settings = {"label_names": {"1": liver}}
        with pytest.raises(ValueError, match=r"the label label 1, .* liver;"):
            check_finished(output, [("a", SOURCE)], run=run)
    write(output, **before, settings={"label_names": None})
    with pytest.raises(ValueError, match=r"has label_names None, .*liver"):
        check_finished(output, [("a", SOURCE)], run=run)


@pytest.mark.parametrize(("there", "asked"), [("png", "dicom-seg"), ("dicom-seg", "auto"), ("nifti", "png")])
def test_another_format_is_refused(output: Path, there: str, asked: str) -> None:
    write(output, source=SOURCE, format=there)
    with pytest.raises(ValueError, match=f"has format {there}, .* {asked};"):
        check_finished(output, [("a", SOURCE)], format=asked)


def test_a_namesake_of_another_source_is_refused(output: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.json has the source /data/a\.png, .* /elsewhere/a\.png;"):
        check_finished(output, [("a", "/elsewhere/a.png")])

"""One failed case does not stop the others, and finished cases are skipped."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator

from srs_monai.inference import FailedCasesError, run_cases


class Runs:
    """An evaluator over numbered cases that writes results for each but for those told to fail."""

    def __init__(self, folder: Path, count: int = 4, failing: tuple[int, ...] = ()) -> None:
        self.folder, self.failing, self.seen = folder, failing, list[str]()
        items = [{"image": torch.full((1, 2, 2), float(i)), "name": f"case{i}"} for i in range(count)]
        self.dataset = Dataset(items, self._load)
        self.evaluator = SupervisedEvaluator(
            device=torch.device("cpu"),
            val_data_loader=DataLoader(self.dataset, batch_size=1),
            network=torch.nn.Identity(),
            postprocessing=self._write,
        )

    def _load(self, item: dict[str, Any]) -> dict[str, Any]:
        self.seen.append(item["name"])
        if int(item["name"][4:]) in self.failing:
            raise ValueError(f"a rule that {item['name']} breaks;\nmend it") from KeyError("deep")
        return item

    def _write(self, item: dict[str, Any]) -> dict[str, Any]:
        mask = self.folder / f"{item['name']}_mask.png"
        mask.write_text(str(float(item["pred"].max())))
        labels = [{"number": 1, "name": "lesion", "pixels": 4, "area_mm2": 1.5}]
        sidecar = {"format": "png", "files": [mask.name], "labels": labels, "warnings": ["beware"]}
        (self.folder / f"{item['name']}.json").write_text(json.dumps(sidecar))
        return item

    def masks(self) -> dict[str, str]:
        return {path.name[:5]: path.read_text() for path in self.folder.glob("*_mask.png")}


def test_every_case_is_run_once_with_its_own_data(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    results = run_cases(runs.evaluator, runs.dataset, tmp_path)
    assert [(result.name, result.status) for result in results] == [(f"case{i}", "segmented") for i in range(4)]
    first = results[0]
    assert first.files == (tmp_path / "case0_mask.png", tmp_path / "case0.json")
    assert (first.format, first.volumes, first.unit) == ("png", {"lesion": 1.5}, "mm2")
    assert (first.warnings, first.reason) == (("beware",), "")
    assert runs.seen == ["case0", "case1", "case2", "case3"]
    assert runs.masks() == {f"case{i}": str(float(i)) for i in range(4)}


@pytest.mark.parametrize("failing", [(0,), (1,), (3,), (0, 2)])
def test_the_others_go_on_and_the_end_names_the_failed(
    tmp_path: Path, failing: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    runs = Runs(tmp_path, failing=failing)
    with pytest.raises(FailedCasesError) as failed:
        run_cases(runs.evaluator, runs.dataset, tmp_path)
    assert runs.masks() == {f"case{i}": str(float(i)) for i in range(4) if i not in failing}
    for i in failing:
        assert f"case{i}: a rule that case{i} breaks; mend it" in str(failed.value)
        assert f"case{i} failed: a rule that case{i} breaks; mend it" in caplog.messages
    status = ["failed" if i in failing else "segmented" for i in range(4)]
    assert [result.status for result in failed.value.results] == status
    assert failed.value.results[failing[0]].reason == f"a rule that case{failing[0]} breaks; mend it"
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == len(failing)


def test_a_batch_goes_on_where_it_stopped_and_leaves_results_untouched(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = Runs(tmp_path, failing=(1,))
    with pytest.raises(FailedCasesError, match="1 of 4 cases"):
        run_cases(first.evaluator, first.dataset, tmp_path)
    (tmp_path / "case0_mask.png").write_text("untouched")
    again = Runs(tmp_path)
    results = run_cases(again.evaluator, again.dataset, tmp_path)
    assert [result.status for result in results] == ["left", "segmented", "left", "left"]
    assert results[0].volumes == {"lesion": 1.5}
    assert again.seen == ["case1"]
    assert again.masks()["case0"] == "untouched"
    assert "3 of 4 cases" in caplog.text
    assert "--overwrite" in caplog.text


def test_overwrite_makes_all_anew(tmp_path: Path) -> None:
    first = Runs(tmp_path)
    run_cases(first.evaluator, first.dataset, tmp_path)
    (tmp_path / "case1_mask.png").write_text("old")
    runs = Runs(tmp_path)
    run_cases(runs.evaluator, runs.dataset, tmp_path, overwrite=True)
    assert runs.masks() == {f"case{i}": str(float(i)) for i in range(4)}


def test_a_mask_without_its_sidecar_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "case0_mask.png").write_text("of an older version, or cut off")
    runs = Runs(tmp_path, count=1)
    assert [result.status for result in run_cases(runs.evaluator, runs.dataset, tmp_path)] == ["segmented"]
    assert runs.masks() == {"case0": "0.0"}


def test_another_format_is_not_mixed_with_what_is_there(tmp_path: Path) -> None:
    runs = Runs(tmp_path, count=1)
    for format, status in (("auto", "segmented"), ("png", "left"), ("auto", "left")):
        results = run_cases(runs.evaluator, runs.dataset, tmp_path, format=format)
        assert [result.status for result in results] == [status]
    with pytest.raises(ValueError, match=r"case0\.json has format png, .*nifti"):
        run_cases(runs.evaluator, runs.dataset, tmp_path, format="nifti")
    assert run_cases(runs.evaluator, runs.dataset, tmp_path, overwrite=True, format="nifti")[0].status == "segmented"


def test_nothing_to_do_is_no_failure(tmp_path: Path) -> None:
    runs = Runs(tmp_path, count=1)
    run_cases(runs.evaluator, runs.dataset, tmp_path)
    assert [result.status for result in run_cases(runs.evaluator, runs.dataset, tmp_path)] == ["left"]


def test_an_interruption_is_not_swallowed(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.evaluator.inferer = _interrupt
    with pytest.raises(KeyboardInterrupt):
        run_cases(runs.evaluator, runs.dataset, tmp_path)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_results_go_into_a_folder(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file .*output_dir"):
        run_cases(runs.evaluator, runs.dataset, tmp_path / "file")
    assert not runs.seen


def test_a_folder_that_cannot_be_made_is_refused_before_any_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(tmp_path)
    monkeypatch.setattr("pathlib.Path.mkdir", _forbid)
    with pytest.raises(ValueError, match=r"out .*: .*forbidden; .*output_dir"):
        run_cases(runs.evaluator, runs.dataset, tmp_path / "out")
    assert not runs.seen


def _forbid(*_: object, **__: object) -> None:
    raise PermissionError(1, "forbidden")

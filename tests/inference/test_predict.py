"""One call from a path to masks, under the settings that the weights bring along."""

import json
import logging
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file

import srs_monai.config.workflow
from srs_monai.cli.parser import main
from srs_monai.config.settings import PROVENANCE, settings_of
from srs_monai.inference import predict as predict_plainly
from srs_monai.inference.cases import pipeline
from srs_monai.runtimes import RUNTIMES
from srs_monai.runtimes.selection import auto
from srs_monai.runtimes.selection.choices import Choice
from srs_monai.weights import save_weights

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "configs" / "networks" / "srsnet_small.yaml"
predict = partial(predict_plainly, trust_settings=True)  # single convolutions stand for networks
LIMIT = 100.5  # of 255: what the network `bright` calls bright


def write_weights(folder: Path, *overlays: Path, **values: Any) -> Path:
    """Random weights and their settings, as training leaves them."""
    files = [str(ROOT / "bundle" / "configs" / "train.yaml"), *map(str, overlays)]
    parsers = [ConfigParser(ConfigParser.load_config_files(files)) for _ in range(2)]
    for parser in parsers:
        parser.update(values)
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(parsers[0].get_parsed_content("network_def").state_dict(), folder / "model.pt")
    (folder / "model.json").write_text(json.dumps({PROVENANCE: {}, **settings_of(parsers[1])}))
    return folder / "model.pt"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SRSNet with the weights that it began with, for images of 32 x 32 pixels."""
    torch.manual_seed(3)
    return write_weights(tmp_path_factory.mktemp("a small run"), SMALL, image_size=[32, 32])


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose masks are known: what is brighter than LIMIT, pixel by pixel."""
    network = {"_target_": "torch.nn.Conv2d", "in_channels": 3, "out_channels": 1, "kernel_size": 1}
    path = write_weights(tmp_path_factory.mktemp("bright"), network_def=network, image_size=None, intensity="range")
    state = {"weight": torch.full((1, 3, 1, 1), 1000 / 3), "bias": torch.tensor([-1000 * LIMIT / 255])}
    save_weights(state, path)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures; the second is cut off."""
    folder = tmp_path / "some pictures"
    folder.mkdir()
    for name in ("a", "b", "c"):
        Image.fromarray(picture(name)).save(folder / f"{name}.png")
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:200])
    return folder


def picture(name: str) -> NDArray[np.uint8]:
    return np.random.default_rng(ord(name)).integers(0, 256, (40, 24), dtype=np.uint8)


def pixels(path: Path) -> NDArray[Any]:
    with Image.open(path) as image:
        return np.asarray(image)


def files(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_case_that_fails_is_a_result_with_its_reason(pictures: Path, bright: Path, tmp_path: Path) -> None:
    results = predict(pictures, tmp_path / "out", weights=bright)
    assert [(result.name, result.status) for result in results] == [
        ("a", "segmented"),
        ("b", "failed"),
        ("c", "segmented"),
    ]
    assert "b.png cannot be read" in results[1].reason
    assert (results[1].files, results[1].source) == ((), str(pictures / "b.png"))
    for result in (results[0], results[2]):
        expected = picture(result.name) > LIMIT
        assert (result.format, result.unit, result.volumes) == ("png", "px", {"foreground": expected.sum()})
        assert all(file.is_file() for file in result.files)
        np.testing.assert_array_equal(pixels(tmp_path / "out" / f"{result.name}_mask.png"), np.where(expected, 255, 0))
    assert len(files(tmp_path / "out")) == 6


def test_volumes_are_in_cubic_millimetres(bright: Path, tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(0, 1, (6, 5, 4)).astype(np.float32)
    nib.save(nib.Nifti1Image(values, np.diag([2.0, 3.0, 0.5, 1.0])), tmp_path / "scan.nii.gz")
    (result,) = predict(tmp_path / "scan.nii.gz", tmp_path / "out", weights=bright, intensity="percentile")
    mask = np.asarray(nib.load(tmp_path / "out" / "scan_mask.nii.gz").dataobj)
    assert 0 < mask.sum() < mask.size
    assert (result.format, result.unit, result.volumes) == (
        "nifti",
        "mm3",
        {"foreground": pytest.approx(3.0 * mask.sum())},
    )


def runtime_of(sidecar: Path) -> Any:
    return json.loads(sidecar.read_text())["runtime"]


@pytest.mark.parametrize("runtime", ["eager", "torchscript"])
def test_the_sidecar_names_the_runtime_that_was_asked_for(
    pictures: Path, small: Path, tmp_path: Path, runtime: str
) -> None:
    (pictures / "b.png").unlink()
    predict(pictures, tmp_path / "out", weights=small, runtime=runtime)
    for name in ("a", "c"):
        assert runtime_of(tmp_path / "out" / f"{name}.json") == {"name": runtime, "precision": "float32"}


@pytest.mark.parametrize("whole", [False, True], ids=["in slabs", "whole"])
def test_a_long_volume_is_segmented_by_the_fastest_and_a_short_one_as_it_is(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    def the_last(candidates: dict[str, Any], images: Any, clock: Any) -> Choice:
        return Choice(list(candidates)[-1], 4, dict.fromkeys(candidates, 1.0))

    there = {"channels_last": RUNTIMES["channels_last"], "eager": replace(RUNTIMES["eager"], tried=True)}
    monkeypatch.setenv("SRS_MONAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(auto, "fastest", the_last)
    monkeypatch.setattr(auto, "RUNTIMES", there)
    monkeypatch.setattr(auto, "available", lambda device, names: list(names))
    monkeypatch.setattr(pipeline, "_SMALL", 0)
    (tmp_path / "scans").mkdir()
    for name, slices in (("1_short", 3), ("2_long", 70), ("3_short", 3)):
        values = np.random.default_rng(0).integers(0, 256, (16, 16, slices), dtype=np.uint8)
        nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / "scans" / f"{name}.nii.gz")
    options: dict[str, Any] = {"image_size": [16, 16], "intensity": "range", "keep_largest_component": whole}
    predict(tmp_path / "scans", tmp_path / "out", weights=small, **options)
    names = [runtime_of(tmp_path / "out" / f"{name}.json")["name"] for name in ("1_short", "2_long", "3_short")]
    assert names == ["channels_last", "eager", "eager"]


def test_the_settings_of_the_weights_are_those_of_the_bundle_with_its_overlays(
    pictures: Path, small: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (pictures / "b.png").unlink()
    predict(pictures, tmp_path / "short", weights=small, save_probabilities=True)
    assert "trained with" not in caplog.text
    bundle = ConfigWorkflow(
        [str(ROOT / "bundle" / "configs" / "inference.yaml"), str(SMALL)],
        logging_file=False,
        dataset_dir=str(pictures),
        output_dir=str(tmp_path / "long"),
        ckpt_path=str(small),
        image_size=[32, 32],
        save_probabilities=True,
    )
    hook = sys.excepthook
    try:
        bundle.initialize()
        bundle.run()
    finally:
        sys.excepthook = hook
    for name in ("a", "c"):
        short, long = (pixels(tmp_path / way / f"{name}_probability.png") for way in ("short", "long"))
        np.testing.assert_array_equal(short, long)
        assert len(np.unique(short)) > 100


def test_what_is_given_wins_and_is_said(
    pictures: Path, small: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("image_size: [64, 64]\nsave_probabilities: true\n")
    predict(pictures / "a.png", tmp_path / "as trained", weights=small, save_probabilities=True)
    predict(pictures / "a.png", tmp_path / "larger", weights=small, overlays=[overlay], threshold=0.9)
    assert "trained with image_size [32, 32] (here [64, 64]), threshold 0.5 (here 0.9)" in caplog.text
    ways = [pixels(tmp_path / way / "a_probability.png") for way in ("as trained", "larger")]
    assert (ways[0] != ways[1]).any()


def test_weights_without_settings_are_used_as_the_bundle_has_them(
    pictures: Path, small: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    shutil.copy(small, tmp_path / "bare.pt")
    with pytest.raises(ValueError, match=r"bare\.pt "):
        predict(pictures, tmp_path / "out", weights=tmp_path / "bare.pt")
    (result,) = predict(
        pictures / "a.png", tmp_path / "out", weights=tmp_path / "bare.pt", overlays=[SMALL], image_size=[32, 32]
    )
    assert result.status == "segmented"
    assert "bare.pt has no settings beside it" in caplog.text


def test_the_shipped_weights_say_what_they_have_seen(pictures: Path, tmp_path: Path) -> None:
    (result,) = predict(pictures / "a.png", tmp_path / "out", image_size=[64, 64])
    assert any("phantoms only" in warning for warning in result.warnings)


def test_a_batch_goes_on_where_it_stopped(pictures: Path, bright: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    predict(pictures, out, weights=bright)
    before = files(out)
    Image.fromarray(picture("b")).save(pictures / "b.png")
    results = predict(pictures, out, weights=bright)
    assert [result.status for result in results] == ["left", "segmented", "left"]
    assert results[0].volumes == {"foreground": (picture("a") > LIMIT).sum()}
    assert before.items() <= files(out).items()
    again = predict(pictures, out, weights=bright, overwrite=True)
    assert [result.status for result in again] == ["segmented"] * 3
    assert not before.items() & files(out).items()


def test_results_of_other_weights_or_another_format_are_not_mixed(
    pictures: Path, bright: Path, small: Path, tmp_path: Path
) -> None:
    predict(pictures / "a.png", tmp_path / "out", weights=bright)
    before = files(tmp_path / "out")
    with pytest.raises(ValueError, match=r"a\.json has the weights .*; use overwrite \(--overwrite\)"):
        predict(pictures, tmp_path / "out", weights=small)
    with pytest.raises(ValueError, match=r"a\.json has format png, .* nifti;"):
        predict(pictures, tmp_path / "out", weights=bright, format="nifti")
    with pytest.raises(ValueError, match=r"a\.json has threshold 0\.5, .* 0\.3;"):
        predict(pictures, tmp_path / "out", weights=bright, threshold=0.3)
    assert files(tmp_path / "out") == before
    (result,) = predict(pictures / "a.png", tmp_path / "out", weights=small, overwrite=True)
    assert result.status == "segmented"


def test_a_recipe_names_the_labels(bright: Path, tmp_path: Path) -> None:
    source = get_testdata_file("CT_small.dcm")
    results = predict(source, tmp_path, weights=bright, recipe="sirst", intensity="window", format="nifti")
    assert list(results[0].volumes) == ["small target"]


def test_an_image_of_another_modality_than_the_trainings_is_warned_of(bright: Path, tmp_path: Path) -> None:
    weights = Path(shutil.copytree(bright.parent, tmp_path / "run")) / bright.name
    settings = weights.with_suffix(".json")
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"recipe": "busi"}))
    (result,) = predict(get_testdata_file("CT_small.dcm"), tmp_path / "out", weights=weights, intensity="window")
    assert "trained on ultrasound (recipe busi), but this is CT" in result.warnings


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"weights": "no.pt"}, r"weights .*no\.pt"),
        ({"source": "nowhere"}, "there is nothing at .*nowhere"),
        ({"source": "out"}, "output_dir"),
        ({"bundle": "."}, r"\. is not a bundle: .*configs/inference\.yaml"),
        ({"overlays": ["no.yaml"]}, r"overlay no\.yaml"),
        ({"treshold": 0.3}, "did you mean 'threshold'"),
        ({"network_def#depth#x": 1}, "inference\\.yaml: .*depth.*network_def"),
        ({"format": "jpeg"}, "got 'jpeg'"),
        ({"device": "cuda:77"}, "cuda:77"),
        ({"runtime": "openvimo"}, "no runtime is called 'openvimo'; did you mean 'openvino'"),
        ({"runtime": "torchscript", "precision": "bfloat16"}, "runtime torchscript .* float32"),
        ({"runtime": "cuda_graphs", "device": "cpu"}, "runtime cuda_graphs .* cuda, but the device is cpu"),
        ({"ckpt_path": "w.pt"}, "ckpt_path is the argument weights"),
    ],
)
def test_what_concerns_all_cases_is_raised(
    pictures: Path, bright: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=said):
        predict(**{"source": pictures, "output": tmp_path / "out", "weights": bright, **values})
    assert not (tmp_path / "out").exists()


def test_an_overlay_may_change_a_nested_value(pictures: Path, small: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "one at a time.yaml"
    overlay.write_text("inferer#spatial_size: [32, 32]\n")
    results = predict(pictures / "a.png", tmp_path / "out", weights=small, overlays=[overlay])
    assert [result.status for result in results] == ["segmented"]


def test_settings_are_no_overlay(pictures: Path, small: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"name it with --settings"):
        predict(pictures, tmp_path / "out", weights=small, overlays=[small.with_suffix(".json")])


def test_a_bundle_that_reads_no_settings_is_refused(pictures: Path, small: Path, tmp_path: Path) -> None:
    (tmp_path / "bundle" / "configs").mkdir(parents=True)
    (tmp_path / "bundle" / "configs" / "inference.yaml").write_text("image_size: [8, 8]\ninference: []\n")
    with pytest.raises(ValueError, match=r"bundle.configs.inference\.yaml does not .*trained"):
        predict(pictures, tmp_path / "out", weights=small, bundle=tmp_path / "bundle")


def test_settings_may_lie_elsewhere(pictures: Path, small: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copy(small, tmp_path / "moved.pt"))
    with pytest.raises(ValueError, match=r"moved\.pt "):
        predict(pictures / "a.png", tmp_path / "out", weights=moved)
    settings = small.with_suffix(".json")
    (result,) = predict(pictures / "a.png", tmp_path / "out", weights=moved, settings_file=settings)
    assert result.status == "segmented"


def test_an_overlay_that_is_no_yaml_is_refused(pictures: Path, bright: Path, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [")
    with pytest.raises(ValueError, match=r"overlay .*a\.yaml"):
        predict(pictures, tmp_path / "out", weights=bright, overlays=[tmp_path / "a.yaml"])


def test_without_a_bundle_beside_the_package_one_is_to_be_named(
    pictures: Path, bright: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(srs_monai.config.workflow, "_PACKAGE", tmp_path / "site-packages" / "srs_monai")
    with pytest.raises(ValueError, match="--bundle"):
        predict(pictures, tmp_path / "out", weights=bright)
    (result,) = predict(pictures / "a.png", tmp_path / "out", weights=bright, bundle=ROOT / "bundle")
    assert result.status == "segmented"


def test_the_calling_process_stays_as_it_was(
    pictures: Path, bright: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monai = logging.getLogger("monai.bundle.workflows")
    hook, path, level = sys.excepthook, list(sys.path), monai.level
    predict("some pictures/a.png", "out", weights=bright)
    with pytest.raises(ValueError, match="nowhere"):
        predict("nowhere", "out", weights=bright)
    assert (sys.excepthook, sys.path, monai.level) == (hook, path, level)
    assert (tmp_path / "out" / "a_mask.png").is_file()


Command = Callable[..., int]


@pytest.fixture
def command(pictures: Path, bright: Path, tmp_path: Path) -> Command:
    """`srs-monai predict` of the pictures; its exit status."""

    def run(*options: str, source: Path = pictures) -> int:
        named = ["predict", str(source), str(tmp_path / "out"), "--weights", str(bright), "--trust-settings"]
        return main([*named, "--device", "cpu", *options])

    return run


def test_the_command_ends_with_a_table_and_a_status(
    pictures: Path, command: Command, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert command() == 1
    table = caplog.messages[-1]
    assert table.splitlines()[1].split() == ["case", "format", "found", "seconds"]
    assert table.splitlines()[3].split()[:2] == ["b", "failed"]
    assert table.endswith(f"results are in {tmp_path / 'out'}")
    assert command(source=pictures / "a.png") == 0
    assert "skipped" in caplog.messages[-1]
    assert caplog.messages[-1].endswith(f"results are in {tmp_path / 'out'}")


def test_the_command_names_no_place_of_results_where_there_are_none(
    pictures: Path, command: Command, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert command(source=pictures / "b.png") == 1
    assert caplog.messages[-1].endswith("\nnothing was written")
    assert "results are in" not in caplog.text


def test_the_command_takes_values_and_overlays(command: Command, pictures: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("save_overlay: false\n")
    options = ("--config", str(overlay), "--set", "save_probabilities=true", "threshold=0.7", "--format", "nifti")
    assert command(*options, source=pictures / "a.png") == 0
    assert set(files(tmp_path / "out")) == {"a_mask.nii.gz", "a_probability.nii.gz", "a.json"}
    assert command(*options, "--overwrite", source=pictures / "a.png") == 0


@pytest.mark.parametrize(
    "options",
    [["--format", "jpeg"], ["--set", "threshold"], ["--set", "a=[1"], ["--set", "device=cpu"], ["--size", "1"]],
)
def test_wrong_usage_is_status_two(command: Command, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command(*options)
    assert ended.value.code == 2
    assert options[0] in capsys.readouterr().err


def test_a_mistake_that_concerns_all_is_one_line(
    command: Command, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert command(source=tmp_path / "nowhere") == 1
    assert caplog.messages[-1].startswith("srs-monai predict: ")


def test_an_interruption_is_one_line_and_leaves_whole_cases(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written = Image.Image.save

    def save(image: Image.Image, path: Path, **options: Any) -> None:
        written(image, path, **options)
        if "c_mask" in str(path):
            raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", save)
    assert command() == 130
    assert caplog.messages[-1].startswith("srs-monai predict: interrupted")
    left = set(files(tmp_path / "out"))
    assert left == {"a_mask.png", "a_overlay.png", "a.json", "c_overlay.png"}
    monkeypatch.undo()
    assert command() == 1
    assert {"c_mask.png", "c.json"} <= set(files(tmp_path / "out"))

"""A misspelt name or a value of another kind ends a run at its beginning; what a configuration may hold passes."""

from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigWorkflow

from srs_monai.config.given_values import check_config
from srs_monai.errors import root_cause

CONFIG = """
imports: [$import srs_monai.config, $import srs_monai]
workflow: $srs_monai.config.running_workflow()
epochs: 300
learning_rate: 0.01
image_size: [256, 256]
resume: false
masks: masks
patience: null
output_dir: $'runs'
handlers: []
trainer: {_target_: torch.nn.Linear, in_features: "@epochs", out_features: 1}
initialize: [$srs_monai.config.check_config(@workflow)]
run: [$True]
"""
CHECKED = "checked: $srs_monai.config.check_config(@workflow)"


def initialized(folder: Path, overlay: str = "{}", **values: Any) -> None:
    configs = folder / "configs"
    configs.mkdir()
    (configs / "train.yaml").write_text(CONFIG)
    (configs / "evaluate.yaml").write_text("evaluate_list: validation")
    (configs / "metadata.json").write_text('{"version": "1"}')
    (folder / "overlay.yaml").write_text(overlay)
    files = [str(configs / "train.yaml"), str(folder / "overlay.yaml")]
    ConfigWorkflow(files, logging_file=False, **values).initialize()


def complaint(*arguments: Any, **values: Any) -> str:
    with pytest.raises(RuntimeError) as failure:
        initialized(*arguments, **values)
    return str(root_cause(failure.value))


@pytest.mark.parametrize(("overlay", "values"), [("{}", {"epoch": 2}), ("epoch: 2", {})])
def test_a_name_that_nothing_reads_is_refused(tmp_path: Path, overlay: str, values: dict[str, Any]) -> None:
    assert "no option 'epoch'; did you mean 'epochs'?" in complaint(tmp_path, overlay, **values)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("learning_rate", "1e-3", "write 1.0e-3); got '1e-3'"),
        ("learning_rate", True, "learning_rate must be a number; got True"),
        ("epochs", 2.5, "epochs must be a whole number; got 2.5"),
        ("image_size", 64, "as [256, 256]; got 64"),
        ("image_size", ["a", 64], "got ['a', 64]"),
        ("masks", 5, "masks must be a text; got 5"),
        ("output_dir", 1, "(write ./1 if it is one); got 1"),
    ],
)
def test_a_value_of_another_kind_is_refused(tmp_path: Path, name: str, value: Any, text: str) -> None:
    assert text in complaint(tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("overlay", "values"),
    [
        ("{size: 64, image_size: ['@size', '@size']}", {}),  # a name of the overlay's own
        ("{evaluate_list: all}", {}),  # of a neighbour: one overlay serves training and evaluation
        ("{}", {"epochs": 2.0, "learning_rate": 1, "image_size": (32, 64), "masks": None, "patience": 3}),
        ("{}", {"epochs": "$10 * 2", "learning_rate": "@epochs", "resume": "true", "output_dir": Path("runs")}),
        ("{}", {"trainer#out_features": 2, "mine": ["$1"], "run_id": "mine"}),
        ("{}", {"run_name": "first"}),  # of MONAI's tracking
        ("handlers: [{_target_: StatsHandler}]", {}),
    ],
)
def test_what_may_be_passes(tmp_path: Path, overlay: str, values: dict[str, Any]) -> None:
    initialized(tmp_path, overlay, **values)


@pytest.mark.parametrize(
    ("kind", "stray"), [("init_id", "small.yaml"), ("final_id", "small.yaml"), ("init_id", "initialise")]
)
def test_a_second_file_after_a_space_is_refused(tmp_path: Path, kind: str, stray: str) -> None:
    """MONAI takes it for the id of a list, which it skips where there is none."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "train.yaml").write_text(CONFIG.replace("run: [", "run: ['$@checked', ") + CHECKED)
    workflow = ConfigWorkflow(str(tmp_path / "configs" / "train.yaml"), logging_file=False, **{kind: stray})
    with pytest.raises(RuntimeError) as failure:
        workflow.run()
    said = str(root_cause(failure.value))
    assert stray in said
    assert "--config_file \"['a', 'b']\"" in said


def test_a_run_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """The first of several files after a space is taken for the id of the run."""
    assert "no 'small.yaml' to run" in complaint(tmp_path, run_id="small.yaml")


def test_settings_are_no_configuration(tmp_path: Path) -> None:
    assert "--settings FILE" in complaint(tmp_path, "{provenance: {}, image_size: [8, 8]}")


def test_a_value_that_follows_from_the_weights_is_held_to_the_usual_one(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "inference.yaml").write_text("image_size: $[1, 2]")
    config = tmp_path / "configs" / "train.yaml"
    config.write_text(CONFIG)
    with pytest.raises(RuntimeError) as failure:
        ConfigWorkflow(str(config), logging_file=False, image_size=64).initialize()
    assert "image_size must be a list" in str(root_cause(failure.value))


def test_without_a_workflow_there_is_nothing_to_check() -> None:
    check_config(None)

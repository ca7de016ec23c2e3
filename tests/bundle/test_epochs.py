"""One number says how long a stage is trained, by whatever name it is given: the learning rate follows it."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigWorkflow

from srs_monai.errors import root_cause

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:monai")
Workflow = Callable[..., ConfigWorkflow]
NETWORK = {"_target_": "torch.nn.Conv2d", "in_channels": 3, "out_channels": 1, "kernel_size": 1}
STEPS = 3  # of an epoch: nine images in batches of four


def rates(out: Path, stage: str) -> list[float]:
    with (out / stage / "epochs.csv").open(newline="") as file:
        return [float(row["learning_rate"]) for row in csv.DictReader(file)]


def decay(epochs: int, first: int = 1) -> Any:
    """The rate at the end of each epoch, from 0.01 to nearly nothing."""
    ends = [epoch * STEPS - 1 for epoch in range(first, epochs + 1)]
    return pytest.approx([0.01 * (1 - end / (epochs * STEPS)) ** 0.9 for end in ends])


def train(workflow: ConfigWorkflow) -> None:
    workflow.initialize()
    workflow.run()


def test_monais_own_name_for_the_epochs_counts(workflow: Workflow, tmp_path: Path) -> None:
    given = {"train#trainer#max_epochs": 3, "reconstruction#train#trainer#max_epochs": 2}
    train(workflow(epochs=1, **given))
    assert rates(tmp_path / "out", "segmentation") == decay(3)
    assert rates(tmp_path / "out", "reconstruction") == decay(2)


def test_a_program_sets_the_epochs_as_a_property(workflow: Workflow, tmp_path: Path) -> None:
    one = workflow(training=["@stage_two"], network_def=NETWORK)
    one.max_epochs = 2
    train(one)
    assert rates(tmp_path / "out", "segmentation") == decay(2)
    one.max_epochs = 3
    one.parser["resume"] = True
    train(one)
    assert rates(tmp_path / "out", "segmentation")[2:] == decay(3, first=3)


def test_a_program_gives_the_trainer_itself_more_epochs(workflow: Workflow, tmp_path: Path) -> None:
    one = workflow(training=["@stage_two"], network_def=NETWORK, epochs=1)
    one.initialize()
    one.trainer.state.max_epochs = 3
    one.run()
    assert rates(tmp_path / "out", "segmentation") == decay(3)


def test_every_batch_at_three_sizes_makes_three_times_the_steps(workflow: Workflow, tmp_path: Path) -> None:
    scaled = {"_target_": "srs_monai.training.ScaledBatches", "dataloader": "@reconstruction#train#batches"}
    train(workflow(run_id="stage_one", **{"reconstruction#train#trainer#train_data_loader": scaled}))
    assert rates(tmp_path / "out", "reconstruction") == pytest.approx([0.01 * (1 / 9) ** 0.9])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"epochs": 0}, "got epochs 0; give --epochs"),
        ({"epochs": -2}, "got epochs -2"),
        ({"epochs": 2.5}, "epochs must be a whole number; got 2.5"),
        ({"epochs": "many"}, "epochs must be a number"),
        ({"train#trainer#max_epochs": 2.5}, r"got epochs 2\.5"),
        ({"train#trainer#max_epochs": "many"}, "got epochs 'many'"),
        ({"reconstruction_epochs": 0}, "got reconstruction_epochs 0; give --reconstruction_epochs"),
        ({"epochs": 3, "reconstruction_epochs": 4, "val_interval": 4}, "epochs 3 .* val_interval 4"),
    ],
)
def test_senseless_numbers_are_refused_before_an_earlier_run_goes(
    workflow: Workflow, tmp_path: Path, values: dict[str, Any], text: str
) -> None:
    earlier = tmp_path / "out" / "segmentation" / "last.pt"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("hours of work")
    with pytest.raises((ValueError, RuntimeError)) as caught:  # MONAI wraps what an expression raises
        workflow(**values, overwrite=True).initialize()
    assert re.search(text, str(root_cause(caught.value)))
    assert earlier.is_file()


def test_epochs_of_a_stage_that_is_not_trained_do_not_matter(workflow: Workflow, tmp_path: Path) -> None:
    values: dict[str, Any] = {"epochs": 8, "val_interval": 8, "reconstruction_epochs": 0}
    workflow(**values, network_def=NETWORK, training=["@stage_two"]).initialize()
    (tmp_path / "given.pt").touch()
    workflow(**values, reconstruction_weights=str(tmp_path / "given.pt")).initialize()

"""Tools that take the bundle as a MONAI workflow find what they look for, before anything has run."""

import sys
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow
from monai.engines import SupervisedTrainer

from srs_monai.weights import save_weights

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:monai")


@pytest.mark.parametrize(("file", "kind"), [("train", "train"), ("inference", "infer")])
def test_every_property_of_the_workflow_is_there(
    file: str, kind: str, tiny: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # which the bundle replaces
    workflow = ConfigWorkflow(
        config_file=[str(CONFIGS / f"{file}.yaml"), str(tiny)],
        workflow_type=kind,
        logging_file=False,  # which would set up logging for all the tests that follow
        dataset_dir=str(phantoms),
        output_dir=str(tmp_path / "out"),
        **({"ckpt_path": str(tmp_path / "model.pt")} if kind == "infer" else {}),
    )
    save_weights(workflow.parser.get_parsed_content("network_def").state_dict(), tmp_path / "model.pt")
    workflow.initialize()
    assert not workflow.check_properties()
    assert workflow.bundle_root == str(CONFIGS.parent)
    assert isinstance(workflow.device, torch.device)
    if kind == "train":
        assert isinstance(workflow.trainer, SupervisedTrainer)
        assert workflow.max_epochs == workflow.trainer.state.max_epochs

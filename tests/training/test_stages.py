"""Stages hand over by files, and never write over a run unasked."""

from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events

from srs_monai.networks import SRSNet
from srs_monai.training import (
    LoadReconstruction,
    check_output,
    image_to_itself,
    open_output,
    reconstruction_weights,
    run_stage,
    trainable_reconstruction,
)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("run")


@pytest.mark.parametrize(
    "names", [["segmentation/last.pt", "reconstruction.pt"], ["reconstruction/last.pt"], ["model.pt"]]
)
def test_a_run_is_never_written_over_unasked(tmp_path: Path, names: list[str]) -> None:
    touch(tmp_path, *names)
    with pytest.raises(ValueError, match=r"\.pt .*; add --resume true .* --overwrite true"):
        check_output(tmp_path)
    open_output(tmp_path)
    assert (tmp_path / names[0]).read_text() == "run"


def test_a_finished_reconstruction_is_there_to_be_used(tmp_path: Path) -> None:
    touch(tmp_path, "reconstruction/last.pt", "reconstruction.pt")
    check_output(tmp_path)
    with pytest.raises(ValueError, match="earlier run"):
        check_output(tmp_path, stages=["reconstruction"])


def test_overwriting_takes_only_what_a_run_leaves(tmp_path: Path) -> None:
    events = "segmentation/tensorboard/events.out.tfevents.1"
    ours = ["reconstruction/last.pt", "reconstruction/best.pt", "segmentation/epochs.csv", "reconstruction.pt"]
    touch(tmp_path, *ours, "model.pt", "model.json", events, "notes.txt", "reconstruction/a.png", "split/train.txt")
    check_output(tmp_path, resume=True)
    check_output(tmp_path, overwrite=True)
    assert (tmp_path / "model.pt").is_file()
    open_output(tmp_path, overwrite=True)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"notes.txt", "reconstruction/a.png", "split/train.txt"}
    assert not (tmp_path / "segmentation").exists()


def test_nothing_to_resume_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    check_output(tmp_path, resume=True)
    assert "no run to resume" in caplog.text


def test_resume_and_overwrite_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="resume or overwrite"):
        check_output(tmp_path, resume=True, overwrite=True)


def test_a_run_has_a_folder_apart_from_its_data(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file .*output_dir"):
        check_output(tmp_path / "file")
    with pytest.raises(ValueError, match="must not be that of its data"):
        check_output(tmp_path, dataset_dir=tmp_path / "x" / "..")


def test_given_weights_must_be_there(tmp_path: Path) -> None:
    assert reconstruction_weights(tmp_path) == tmp_path / "reconstruction.pt"
    with pytest.raises(FileNotFoundError, match=r"got nowhere\.pt"):
        reconstruction_weights(tmp_path, "nowhere.pt")


def test_a_fresh_stage_two_takes_the_trained_encoder_and_leaves_it_frozen(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "reconstruction_features": (8, 8, 8, 8),
        "segmentation_features": (8, 8, 8, 8),
        "reconstruction_blocks": (1, 1, 1, 1),
        "segmentation_blocks": (1, 1, 1, 1),
    }
    network = SRSNet(**options)
    stage_one = trainable_reconstruction(network)
    assert all(parameter.requires_grad for parameter in stage_one.parameters())
    with torch.no_grad():
        for parameter in stage_one.parameters():
            parameter.add_(1)
    torch.save(stage_one.state_dict(), tmp_path / "r.pt")
    before = {key: value.clone() for key, value in network.reconstruction.state_dict().items()}
    trainer = Engine(lambda engine, batch: None)
    LoadReconstruction(network, tmp_path / "r.pt").attach(trainer)
    trainer.state.epoch = 1
    trainer.fire_event(Events.STARTED)
    torch.testing.assert_close(dict(network.reconstruction.state_dict()), before, rtol=0, atol=0)
    trainer.state.epoch = 0
    trainer.fire_event(Events.STARTED)
    torch.testing.assert_close(network.reconstruction.state_dict(), stage_one.state_dict(), rtol=0, atol=0)
    assert not any(parameter.requires_grad for parameter in network.reconstruction.parameters())


def test_a_stage_without_a_numeric_score_fails_by_name(tmp_path: Path) -> None:
    class Finished:
        class state:
            epoch = max_epochs = 1

    with pytest.raises(ValueError, match=r"best\.pt"):
        run_stage(Finished, best=tmp_path / "best.pt", result=tmp_path / "model.pt")  # type: ignore[arg-type]


def test_a_finished_stage_hands_on_its_best_weights_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Finished:
        class state:
            epoch = max_epochs = 1
            best = "epoch 1, the best"

    caplog.set_level("INFO")

    touch(tmp_path, "reconstruction/best.pt")
    for _ in range(2):  # also over the file of an earlier run
        run_stage(Finished, best=tmp_path / "reconstruction/best.pt", result=tmp_path / "reconstruction.pt")  # type: ignore[arg-type]
    assert (tmp_path / "reconstruction.pt").read_text() == "run"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reconstruction", "reconstruction.pt"]
    said = f"{tmp_path.resolve() / 'reconstruction.pt'}, from epoch 1, the best"
    assert caplog.messages[-1].endswith(said)


def test_the_image_is_its_own_target() -> None:
    image, target = image_to_itself({"image": torch.ones(1, 1, 2, 2)}, "cpu")
    assert image is target

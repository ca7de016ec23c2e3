"""The two stages of a run: where each keeps its files, when it runs, and the hand-over between them."""

import copy
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from monai.engines import SupervisedTrainer
from torch import Tensor, nn

from srs_monai.config.settings import settings_path
from srs_monai.data import SliceCacheDataset
from srs_monai.files import check_folder, replacing
from srs_monai.networks import ReconstructionNet
from srs_monai.weights import load_weights

logger = logging.getLogger(__name__)

STAGES = ("reconstruction", "segmentation")
#: what each stage leaves in output_dir when it has come to its end, or, for the second, at its best so far
WEIGHTS = {"reconstruction": "reconstruction.pt", "segmentation": "model.pt"}


def check_output(
    output_dir: str | Path,
    *,
    dataset_dir: str | Path | None = None,
    stages: Sequence[str] = STAGES,
    resume: bool = False,
    overwrite: bool = False,
) -> None:
    """Refuse to write over a run that is there; nothing is changed.

    Args:
        output_dir: of the run.
        dataset_dir: the folder of the data set, which is no place for a run.
        stages: those that this run may train. A finished reconstruction is kept for use when "segmentation" is one of
            them, and refused like any other result when it is not.
        resume: go on with what is there.
        overwrite: take away what is there; see `open_output`.

    Raises:
        ValueError: when both switches are on, the folder holds a run and neither is, or it can be no run's folder.
    """
    folder = Path(output_dir)
    check_folder(folder)
    if dataset_dir is not None and folder.resolve() == Path(dataset_dir).expanduser().resolve():
        raise ValueError(f"a run is kept apart from its data, but both are {folder}; give another --output_dir")
    if resume and overwrite:
        raise ValueError("a run is either resumed or overwritten; switch off resume or overwrite")
    if resume:
        if not any((folder / stage / "last.pt").is_file() for stage in stages):
            logger.warning("there is no run to resume in %s: a new one begins", folder)
        return
    if overwrite:
        return
    finished = folder / WEIGHTS["reconstruction"]
    for stage in stages:
        begun = [path for path in (folder / stage / "last.pt", folder / WEIGHTS[stage]) if path.is_file()]
        usable = stage == "reconstruction" and "segmentation" in stages and finished.is_file()
        if begun and not usable:
            raise ValueError(
                f"an output folder's earlier run is never written over unasked, and {begun[0]} is there; add "
                "--resume true to go on with it, --overwrite true to start anew, or give another --output_dir"
            )


def open_output(output_dir: str | Path, *, overwrite: bool = False) -> None:
    """Make a run's folder ready, once its data and network are known to be good.

    Args:
        output_dir: of the run; made when it is missing.
        overwrite: take away what an earlier run's stages left there; files of other names stay.
    """
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    if not overwrite:
        return
    for stage in STAGES:
        ours = [folder / WEIGHTS[stage], settings_path(folder / WEIGHTS[stage])]
        ours += [folder / stage / name for name in ("last.pt", "best.pt", "epochs.csv")]
        for file in [*ours, *(folder / stage / "tensorboard").glob("events.out.tfevents.*")]:
            file.unlink(missing_ok=True)
        for emptied in (folder / stage / "tensorboard", folder / stage):
            if emptied.is_dir() and not any(emptied.iterdir()):
                emptied.rmdir()


def reconstruction_weights(output_dir: str | Path, given: str | Path | None = None) -> Path:
    """The file of reconstruction weights that stage two uses: the one given, else the one stage one leaves.

    Raises:
        FileNotFoundError: when a file is given and is not there.
    """
    if given is None:
        return Path(output_dir) / WEIGHTS["reconstruction"]
    if not Path(given).is_file():
        raise FileNotFoundError(
            f"the reconstruction weights must be a file, got {given}; leave reconstruction_weights out to train them"
        )
    return Path(given)


def run_stage(
    trainer: SupervisedTrainer,
    *,
    best: str | Path,
    result: str | Path,
    skip: bool = False,
    compiled: bool = False,
    free: Any = None,
) -> None:
    """Train one stage to its end and hand on its best weights.

    Args:
        trainer: with its handlers; one whose checkpoint is at its last epoch already is not run again.
        best: where the stage keeps its best weights.
        result: where they go when the stage has ended; may be the same file.
        skip: do nothing, because the weights are there already.
        compiled: compile the network's forward pass and with it the backward pass, at its first step. Of what differs
            from step to step, such as an epoch's last, smaller batch, torch makes one version that serves all.
        free: a data set; the images that a `SliceCacheDataset` keeps in memory for itself alone are freed at the end.

    Raises:
        ValueError: when no validation score of the whole stage was a number.
    """
    if skip:
        logger.info("skipping a stage: its weights are there already, %s", result)
        return
    finished = trainer.state.epoch >= trainer.state.max_epochs
    if not finished:
        if compiled:
            logger.info("compiling the network: the first steps take minutes")
            trainer.network.compile()  # in place, so that its weights keep their names
        trainer.run()
    if isinstance(free, SliceCacheDataset):
        free.forget()
    if not Path(best).is_file():
        raise ValueError(
            f"training ended without one validation score that is a number, so {best} was never written; look at the "
            "losses in epochs.csv: a lower learning_rate often helps"
        )
    if Path(best) != Path(result):
        with replacing(result) as temporary:  # half a file would be taken for a finished stage
            shutil.copyfile(best, temporary)
    logger.info(
        "%s %s, from %s",
        "nothing is left to do:" if finished else "trained:",
        Path(result).resolve(),
        getattr(trainer.state, "best", "its last run"),
    )


def trainable_reconstruction(network: nn.Module) -> ReconstructionNet:
    """A copy of an SRSNet's reconstruction network that stage one may train; it is handed back as a file.

    Raises:
        ValueError: for a network without one.
    """
    reconstruction = getattr(network, "reconstruction", None)
    if not isinstance(reconstruction, ReconstructionNet):
        raise ValueError(
            f"stage one trains the reconstruction network of an SRSNet, but {type(network).__name__} has none; leave "
            "that stage out with training: ['@stage_two'] in the network's overlay"
        )
    return copy.deepcopy(reconstruction).requires_grad_()


def trained_parameters(network: nn.Module) -> list[nn.Parameter]:
    """What stage two trains of a network: all but what is frozen."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


class LoadReconstruction:
    """Trainer handler: stage two starts with stage one's weights in its SRSNet.

    They are loaded when training starts, not when it is built: tools look at a workflow before it has run. A resumed
    stage has them already, and a network without a reconstruction needs none.

    Args:
        network: that stage two trains.
        weights: file of stage one's weights.
    """

    def __init__(self, network: nn.Module, weights: str | Path) -> None:
        self.network, self.weights = network, weights

    def attach(self, engine: Engine) -> None:
        """Register with the trainer."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        reconstruction = getattr(self.network, "reconstruction", None)
        if engine.state.epoch == 0 and reconstruction is not None:
            load_weights(reconstruction, self.weights)


def image_to_itself(
    batch: dict[str, Any], device: str | torch.device | None = None, non_blocking: bool = False, **options: Any
) -> tuple[Tensor, Tensor]:
    """MONAI `prepare_batch` of the reconstruction stage: the image, (B, C, H, W), is its own target."""
    image = batch["image"].to(device=device, non_blocking=non_blocking, **options)
    return image, image

"""The two stages of a run: their files, their training, and the weights that stage one passes to stage two."""

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
#: the weights of each stage in output_dir: of a finished stage one, of stage two the best so far
WEIGHTS = {"reconstruction": "reconstruction.pt", "segmentation": "model.pt"}


def check_output(
    output_dir: str | Path,
    *,
    dataset_dir: str | Path | None = None,
    stages: Sequence[str] = STAGES,
    resume: bool = False,
    overwrite: bool = False,
) -> None:
    """Reject an output folder with an earlier run, before anything is changed.

    Args:
        output_dir: folder of the run.
        dataset_dir: folder of the data set, which must not be the folder of a run.
        stages: stages that this run may train. A finished reconstruction is used if "segmentation" is one of them,
            and otherwise rejected like any other result.
        resume: continue the earlier run.
        overwrite: delete the earlier run; see `open_output`.

    Raises:
        ValueError: if both switches are on, the folder holds a run and both are off, or it cannot be a run's folder.
    """
    folder = Path(output_dir)
    check_folder(folder)
    if dataset_dir is not None and folder.resolve() == Path(dataset_dir).expanduser().resolve():
        raise ValueError(
            f"the folder of a run must not be that of its data, but both are {folder}; give another --output_dir"
        )
    if resume and overwrite:
        raise ValueError(
            "a run can be resumed or overwritten, but both switches are on; switch off resume or overwrite"
        )
    if resume:
        if not any((folder / stage / "last.pt").is_file() for stage in stages):
            logger.warning("%s holds no run to resume: a new run starts", folder)
        return
    if overwrite:
        return
    finished = folder / WEIGHTS["reconstruction"]
    for stage in stages:
        begun = [path for path in (folder / stage / "last.pt", folder / WEIGHTS[stage]) if path.is_file()]
        usable = stage == "reconstruction" and "segmentation" in stages and finished.is_file()
        if begun and not usable:
            raise ValueError(
                f"an earlier run is replaced only with --overwrite true, but {begun[0]} exists; add --resume true to "
                "continue it, --overwrite true to start again, or give another --output_dir"
            )


def open_output(output_dir: str | Path, *, overwrite: bool = False) -> None:
    """Prepare the folder of a run, after its data and network are checked.

    Args:
        output_dir: folder of the run; it is created if it is missing.
        overwrite: delete the files of an earlier run's stages; files with other names stay.
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
    """The file of reconstruction weights for stage two: the given file, else the result of stage one.

    Raises:
        FileNotFoundError: if the given file does not exist.
    """
    if given is None:
        return Path(output_dir) / WEIGHTS["reconstruction"]
    if not Path(given).is_file():
        raise FileNotFoundError(
            f"reconstruction_weights must be an existing file, got {given}; omit reconstruction_weights to train them"
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
    """Train one stage to its end, and copy its best weights to their place.

    Args:
        trainer: the trainer with its handlers; if its checkpoint is at the last epoch already, it does not run again.
        best: file of the stage's best weights.
        result: file for them after the stage; it may be the same file.
        skip: do nothing, because the weights exist already.
        compiled: compile the forward pass of the network, and with it the backward pass, at the first step. For a size
            that varies, such as an epoch's last, smaller batch, torch compiles one version for all values.
        free: a data set; the images that a `SliceCacheDataset` keeps in memory for itself alone are freed at the end.

    Raises:
        ValueError: if no validation score of the whole stage is a number.
    """
    if skip:
        logger.info("skipping a stage: its weights exist already, %s", result)
        return
    finished = trainer.state.epoch >= trainer.state.max_epochs
    if not finished:
        if compiled:
            logger.info("compiling the network: the first steps take minutes")
            trainer.network.compile()  # in place, so that the weights keep their names
        trainer.run()
    if isinstance(free, SliceCacheDataset):
        free.forget()
    if not Path(best).is_file():
        raise ValueError(
            f"a stage needs a validation score that is a number, but all were nan, so {best} was not written; check "
            "the losses in epochs.csv, and try a lower learning_rate"
        )
    if Path(best) != Path(result):
        with replacing(result) as temporary:  # an incomplete file would count as a finished stage
            shutil.copyfile(best, temporary)
    logger.info(
        "%s %s, from %s",
        "already finished:" if finished else "trained:",
        Path(result).resolve(),
        getattr(trainer.state, "best", "its last run"),
    )


def trainable_reconstruction(network: nn.Module) -> ReconstructionNet:
    """A copy of an SRSNet's reconstruction network for stage one, which returns it as a file.

    Raises:
        ValueError: for a network without a reconstruction network.
    """
    reconstruction = getattr(network, "reconstruction", None)
    if not isinstance(reconstruction, ReconstructionNet):
        raise ValueError(
            f"stage one trains the reconstruction network of an SRSNet, but {type(network).__name__} has none; skip "
            "that stage with training: ['@stage_two'] in the network's overlay"
        )
    return copy.deepcopy(reconstruction).requires_grad_()


def trained_parameters(network: nn.Module) -> list[nn.Parameter]:
    """The parameters that stage two trains: all that are not frozen."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


class LoadReconstruction:
    """Trainer handler: load the weights of stage one into the SRSNet of stage two.

    They are loaded when training starts, not earlier, because tools inspect a workflow before it runs. A resumed stage
    has them already, and a network without a reconstruction network needs none.

    Args:
        network: the network of stage two.
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

"""A demo of a few minutes: data, both stages, evaluation and inference. Each step is a command for users."""

import logging
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from pydicom.data import get_testdata_file

from srs_monai.data import load_datalist
from srs_monai.data.phantoms import write_phantom_volume, write_phantoms

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
CT = "pydicom_CT_small.dcm"
#: image presentations in each stage, for about two minutes on two CPU cores
SHOWINGS = {"reconstruction": 900, "segmentation": 1800}
#: training of other networks than SRSNet: overlays, values for such a short run from random weights, and the number of
#: sizes of each image
RECIPES: dict[str, tuple[list[str], dict[str, object], int]] = {
    "unet_v2": (["configs/training/unet_v2_polyp.yaml"], {"learning_rate": 1.0e-3, "batch_size": 8}, 3),
    "unet_magic": ([], {"learning_rate": 0.1}, 1),
}


def bundle_command(run_id: str, configs: list[str], **values: object) -> list[str]:
    """`python -m monai.bundle run RUN_ID` with these config files and values."""
    files = [str(ROOT / name) for name in configs]
    options = [text for name, value in values.items() for text in (f"--{name}", str(value))]
    return [sys.executable, "-m", "monai.bundle", "run", run_id, "--config_file", str(files), *options]


def predict_command(source: Path, output: Path, *options: str) -> list[str]:
    """`srs-monai predict SOURCE OUTPUT` with these options."""
    return [sys.executable, "-m", "srs_monai", "predict", str(source), str(output), *options]


def run(command: list[str]) -> None:
    """Show a command, then run it; its output goes to the terminal."""
    module = command[1:3] == ["-m", "srs_monai"]
    logger.info("\n$ %s", shlex.join(["srs-monai", *command[3:]] if module else ["python", *command[1:]]))
    subprocess.run(command, check=True)


def demo(output: str | Path, data: str | Path | None = None, network: str = "srsnet_small") -> None:
    """Train a network, evaluate it, and segment pictures, a NIfTI volume and a DICOM file.

    Args:
        output: folder for all results; an earlier demo in it is replaced.
        data: a folder with images/ and masks/; None: generated phantoms, similar to ultrasound, with known masks.
        network: name of a file in configs/networks, without its suffix.

    Raises:
        ValueError: if data is not such a folder, or the network does not exist.
        FileNotFoundError: if the bundle is not beside the package, as in a clone.
        subprocess.CalledProcessError: if a step fails.
    """
    if not (ROOT / "bundle").is_dir():
        raise FileNotFoundError(
            f"the demo needs a clone of the repository, but {ROOT / 'bundle'} does not exist; run it in a clone"
        )
    overlay = f"configs/networks/{network}.yaml"
    if not (ROOT / overlay).is_file():
        known = ", ".join(sorted(path.stem for path in (ROOT / "configs" / "networks").glob("*.yaml")))
        raise ValueError(f"the network of the demo must be in configs/networks, got {network!r}; choose one of {known}")
    output = Path(output).resolve()
    inputs = output / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    if data is None:
        data = output / "data"
        write_phantoms(data, count=64, size=(128, 128), seed=0)
    data = Path(data).resolve()
    items = load_datalist(data, seed=0, split_dir=output / "split")
    images = len(items["training"])
    write_phantom_volume(output / "volume" / "phantom.nii.gz", shape=(128, 128, 16), seed=1)
    shutil.copy(output / "volume" / "phantom.nii.gz", inputs)  # without its mask
    shutil.copy(str(get_testdata_file("CT_small.dcm")), inputs / CT)
    for item in items["validation"][:2]:
        shutil.copy(item["image"], inputs)

    common = {"image_size": [128, 128], "dataset_dir": data, "train_list": output / "split" / "train.txt"}
    common |= {"val_list": output / "split" / "val.txt"}
    recipes, values, sizes = RECIPES.get(network, ([], {}, 1))
    epochs = {
        "reconstruction_epochs": max(1, SHOWINGS["reconstruction"] // images),
        "epochs": max(1, SHOWINGS["segmentation"] // images // sizes),
    }
    trained = output / "run"
    run(
        bundle_command(
            "training",
            ["bundle/configs/train.yaml", overlay, *recipes],
            **common,
            **epochs,
            **values,
            output_dir=trained,
            overwrite=True,
        )
    )
    run(
        bundle_command(
            "evaluating",
            ["bundle/configs/evaluate.yaml", overlay],
            **common,
            ckpt_path=trained / "model.pt",
            output_dir=output / "evaluation",
            overwrite=True,
        )
    )
    # the file beside the weights holds the network, its image size and the preprocessing
    options = ["--weights", str(trained / "model.pt"), "--overwrite"]
    run(predict_command(inputs, output / "predictions", *options))
    run(predict_command(inputs / CT, output / "dicom_seg", "--format", "dicom-seg", *options))
    logger.info(
        "\nDone. Look at:\n  %s\n  %s\n  %s\n  %s\n  %s",
        f"{output / 'evaluation'}: metrics of each validation image and their mean",
        f"{output / 'predictions'}: masks and overlays of {', '.join(sorted(p.name for p in inputs.iterdir()))} "
        "(the CT only shows the path from DICOM to mask: the network was not trained on CT)",
        f"{output / 'dicom_seg'}: the mask of the CT as a DICOM segmentation, for display over the CT in viewers",
        f"{trained / 'model.pt'}: the weights, {trained / 'segmentation' / 'epochs.csv'}: the course of the training",
        f"tensorboard --logdir {shlex.quote(str(trained))}: the curves",
    )

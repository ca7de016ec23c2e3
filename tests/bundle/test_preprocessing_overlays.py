"""The overlays for modalities, from files to what the network sees and back to masks of the files' own size."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.bundle import run as run_in_process
from monai.transforms import Compose
from numpy.typing import NDArray
from PIL import Image

from srs_monai.data.readers import MedicalImageReader
from srs_monai.weights import save_weights

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "bundle" / "configs"
LIMIT = 0.501  # of [0, 1]: what the network below calls bright; between two stored values

pytestmark = pytest.mark.filterwarnings("ignore:.*GHSA-873f-pvrv-4x83:UserWarning")  # MONAI warns of every run

PAIRS = {
    "ct_abdomen": [("ct_abdomen/totalseg_example_ct.nii.gz", "ct_abdomen/totalseg_example_label117.nii.gz")],
    "ultrasound": [("busi/images/benign (283).png", "busi/masks/benign (283).png")],
    "dermoscopy": [("isic2018/images/ISIC_0014716.jpg", "isic2018/masks/ISIC_0014716_segmentation.png")],
    "infrared": [(f"sirst/images/Misc_{n}.png", f"sirst/masks/Misc_{n}.png") for n in (1, 34, 68, 138)],
}
CROPPED = ("benign (283)", "Misc_1", "Misc_34")


def overlay(name: str) -> str:
    return str(ROOT / "configs" / "preprocessing" / f"{name}.yaml")


def transforms(file: str, part: str, name: str, **values: Any) -> Compose:
    parser = ConfigParser()
    parser.read_config([str(BUNDLE / f"{file}.yaml"), overlay(name)])
    parser.update({"image_size": [64, 64], **values})
    found = parser.get_parsed_content(part)
    return found if isinstance(found, Compose) else Compose(found)


@pytest.mark.parametrize("name", PAIRS)
def test_training_and_evaluation_see_the_same_picture_with_its_mask(datasets: Path, name: str) -> None:
    classes = {"out_channels": 118} if name == "ct_abdomen" else {}
    trained = transforms("train", "deterministic_transforms", name, **classes)
    unlabelled = transforms("train", "deterministic_transforms", name)
    measured = transforms("evaluate", "validate#preprocessing", name, network_grid=True, **classes)
    whole = transforms("evaluate", "validate#preprocessing", name, **classes)
    for image, label in PAIRS[name]:
        item = {"image": str(datasets / image), "label": str(datasets / label)}
        of_volume = {"slice": 15} if name == "ct_abdomen" else {}
        seen = trained({**item, **of_volume})
        assert seen["image"].shape == (3, 64, 64)
        assert 0 <= float(seen["image"].min()) < 0.3 < 0.6 < float(seen["image"].max()) <= 1
        assert seen["label"].sum() > 0
        for other in (measured({**item, **of_volume}), unlabelled({"image": item["image"], **of_volume})):
            torch.testing.assert_close(torch.as_tensor(other["image"]).as_subclass(torch.Tensor), seen["image"])
        assert torch.equal(measured({**item, **of_volume})["label"].as_subclass(torch.Tensor), seen["label"])
        stored = MedicalImageReader().get_data(item["label"])[0]
        at_home = whole(item)
        assert at_home["image"].shape[1:] == at_home["label"].shape[1:]
        assert int((at_home["label"] > 0).sum()) == int((stored > (0 if of_volume else stored.max() / 2)).sum())
        assert (at_home["label"].numel() < stored.size) == (Path(image).stem in CROPPED)


@pytest.fixture
def segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Run inference under an overlay with a network that calls bright what is brighter than LIMIT, pixel by pixel."""
    network = torch.nn.Conv2d(3, 1, 1)
    torch.nn.init.constant_(network.weight, 1000 / 3)
    torch.nn.init.constant_(network.bias, -1000 * LIMIT)
    save_weights(network.state_dict(), tmp_path / "bright.pt")
    bright = tmp_path / "bright.yaml"
    bright.write_text(
        "network_def: {_target_: torch.nn.Conv2d, in_channels: 3, out_channels: 1, kernel_size: 1}\nimage_size: null\n"
    )

    def run(name: str, source: Path, **values: Any) -> Path:
        monkeypatch.setattr("sys.excepthook", None)  # put back at the end
        run_in_process(
            "inference",
            config_file=[str(BUNDLE / "inference.yaml"), overlay(name), str(bright)],
            logging_file=False,
            dataset_dir=str(source),
            output_dir=str(tmp_path / "out"),
            ckpt_path=str(tmp_path / "bright.pt"),
            device="cpu",
            **values,
        )
        return tmp_path / "out"

    return run


def mask_of(output: Path, name: str) -> NDArray[np.bool_]:
    with Image.open(output / f"{name}_mask.png") as mask:
        return np.asarray(mask) > 0


def grey_of(path: Path) -> NDArray[np.float32]:
    """Luminance as read, (H, W)."""
    values = MedicalImageReader().get_data(path)[0]
    weights = [0.299, 0.587, 0.114] if len(values) == 3 else [1]
    return np.tensordot(np.array(weights, np.float32), values, 1)


@pytest.mark.parametrize("name", ["us_mono_jpegls", "us_rgb_rle", "us_palette_rle", "us_rgb_uncompressed"])
def test_ultrasound_masks_have_the_screens_size(datasets: Path, segment: Callable[..., Path], name: str) -> None:
    source = datasets / "dicom" / "single" / f"{name}.dcm"
    output = segment("ultrasound", source, save_probabilities=True)
    mask, expected = mask_of(output, name), grey_of(source) / 255 > LIMIT
    assert mask.shape == expected.shape
    inside = np.zeros_like(mask)
    rows, columns = np.nonzero(mask)
    inside[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    np.testing.assert_array_equal(mask[inside], expected[inside])
    assert (expected & ~inside).any() == (name != "us_rgb_uncompressed")  # bright letters round the tissue
    with Image.open(output / f"{name}_probability.png") as probability:
        np.testing.assert_array_equal(np.asarray(probability) > 32767, mask)


def test_infrared_masks_have_the_images_size(datasets: Path, segment: Callable[..., Path], tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    for number in (1, 34, 138):
        (inputs / f"Misc_{number}.png").symlink_to(datasets / "sirst" / "images" / f"Misc_{number}.png")
    output = segment("infrared", inputs)
    box = {"Misc_1": np.s_[2:240, 4:319], "Misc_34": np.s_[0:239, 0:318], "Misc_138": np.s_[:, :]}
    for name, kept in box.items():
        grey = grey_of(inputs / f"{name}.png")
        low, high = np.percentile(grey[kept], 0.5), grey[kept].max()
        expected = np.zeros(grey.shape, bool)
        expected[kept] = (grey[kept] - low) / (high - low) > LIMIT
        mask = mask_of(output, name)
        assert mask.shape == grey.shape
        assert (mask != expected).mean() < 1e-3  # values that lie on the limit
        assert 0 < mask.sum() < mask.size


def test_dermoscopy_masks_have_the_pictures_size(datasets: Path, segment: Callable[..., Path]) -> None:
    source = datasets / "isic2018" / "images" / "ISIC_0014716.jpg"
    values = MedicalImageReader().get_data(source)[0]
    plain = mask_of(segment("dermoscopy", source), source.stem)
    np.testing.assert_array_equal(plain, values.mean(0) / 255 > LIMIT)
    painted = mask_of(segment("dermoscopy", source, remove_hair=True, overwrite=True), source.stem)
    assert painted.shape == plain.shape
    assert (painted & ~plain).mean() > 0.02  # bright skin in place of dark hairs


def test_ct_masks_have_the_series_size(datasets: Path, segment: Callable[..., Path]) -> None:
    source = datasets / "dicom" / "ct_3slice_for_seg_liver"
    mask = nib.load(segment("ct_abdomen", source) / f"{source.name}_mask.nii.gz")
    hu = MedicalImageReader().get_data(source)[0]
    np.testing.assert_array_equal(np.asarray(mask.dataobj) > 0, hu > -125 + LIMIT * 400)


@pytest.mark.parametrize("name", ["original", "ultrasound"])
def test_overlays_show_the_picture_as_read(datasets: Path, segment: Callable[..., Path], name: str) -> None:
    """Neither blue first, as the release's preprocessing has it, nor grey and cropped."""
    source = datasets / "dicom" / "single" / "us_rgb_rle.dcm"
    output = segment(name, source)
    background = ~mask_of(output, source.stem)
    stored = MedicalImageReader().get_data(source)[0].transpose(1, 2, 0)
    with Image.open(output / f"{source.stem}_overlay.png") as overlay_picture:
        np.testing.assert_array_equal(np.asarray(overlay_picture)[background], stored[background])
    assert background.mean() > 0.9

"""Inference as the bundle runs it: every voxel of a mask lies where its source has it."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
import torch
from dicom_files import write_series
from monai.bundle import ConfigParser, verify_net_in_out
from monai.bundle import run as run_in_process
from monai.data import decollate_batch
from monai.transforms import SaveImaged
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.pixels.processing import apply_color_lut

from srs_monai.data.readers import dicom_slices, rasterise_rtstruct
from srs_monai.errors import root_cause
from srs_monai.weights import save_weights

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
BRIGHT = 40.5  # HU: what the network below calls bright in the default window
LIMIT = (BRIGHT + 160) / 400

pytestmark = pytest.mark.filterwarnings("ignore:.*GHSA-873f-pvrv-4x83:UserWarning")  # MONAI warns of every run


@pytest.fixture
def segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Run the inference configuration in this process, from a folder that is not the project's."""

    def run(source: Path, *overlays: Path, **values: Any) -> Path:
        monkeypatch.setattr("sys.excepthook", None)  # put back at the end
        monkeypatch.chdir(tmp_path)
        output = tmp_path / "out"
        run_in_process(
            "inference",
            config_file=[str(CONFIGS / "inference.yaml"), *map(str, overlays)],
            logging_file=False,  # it silences the loggers of the process
            dataset_dir=str(source),
            output_dir=str(output),
            **{"device": "cpu", **values},
        )
        return output

    return run


@pytest.fixture
def bright(tmp_path: Path) -> Path:
    """An overlay with a network whose mask is known: all that is brighter than BRIGHT, pixel by pixel."""
    network = torch.nn.Conv2d(3, 1, 1)
    torch.nn.init.constant_(network.weight, 1000 / 3)
    torch.nn.init.constant_(network.bias, -1000 * LIMIT)
    save_weights(network.state_dict(), tmp_path / "bright.pt")
    overlay = tmp_path / "bright.yaml"
    overlay.write_text(
        f"network_def: {{_target_: torch.nn.Conv2d, in_channels: 3, out_channels: 1, kernel_size: 1}}\n"
        f"image_size: null\n"
        f"ckpt_path: {tmp_path / 'bright.pt'}\n"
    )
    return overlay


@pytest.fixture
def untrained(tmp_path: Path, tiny: Path) -> dict[str, Any]:
    """Values for the smallest SRSNet, with the weights it began with."""
    parser = ConfigParser(ConfigParser.load_config_files([str(CONFIGS / "inference.yaml"), str(tiny)]))
    save_weights(parser.get_parsed_content("network_def").state_dict(), tmp_path / "untrained.pt")
    return {"ckpt_path": str(tmp_path / "untrained.pt")}


def series_in_world(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """A series as highdicom reads it: values and the RAS affine of the array (slices, rows, columns)."""
    slices = [pydicom.dcmread(path) for path in folder.iterdir()]
    if not slices[0].SeriesInstanceUID:
        for dataset in slices:
            dataset.SeriesInstanceUID, dataset.SOPClassUID = "1.2.3", dataset.file_meta.MediaStorageSOPClassUID
    volume = hd.image.get_volume_from_series(slices, dtype=np.float32)
    return volume.array, volume.get_affine("RAS")


def assert_bright_where_the_source_is(mask: Any, values: NDArray[np.float32], affine: NDArray[np.float64]) -> None:
    """Look up the world position of the source's voxels in the mask, whatever the order of its axes."""
    some = np.arange(0, values.size, 13)
    index = np.stack([*np.unravel_index(some, values.shape), np.ones(some.size)])
    found = np.linalg.solve(mask.affine, affine @ index)[:3]
    np.testing.assert_allclose(found, found.round(), atol=1e-3)
    assert sorted(mask.shape) == sorted(values.shape)
    np.testing.assert_array_equal(
        np.asarray(mask.dataobj)[tuple(found.round().astype(int))], (values.ravel()[some] > BRIGHT).astype(np.uint8)
    )


@pytest.mark.parametrize("name", ["ct_series_crlm1004", "ct_series_totalseg_j2k", "ct_3slice_for_seg_liver"])
def test_the_mask_of_a_series_lies_where_the_series_does(
    datasets: Path, segment: Callable[..., Path], bright: Path, name: str
) -> None:
    folder = datasets / "dicom" / name
    output = segment(folder, bright)
    mask = nib.load(output / f"{name}_mask.nii.gz")
    values, affine = series_in_world(folder)
    assert mask.shape == values.shape[::-1]  # columns, rows, slices
    assert_bright_where_the_source_is(mask, values, affine)
    assert (output / f"{name}_overlay.png").is_file()


def test_the_mask_of_a_nifti_has_its_shape_and_affine(
    datasets: Path, tmp_path: Path, segment: Callable[..., Path], bright: Path
) -> None:
    source = nib.load(datasets / "ct_abdomen" / "totalseg_example_ct.nii.gz")
    oblique = np.eye(4)
    oblique[:3, :3] = nib.eulerangles.euler2mat(0.3, 0.2, -0.1)
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    images = {
        "as_it_is": source,
        "oblique": nib.Nifti1Image(np.asarray(source.dataobj), oblique @ source.affine),
        "other_axes": source.as_reoriented(np.array([[2, -1], [0, 1], [1, -1]])),
        "one_slice": source.slicer[:, :, 12:13],
        "picture": nib.Nifti1Image(np.asarray(source.dataobj)[:, :, 12], source.affine),
    }
    for name, image in images.items():
        nib.save(image, inputs / f"{name}.nii.gz")
    # NIfTI does not say that it holds HU: the window is asked for
    output = segment(inputs, bright, intensity="window")
    for name, image in images.items():
        mask = nib.load(output / f"{name}_mask.nii.gz")
        assert mask.shape == image.shape
        np.testing.assert_allclose(mask.affine, image.affine, atol=1e-4)
        np.testing.assert_array_equal(np.asarray(mask.dataobj), np.asarray(image.dataobj) > BRIGHT)


def test_the_mask_of_a_picture_has_its_pixels(
    datasets: Path, tmp_path: Path, segment: Callable[..., Path], bright: Path
) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    shutil.copy(datasets / "dicom" / "single" / "us_rgb_uncompressed.dcm", inputs)
    grey = np.random.default_rng(0).integers(0, 256, (5, 9), dtype=np.uint8)
    for ending in ("png", "bmp", "tif"):
        Image.fromarray(grey).save(inputs / f"{ending}.{ending}")
    output = segment(inputs, bright)
    for name in ("png", "bmp", "tif"):
        with Image.open(output / f"{name}_mask.png") as mask:
            np.testing.assert_array_equal(np.asarray(mask), np.where(grey / 255 > LIMIT, 255, 0))
    with Image.open(output / "us_rgb_uncompressed_mask.png") as mask:
        rgb = pydicom.dcmread(inputs / "us_rgb_uncompressed.dcm").pixel_array
        np.testing.assert_array_equal(np.asarray(mask), np.where(rgb.mean(axis=2) / 255 > LIMIT, 255, 0))
    with Image.open(output / "us_rgb_uncompressed_overlay.png") as overlay:
        assert overlay.size == (256, 120)


def test_a_mixed_folder_through_srsnet_with_a_case_that_fails(
    datasets: Path, tmp_path: Path, segment: Callable[..., Path], tiny: Path, untrained: dict[str, Any]
) -> None:
    inputs = tmp_path / "inputs"
    shutil.copytree(datasets / "dicom" / "ct_3slice_for_seg_liver", inputs / "ct")
    shutil.copy(str(get_testdata_file("CT_small.dcm")), inputs)
    for name in ("bad_truncated_mr", "us_palette_rle_2frame"):
        shutil.copy(datasets / "dicom" / "single" / f"{name}.dcm", inputs)
    settings = {"minimum_size": 5, "keep_largest_component": True, **untrained}
    with pytest.raises(RuntimeError) as failed:
        segment(inputs, tiny, save_probabilities=True, **settings)
    assert "1 of 5 cases" in str(root_cause(failed.value))
    assert "bad_truncated_mr.dcm cannot be read" in str(root_cause(failed.value))
    output = tmp_path / "out"
    found = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    volumes, pictures = ["CT_small", "ct"], [f"us_palette_rle_2frame/frame_000{i}" for i in (1, 2)]
    expected = {f"{name}_{kind}.nii.gz" for name in volumes for kind in ("mask", "probability")}
    expected |= {f"{name}_{kind}.png" for name in pictures for kind in ("mask", "probability")}
    expected |= {f"{name}{ending}" for name in volumes + pictures for ending in ("_overlay.png", ".json")}
    assert found == expected
    for name, shape in (("CT_small", (128, 128, 1)), ("ct", (512, 512, 3))):
        probability = nib.load(output / f"{name}_probability.nii.gz")
        assert probability.shape == nib.load(output / f"{name}_mask.nii.gz").shape == shape
        assert 0 <= probability.get_fdata().min() < probability.get_fdata().max() <= 1

    before = {path: path.stat().st_mtime_ns for path in output.rglob("*_mask*")}
    (inputs / "bad_truncated_mr.dcm").unlink()
    segment(inputs, tiny, **settings)
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*_mask*")} == before
    segment(inputs, tiny, overwrite=True, **settings)
    assert all(path.stat().st_mtime_ns > changed for path, changed in before.items())


def test_dicom_comes_back_as_dicom(datasets: Path, tmp_path: Path, segment: Callable[..., Path], bright: Path) -> None:
    inputs = tmp_path / "inputs"
    shutil.copytree(datasets / "dicom" / "ct_3slice_for_seg_liver", inputs / "ct")
    shutil.copy(datasets / "dicom" / "single" / "us_palette_rle_2frame.dcm", inputs)
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(inputs / "a.png")
    with pytest.raises(RuntimeError) as failed:
        segment(inputs, bright, format="dicom-seg", save_overlay=False)
    assert "1 of 4 cases" in str(root_cause(failed.value))
    assert re.search(r"format dicom-seg refers to .* but .*a\.png is not DICOM; use", str(root_cause(failed.value)))
    output = tmp_path / "out"
    names = ["ct", *(f"us_palette_rle_2frame/frame_000{i}" for i in (1, 2))]
    found = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    assert found == {f"{name}{ending}" for name in names for ending in ("_seg.dcm", ".json")}
    for path in (inputs / "ct").iterdir():
        source = pydicom.dcmread(path)
        hu = source.pixel_array * float(source.RescaleSlope) + float(source.RescaleIntercept)
        mask = hd.seg.segread(output / "ct_seg.dcm").get_pixels_by_source_instance([source.SOPInstanceUID])
        np.testing.assert_array_equal(mask[0, :, :, 0], hu > BRIGHT)
    ultrasound = pydicom.dcmread(inputs / "us_palette_rle_2frame.dcm")
    colours = apply_color_lut(ultrasound.pixel_array, ultrasound)
    shown = (colours >> 8 if colours.dtype == np.uint16 else colours).mean(axis=-1) / 255 > LIMIT
    for number in (1, 2):
        written = pydicom.dcmread(output / "us_palette_rle_2frame" / f"frame_000{number}_seg.dcm")
        assert written.SourceImageSequence[0].ReferencedFrameNumber == number
        np.testing.assert_array_equal(written.pixel_array, shown[number - 1])


def test_what_was_done_to_a_tilted_series_is_said(tmp_path: Path, segment: Callable[..., Path], bright: Path) -> None:
    series = write_series(tmp_path / "inputs" / "tilted", aside=0.3, size=(40, 50))
    (series.folder / "notes.txt").write_text("left out")
    output = segment(series.folder, bright, format="dicom-seg")
    said = json.loads((output / "tilted.json").read_text())["warnings"]
    assert "gantry tilt of 16.7 degrees" in said[0]
    assert said[1].startswith("skipped: notes.txt")
    assert "nearest voxel" in said[2]
    written = hd.seg.segread(output / "tilted_seg.dcm")
    assert (written.Rows, written.Columns) == (40, 50)


def test_a_series_comes_back_as_contours(datasets: Path, segment: Callable[..., Path], bright: Path) -> None:
    source = datasets / "dicom" / "ct_series_crlm1004"
    settings = {"minimum_size": 200, "save_overlay": False}
    output = segment(source, bright, format="rtstruct", **settings)
    [mask] = rasterise_rtstruct(output / "ct_series_crlm1004_rtstruct.dcm", dicom_slices(source)).values()
    segment(source, bright, format="nifti", overwrite=True, **settings)
    voxels = np.asarray(nib.load(output / "ct_series_crlm1004_mask.nii.gz").dataobj)
    assert voxels.sum() > 1000
    np.testing.assert_array_equal(mask, voxels)


def test_several_classes_are_labels(datasets: Path, segment: Callable[..., Path], tiny: Path, tmp_path: Path) -> None:
    parser = ConfigParser(ConfigParser.load_config_files([str(CONFIGS / "inference.yaml"), str(tiny)]))
    parser["out_channels"] = 4
    save_weights(parser.get_parsed_content("network_def").state_dict(), tmp_path / "w.pt")
    source = datasets / "dicom" / "single" / "ct_chest_rlelossless.dcm"
    output = segment(source, tiny, out_channels=4, save_probabilities=True, ckpt_path=str(tmp_path / "w.pt"))
    mask = nib.load(output / "ct_chest_rlelossless_mask.nii.gz")
    probability = nib.load(output / "ct_chest_rlelossless_probability.nii.gz").get_fdata()
    assert probability.shape == (512, 512, 1, 4)
    np.testing.assert_allclose(probability.sum(axis=-1), 1, atol=1e-4)
    np.testing.assert_array_equal(np.asarray(mask.dataobj), probability.argmax(axis=-1))


def test_bad_input_is_one_clear_error(
    tmp_path: Path, segment: Callable[..., Path], bright: Path, untrained: dict[str, Any]
) -> None:
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "empty").mkdir()
    for source, values, said in (
        ("a.png", {"ckpt_path": str(tmp_path / "no.pt")}, r"weights .*no\.pt"),
        ("a.png", {"ckpt_path": untrained["ckpt_path"]}, r"'.*' is .* in the file and .* in Conv2d"),
        ("empty", {}, "empty holds none; name the folder"),
        ("missing", {}, "there is nothing at .*missing"),
        ("out", {}, "name another output folder"),
        ("a.png", {"precision": "half"}, "precision .* got 'half'"),
        ("a.png", {"device": "tpu!"}, "auto, cpu, .* got 'tpu!'"),
    ):
        with pytest.raises(RuntimeError) as failed:
            segment(tmp_path / source, bright, **values)
        assert re.search(said, str(root_cause(failed.value)))
        assert not (tmp_path / "out").exists()


def test_settings_that_differ_from_those_of_the_weights_are_refused(
    tmp_path: Path, segment: Callable[..., Path], tiny: Path, untrained: dict[str, Any]
) -> None:
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "untrained.json").write_text('{"provenance": {}, "image_size": [64, 64]}')
    with pytest.raises(RuntimeError) as failed:
        segment(tmp_path / "a.png", tiny, **untrained)
    said = r"trained with image_size \[64, 64\] \(here \[32, 32\]\); give --image_size '\[64, 64\]', or continue"
    assert re.search(said, str(root_cause(failed.value)))
    for values in ({"image_size": [64, 64]}, {"ignore_settings": "true", "overwrite": "true"}):
        output = segment(tmp_path / "a.png", tiny, **untrained, **values)
    assert (output / "a_mask.png").is_file()
    with pytest.raises(RuntimeError) as failed:
        segment(tmp_path / "a.png", tiny, tmp_path / "untrained.json", **untrained, overwrite=True)
    assert "--settings FILE" in str(root_cause(failed.value)), "it is no overlay"


def test_the_command_ends_with_the_cause_and_status_1(
    run: Callable[..., tuple[int, str]], tmp_path: Path, bright: Path
) -> None:
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / "a.png")
    values = {"dataset_dir": tmp_path / "a.png", "output_dir": tmp_path / "out", "device": "cpu"}
    status, said = run("inference", "inference", **values, ckpt_path=tmp_path / "no.pt")
    assert status == 1
    assert said.splitlines()[-1].startswith(f"ValueError: weights need an existing file, but {tmp_path / 'no.pt'}")
    status, said = run("inference", "inference", bright, **values)
    assert status == 0, said
    assert (tmp_path / "out" / "a_mask.png").is_file()
    assert "1 segmented, 0 failed" in said


def test_tools_use_the_parts_of_the_file_by_themselves(
    datasets: Path, tmp_path: Path, tiny: Path, untrained: dict[str, Any]
) -> None:
    """MONAI Label and MONAI Deploy read the file alone, take out what loads and saves, and keep the rest."""
    parser = ConfigParser()
    parser.read_config([str(CONFIGS / "inference.yaml"), str(tiny)])
    parser.config.update({"bundle_root": str(CONFIGS.parent), "output_dir": str(tmp_path / "out")})
    item: Any = {"image": str(datasets / "dicom" / "ct_3slice_for_seg_liver")}
    for transform in parser.get_parsed_content("preprocessing").transforms:
        item = transform(item)
    network = parser.get_parsed_content("network_def").eval()
    with torch.no_grad():
        item["pred"] = parser.get_parsed_content("inferer")(item["image"][None], network)
    assert item["pred"].shape == (1, 1, 512, 512, 3)
    item["pred"] = decollate_batch(item["pred"])[0]
    for transform in parser.get_parsed_content("postprocessing").transforms:
        if not isinstance(transform, SaveImaged):
            item = transform(item)
    assert item["pred"].shape == (1, 512, 512, 3)
    np.testing.assert_allclose(np.diag(item["pred"].affine), [-0.810547, -0.810547, 1, 1])
    assert not (tmp_path / "out").exists()


def test_the_network_agrees_with_the_metadata(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.excepthook", None)
    verify_net_in_out(
        net_id="network_def",
        meta_file=str(CONFIGS / "metadata.json"),
        config_file=[str(CONFIGS / "inference.yaml"), str(tiny)],
        device="cpu",
        p=2,
        n=2,
    )

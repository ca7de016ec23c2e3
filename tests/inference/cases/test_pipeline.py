"""In slabs or whole, one after the other or at once: the files are the same."""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
import torch
from dicom_files import write_series
from monai.data import Dataset
from monai.engines import SupervisedEvaluator
from monai.transforms import AsDiscreted, Compose, CopyItemsd, EnsureChannelFirstd, Identityd, Invertd, MapTransform
from PIL import Image
from torch import Tensor

from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.transforms import AsSeend, CropUltrasoundd, CTWindowd, MatchChannelsd, ToUnitRanged
from srs_monai.inference import (
    LoadImageSlicesd,
    RemoveSmallComponentsd,
    Run,
    SaveImageMaskd,
    SaveImageOverlayd,
    SliceBatchInferer,
    run_cases,
)
from srs_monai.inference.cases import pipeline
from srs_monai.inference.inferers.network_inferer import NetworkInferer
from srs_monai.inference.results.packed_labels import PackedLabels
from srs_monai.labels import Code, Label

LABELS = tuple(Label(name, Code("10200004", "Liver")) for name in ("a", "b"))
NONE, STRAIGHT, UNEVEN = 0.0, (0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0), (0.0, 2.0, 4.0, 8.0, 10.0, 11.0, 14.0)


class Bands(torch.nn.Module):
    """Class by brightness: what lies above 1/2; of three classes, the thirds. Sees a slice's mean, too."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, x: Tensor) -> Tensor:
        grey = x.mean(1, keepdim=True) + 0.01 * x.mean((1, 2, 3), keepdim=True)
        if self.classes == 1:
            return 40 * (grey - 0.5)
        return torch.cat([-((grey - i / (self.classes - 1)) ** 2) * 90 for i in range(self.classes)], dim=1)


class Segmenter:
    """The bundle's inference without its configuration."""

    def __init__(
        self,
        output: Path,
        sources: Sequence[Path],
        classes: int = 1,
        format: str = "auto",
        intensity: str = "auto",
        overlay: bool = True,
        probabilities: bool = False,
        extra: Sequence[Any] = (),
        cropping: Any = None,
        shown: Any = None,
    ) -> None:
        self.output, self.format = output, format
        scaling = ToUnitRanged("image", intensity)
        preprocessing = Compose(
            [
                LoadImageSlicesd("image", MedicalImageReader(resample_uneven=True)),
                EnsureChannelFirstd("image"),
                CopyItemsd("image", names="image_as_read"),
                AsSeend("image"),
                cropping or Identityd("image"),
                scaling,
                MatchChannelsd("image", 3),
            ]
        )
        saved = ["pred", "probability"] if probabilities else ["pred"]
        run = Run()
        run.uid = "2.25.1"
        overlays = [SaveImageOverlayd("pred", "image_as_read", output, shown or scaling)] if overlay else []
        self.postprocessing = Compose(
            [
                *([CopyItemsd("pred", names="probability")] if probabilities else []),
                AsDiscreted("pred", **({"threshold": 0.5} if classes == 1 else {"argmax": True})),
                *extra,
                Invertd(saved, preprocessing, orig_keys="image"),
                *overlays,
                SaveImageMaskd(
                    "pred", output, classes == 1, "probability" if probabilities else None, format, LABELS, run
                ),
            ]
        )
        items = [{"image": str(source), "name": f"case{i}"} for i, source in enumerate(sources)]
        self.dataset = Dataset(items, preprocessing)
        self.evaluator = SupervisedEvaluator(
            device=torch.device("cpu"),
            val_data_loader=[],
            network=Bands(classes),
            inferer=SliceBatchInferer(NetworkInferer(), (16, 24), batch_size=2),
            postprocessing=self.postprocessing,
        )

    def run(self, at_once: bool) -> dict[str, bytes]:
        """The files that there are then, without what tells two runs apart."""
        run_cases(
            self.evaluator,
            self.dataset,
            self.output,
            format=self.format,
            overwrite=True,
            postprocessing=self.postprocessing if at_once else None,
        )
        return {path.name: content(path) for path in sorted(self.output.rglob("*")) if path.is_file()}


def content(path: Path) -> bytes:
    if path.suffix != ".dcm":
        return path.read_bytes()
    dataset = pydicom.dcmread(path)
    for keyword in [*dataset.dir("Time"), *dataset.dir("Date"), "ContributingEquipmentSequence"]:  # when it was made
        dataset.pop(keyword, None)
    said = json.dumps(dataset.to_json_dict(), sort_keys=True, default=str)
    return re.sub(r"1\.2\.826\.0\.1\.3680043\.10\.511\.[\d.]+", "a new UID", said).encode()


@pytest.fixture
def slabs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of volumes that went through in slabs, of three slices."""
    shapes: list[tuple[int, ...]] = []

    class Noted(PackedLabels):
        def __init__(self, shape: Sequence[int]) -> None:
            super().__init__(shape)
            shapes.append(self.shape)

    monkeypatch.setattr(pipeline, "PackedLabels", Noted)
    monkeypatch.setattr(pipeline, "SLICES", 3)
    monkeypatch.setattr(pipeline, "_SMALL", 0)
    return shapes


def assert_the_same(tmp_path: Path, source: Path, **options: Any) -> None:
    """All files of a run at once are those of the evaluator's run."""
    results = []
    for at_once in (False, True):
        results.append(Segmenter(tmp_path / f"out{at_once}", [source], **options).run(at_once))
    assert results[0].keys() == results[1].keys()
    for name in results[0]:
        assert results[0][name] == results[1][name], name
    assert len(results[0]) > 1


def hounsfield(count: int, size: tuple[int, int] = (20, 26)) -> np.ndarray:
    """Stored values of CT: noise round the window, a bright block in the middle slices, air at the ends."""
    random = np.random.default_rng(count)
    stored = random.integers(880, 1240, (count, *size)).astype(np.int16)
    stored[2:-2, 5:12, 6:15] += 200
    stored[[0, -1]] = 24
    return stored


AXIAL, CORONAL = (1.0, 0, 0, 0, 1, 0), (1.0, 0, 0, 0, 0, -1)
UPSIDE_DOWN, OBLIQUE = (1.0, 0, 0, 0, -1, 0), (0.8, 0.6, 0, -0.6, 0.8, 0)


@pytest.mark.parametrize("format", ["nifti", "dicom-seg", "rtstruct", "png"])
@pytest.mark.parametrize("classes", [1, 3])
def test_a_ct_series_in_slabs_gives_what_the_whole_gives(
    tmp_path: Path, slabs: list[tuple[int, ...]], format: str, classes: int
) -> None:
    write_series(tmp_path / "ct", along=STRAIGHT, stored=hounsfield(7))
    assert_the_same(tmp_path, tmp_path / "ct", classes=classes, format=format)
    assert slabs == [(26, 20, 7)]


@pytest.mark.parametrize("format", ["nifti", "dicom-seg"])
@pytest.mark.parametrize(
    ("orientation", "along", "aside", "sliced"),
    [
        (UPSIDE_DOWN, STRAIGHT, NONE, True),
        (OBLIQUE, STRAIGHT, NONE, True),
        (AXIAL, STRAIGHT, 0.4, True),
        (AXIAL, UNEVEN, NONE, True),
        (UPSIDE_DOWN, UNEVEN, 0.3, True),
        (CORONAL, STRAIGHT, NONE, False),
    ],
)
def test_however_the_slices_lie(
    tmp_path: Path,
    slabs: list[tuple[int, ...]],
    format: str,
    orientation: tuple[float, ...],
    along: tuple[float, ...],
    aside: float,
    sliced: bool,
) -> None:
    write_series(tmp_path / "ct", along=along, stored=hounsfield(7), orientation=orientation, aside=aside)
    assert_the_same(tmp_path, tmp_path / "ct", format=format)
    assert len(slabs) == sliced


@pytest.mark.parametrize("what", ["nothing", "single slice", "padding", "two slices"])
def test_series_of_an_odd_kind(tmp_path: Path, slabs: list[tuple[int, ...]], what: str) -> None:
    along = {"single slice": (0.0,), "two slices": (0.0, 3.0)}.get(what, STRAIGHT)
    stored = np.zeros((7, 20, 26), np.int16) if what == "nothing" else hounsfield(7)

    def pad(dataset: pydicom.Dataset, number: int) -> None:
        if what == "padding":
            dataset.PixelPaddingValue = 24

    write_series(tmp_path / "ct", along=along, stored=stored[: len(along)], edit=pad)
    assert_the_same(tmp_path, tmp_path / "ct", format="dicom-seg")
    assert len(slabs) == (what != "single slice")


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize(
    ("codes", "sliced"), [("RAS", True), ("LPS", True), ("LPI", True), ("PRS", True), ("RSA", False), ("SAR", False)]
)
def test_nifti_in_any_orientation(
    tmp_path: Path, slabs: list[tuple[int, ...]], codes: str, sliced: bool, compressed: bool
) -> None:
    path = tmp_path / f"ct.nii{'.gz' * compressed}"
    affine = nib.orientations.inv_ornt_aff(nib.orientations.axcodes2ornt(codes), (26, 20, 7)) @ np.diag([2, 3, 4, 1])
    image = nib.Nifti1Image(hounsfield(7).transpose(2, 1, 0) - np.int16(1024), affine)
    if compressed:
        image.header.set_slope_inter(0.7, 3)
    nib.save(image, path)
    assert_the_same(tmp_path, path, intensity="window")
    assert len(slabs) == sliced


def test_an_unscaled_nifti_of_bytes_is_divided_by_its_full_scale(tmp_path: Path, slabs: list[Any]) -> None:
    values = np.random.default_rng(0).integers(0, 256, (12, 10, 7)).astype(np.uint8)
    nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / "a.nii")
    assert_the_same(tmp_path, tmp_path / "a.nii")
    assert slabs


class Halved(MapTransform):
    """A transform of a user, who does not say how it looks at a volume."""

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        return dict(data) | {key: data[key] / 2 for key in self.keys}


class HalvedBySlices(Halved):
    slice_by_slice = True


class WindowOfMine(CTWindowd):
    """A subclass, which could do anything."""


def mr(folder: Path) -> Path:
    write_series(folder / "mr", along=STRAIGHT, stored=hounsfield(7), modality="MR")
    return folder / "mr"


def nifti(folder: Path) -> Path:
    nib.save(nib.Nifti1Image(hounsfield(7).transpose(2, 1, 0), np.eye(4)), folder / "v.nii.gz")
    return folder / "v.nii.gz"


def array(folder: Path) -> Path:
    np.save(folder / "a.npy", np.random.default_rng(0).random((7, 20, 26)))
    return folder / "a.npy"


def picture(folder: Path) -> Path:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 26, 3), dtype=np.uint8)).save(folder / "p.png")
    return folder / "p.png"


@pytest.mark.parametrize("make", [mr, nifti, array, picture])
@pytest.mark.parametrize("classes", [1, 3])
def test_what_must_be_seen_whole_goes_whole(
    tmp_path: Path, slabs: list[Any], make: Callable[[Path], Path], classes: int
) -> None:
    assert_the_same(tmp_path, make(tmp_path), classes=classes)
    assert not slabs


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"probabilities": True}, "SaveImageMaskd"),
        ({"extra": [RemoveSmallComponentsd("pred", 3)]}, "RemoveSmallComponentsd looks at the whole volume"),
        ({"shown": ToUnitRanged("image", "percentile")}, "ToUnitRanged looks at the whole volume"),
        ({"cropping": CropUltrasoundd("image")}, "CropUltrasoundd looks at the whole volume"),
        ({"cropping": Halved("image")}, "Halved looks at the whole volume"),
        ({"shown": WindowOfMine("image")}, "WindowOfMine looks at the whole volume"),
    ],
)
def test_steps_that_look_at_the_whole_make_it_whole_and_the_log_says_so(
    tmp_path: Path, slabs: list[Any], options: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_series(tmp_path / "ct", along=STRAIGHT, stored=hounsfield(7))
    with caplog.at_level(logging.DEBUG, "srs_monai.inference"):
        assert_the_same(tmp_path, tmp_path / "ct", **options)
    assert not slabs
    assert said in caplog.text


def test_a_transform_of_a_user_that_says_so_goes_slice_by_slice(tmp_path: Path, slabs: list[Any]) -> None:
    write_series(tmp_path / "ct", along=STRAIGHT, stored=hounsfield(7))
    assert_the_same(tmp_path, tmp_path / "ct", cropping=HalvedBySlices("image"))
    assert slabs


def test_without_an_overlay(tmp_path: Path, slabs: list[Any]) -> None:
    write_series(tmp_path / "ct", along=STRAIGHT, stored=hounsfield(7))
    assert_the_same(tmp_path, tmp_path / "ct", overlay=False)
    assert slabs


def test_many_cases_at_once_are_each_what_they_are_alone(tmp_path: Path, slabs: list[Any]) -> None:
    for i, orientation in enumerate((AXIAL, UPSIDE_DOWN)):
        write_series(tmp_path / f"ct{i}", along=STRAIGHT, stored=hounsfield(7) + i, orientation=orientation)
    sources = [tmp_path / "ct0", picture(tmp_path), tmp_path / "ct1", mr(tmp_path), array(tmp_path)]
    together = [Segmenter(tmp_path / f"{at_once}", sources).run(at_once) for at_once in (False, True)]
    assert together[0] == together[1]
    assert len(slabs) == 2


def test_a_slice_that_cannot_be_read_fails_its_case_alone_and_leaves_nothing(
    tmp_path: Path, slabs: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    broken = write_series(tmp_path / "broken", along=STRAIGHT, stored=hounsfield(7))
    dataset = pydicom.dcmread(broken.files[5])
    dataset.PixelData = dataset.PixelData[:100]
    dataset.save_as(broken.files[5])
    write_series(tmp_path / "ct", along=STRAIGHT, stored=hounsfield(7))
    segmenter = Segmenter(tmp_path / "out", [tmp_path / "broken", tmp_path / "ct"])
    with pytest.raises(RuntimeError, match=r"1 of 2 cases.*\n.*case0: .*pixels"):
        segmenter.run(True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "case1.json",
        "case1_mask.nii.gz",
        "case1_overlay.png",
    }


def test_the_network_sees_air_once_in_all_slabs(tmp_path: Path, slabs: list[Any]) -> None:
    stored = hounsfield(20)
    stored[[0, 3, 4, 9, 13, 14, 15, 16]] = 24
    write_series(tmp_path / "ct", along=[float(i) for i in range(20)], stored=stored)
    segmenter, seen = Segmenter(tmp_path / "out", [tmp_path / "ct"]), list[int]()
    segmenter.evaluator.network.register_forward_hook(lambda module, inputs, output: seen.append(len(inputs[0])))
    segmenter.run(True)
    assert sum(seen) == 20 - 9 + 1  # the last slice is air, too

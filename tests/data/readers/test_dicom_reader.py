"""Every voxel keeps its value and its position in the patient."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_files import assert_same_places
from monai.transforms import LoadImage

from srs_monai.data.readers import DicomReader

AXIAL = (1, 0, 0, 0, 1, 0)
CORONAL = (1, 0, 0, 0, 0, -1)
SAGITTAL = (0, 1, 0, 0, 0, -1)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


@pytest.mark.parametrize("orientation", [AXIAL, CORONAL, SAGITTAL, OBLIQUE, (-1, 0, 0, 0, 1, 0)])
def test_every_pixel_keeps_its_value_and_place(
    tmp_path: Path,
    write_series: Callable[..., Any],
    orientation: tuple[float, ...],
) -> None:
    series = write_series(tmp_path / "s", along=np.arange(20) * 2.5, orientation=orientation)
    volume = load(series.folder)
    assert volume.dtype.is_floating_point
    assert volume.meta["modality"] == "CT"
    assert volume.meta["series_uid"] == series.uid
    assert_same_places(volume, series)
    np.testing.assert_allclose(np.linalg.norm(volume.affine.numpy()[:3, :3], axis=0), [0.6, 0.8, 2.5])


def test_a_list_of_files_is_a_series(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path)
    assert_same_places(load(series.files[::-1]), series)


@pytest.mark.parametrize("name", ["ct_series_crlm1004", "ct_series_ibsi1", "ct_3slice_for_seg_liver"])
def test_real_series_are_as_highdicom_reads_them_but_for_padding(datasets: Path, name: str) -> None:
    folder = datasets / "dicom" / name
    files = [pydicom.dcmread(path) for path in folder.iterdir()]
    theirs = hd.image.get_volume_from_series(files, dtype=np.float32).permute_spatial_axes((2, 1, 0)).flip_spatial(2)
    ours = load(folder)
    np.testing.assert_array_equal(ours.numpy(), np.where(theirs.array == -3024, -1024, theirs.array))
    np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ ours.affine.numpy(), theirs.affine, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("ct_series_totalseg_j2k", "ct_abdomen/totalseg_dicom20_ct.nii.gz"),
        ("ct_series_ibsi1", "ct_ibsi1/ibsi1_ct.nii.gz"),
    ],
)
def test_a_series_and_its_nifti_twin_agree_voxel_by_voxel(datasets: Path, name: str, twin: str) -> None:
    volume = load(datasets / "dicom" / name)
    ours = nib.as_closest_canonical(nib.Nifti1Image(volume.numpy(), volume.affine.numpy()))
    theirs = nib.as_closest_canonical(nib.load(datasets / twin))
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-6)
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())


def test_channels_come_first(datasets: Path) -> None:
    loader = LoadImage(reader=DicomReader(), image_only=True, ensure_channel_first=True)
    assert loader(datasets / "dicom" / "ct_3slice_for_seg_liver").shape == (1, 512, 512, 3)


@pytest.mark.parametrize(
    ("tags", "thickness"),
    [
        ({"SliceThickness": 2.5, "SpacingBetweenSlices": 3.0}, 3.0),
        ({"SliceThickness": 2.5}, 2.5),
        ({"SliceThickness": None}, 1.0),
        ({"SliceThickness": 0, "SpacingBetweenSlices": -4.0}, 4.0),
    ],
)
def test_a_single_slice_is_as_thick_as_its_header_says(
    tmp_path: Path,
    write_series: Callable[..., Any],
    tags: dict[str, Any],
    thickness: float,
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        for tag, value in tags.items():
            setattr(dataset, tag, value)

    series = write_series(tmp_path, along=[4.0], orientation=SAGITTAL, edit=edit)
    for source in (tmp_path, series.files[0]):
        volume = load(source)
        assert_same_places(volume, series)
        assert np.linalg.norm(volume.affine.numpy()[:3, 2]) == pytest.approx(thickness)
        assert ("1 mm is assumed" in volume.meta["notes"]) == (tags["SliceThickness"] is None)

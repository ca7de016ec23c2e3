"""A structure set holds the mask as contours in the patient, and gives it back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_files import AXIAL, write_series
from monai.transforms import LoadImage
from numpy.typing import NDArray
from pydicom import Dataset
from scipy.ndimage import gaussian_filter

from srs_monai.data.readers import DicomReader, dicom_slices
from srs_monai.dicom.segmentations.structure_set import rasterise_rtstruct
from srs_monai.inference.results.sidecar import Run
from srs_monai.inference.writers.rtstruct import write_rtstruct
from srs_monai.labels import Code, Label

LABELS = [Label("liver", Code("10200004", "Liver")), Label("spleen", Code("78961009", "Spleen"))]
SAGITTAL, CORONAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def read(source: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    volume = LoadImage(reader=DicomReader(), image_only=True)(source)
    return volume.numpy(), volume.affine.numpy()


def blobs(values: NDArray[Any], width: float) -> NDArray[np.uint8]:
    """Regions of 1 and 2 with holes, by the quantiles of smoothed values."""
    smooth = gaussian_filter(values, width)
    return np.digitize(smooth, np.quantile(smooth, [0.6, 0.9])).astype(np.uint8)


def assert_gives_back(path: Path, mask: NDArray[np.uint8], source: Path) -> None:
    filled = rasterise_rtstruct(path, dicom_slices(source))
    assert list(filled) == [label.name for label in LABELS]
    for number, label in enumerate(LABELS, 1):
        np.testing.assert_array_equal(filled[label.name], mask == number)


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, CORONAL, OBLIQUE], ids=["axial", "sag", "cor", "oblique"])
def test_filled_contours_are_the_mask(tmp_path: Path, orientation: Sequence[float]) -> None:
    write_series(tmp_path / "s", orientation=orientation, size=(30, 40))
    values, affine = read(tmp_path / "s")
    mask = blobs(values, 1.0)
    notes = write_rtstruct(tmp_path / "rt.dcm", mask, affine, tmp_path / "s", LABELS, Run())
    assert notes == ["the source has no ReferringPhysicianName: written empty"]
    assert_gives_back(tmp_path / "rt.dcm", mask, tmp_path / "s")


@pytest.mark.parametrize("name", ["ct_series_crlm1004", "ct_series_ibsi1"])
def test_real_series(datasets: Path, tmp_path: Path, name: str) -> None:
    source = datasets / "dicom" / name
    values, affine = read(source)
    mask = blobs(values, 4.0)
    write_rtstruct(tmp_path / "rt.dcm", mask, affine, source, LABELS, Run())
    assert_gives_back(tmp_path / "rt.dcm", mask, source)


def test_contours_lie_in_the_patient_on_the_instance_they_name(tmp_path: Path) -> None:
    series = write_series(tmp_path / "s", orientation=OBLIQUE, size=(6, 8))
    values, affine = read(tmp_path / "s")
    mask = np.zeros(values.shape, np.uint8)
    mask[2:5, 1:3, 3] = 2
    write_rtstruct(tmp_path / "rt.dcm", mask, affine, tmp_path / "s", LABELS, Run())
    written = pydicom.dcmread(tmp_path / "rt.dcm")
    source = pydicom.dcmread(series.files[3])
    assert "ContourSequence" not in written.ROIContourSequence[0]  # nothing of the first label
    [contour] = written.ROIContourSequence[1].ContourSequence
    assert contour.ContourGeometricType == "CLOSED_PLANAR"
    assert contour.ContourImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
    assert contour.NumberOfContourPoints == len(points) == 8
    across, down = np.array(source.ImageOrientationPatient, dtype=float).reshape(2, 3)
    offset = points - np.array(source.ImagePositionPatient, dtype=float)
    np.testing.assert_allclose(offset @ np.cross(across, down), 0, atol=1e-3)
    columns, rows = offset @ across / 0.6, offset @ down / 0.8
    np.testing.assert_allclose([columns.min(), columns.max(), rows.min(), rows.max()], [1.5, 4.5, 0.5, 2.5], atol=1e-3)


def test_regions_are_the_labels(tmp_path: Path) -> None:
    series = write_series(tmp_path / "s", size=(30, 40))
    values, affine = read(tmp_path / "s")
    write_rtstruct(tmp_path / "rt.dcm", blobs(values, 1.0), affine, tmp_path / "s", LABELS, Run())
    written = pydicom.dcmread(tmp_path / "rt.dcm")
    source = pydicom.dcmread(series.files[0])
    assert written.StudyInstanceUID == source.StudyInstanceUID
    assert written.Modality == "RTSTRUCT"
    assert written.ApprovalStatus == "UNAPPROVED"
    [frame] = written.ReferencedFrameOfReferenceSequence
    assert frame.FrameOfReferenceUID == source.FrameOfReferenceUID
    images = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0].ContourImageSequence
    expected = [pydicom.dcmread(path).SOPInstanceUID for path in series.files]
    assert [image.ReferencedSOPInstanceUID for image in images] == expected
    for number, label in enumerate(LABELS, 1):
        region = written.StructureSetROISequence[number - 1]
        assert (region.ROINumber, region.ROIName) == (number, label.name)
        assert region.ROIGenerationAlgorithm == "AUTOMATIC"
        code = written.RTROIObservationsSequence[number - 1].RTROIIdentificationCodeSequence[0]
        assert (code.CodeValue, code.CodingSchemeDesignator) == (label.code.value, "SCT")
    assert [list(item.ROIDisplayColor) for item in written.ROIContourSequence] == [[230, 159, 0], [86, 180, 233]]


def test_frames_of_an_enhanced_object(tmp_path: Path) -> None:
    def edit(dataset: Dataset, i: int) -> None:
        dataset.InstanceNumber, dataset.AcquisitionNumber = (3, 5, 1, 2, 4)[i], 1

    series = write_series(tmp_path / "s", size=(30, 40), edit=edit)
    enhanced = hd.legacy.LegacyConvertedEnhancedCTImage(
        [pydicom.dcmread(path) for path in series.files],
        series_instance_uid=hd.UID(),
        series_number=2,
        sop_instance_uid=hd.UID(),
        instance_number=1,
    )
    enhanced.save_as(tmp_path / "enhanced.dcm")
    values, affine = read(tmp_path / "enhanced.dcm")
    mask = blobs(values, 1.0)
    write_rtstruct(tmp_path / "rt.dcm", mask, affine, tmp_path / "enhanced.dcm", LABELS, Run())
    assert_gives_back(tmp_path / "rt.dcm", mask, tmp_path / "enhanced.dcm")
    region = pydicom.dcmread(tmp_path / "rt.dcm").ROIContourSequence[0]
    frames = {contour.ContourImageSequence[0].ReferencedFrameNumber for contour in region.ContourSequence}
    assert frames == {1, 2, 3, 4, 5}


def test_a_large_contour_is_written_whole(tmp_path: Path) -> None:
    """More than 64 KB of numbers, where explicit transfer syntaxes end."""
    write_series(tmp_path / "s", along=[0, 2], size=(100, 100))
    affine = read(tmp_path / "s")[1]
    mask = np.ones((100, 100, 2), np.uint8)
    mask[1::2, 1::2] = 0
    write_rtstruct(tmp_path / "rt.dcm", mask, affine, tmp_path / "s", LABELS, Run())
    assert_gives_back(tmp_path / "rt.dcm", mask, tmp_path / "s")


def test_values_without_a_label_are_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "s")
    values, affine = read(tmp_path / "s")
    with pytest.raises(ValueError, match=r" 3 .* 2 labels \(liver, spleen\)"):
        write_rtstruct(tmp_path / "rt.dcm", np.full(values.shape, 3, np.uint8), affine, tmp_path / "s", LABELS, Run())
    assert not (tmp_path / "rt.dcm").exists()

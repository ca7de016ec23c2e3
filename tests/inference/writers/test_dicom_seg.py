"""A segmentation object holds the mask, frame by frame on the files that were segmented."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_files import AXIAL, write_picture, write_series
from loaded_run import loaded_run
from monai.transforms import LoadImage
from numpy.typing import NDArray
from pydicom import Dataset, config
from pydicom.uid import UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from srs_monai import __version__
from srs_monai.data.readers import DicomError, DicomReader, dicom_slices
from srs_monai.inference.results.sidecar import Run
from srs_monai.inference.writers.dicom_seg import write_dicom_seg, write_frame_seg
from srs_monai.labels import Code, Label

LABELS = [
    Label("liver", Code("10200004", "Liver")),
    Label("gallbladder", Code("28231008", "Gallbladder")),
    Label("spleen", Code("78961009", "Spleen")),
]
SAGITTAL, CORONAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def read(source: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    volume = LoadImage(reader=DicomReader(), image_only=True)(source)
    return volume.numpy(), volume.affine.numpy()


def thirds(values: NDArray[Any]) -> NDArray[np.uint8]:
    """A mask of 0, 1 and 3, by the values' own quantiles; 2 stays empty, and the first slice too."""
    mask = np.digitize(values, np.quantile(values, [0.5, 0.8])).astype(np.uint8)
    mask[mask == 2] = 3
    mask[..., 0] = 0
    return mask


def write(path: Path, source: Path, mask: NDArray[np.uint8], affine: NDArray[np.float64]) -> list[str]:
    return write_dicom_seg(path, mask, affine, source, LABELS, Run(device="cpu"))


def by_pydicom(path: Path) -> dict[tuple[str, int], NDArray[np.uint8]]:
    """Label maps (rows, columns) by the instance and frame that they refer to, read without highdicom."""
    dataset = pydicom.dcmread(path)
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    found: dict[tuple[str, int], NDArray[np.uint8]] = {}
    for frame, group in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        place = group.DerivationImageSequence[0].SourceImageSequence[0]
        key = (str(place.ReferencedSOPInstanceUID), int(place.get("ReferencedFrameNumber", 1)))
        group = group if "SegmentIdentificationSequence" in group else shared
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        label_map = found.setdefault(key, np.zeros(frame.shape, np.uint8))
        assert not label_map[frame > 0].any()
        label_map[frame > 0] = number
    return found


def assert_holds(path: Path, mask: NDArray[np.uint8], source: Path, sop_uids: Sequence[str] | None = None) -> None:
    """The file's frames are the mask's slices, each on its own source file; slices without frames are empty."""
    frames = by_pydicom(path)
    grid = dicom_slices(source)
    sop_uids = sop_uids or [str(pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID) for file in grid.paths]
    for number, key in enumerate(zip(sop_uids, grid.frames, strict=True)):
        np.testing.assert_array_equal(frames.pop(key, np.zeros((grid.rows, grid.columns))), mask[:, :, number].T)
    assert not frames


def assert_in_place(path: Path, mask: NDArray[np.uint8], affine: NDArray[np.float64]) -> None:
    """Every voxel that highdicom makes of the file has the mask's value where it lies in the patient."""
    volume = hd.seg.segread(path).get_volume(combine_segments=True)
    index = np.indices(volume.array.shape).reshape(3, -1)
    found = (np.linalg.solve(affine, volume.get_affine("RAS")) @ np.vstack([index, np.ones(index.shape[1])]))[:3]
    np.testing.assert_allclose(found, found.round(), atol=1e-3)
    np.testing.assert_array_equal(mask[tuple(found.round().astype(int))], volume.array.ravel())
    assert np.count_nonzero(volume.array) == np.count_nonzero(mask)


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, CORONAL, OBLIQUE], ids=["axial", "sag", "cor", "oblique"])
def test_the_mask_comes_back_exactly(tmp_path: Path, orientation: Sequence[float]) -> None:
    write_series(tmp_path / "s", orientation=orientation)
    values, affine = read(tmp_path / "s")
    mask = thirds(values)
    assert write(tmp_path / "seg.dcm", tmp_path / "s", mask, affine) == [
        "the source has no ReferringPhysicianName: written empty"
    ]
    assert_holds(tmp_path / "seg.dcm", mask, tmp_path / "s")
    assert_in_place(tmp_path / "seg.dcm", mask, affine)


@pytest.mark.parametrize("name", ["ct_series_crlm1004", "ct_series_ibsi1", "ct_3slice_for_seg_liver"])
def test_real_series(datasets: Path, tmp_path: Path, name: str) -> None:
    values, affine = read(datasets / "dicom" / name)
    mask = thirds(values)
    assert write(tmp_path / "seg.dcm", datasets / "dicom" / name, mask, affine) == []
    assert_holds(tmp_path / "seg.dcm", mask, datasets / "dicom" / name)
    source = pydicom.dcmread(next((datasets / "dicom" / name).iterdir()), stop_before_pixels=True)
    written = pydicom.dcmread(tmp_path / "seg.dcm", stop_before_pixels=True)
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName", "StudyDate"):
        assert written[keyword].value == source[keyword].value


def test_uids_that_are_empty_come_from_the_file_meta_data_or_are_made(datasets: Path, tmp_path: Path) -> None:
    source = datasets / "dicom" / "ct_series_totalseg_j2k"
    values, affine = read(source)
    mask = thirds(values)
    made = [f"the source has no {what}InstanceUID: one was" for what in ("Study", "Series")]
    for run in "ab":
        notes = write(tmp_path / f"{run}.dcm", source, mask, affine)
        assert [note[: len(start)] for note, start in zip(notes, made, strict=True)] == made
    metas = [pydicom.filereader.read_file_meta_info(path) for path in dicom_slices(source).paths]
    assert_holds(tmp_path / "a.dcm", mask, source, [str(meta.MediaStorageSOPInstanceUID) for meta in metas])
    a, b = (pydicom.dcmread(tmp_path / f"{run}.dcm", stop_before_pixels=True) for run in "ab")
    assert a.StudyInstanceUID == b.StudyInstanceUID != ""
    assert a.ReferencedSeriesSequence[0].SeriesInstanceUID == b.ReferencedSeriesSequence[0].SeriesInstanceUID
    assert a.SeriesInstanceUID != b.SeriesInstanceUID  # of two runs
    assert a.SOPInstanceUID != b.SOPInstanceUID


def test_segments_are_the_labels_with_their_numbers_and_codes(tmp_path: Path) -> None:
    write_series(tmp_path / "s")
    values, affine = read(tmp_path / "s")
    run = loaded_run(tmp_path / "w.pt")
    write_dicom_seg(tmp_path / "seg.dcm", thirds(values), affine, tmp_path / "s", LABELS, run)
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    assert written.SegmentationType == "BINARY"
    assert written.ContentCreatorName == ""
    for number, (segment, label) in enumerate(zip(written.SegmentSequence, LABELS, strict=True), 1):
        assert (segment.SegmentNumber, segment.SegmentLabel) == (number, label.name)
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        for code, said in (
            (segment.SegmentedPropertyTypeCodeSequence[0], label.code),
            (segment.SegmentedPropertyCategoryCodeSequence[0], label.category),
        ):
            assert (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning) == (said.value, "SCT", said.meaning)
        algorithm = segment.SegmentationAlgorithmIdentificationSequence[0]
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("srs_monai", __version__)
        assert algorithm.AlgorithmParameters == f"weights_sha256={run.sha256}"


def test_an_empty_mask_is_a_valid_object_that_says_so(tmp_path: Path) -> None:
    write_series(tmp_path / "s")
    values, affine = read(tmp_path / "s")
    write(tmp_path / "seg.dcm", tmp_path / "s", np.zeros(values.shape, np.uint8), affine)
    written = hd.seg.segread(tmp_path / "seg.dcm")
    assert not written.pixel_array.any()
    assert written.NumberOfFrames == len(LABELS)
    assert len(written.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 5
    np.testing.assert_array_equal(written.get_volume(combine_segments=True).array, 0)


@pytest.mark.parametrize("labels", [1, 3])
def test_a_single_slice(tmp_path: Path, labels: int) -> None:
    series = write_series(tmp_path / "s", along=[0])
    values, affine = read(series.files[0])
    mask = (values > np.median(values)).astype(np.uint8)
    write_dicom_seg(tmp_path / "seg.dcm", mask, affine, series.files[0], LABELS[:labels], Run())
    assert_holds(tmp_path / "seg.dcm", mask, series.files[0])
    assert_in_place(tmp_path / "seg.dcm", mask, affine)


def test_frames_of_an_enhanced_object(tmp_path: Path) -> None:
    def edit(dataset: Dataset, i: int) -> None:
        dataset.InstanceNumber, dataset.AcquisitionNumber = (3, 5, 1, 2, 4)[i], 1

    series = write_series(tmp_path / "s", orientation=OBLIQUE, edit=edit)
    slices = [pydicom.dcmread(path) for path in series.files]
    enhanced = hd.legacy.LegacyConvertedEnhancedCTImage(
        slices, series_instance_uid=hd.UID(), series_number=2, sop_instance_uid=hd.UID(), instance_number=1
    )
    source = tmp_path / "enhanced.dcm"
    enhanced.save_as(source)
    values, affine = read(source)
    mask = thirds(values)
    write(tmp_path / "seg.dcm", source, mask, affine)
    assert_holds(tmp_path / "seg.dcm", mask, source)
    assert_in_place(tmp_path / "seg.dcm", mask, affine)
    write(tmp_path / "empty.dcm", source, mask * np.uint8(0), affine)
    empty = hd.seg.segread(tmp_path / "empty.dcm")
    assert empty.NumberOfFrames == len(LABELS)
    np.testing.assert_allclose(empty.get_volume().spacing, [2.5, 0.8, 0.6])


def test_a_tilted_series_has_frames_on_its_own_slices(tmp_path: Path) -> None:
    def ball(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return 20 - np.linalg.norm(points - centre, axis=-1)

    along = np.arange(0, 60, 3.0)
    aside = 0.3
    centre = np.array([-11.0, 22 + aside * 30, 33.0 + 30]) * [-1, -1, 1] - [25, 30, 0]
    series = write_series(tmp_path / "s", along=along, size=(80, 90), aside=aside, field=ball)
    values, affine = read(tmp_path / "s")
    assert values.shape == (90, 101, 20)  # larger: resampled straight
    mask = (values > 0).astype(np.uint8)
    notes = write_dicom_seg(tmp_path / "seg.dcm", mask, affine, tmp_path / "s", LABELS[:1], Run())
    assert "nearest voxel" in notes[0]
    frames = by_pydicom(tmp_path / "seg.dcm")
    uids = [str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in series.files]
    written = np.stack([frames.get((uid, 1), np.zeros((80, 90))) for uid in uids])
    truth = series.stored > 0
    dice = 2 * np.count_nonzero(written * truth) / (np.count_nonzero(written) + np.count_nonzero(truth))
    assert truth.sum() > 10000
    assert dice > 0.99


def test_an_uneven_series_has_frames_on_its_own_slices(tmp_path: Path) -> None:
    series = write_series(tmp_path / "s", along=[0, 2, 4, 8.9, 12], size=(6, 8))
    affine = dicom_slices(tmp_path / "s").affines[0] @ np.diag([1, 1, 2, 1])  # as resampled every 2 mm
    mask = np.zeros((8, 6, 7), np.uint8)
    mask[:] = np.array([1, 2, 3, 0, 1, 2, 3])
    write(tmp_path / "seg.dcm", tmp_path / "s", mask, affine)
    frames = by_pydicom(tmp_path / "seg.dcm")
    uids = [str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in series.files]
    # the slice at 8.9 mm is nearest to the voxel at 8 mm
    assert [int(frames[uid, 1].max()) for uid in uids] == [1, 2, 3, 1, 3]
    assert all((frames[uid, 1] == frames[uid, 1].max()).all() for uid in uids)


def test_positions_with_many_digits(tmp_path: Path) -> None:
    """Longer than DICOM allows, as many converters write them, and directions that differ by rounding."""

    def edit(dataset: Dataset, i: int) -> None:
        dataset.ImagePositionPatient = [f"{value:.17f}" for value in (-11.123456789, 22.0, 33.0 + 2.5 * i)]
        dataset.ImageOrientationPatient = [f"{value:.17f}" for value in (1.0, 1e-6 * i, 0.0, 0.0, 1.0, 0.0)]

    with config.disable_value_validation():
        write_series(tmp_path / "s", edit=edit)
    values, affine = read(tmp_path / "s")
    mask = thirds(values)
    write(tmp_path / "seg.dcm", tmp_path / "s", mask, affine)
    assert_holds(tmp_path / "seg.dcm", mask, tmp_path / "s")
    assert_in_place(tmp_path / "seg.dcm", mask, affine)


def test_names_keep_their_letters(tmp_path: Path) -> None:
    def edit(dataset: Dataset, i: int) -> None:
        dataset.SpecificCharacterSet, dataset.PatientName = "ISO_IR 100", "Müller^Jürgen"

    write_series(tmp_path / "s", edit=edit)
    values, affine = read(tmp_path / "s")
    labels = [Label("\u03b2-Zelle", Code("23022004", "Tissue")), *LABELS]
    write_dicom_seg(tmp_path / "seg.dcm", thirds(values), affine, tmp_path / "s", labels, Run())
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    assert written.PatientName == "Müller^Jürgen"
    assert written.SegmentSequence[0].SegmentLabel == "\u03b2-Zelle"


def test_what_an_anonymised_source_lacks_is_there_without_a_value(tmp_path: Path) -> None:
    def edit(dataset: Dataset, i: int) -> None:
        for keyword in ("PatientID", "PatientName", "PatientBirthDate", "StudyID", "SliceThickness"):
            del dataset[keyword]
        dataset.PatientSex, dataset.StudyDate = "UNKNOWN", "removed"
        dataset.AccessionNumber = "longer than sixteen characters"

    with config.disable_value_validation():
        write_series(tmp_path / "s", edit=edit)
    values, affine = read(tmp_path / "s")
    notes = write(tmp_path / "seg.dcm", tmp_path / "s", thirds(values), affine)
    assert notes == [
        "the source has no PatientID, PatientName, PatientBirthDate, StudyID, ReferringPhysicianName: written empty",
        "the source has invalid PatientSex, StudyDate: written empty",
    ]
    with config.disable_value_validation():
        written = pydicom.dcmread(tmp_path / "seg.dcm", stop_before_pixels=True)
        assert written.AccessionNumber == "longer than sixteen characters"
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate"):
        assert written[keyword].value in ("", None)
    measures = written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert measures.SliceThickness == measures.SpacingBetweenSlices == 2.5


def test_a_frame_of_a_sequence_of_pictures(datasets: Path, tmp_path: Path) -> None:
    source = datasets / "dicom" / "single" / "us_multiframe65_ybr422_jpegbaseline.dcm"
    picture = pydicom.dcmread(source, stop_before_pixels=True)
    mask = np.zeros((picture.Rows, picture.Columns), np.uint8)
    mask[10:30, 40:90] = 1
    run = Run()
    for frame in (1, 65):
        write_frame_seg(tmp_path / f"{frame}.dcm", mask, source, frame, LABELS[:1], run)
        assert list(by_pydicom(tmp_path / f"{frame}.dcm")) == [(picture.SOPInstanceUID, frame)]
        np.testing.assert_array_equal(by_pydicom(tmp_path / f"{frame}.dcm")[picture.SOPInstanceUID, frame], mask)
    one, last = (pydicom.dcmread(tmp_path / f"{frame}.dcm", stop_before_pixels=True) for frame in (1, 65))
    assert one.SeriesInstanceUID == last.SeriesInstanceUID
    assert one.SOPInstanceUID != last.SOPInstanceUID
    assert (one.InstanceNumber, last.InstanceNumber) == (1, 65)
    assert "FrameOfReferenceUID" not in one
    for reference in (one.SourceImageSequence[0], one.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]):
        assert reference.ReferencedSOPClassUID == UltrasoundMultiFrameImageStorage
        assert reference.ReferencedFrameNumber == 1


def test_a_single_picture_refers_to_no_frame(tmp_path: Path) -> None:
    source = write_picture(tmp_path / "us.dcm", np.zeros((6, 9), np.uint8), UltrasoundImageStorage, "US")
    mask = (np.arange(54).reshape(6, 9) % 3).astype(np.uint8)
    write_frame_seg(tmp_path / "seg.dcm", mask, source, 1, LABELS, Run())
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    place = written.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
    assert place.ReferencedSOPClassUID == UltrasoundImageStorage
    assert "ReferencedFrameNumber" not in place
    [label_map] = by_pydicom(tmp_path / "seg.dcm").values()
    np.testing.assert_array_equal(label_map, mask)


def test_values_without_a_label_are_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "s")
    values, affine = read(tmp_path / "s")
    mask = np.full(values.shape, 4, np.uint8)
    with pytest.raises(ValueError, match=r" 4 .* 3 labels \(liver, .*recipe"):
        write(tmp_path / "seg.dcm", tmp_path / "s", mask, affine)
    assert not (tmp_path / "seg.dcm").exists()


def test_a_mask_of_other_slices_is_refused(tmp_path: Path) -> None:
    series = write_series(tmp_path / "s")
    values, affine = read(tmp_path / "s")
    with pytest.raises(ValueError, match=r"from 33\.00 to 43\.00 mm .* from 35\.50 to 35\.50 mm"):
        write(tmp_path / "seg.dcm", series.files[1], thirds(values), affine)


def test_a_source_without_any_instance_uid_is_refused(tmp_path: Path) -> None:
    series = write_series(tmp_path / "s", along=[0])
    values, affine = read(tmp_path / "s")
    dataset = pydicom.dcmread(series.files[0])
    dataset.SOPInstanceUID = ""
    del dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.save_as(series.files[0])
    with pytest.raises(DicomError, match=r"refer to their source by SOPInstanceUID, but .* has none;"):
        write(tmp_path / "seg.dcm", series.files[0], (values > 0).astype(np.uint8), affine)

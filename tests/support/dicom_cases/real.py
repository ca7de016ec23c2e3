"""Real slices and series."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
from dicom_judge import Given, Volume

from dicom_cases.case import RIGHT, Make, refused, section, slice_affine


def _slices(files: Sequence[Path], tolerance: float = 1e-3) -> Volume:
    """Real slices by pydicom and DICOM's own equations; padding of -3024 HU is unmeasured."""
    values, affines = [], []
    for dataset in map(pydicom.dcmread, files):
        hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        values.append(np.where(hu <= -3024, np.nan, hu))
        affines.append(
            slice_affine(dataset.ImagePositionPatient, dataset.ImageOrientationPatient, dataset.PixelSpacing)
        )
    return Volume(np.stack(values), np.stack(affines), tolerance=tolerance)


def _abdomen(_: Path, real: Path) -> Given:
    source = real / "dicom/ct_series_crlm1004"
    files = sorted(source.iterdir(), key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2])
    return Given(source, [_slices(files)])


def _twin(name: str, nifti: str) -> Make:
    """A series whose truth is its NIfTI twin, as slices along its last axis."""

    def make(_: Path, real: Path) -> Given:
        image = nib.load(real / nifti)
        affines = np.stack([image.affine] * image.shape[2])
        affines[:, :3, 3] += np.arange(image.shape[2])[:, None] * image.affine[:3, 2]
        truth = Volume(np.asarray(image.dataobj, dtype=float).transpose(2, 1, 0), affines)
        return Given(real / "dicom" / name, [truth])

    return make


def _slice(name: str, bound: float = 0) -> Make:
    """A CT slice whose values differ by at most `bound` from those of its twin in implicit VR."""

    def make(_: Path, real: Path) -> Given:
        single = real / "dicom/single"
        twin = _slices([single / "ct_chest_littleendianimplicit.dcm"], tolerance=bound + 1e-3)
        return Given(single / f"ct_chest_{name}.dcm", [twin])

    return make


def _unreadable(name: str, unknown: str) -> Make:
    return lambda _, real: Given(real / f"dicom/single/{name}.dcm", unknown=unknown)


def _resized(name: str, **tags: Any) -> Make:
    """A compressed file whose header states another size than its pixels."""

    def make(folder: Path, real: Path) -> Given:
        dataset = pydicom.dcmread(real / f"dicom/single/{name}.dcm")
        for tag, value in tags.items():
            setattr(dataset, tag, value)
        dataset.save_as(folder / "odd.dcm")
        return Given(folder / "odd.dcm", unknown="size")

    return make


CASES = section(
    ("abdominal CT of 41 slices", _abdomen, RIGHT),
    ("chest CT of 60 slices, against its NIfTI twin", _twin("ct_series_ibsi1", "ct_ibsi1/ibsi1_ct.nii.gz"), RIGHT),
    ("CT in JPEG 2000 with empty UIDs, against its NIfTI twin",
     _twin("ct_series_totalseg_j2k", "ct_abdomen/totalseg_dicom20_ct.nii.gz"), RIGHT),
    ("CT slice, implicit VR", _slice("littleendianimplicit"), RIGHT),
    ("CT slice, big endian", _slice("bigendianexplicit"), RIGHT),
    ("CT slice, deflated", _slice("deflatedexplicitvrlittleendian"), RIGHT),
    ("CT slice, JPEG 2000 lossless", _slice("jpeg2000losslessonly"), RIGHT),
    ("CT slice, JPEG 2000 lossy", _slice("jpeg2000", bound=5), RIGHT),
    ("CT slice, JPEG-LS lossless", _slice("jpeglslossless"), RIGHT),
    ("CT slice, JPEG-LS near-lossless", _slice("jpeglslossy", bound=1), RIGHT),
    ("CT slice, JPEG lossless (process 14)", _slice("jpegprocess14"), RIGHT),
    ("CT slice, JPEG lossless, first order", _slice("jpegprocess14sv1"), RIGHT),
    ("CT slice, RLE", _slice("rlelossless"), RIGHT),
    ("CT slice, JPEG 2000, Rows of another image",
     _resized("ct_chest_jpeg2000losslessonly", Rows=500), refused("odd.dcm", "500 x 512 x 1", "512 x 512 x 1")),
    ("CT slice, JPEG-LS, Columns of another image",
     _resized("ct_chest_jpeglslossless", Columns=500), refused("odd.dcm", "512 x 500 x 1", "512 x 512 x 1")),
    ("CT slice, JPEG lossless, Rows of another image",
     _resized("ct_chest_jpegprocess14sv1", Rows=500), refused("odd.dcm", "500 x 512 x 1", "512 x 512 x 1")),
    ("CT slice, RLE, Columns of another image",
     _resized("ct_chest_rlelossless", Columns=500), refused("odd.dcm", "512 x 500 x 1", "6144")),
    ("secondary capture, RGB, HTJ2K, with a header for grey",
     _resized("sc_rgb_htj2k_lossless", SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2"),
     refused("odd.dcm", "480 x 640 x 1", "480 x 640 x 3")),
    *(
        (name, _unreadable(file, unknown), refused(file, *named))
        for name, file, unknown, *named in (
            ("MR slice cut off within its pixels", "bad_truncated_mr", "values", "8130", "8192"),
            ("CT slice without preamble and file meta", "bad_no_file_meta_ct", "values", "'DICM'"),
            ("structured report", "bad_no_pixel_data_sr", "values", "Comprehensive SR Storage"),
            ("whole-slide image, in tiles", "vl_wsi_tiny_rgb", "tiles for frames", "10 x 10"),
            ("whole-slide image in 140 tiles, some cut off", "bad_wsi_multiframe140_jpeg_short_frames",
             "tiles for frames", "240 x 240"),
            ("segmentation, binary", "seg_liver_3frame_binary", "a mask for an image"),
            ("segmentation, label map", "seg_labelmap_tiny", "a mask for an image"),
        )
    ),
    ("folder of an RTSTRUCT",
     lambda _, real: Given(real / "dicom/ct_series_ibsi1_rtstruct", unknown="values"), refused("DCM_RS_00060.dcm")),
)  # fmt: skip

"""Enhanced multi-frame objects are read as volumes by their functional groups."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
from monai.transforms import LoadImage

from srs_monai.data.readers import DicomReader

AXIAL = (1, 0, 0, 0, 1, 0)
CORONAL = (1, 0, 0, 0, 0, -1)
SAGITTAL = (0, 1, 0, 0, 0, -1)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


def test_an_enhanced_object_equals_the_series_it_was_made_from(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.RescaleSlope = f"{1 + i / 4}"
        dataset.InstanceNumber, dataset.AcquisitionNumber = i + 1, 1

    series = write_series(tmp_path / "s", orientation=OBLIQUE, edit=edit)
    slices = [pydicom.dcmread(path) for path in series.files]
    enhanced = hd.legacy.LegacyConvertedEnhancedCTImage(
        slices, series_instance_uid=hd.UID(), series_number=2, sop_instance_uid=hd.UID(), instance_number=1
    )
    enhanced.save_as(tmp_path / "enhanced.dcm")
    ours, theirs = load(tmp_path / "enhanced.dcm"), load(series.folder)
    back = nib.orientations.ornt_transform(
        nib.io_orientation(ours.affine.numpy()), nib.io_orientation(theirs.affine.numpy())
    )
    image = nib.Nifti1Image(ours.numpy(), ours.affine.numpy()).as_reoriented(back)
    np.testing.assert_allclose(image.affine, theirs.affine.numpy(), atol=1e-6)
    np.testing.assert_allclose(image.get_fdata(), theirs.numpy(), atol=1e-3)

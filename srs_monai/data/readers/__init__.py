"""Readers: from files to arrays and their meta data."""

import warnings

from srs_monai.data.readers.arrays import ArrayReader as ArrayReader
from srs_monai.data.readers.dicom_reader import DicomReader as DicomReader
from srs_monai.data.readers.mask_reader import MaskReader as MaskReader
from srs_monai.data.readers.medical import MedicalImageReader as MedicalImageReader
from srs_monai.data.readers.nifti import NiftiReader as NiftiReader
from srs_monai.data.readers.picture import PICTURE_SUFFIXES as PICTURE_SUFFIXES
from srs_monai.data.readers.picture import PictureReader as PictureReader
from srs_monai.data.readers.picture import picture_size as picture_size
from srs_monai.dicom.header import DicomError as DicomError
from srs_monai.dicom.segmentations.structure_set import rasterise_rtstruct as rasterise_rtstruct
from srs_monai.dicom.source import SourceGrid as SourceGrid
from srs_monai.dicom.source import dicom_slices as dicom_slices

# MONAI's LoadImage builds all readers of MONAI; one of them warns of a missing decoder that is not needed
warnings.filterwarnings("ignore", message="NvImgCodecPydicomReader", category=UserWarning)

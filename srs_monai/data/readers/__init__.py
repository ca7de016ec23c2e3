"""Readers: files in, arrays with what is known about them out."""

import warnings

from srs_monai.data.readers.arrays import ArrayReader as ArrayReader
from srs_monai.data.readers.dicom import DicomReader as DicomReader
from srs_monai.data.readers.dicom_header import DicomError as DicomError
from srs_monai.data.readers.dicom_source import SourceGrid as SourceGrid
from srs_monai.data.readers.dicom_source import dicom_slices as dicom_slices
from srs_monai.data.readers.mask import MaskReader as MaskReader
from srs_monai.data.readers.medical import MedicalImageReader as MedicalImageReader
from srs_monai.data.readers.nifti import NiftiReader as NiftiReader
from srs_monai.data.readers.picture import PICTURE_SUFFIXES as PICTURE_SUFFIXES
from srs_monai.data.readers.picture import PictureReader as PictureReader
from srs_monai.data.readers.picture import picture_size as picture_size
from srs_monai.data.readers.rtstruct import rasterise_rtstruct as rasterise_rtstruct

# MONAI's LoadImage builds all of MONAI's readers beside its own; one warns of a decoder that nobody asked for
warnings.filterwarnings("ignore", message="NvImgCodecPydicomReader", category=UserWarning)

"""Readers: files in, arrays with what is known about them out."""

from srs_monai.data.readers.picture import PICTURE_SUFFIXES as PICTURE_SUFFIXES
from srs_monai.data.readers.picture import PictureReader as PictureReader
from srs_monai.data.readers.picture import picture_size as picture_size

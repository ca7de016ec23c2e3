"""Transforms: MetaTensors as read, turned into what a network expects."""

from srs_monai.data.transforms.as_seen import AsSeend as AsSeend
from srs_monai.data.transforms.resize_image import ResizeImaged as ResizeImaged
from srs_monai.data.transforms.resize_image import resize_pictures as resize_pictures

"""Transforms: from images as they are read to what a network expects."""

from srs_monai.data.transforms.check_same_size import CheckSameSized as CheckSameSized
from srs_monai.data.transforms.crop_border import CropBorder as CropBorder
from srs_monai.data.transforms.crop_border import CropBorderd as CropBorderd
from srs_monai.data.transforms.crop_ultrasound import CropUltrasound as CropUltrasound
from srs_monai.data.transforms.crop_ultrasound import CropUltrasoundd as CropUltrasoundd
from srs_monai.data.transforms.ct_window import CTWindow as CTWindow
from srs_monai.data.transforms.ct_window import CTWindowd as CTWindowd
from srs_monai.data.transforms.dermoscopy import Dermoscopy as Dermoscopy
from srs_monai.data.transforms.dermoscopy import Dermoscopyd as Dermoscopyd
from srs_monai.data.transforms.infrared import Infrared as Infrared
from srs_monai.data.transforms.infrared import Infraredd as Infraredd
from srs_monai.data.transforms.mask_to_labels import MaskToLabels as MaskToLabels
from srs_monai.data.transforms.mask_to_labels import MaskToLabelsd as MaskToLabelsd
from srs_monai.data.transforms.match_channels import MatchChannels as MatchChannels
from srs_monai.data.transforms.match_channels import MatchChannelsd as MatchChannelsd
from srs_monai.data.transforms.pick_slice import PickSliced as PickSliced
from srs_monai.data.transforms.release_normalized import ReleaseNormalized as ReleaseNormalized
from srs_monai.data.transforms.remove_hair import RemoveHair as RemoveHair
from srs_monai.data.transforms.remove_hair import RemoveHaird as RemoveHaird
from srs_monai.data.transforms.resize_image import ResizeImaged as ResizeImaged
from srs_monai.data.transforms.resize_image import resize_pictures as resize_pictures
from srs_monai.data.transforms.ultrasound import Ultrasound as Ultrasound
from srs_monai.data.transforms.ultrasound import Ultrasoundd as Ultrasoundd
from srs_monai.data.transforms.unit_range import ToUnitRange as ToUnitRange
from srs_monai.data.transforms.unit_range import ToUnitRanged as ToUnitRanged
from srs_monai.data.transforms.viewer_orientation import AsSeend as AsSeend

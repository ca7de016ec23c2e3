"""Transforms: MetaTensors as read, turned into what a network expects."""

from srs_monai.data.transforms.as_seen import AsSeend as AsSeend
from srs_monai.data.transforms.check_same_size import CheckSameSized as CheckSameSized
from srs_monai.data.transforms.mask_to_labels import MaskToLabels as MaskToLabels
from srs_monai.data.transforms.mask_to_labels import MaskToLabelsd as MaskToLabelsd
from srs_monai.data.transforms.match_channels import MatchChannels as MatchChannels
from srs_monai.data.transforms.match_channels import MatchChannelsd as MatchChannelsd
from srs_monai.data.transforms.pick_slice import PickSliced as PickSliced
from srs_monai.data.transforms.release_normalized import ReleaseNormalized as ReleaseNormalized
from srs_monai.data.transforms.resize_image import ResizeImaged as ResizeImaged
from srs_monai.data.transforms.resize_image import resize_pictures as resize_pictures
from srs_monai.data.transforms.unit_range import ToUnitRange as ToUnitRange
from srs_monai.data.transforms.unit_range import ToUnitRanged as ToUnitRanged

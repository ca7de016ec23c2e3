"""Inference: images through a network, masks back on the images' own grids, and into files."""

from srs_monai.inference.network_inferer import NetworkInferer as NetworkInferer
from srs_monai.inference.slice_batch_inferer import SliceBatchInferer as SliceBatchInferer

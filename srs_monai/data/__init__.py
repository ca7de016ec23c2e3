"""Data: files in, dictionaries of MetaTensors out."""

from srs_monai.data.audit.check_items import check_items as check_items
from srs_monai.data.datalists.datalist import load_datalist as load_datalist
from srs_monai.data.datalists.datalist import load_images as load_images
from srs_monai.data.datalists.datalist import reconstruction_items as reconstruction_items
from srs_monai.data.datalists.resolve_labels import ResolvedLabels as ResolvedLabels
from srs_monai.data.datalists.resolve_labels import resolve_labels as resolve_labels
from srs_monai.data.loading.epoch_sampler import EpochSampler as EpochSampler
from srs_monai.data.loading.load_label import LoadLabeld as LoadLabeld
from srs_monai.data.loading.slice_cache import SliceCacheDataset as SliceCacheDataset
from srs_monai.data.sources import find_sources as find_sources

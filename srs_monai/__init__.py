"""SRSNet and its neighbours for MONAI: networks, data, training, inference, evaluation."""

__version__ = "0.1.0"

from srs_monai import networks as networks  # adds our convolutions to MONAI's layer factory

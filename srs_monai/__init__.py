"""SRSNet and related networks for MONAI: networks, data, training, inference, evaluation."""

__version__ = "0.1.0"

from srs_monai import networks as networks  # registers our convolutions in MONAI's layer factory

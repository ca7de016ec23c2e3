"""Runtimes: ways to run a network, from a batch of images to probabilities."""

from srs_monai.inference.runtimes.build import build as build
from srs_monai.inference.runtimes.runtime import Runtime as Runtime
from srs_monai.inference.runtimes.table import RUNTIMES as RUNTIMES
from srs_monai.inference.runtimes.table import available as available
from srs_monai.inference.runtimes.table import check_runtime as check_runtime

"""Runtimes: the ways to run a network, from a batch of images to probabilities."""

from srs_monai.runtimes.build import build as build
from srs_monai.runtimes.known_runtimes import RUNTIMES as RUNTIMES
from srs_monai.runtimes.known_runtimes import available as available
from srs_monai.runtimes.known_runtimes import check_runtime as check_runtime
from srs_monai.runtimes.runtime import Runtime as Runtime

"""The public names of `srs_monai.runtimes`, under the path by which users import them."""

from srs_monai.runtimes import RUNTIMES as RUNTIMES
from srs_monai.runtimes import Runtime as Runtime
from srs_monai.runtimes import available as available
from srs_monai.runtimes import build as build
from srs_monai.runtimes import check_runtime as check_runtime

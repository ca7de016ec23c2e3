"""The runtimes under the name by which users import them; they live in `srs_monai.runtimes`."""

from srs_monai.runtimes import RUNTIMES as RUNTIMES
from srs_monai.runtimes import Runtime as Runtime
from srs_monai.runtimes import available as available
from srs_monai.runtimes import build as build
from srs_monai.runtimes import check_runtime as check_runtime

"""Our own kernels: the residual blocks of SRSNet in compiled code, for the CPU and float32."""

from srs_monai.inference.native.accelerate import accelerate as accelerate
from srs_monai.inference.native.library import compiler as compiler

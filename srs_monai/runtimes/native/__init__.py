"""Our own kernels: the residual blocks of SRSNet in compiled code, for the CPU and float32."""

from srs_monai.runtimes.native.accelerate import accelerate as accelerate

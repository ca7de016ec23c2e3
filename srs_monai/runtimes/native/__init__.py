"""Our own kernels: the residual blocks of SRSNet as compiled code, for float32 on the CPU."""

from srs_monai.runtimes.native.accelerate import accelerate as accelerate

"""The precisions that are measured, by name."""

import torch

#: what numbers are held in; "tf32" holds float32 and multiplies 19 bits of it, on NVIDIA GPUs
DTYPES = {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16}


def set_precision(name: str) -> None:
    """Let CUDA multiply float32 in full ("float32", "bfloat16") or as TF32; of a CPU nothing changes.

    Raises:
        ValueError: for an unknown name.
    """
    if name not in DTYPES:
        raise ValueError(f"precision is one of {', '.join(DTYPES)}; got {name!r}")
    product = "tf32" if name == "tf32" else "ieee"
    torch.backends.cuda.matmul.fp32_precision = product
    torch.backends.cudnn.conv.fp32_precision = product  # type: ignore[attr-defined]


def runtime_precision(name: str) -> str:
    """The precision's name for a runtime, to which TF32 is float32."""
    return "float32" if name == "tf32" else name

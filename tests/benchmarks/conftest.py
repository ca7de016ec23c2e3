"""What benchmarks set for their own processes, a test undoes."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def _precision_stays() -> Iterator[None]:
    """Undo the precision of CUDA's products: with another one than torch's own, torch.export refuses to work."""
    matmul, conv = torch.backends.cuda.matmul, torch.backends.cudnn.conv
    before = matmul.fp32_precision, conv.fp32_precision
    yield
    matmul.fp32_precision, conv.fp32_precision = before

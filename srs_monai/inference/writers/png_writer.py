"""PNG files of masks, probabilities and pictures, in their own size."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srs_monai.files import replacing


def write_mask_png(path: str | Path, labels: NDArray[np.uint8], binary: bool) -> None:
    """Write labels (H, W): 0 and 255 when binary, else the label values."""
    write_png(path, np.where(labels > 0, np.uint8(255), np.uint8(0)) if binary else labels)


def write_probability_png(path: str | Path, probability: NDArray[np.float32]) -> None:
    """Write probabilities (H, W) in 16 bits: 0 is 0, 65535 is 1."""
    write_png(path, np.round(probability.clip(0, 1) * 65535).astype(np.uint16))


def write_png(path: str | Path, pixels: NDArray[Any]) -> None:
    """Write pixels (H, W) of 8 or 16 bits, or (H, W, 3) of 8."""
    with replacing(path) as temporary:
        Image.fromarray(np.ascontiguousarray(pixels)).save(temporary, format="PNG")

"""Files of generated ultrasound-like images with known masks, for demonstrations and tests; no patient data."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srs_monai.data.phantom_tissue import phantom
from srs_monai.data.split_lists import TRAIN_LIST, VAL_LIST
from srs_monai.data.splits.random_split import seeded_split
from srs_monai.files import replacing, write_atomically

PREFIX = "phantom_"
VOLUME_ORIGIN = (-38.4, -12.0, 55.0)  # mm, of the most left, posterior and inferior voxel


def write_phantoms(
    folder: str | Path,
    count: int = 48,
    size: Sequence[int] = (128, 128),
    seed: int = 0,
    val_fraction: float = 0.25,
) -> None:
    """Write pictures, masks and lists in the folder format: images/ masks/ train.txt val.txt.

    The pictures show layered tissue under speckle with one or two lesions: 8 to 12 dB less echo, irregular borders and
    soft margins. Masks hold 0 and 255. The same arguments give the same files, and a phantom does not depend on the
    count.

    Args:
        folder: created if missing; phantoms in it are overwritten.
        count: number of phantoms, at least 2.
        size: height and width in pixels, each at least 32.
        seed: seed of all random numbers.
        val_fraction: share of the validation images, between 0 and 1.

    Raises:
        ValueError: for a size or count that is too small, and for a folder with other images.
    """
    if len(size) != 2 or min(size) < 32:
        raise ValueError(f"a phantom needs height and width of at least 32 pixels each; got {list(size)}")
    folder = Path(folder)
    for kind in ("images", "masks"):
        others = [path for path in (folder / kind).glob("*") if not path.name.startswith(PREFIX)]
        if others:
            raise ValueError(f"phantoms need a folder of their own, but {others[0]} is there; name an empty folder")
    names = [f"{PREFIX}{number:03d}" for number in range(count)]
    training, validation = seeded_split(names, val_fraction, seed)
    for number, name in enumerate(names):
        rng = np.random.default_rng((seed, number))
        image, mask = phantom(size, rng, lesions=int(rng.integers(1, 3)))
        write_atomically(folder / "images" / f"{name}.png", _png(image))
        write_atomically(folder / "masks" / f"{name}.png", _png(mask * np.uint8(255)))
    for title, listed in ((TRAIN_LIST, training), (VAL_LIST, validation)):
        write_atomically(folder / title, ("\n".join(listed) + "\n").encode())


def write_phantom_volume(
    path: str | Path,
    shape: Sequence[int] = (96, 96, 24),
    spacing: Sequence[float] = (0.8, 0.8, 2.5),
    seed: int = 0,
) -> None:
    """Write a NIfTI volume of the same tissue with one ellipsoidal lesion, and its labels 0 and 1 beside it.

    Args:
        path: path of the image, ending in .nii or .nii.gz; the labels' name has `_label` before the ending.
        shape: voxels to the right, anterior and superior; at least 32 in plane. Depth runs to posterior.
        spacing: mm along the same axes, each above 0.
        seed: seed of all random numbers.

    Raises:
        ValueError: for another ending, a shape that is too small or a spacing of 0 or less.
    """
    path = Path(path)
    ending = next((e for e in (".nii.gz", ".nii") if path.name.endswith(e)), None)
    if ending is None:
        raise ValueError(f"a phantom volume must be named .nii or .nii.gz; got {path}")
    if len(shape) != 3 or min(shape[:2]) < 32 or shape[2] < 1 or len(spacing) != 3 or min(spacing) <= 0:
        raise ValueError(
            f"a phantom volume needs at least 32 x 32 x 1 voxels and spacings above 0 mm; got {list(shape)} voxels of "
            f"{list(spacing)} mm"
        )
    rng = np.random.default_rng((seed, *shape))
    image, mask = phantom((shape[1], shape[0], shape[2]), rng, lesions=1)
    affine = np.diag([*map(float, spacing), 1.0])
    affine[:3, 3] = VOLUME_ORIGIN
    labels = path.with_name(path.name.removesuffix(ending) + "_label" + ending)
    for target, seen in ((path, image), (labels, mask.astype(np.uint8))):
        with replacing(target) as temporary:
            nib.save(nib.Nifti1Image(_to_ras(seen), affine), temporary)


def _to_ras(seen: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """From rows to posterior, columns to the left and slices upward to RAS axes."""
    return np.ascontiguousarray(seen[::-1, ::-1].transpose(1, 0, 2))


def _png(samples: NDArray[np.uint8]) -> bytes:
    content = BytesIO()
    Image.fromarray(samples).save(content, format="PNG")
    return content.getvalue()

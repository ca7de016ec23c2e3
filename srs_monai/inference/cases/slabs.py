"""Volumes a few slices at a time, where that comes to the same as the whole."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monai.data import MetaTensor
from monai.transforms import AsDiscreted, Compose, CopyItemsd, EnsureChannelFirstd, Identityd, Invertd, Transform
from nibabel import io_orientation
from torch import Tensor, zeros

from srs_monai.data.readers.open_volume import OpenVolume
from srs_monai.inference.cases.load_image_slices import LoadImageSlicesd
from srs_monai.inference.writers.save_mask import SaveImageMaskd
from srs_monai.inference.writers.save_overlay import SaveImageOverlayd

logger = logging.getLogger(__name__)

SLICES = 16  # of a slab: enough for full batches, few enough to stay in a processor's cache
_AXIAL = 2
_OF_MONAI = (AsDiscreted, CopyItemsd, EnsureChannelFirstd, Identityd, Invertd)  # MONAI's that work slice by slice


@dataclass(frozen=True)
class SlabSteps:
    """The postprocessing in parts: what is done to each slab of probabilities, and what writes the results.

    Args:
        transforms: from probabilities to labels on the file's own axes.
        overlay: writes the overlay; None: there is none.
        mask: writes the mask and the sidecar.
    """

    transforms: Sequence[Transform]
    overlay: SaveImageOverlayd | None
    mask: SaveImageMaskd


def slab_steps(postprocessing: Any) -> SlabSteps | None:
    """The parts of a postprocessing that works slice by slice; None for one that has to see the whole."""
    if type(postprocessing) is not Compose:
        _whole("the postprocessing is no Compose")
        return None
    *transforms, mask = postprocessing.transforms or (None,)
    if type(mask) is not SaveImageMaskd or mask.probability_key is not None:
        _whole("the postprocessing ends in something else than a mask alone")
        return None
    overlay = transforms.pop() if transforms and type(transforms[-1]) is SaveImageOverlayd else None
    return SlabSteps(transforms, overlay, mask)


def loader_of(preprocessing: Any) -> LoadImageSlicesd | None:
    """The transform that begins a preprocessing and can load slices; None where it begins otherwise."""
    if type(preprocessing) is not Compose or not preprocessing.transforms:
        _whole("the preprocessing is no Compose")
        return None
    loader = preprocessing.transforms[0]
    if type(loader) is not LoadImageSlicesd:
        _whole("the preprocessing does not begin with LoadImageSlicesd")
        return None
    return loader


def in_slabs(volume: OpenVolume, preprocessing: Compose, steps: SlabSteps) -> bool:
    """Whether an open volume, slab by slab, is prepared and shown as the whole is."""
    through = io_orientation(volume.affine)[2, 0]
    if through != _AXIAL or min(volume.shape) == 1 or not volume.by_slices:
        _whole("their slices cannot be had one after the other")
        return False
    sample = MetaTensor(zeros(1, 1, 1, 1), meta=dict(volume.meta))
    scaling = [] if steps.overlay is None or steps.overlay.scaling is None else [steps.overlay.scaling]
    for transform in (*preprocessing.transforms[1:], *steps.transforms, *scaling):
        if not works_slice_by_slice(transform, sample):
            _whole(f"{type(transform).__name__} looks at the whole volume")
            return False
    return True


def works_slice_by_slice(transform: Any, image: Tensor) -> bool:
    """Whether a transform gives the same for slices of a volume (C, H, W, D) as for the whole volume.

    A class says so with `slice_by_slice = True`, or with a method `slice_by_slice(image)` when it depends on the image.
    The class itself has to say it: a subclass may do something else, so what it inherits does not count.

    Args:
        transform: any transform.
        image: has the meta data of the volume; its values do not matter.
    """
    said = vars(type(transform)).get("slice_by_slice", type(transform) in _OF_MONAI)
    return bool(said(transform, image) if callable(said) else said)


def _whole(reason: str) -> None:
    """Say why."""
    logger.debug("volumes are segmented whole: %s", reason)

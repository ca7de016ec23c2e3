"""Which volumes can be segmented a few slices at a time, with the same result as for the whole volume."""

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

SLICES = 16  # in a slab: enough for full batches, and few enough for a processor's cache
_AXIAL = 2
_OF_MONAI = (AsDiscreted, CopyItemsd, EnsureChannelFirstd, Identityd, Invertd)  # MONAI's that work slice by slice


@dataclass(frozen=True)
class SlabSteps:
    """A postprocessing in parts: the transforms for each slab, and the writers of the results.

    Args:
        transforms: turn probabilities into labels on the file's own axes.
        overlay: writes the overlay; None: without overlay.
        mask: writes the mask and the sidecar.
    """

    transforms: Sequence[Transform]
    overlay: SaveImageOverlayd | None
    mask: SaveImageMaskd


def slab_steps(postprocessing: Any) -> SlabSteps | None:
    """The parts of a postprocessing; None if it does not end in writing a mask alone."""
    if type(postprocessing) is not Compose:
        _log_whole("the postprocessing is not a Compose")
        return None
    *transforms, mask = postprocessing.transforms or (None,)
    if type(mask) is not SaveImageMaskd or mask.probability_key is not None:
        _log_whole("the postprocessing does not end in SaveImageMaskd without probabilities")
        return None
    overlay = transforms.pop() if transforms and type(transforms[-1]) is SaveImageOverlayd else None
    return SlabSteps(transforms, overlay, mask)


def loader_of(preprocessing: Any) -> LoadImageSlicesd | None:
    """The first transform of a preprocessing if it can load slices, else None."""
    if type(preprocessing) is not Compose or not preprocessing.transforms:
        _log_whole("the preprocessing is not a Compose")
        return None
    loader = preprocessing.transforms[0]
    if type(loader) is not LoadImageSlicesd:
        _log_whole("the preprocessing does not begin with LoadImageSlicesd")
        return None
    return loader


def in_slabs(volume: OpenVolume, preprocessing: Compose, steps: SlabSteps) -> bool:
    """Whether an open volume can be prepared, segmented and shown slab by slab with the same result."""
    through = io_orientation(volume.affine)[2, 0]
    if through != _AXIAL or min(volume.shape) == 1 or not volume.by_slices:
        _log_whole("the volume has no axial slices that can be read one by one")
        return False
    sample = MetaTensor(zeros(1, 1, 1, 1), meta=dict(volume.meta))
    scaling = [] if steps.overlay is None or steps.overlay.scaling is None else [steps.overlay.scaling]
    for transform in (*preprocessing.transforms[1:], *steps.transforms, *scaling):
        if not works_slice_by_slice(transform, sample):
            _log_whole(f"{type(transform).__name__} looks at the whole volume")
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
    declared = vars(type(transform)).get("slice_by_slice", type(transform) in _OF_MONAI)
    return bool(declared(transform, image) if callable(declared) else declared)


def _log_whole(reason: str) -> None:
    logger.debug("volumes are segmented whole: %s", reason)

"""Volumes a few slices at a time, where that comes to the same as the whole."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from monai.data import MetaTensor
from monai.transforms import (
    AsDiscreted,
    Compose,
    CopyItemsd,
    EnsureChannelFirstd,
    Identityd,
    Invertd,
    LoadImaged,
    Transform,
)
from nibabel import io_orientation
from torch import Tensor, zeros

from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.readers.open_volume import OpenVolume
from srs_monai.data.transforms import AsSeend, CTWindowd, MatchChannelsd, ReleaseNormalized, ToUnitRanged
from srs_monai.inference.writers.save import SaveImageMaskd, SaveImageOverlayd

logger = logging.getLogger(__name__)

SLICES = 16  # of a slab: enough for full batches, few enough to stay in a processor's cache
_AXIAL = 2

# transforms that look at no more than one slice of an image (C, H, W, D); by kind, for a kind made of one may differ
_SLICE_BY_SLICE: dict[type, Callable[[Any, Tensor], bool]] = {
    **dict.fromkeys((EnsureChannelFirstd, CopyItemsd, Identityd, AsSeend), lambda *_: True),
    **dict.fromkeys((CTWindowd, MatchChannelsd, ReleaseNormalized), lambda *_: True),
    ToUnitRanged: lambda transform, image: transform.transform.is_by_voxel(image),
}


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
    others = [type(one).__name__ for one in transforms if type(one) not in (AsDiscreted, Invertd)]
    if others:
        _whole(f"the postprocessing has {others[0]}")
        return None
    return SlabSteps(transforms, overlay, mask)


def reader_of(preprocessing: Any) -> MedicalImageReader | None:
    """The reader with which a preprocessing begins; None where it begins otherwise."""
    if type(preprocessing) is not Compose or not preprocessing.transforms:
        _whole("the preprocessing is no Compose")
        return None
    load = preprocessing.transforms[0]
    readers = load._loader.readers if type(load) is LoadImaged and len(load.keys) == 1 else []
    if not readers or type(readers[-1]) is not MedicalImageReader:
        _whole("the preprocessing does not begin with the reader of this package")
        return None
    reader: MedicalImageReader = readers[-1]
    return reader


def in_slabs(volume: OpenVolume, preprocessing: Compose, steps: SlabSteps) -> bool:
    """Whether an open volume, slab by slab, is prepared and shown as the whole is."""
    through = io_orientation(volume.affine)[2, 0]
    if through != _AXIAL or min(volume.shape) == 1 or not volume.by_slices:
        _whole("their slices cannot be had one after the other")
        return False
    sample = MetaTensor(zeros(1, 1, 1, 1), meta=dict(volume.meta))
    scaling = [] if steps.overlay is None or steps.overlay.scaling is None else [steps.overlay.scaling]
    for transform in (*preprocessing.transforms[1:], *scaling):
        by_slice = _SLICE_BY_SLICE.get(type(transform))
        if by_slice is None or not by_slice(transform, sample):
            _whole(f"{type(transform).__name__} looks at the whole volume")
            return False
    return True


def _whole(reason: str) -> None:
    """Say why."""
    logger.debug("volumes are segmented whole: %s", reason)

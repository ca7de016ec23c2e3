"""Masks as they are stored, turned into class numbers."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import get_track_meta
from monai.transforms import MapTransform, Transform
from monai.utils import TransformBackends, convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.provenance import meta_of, source_of, stored_max_of, without_stored_max

CHANNEL_SPREAD = 32  # of 255: how far JPEG may drive the channels of a grey mask apart
BETWEEN = 0.05  # share of the pixels that may lie between black and white: soft or compressed borders


class MaskToLabels(Transform):
    """Turn a mask into class numbers 0 .. num_classes - 1, float32.

    A binary mask holds 0 and 1 or is black and white; the brighter half of the range is foreground, so that JPEG noise
    and soft borders do no harm. Class numbers of another task, a grey picture and colours are refused, not guessed at.
    With more classes the stored values must be the class numbers, or those that `values` names. All foreground, or
    none, is a mask too.

    Args:
        num_classes: classes including the background, at least 2; 2 is binary.
        instances: a binary mask whose values are the numbers of its objects: all above 0 is foreground.
        values: what the files write for each class, the background first, [[0, 5], [8], [4]]; None where they write
            class numbers. No value may stand twice.

    Shapes: mask (1 or 3 equal channels, H, W[, D]) gives (1, H, W[, D]).

    Raises:
        ValueError: for fewer than 2 classes, instances of more than 2, and values of another number of classes; on
            calling, for masks that break the rules above.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(
        self, num_classes: int = 2, instances: bool = False, values: Sequence[Sequence[int]] | None = None
    ) -> None:
        if num_classes < 2 or (instances and num_classes != 2):
            raise ValueError(
                f"labels have at least 2 classes, background included, and instances exactly 2; got {num_classes} with "
                f"instances {instances}"
            )
        if values is not None and (len(values) != num_classes or instances or _repeat(values)):
            raise ValueError(
                f"values are named once for each of {num_classes} classes, background included, and not for instances; "
                f"got {[list(each) for each in values]} with instances {instances}; correct them or "
                f"the number of classes (out_channels)"
            )
        self.num_classes, self.instances, self.values = num_classes, instances, values

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        mask = _one_channel(convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta()))
        if self.values is not None:
            labels = _numbered(mask, self.values)
        elif self.num_classes > 2:
            labels = self._class_numbers(mask)
        elif self.instances:
            labels = _whole_numbers(mask) > 0
        else:
            labels = _foreground(mask)
        return without_stored_max(labels.to(torch.float32))

    def _class_numbers(self, mask: Tensor) -> Tensor:
        labels = _whole_numbers(mask)
        unknown = [value for value in labels.unique().tolist() if value >= self.num_classes]
        if unknown:
            raise ValueError(
                f"labels of {self.num_classes} classes are 0 to {self.num_classes - 1}, but {source_of(mask)} holds "
                f"{_some(unknown)}; renumber them (MapLabelValued) or set the number of classes"
            )
        return labels


class MaskToLabelsd(MapTransform):
    """Dictionary form of `MaskToLabels`.

    Args:
        keys: of the masks.
        num_classes, instances, values: see `MaskToLabels`. What an item itself says under "label_values" ("instances",
            or values), as the data list of a recipe does, comes first; the entry is taken out.
        allow_missing_keys: pass over keys that an item lacks.
    """

    backend = MaskToLabels.backend

    def __init__(
        self,
        keys: KeysCollection,
        num_classes: int = 2,
        instances: bool = False,
        values: Sequence[Sequence[int]] | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.to_labels = MaskToLabels(num_classes, instances, values)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        stored = item.pop("label_values", None)
        to_labels = self.to_labels
        if stored is not None:
            instances = stored == "instances"
            to_labels = MaskToLabels(to_labels.num_classes, instances, None if instances else stored)
        for key in self.key_iterator(item):
            item[key] = to_labels(item[key])
        return item


def _repeat(values: Sequence[Sequence[int]]) -> bool:
    """Whether a value stands for two classes, or twice for one."""
    named = [value for each in values for value in each]
    return len(named) != len(set(named))


def _numbered(mask: Tensor, values: Sequence[Sequence[int]]) -> Tensor:
    """Class numbers in place of the values that stand for them."""
    stored = _whole_numbers(mask)
    labels = torch.full_like(stored, -1)
    for number, each in enumerate(values):
        labels[torch.isin(stored, torch.tensor(each, dtype=stored.dtype, device=stored.device))] = number
    unknown = stored[labels < 0].unique().tolist()
    if unknown:
        known = sorted(value for each in values for value in each)
        raise ValueError(
            f"labels of this data set are {_some(known, len(known))}, but {source_of(mask)} holds {_some(unknown)}; "
            f"correct the file, or take the recipe that it belongs to"
        )
    return labels


def _one_channel(mask: Tensor) -> Tensor:
    """The one channel, or the first of three that say the same."""
    if len(mask) not in (1, 3):
        raise ValueError(f"a mask has one channel, or three that are equal, but {source_of(mask)} has {len(mask)}")
    if len(mask) == 3 and float((mask.amax(0) - mask.amin(0)).max()) > CHANNEL_SPREAD:
        raise ValueError(
            f"a mask is grey, but {source_of(mask)} has colours; save class numbers as grey values (those of a palette "
            f"picture can be had by PictureReader(palette='index'))"
        )
    return mask[:1]


def _whole_numbers(mask: Tensor) -> Tensor:
    """The mask, which must hold whole numbers of 0 or more, as class and instance numbers are."""
    labels = mask.round()
    if not torch.isfinite(mask).all() or float((mask - labels).abs().max()) > 1e-3 or float(labels.min()) < 0:
        raise ValueError(
            f"labels are whole numbers of 0 or more, but {source_of(mask)} holds {_some(mask.unique().tolist())}; "
            f"save the mask without interpolation"
        )
    return labels


def _foreground(mask: Tensor) -> Tensor:
    """Where a binary mask is foreground."""
    values = _whole_numbers(mask)
    highest = float(values.max())
    if highest <= 1:
        return values
    full = 255.0 if highest <= 255 else stored_max_of(mask) or 65535.0
    between = (values > full / 4) & (values <= full * 3 / 4) & (values < highest)
    # 0, 1 and 255 are two classes and "ignore" rather than black and white; compression leaves no such gap
    numbered = (values > 0) & (values <= full / 4)
    gap = bool(numbered.any()) and not bool(((values > full / 4) & (values < full)).any())
    numbers = highest <= full / 2 or (gap and meta_of(mask).get("format") != "JPEG")
    if numbers or float(between.float().mean()) > BETWEEN:
        raise ValueError(
            f"a binary mask is 0 and 1, or black and white of {full:g}, but {source_of(mask)} holds "
            f"{_some(values.unique().tolist())}; set the number of classes, or instances to True for numbered objects"
        )
    return values > full / 2


def _some(values: Sequence[float], shown: int = 6) -> str:
    return ", ".join(f"{value:g}" for value in values[:shown]) + (" ..." if len(values) > shown else "")

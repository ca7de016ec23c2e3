"""Class numbers from masks as they are stored."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import get_track_meta
from monai.transforms import MapTransform, Transform
from monai.utils import TransformBackends, convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.provenance import meta_of, source_of, stored_max_of, without_stored_max

CHANNEL_SPREAD = 32  # of 255: how far JPEG may move the channels of a grey mask apart
BETWEEN = 0.05  # share of the pixels that may lie between black and white, at soft or compressed borders


class MaskToLabels(Transform):
    """Convert a mask to class numbers 0 .. num_classes - 1, float32.

    A binary mask holds 0 and 1, or it is black and white: the brighter half of the range is foreground, so that JPEG
    noise and soft borders do not matter. Class numbers of another task, grey pictures and colours are rejected. With
    more classes, the stored values must be the class numbers or those in `values`. A mask may be all foreground or
    empty.

    Args:
        num_classes: number of classes including the background, at least 2; 2 is binary.
        instances: the values of a binary mask are object numbers; every value above 0 is foreground.
        values: the values that the files hold for each class, the background first, [[0, 5], [8], [4]]. None: they
            hold class numbers. A value may occur only once.

    Shapes: mask (1 or 3 equal channels, H, W[, D]) gives (1, H, W[, D]).

    Raises:
        ValueError: for fewer than 2 classes, for instances with more than 2, and for values that do not match
            num_classes; on calling, for masks that break these rules.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(
        self, num_classes: int = 2, instances: bool = False, values: Sequence[Sequence[int]] | None = None
    ) -> None:
        if num_classes < 2 or (instances and num_classes != 2):
            raise ValueError(
                f"num_classes, which includes the background, must be at least 2, and exactly 2 for instances; got "
                f"{num_classes} with instances {instances}"
            )
        if values is not None and (len(values) != num_classes or instances or _repeat(values)):
            raise ValueError(
                f"values must list each of the {num_classes} classes once, background included, and do not go with "
                f"instances; got {[list(each) for each in values]} with instances {instances}; correct them or the "
                f"number of classes (out_channels)"
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
                f"labels of {self.num_classes} classes must be 0 to {self.num_classes - 1}, but {source_of(mask)} "
                f"holds {_some(unknown)}; renumber them (MapLabelValued) or change the number of classes"
            )
        return labels


class MaskToLabelsd(MapTransform):
    """Dictionary form of `MaskToLabels`.

    An item's own "label_values" ("instances", or values), which the data list of a recipe sets, take precedence over
    the arguments. The key is removed from the item.
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
    """Whether a value occurs twice."""
    named = [value for each in values for value in each]
    return len(named) != len(set(named))


def _numbered(mask: Tensor, values: Sequence[Sequence[int]]) -> Tensor:
    """Replace each stored value by its class number."""
    stored = _whole_numbers(mask)
    labels = torch.full_like(stored, -1)
    for number, each in enumerate(values):
        labels[torch.isin(stored, torch.tensor(each, dtype=stored.dtype, device=stored.device))] = number
    unknown = stored[labels < 0].unique().tolist()
    if unknown:
        known = sorted(value for each in values for value in each)
        raise ValueError(
            f"labels of this data set must be {_some(known, len(known))}, but {source_of(mask)} holds "
            f"{_some(unknown)}; correct the file, or use its own recipe"
        )
    return labels


def _one_channel(mask: Tensor) -> Tensor:
    """The only channel, or the first of three equal ones."""
    if len(mask) not in (1, 3):
        raise ValueError(
            f"a mask must have one channel, or three equal ones, but {source_of(mask)} has {len(mask)}; save it as grey"
        )
    if len(mask) == 3 and float((mask.amax(0) - mask.amin(0)).max()) > CHANNEL_SPREAD:
        raise ValueError(
            f"a mask must be grey, but {source_of(mask)} has colours; save class numbers as grey values "
            f"(PictureReader(palette='index') reads the numbers of a palette picture)"
        )
    return mask[:1]


def _whole_numbers(mask: Tensor) -> Tensor:
    """The mask rounded; a ValueError if it does not hold whole numbers of 0 or more."""
    labels = mask.round()
    if not torch.isfinite(mask).all() or float((mask - labels).abs().max()) > 1e-3 or float(labels.min()) < 0:
        raise ValueError(
            f"labels must be whole numbers of 0 or more, but {source_of(mask)} holds "
            f"{_some(mask.unique().tolist())}; save the mask without interpolation"
        )
    return labels


def _foreground(mask: Tensor) -> Tensor:
    """The foreground of a binary mask."""
    values = _whole_numbers(mask)
    highest = float(values.max())
    if highest <= 1:
        return values
    full = 255.0 if highest <= 255 else stored_max_of(mask) or 65535.0
    between = (values > full / 4) & (values <= full * 3 / 4) & (values < highest)
    # 0, 1 and 255 are two classes and "ignore", not black and white; compression leaves no such gap
    numbered = (values > 0) & (values <= full / 4)
    gap = bool(numbered.any()) and not bool(((values > full / 4) & (values < full)).any())
    numbers = highest <= full / 2 or (gap and meta_of(mask).get("format") != "JPEG")
    if numbers or float(between.float().mean()) > BETWEEN:
        raise ValueError(
            f"a binary mask must hold 0 and 1, or black and white of {full:g}, but {source_of(mask)} holds "
            f"{_some(values.unique().tolist())}; set the number of classes, or instances to True for numbered objects"
        )
    return values > full / 2


def _some(values: Sequence[float], shown: int = 6) -> str:
    return ", ".join(f"{value:g}" for value in values[:shown]) + (" ..." if len(values) > shown else "")

"""Images cropped to a box that a rule finds in them."""

from collections.abc import Hashable, Mapping
from typing import Any

from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import MetaTensor, get_track_meta
from monai.transforms import Crop, Cropd
from monai.utils import convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.provenance import source_of
from srs_monai.text import by

Box = tuple[int, int, int, int]  # top, left, bottom, right: rows and columns in pixels, half open

REGION = "ultrasound_region"  # key of the meta data: the box of the tissue, as the ultrasound system states it


class CropToBox(Crop):
    """Crop images (C, H, W[, F]) to the box that `box` finds; all frames of a sequence share one box.

    The inverse puts the cropped image back on its original grid, with zeros around it. The box is found on the device
    of the image. Its four numbers are copied to the host, because they set the size of the result.
    """

    @property
    def requires_current_data(self) -> bool:
        """Whether pending operations are applied first: the box depends on the pixels."""
        return True

    def box(self, image: Tensor) -> Box:
        """The part of the image to keep."""
        raise NotImplementedError

    def __call__(self, img: NdarrayOrTensor, lazy: bool | None = None) -> Tensor:
        image: Tensor = convert_to_tensor(img, track_meta=get_track_meta())
        return self.cut(image, self.box(image), lazy)

    def cut(self, image: NdarrayOrTensor, box: Box, lazy: bool | None = None) -> Tensor:
        """Crop an image to a known box."""
        top, left, bottom, right = box
        result: Tensor = super().__call__(image, slices=(slice(top, bottom), slice(left, right)), lazy=lazy)
        if isinstance(result, MetaTensor):
            result.meta = {key: value for key, value in result.meta.items() if key != REGION}  # of the old grid
        return result


class CropToBoxd(Cropd):
    """Dictionary form of `CropToBox`: all images of an item are cropped to the box found in one of them.

    Args:
        keys: keys of the images and masks, all of one size.
        cropper: finds the box.
        source_key: key of the image in which the box is searched.
        label_key: key of the mask, which must lie inside the box.
        allow_missing_keys: skip keys that an item lacks.

    Raises:
        ValueError: on calling, for images that differ from the source in size, and for masks that reach beyond the
            box.
    """

    def __init__(
        self,
        keys: KeysCollection,
        cropper: CropToBox,
        source_key: Hashable = "image",
        label_key: Hashable = "label",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, cropper, allow_missing_keys)
        self.source_key, self.label_key = source_key, label_key

    @property
    def requires_current_data(self) -> bool:
        """Whether pending operations are applied first: the box depends on the pixels."""
        return True

    def __call__(self, data: Mapping[Hashable, Any], lazy: bool | None = None) -> dict[Hashable, Any]:
        item = dict(data)
        source = item[self.source_key]
        box = self.cropper.box(convert_to_tensor(source, track_meta=get_track_meta()))
        for key in self.key_iterator(item):
            image = item[key]
            if image.shape[1:3] != source.shape[1:3]:
                raise ValueError(
                    f"images that are cropped together must have the same size, but {source_of(source)} has "
                    f"{by(source.shape[1:3])} pixels and {source_of(image)} {by(image.shape[1:3])}; correct or remove "
                    f"this pair"
                )
            if key == self.label_key:
                _check_whole(image, box, source)
            item[key] = self.cropper.cut(image, box, self.lazy if lazy is None else lazy)
        return item


def _check_whole(mask: Tensor, box: Box, source: Tensor) -> None:
    """Reject a mask that reaches beyond the box: training and metrics would miss the part outside."""
    top, left, bottom, right = box
    labelled = mask != 0
    outside = int(labelled.sum()) - int(labelled[:, top:bottom, left:right].sum())
    if outside:
        raise ValueError(
            f"cropping must keep the whole mask, but {outside} of {int(labelled.sum())} labelled pixels of "
            f"{source_of(mask)} lie outside rows {top} to {bottom - 1} and columns {left} to {right - 1}, the box "
            f"found in {source_of(source)}; correct the mask, remove this pair, or turn cropping off"
        )

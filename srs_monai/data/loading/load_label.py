"""The label of an item, on the grid of its image."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import LoadImaged, MapTransform
from monai.utils import ImageMetaKey

from srs_monai.data.readers.dicom_label import DicomLabel, dicom_label, label_map
from srs_monai.data.readers.mask_reader import MaskReader


class LoadLabeld(MapTransform):
    """Load the labels of an item whose image is loaded, but not yet oriented or resized.

    Pictures, NIfTI and arrays are read by `MaskReader`. A DICOM segmentation or RT structure set becomes a label map on
    the grid of the image (`label_map`). The item's "region_numbers" has the class numbers of its regions by name; the
    key is removed. A picture that belongs to a single DICOM slice gets the position of this slice.

    Args:
        keys: keys of the labels, which hold file names.
        image_key: key of the image, a MetaTensor, channel first.
        allow_missing_keys: skip keys that an item lacks.

    Raises:
        ValueError: on calling, when a label cannot be read, lacks a region or does not lie on the grid of its image.
    """

    def __init__(self, keys: KeysCollection, image_key: str = "image", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.image_key = image_key
        self.load = LoadImaged("label", reader=MaskReader(), ensure_channel_first=True)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        numbers = item.pop("region_numbers", None)
        for key in self.key_iterator(item):
            image = item.get(self.image_key)
            found = None if isinstance(item[key], list | tuple) else dicom_label(item[key])
            if found is not None:
                item[key] = self._regions(found, image, numbers)
            else:
                loaded: MetaTensor = self.load({"label": item[key]})["label"]
                item[key] = _on_one_slice(loaded, image)
        return item

    def _regions(self, label: DicomLabel, image: Any, numbers: Mapping[str, int] | None) -> MetaTensor:
        if not isinstance(image, MetaTensor) or image.ndim != 4 or "frames" in image.meta:
            held = f"an image of shape {tuple(image.shape)}" if isinstance(image, MetaTensor) else repr(image)
            raise ValueError(
                f"the regions of {label.path} need a volume, but {self.image_key!r} holds {held}; load the volume first"
            )
        classes = label_map(label, image.shape[1:], image.affine.numpy(), numbers)
        loaded = MetaTensor(torch.from_numpy(classes)[None]).copy_meta_from(image)
        loaded.meta = {key: value for key, value in loaded.meta.items() if key != "stored_max"}
        loaded.meta[ImageMetaKey.FILENAME_OR_OBJ] = str(label.path)
        return loaded


def _on_one_slice(label: MetaTensor, image: Any) -> MetaTensor:
    """A picture (C, H, W) as a volume of one slice, if the image (C, W, H, 1) is a DICOM slice."""
    single = isinstance(image, MetaTensor) and image.ndim == 4 and image.shape[3] == 1
    if not single or image.meta.get("source_kind") != "dicom" or "frames" in image.meta or label.ndim != 3:
        return label
    volume = label.transpose(1, 2)[..., None]
    volume.meta = label.meta | {"spatial_shape": torch.tensor(volume.shape[1:]).numpy()}
    volume.affine = image.affine
    return volume

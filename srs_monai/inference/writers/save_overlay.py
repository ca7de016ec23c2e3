"""The overlay of a case: the image with what was segmented."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform, SaveImaged
from nibabel import aff2axcodes, io_orientation
from numpy.typing import NDArray
from torch import Tensor

from srs_monai.data.transforms import AsSeend
from srs_monai.data.transforms.provenance import meta_of, stored_max_of
from srs_monai.inference.results.mask import plain_array
from srs_monai.inference.results.packed_labels import PackedLabels
from srs_monai.inference.results.result_names import (
    OVERLAY,
    PNG_ENDING,
    WRITTEN,
    result_name,
)
from srs_monai.inference.writers.overlay import overlay_montage, overlay_picture, slices_to_show
from srs_monai.inference.writers.png_writer import write_png
from srs_monai.inference.writers.written_labels import Colours
from srs_monai.labels import Label

_EIGHT_BITS = 255.0
_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "I": "S", "S": "I"}


class SaveImageOverlayd(SaveImaged):
    """Write NAME_overlay.png: the image as read with its labels, or a montage of a volume's slices.

    The transform comes after the inversion of the preprocessing, so that labels and image lie on the input's own grid.
    Volumes are turned as a viewer shows them, with the patient's sides marked. Pictures of 8 bits keep their stored
    colours. The class is a subclass of `SaveImaged` and has a similar name because MONAI Label and MONAI Deploy, which
    write results themselves, find by these what they remove.

    Args:
        keys: keys of the labels, (1, H, W) or (1, X, Y, Z).
        image_key: key of their image, as read.
        output_dir: folder for the results.
        scaling: transform of the item {"image": image} that scales images of other types to [0, 1], such as a CT
            window; None: they are scaled from their lowest to their highest value.
        labels: meaning of the numbers 1, 2, ..., for their colours.
    """

    def __init__(
        self,
        keys: Hashable,
        image_key: Hashable,
        output_dir: str | Path,
        scaling: Callable[[dict[Hashable, Any]], Mapping[Hashable, Any]] | None = None,
        labels: Sequence[Label] = (),
    ) -> None:
        MapTransform.__init__(self, keys)
        self.colours = Colours(labels)
        self.image_key, self.output_dir, self.scaling = image_key, Path(output_dir), scaling

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            seen = AsSeend([key, self.image_key])({key: item[key], self.image_key: item[self.image_key]})
            image, labels = seen[self.image_key], plain_array(seen[key])[0].astype(np.int64)
            values = plain_array(self._scaled(image))
            if labels.ndim == 2:
                shown = overlay_picture(values, labels, self.colours)
            elif meta_of(image).get("spacing_unit") == "mm":
                shown = overlay_montage(values, labels, _sides(image), colours=self.colours)
            else:
                unit = "frame" if "frames" in meta_of(image) else "slice"
                shown = overlay_montage(values, labels, unit=unit, colours=self.colours)
            path = self._write(result_name(item, item[self.image_key]), shown)
            item[WRITTEN] = [*item.get(WRITTEN, ()), path.name]
        return item

    def write_slices(
        self,
        name: str,
        labels: PackedLabels,
        affine: NDArray[np.float64],
        image_of: Callable[[Sequence[int]], MetaTensor],
    ) -> Path:
        """Write the overlay of a volume, and read only the slices that it shows.

        Args:
            name: name of the case.
            labels: labels of the volume on the file's own axes; the last axis runs through axial slices.
            affine: affine of the volume.
            image_of: gives the image (1, X, Y, n) of slices by their ascending numbers.
        """
        upward = io_orientation(affine)[2, 1] > 0
        places = slices_to_show(labels.areas if upward else labels.areas[::-1])  # numbered as in a viewer
        count = labels.shape[2]
        stored = places if upward else [count - 1 - place for place in reversed(places)]
        image = image_of(stored)
        shown = np.stack([labels.plane(number) for number in stored], axis=-1)
        mask = MetaTensor(torch.from_numpy(shown)[None], affine=image.affine)
        seen = AsSeend(["image", "mask"])({"image": image, "mask": mask})
        image = seen["image"]
        montage = overlay_montage(
            plain_array(self._scaled(image)),
            plain_array(seen["mask"])[0].astype(np.int64),
            _sides(image) if meta_of(image).get("spacing_unit") == "mm" else ("", ""),
            places=places,
            count=count,
            colours=self.colours,
        )
        return self._write(name, montage)

    def _write(self, name: str, shown: NDArray[np.uint8]) -> Path:
        path = self.output_dir / f"{name}{OVERLAY}{PNG_ENDING}"
        write_png(path, shown)
        return path

    def _scaled(self, image: Tensor) -> Tensor:
        if stored_max_of(image) == _EIGHT_BITS:
            return image / _EIGHT_BITS
        scaled: Tensor = image if self.scaling is None else self.scaling({"image": image})["image"]
        return scaled


def _sides(volume: MetaTensor) -> tuple[str, str]:
    """The patient's sides at the left and at the right of slices; columns run along the second axis."""
    right = str(aff2axcodes(np.asarray(volume.affine))[1])
    return _OPPOSITE[right], right

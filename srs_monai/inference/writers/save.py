"""Results as the last steps of a postprocessing pipeline."""

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
from srs_monai.inference.results.mask import Mask, plain_array
from srs_monai.inference.results.modality import modality_warnings
from srs_monai.inference.results.packed_labels import PackedLabels
from srs_monai.inference.results.result_names import (
    NIFTI_ENDING,
    OVERLAY,
    PNG_ENDING,
    PROBABILITY,
    WRITTEN,
    read_sidecar,
    remove_replaced,
    result_name,
    sidecar_path,
)
from srs_monai.inference.results.sidecar import Run, write_sidecar
from srs_monai.inference.writers.colours import Colours
from srs_monai.inference.writers.mask_formats import check_format, format_of, write_mask, write_nifti_on_grid
from srs_monai.inference.writers.overlay import overlay_montage, overlay_picture, slices_to_show
from srs_monai.inference.writers.png import write_png, write_probability_png
from srs_monai.labels import Label, default_labels

_EIGHT_BITS = 255.0
_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "I": "S", "S": "I"}


class SaveImageOverlayd(SaveImaged):
    """Write NAME_overlay.png: the image as read with what was segmented, or a montage of a volume's slices.

    Comes after the inversion of the preprocessing: labels and image lie on the input's own grid. Volumes are turned as
    a viewer shows them, with the patient's sides marked. Pictures of 8 bits keep the colours that are stored, whatever
    the network was shown. It is a `SaveImaged` by name and kind, so that MONAI Label and MONAI Deploy, which write
    results themselves, leave it out.

    Args:
        keys: of the labels, (1, H, W) or (1, X, Y, Z).
        image_key: of the image that they belong to, as read.
        output_dir: where results go, below it by their names.
        scaling: transform of the item {"image": image} that brings other images to [0, 1], such as a CT window; None:
            they are stretched from their lowest to their highest value.
        labels: what the numbers 1, 2, ... mean, for their colours.
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
        """Write the overlay of a volume of which only the slices that it shows are read.

        Args:
            name: of the case.
            labels: of the volume, on the file's own axes, of which the last runs through axial slices.
            affine: of the volume.
            image_of: the image (1, X, Y, n) of slices by their ascending numbers.
        """
        upward = io_orientation(affine)[2, 1] > 0
        places = slices_to_show(labels.areas if upward else labels.areas[::-1])  # as a viewer counts
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
    """The patient's sides at the left and at the right of slices, whose columns run along the second axis."""
    right = str(aff2axcodes(np.asarray(volume.affine))[1])
    return _OPPOSITE[right], right


class SaveImageMaskd(SaveImaged):
    """Write the mask, NAME_probability where asked, and last NAME.json, the sidecar that marks a finished case.

    Comes after the inversion of the preprocessing: labels and affine are those of the input. A `SaveImaged` by name
    and kind, as `SaveImageOverlayd`.

    Args:
        keys: of the labels, (1, H, W) or (1, X, Y, Z).
        output_dir: where results go, below it by their names.
        binary: whether PNG masks are 0 and 255 rather than label values.
        probability_key: of the probabilities (classes, ...), or None: float32 NIfTI, of several classes in a
            fourth axis; for pictures, unless NIfTI is asked for, 16-bit PNG, of several classes NAME_probability_0.png,
            NAME_probability_1.png ...
        format: auto (NIfTI for volumes, PNG for pictures), nifti, dicom-seg, rtstruct or png.
        labels: what the numbers 1, 2, ... of the mask mean; without any, 1 of a binary mask is the foreground.
        run: what the sidecars say of the run.

    Raises:
        ValueError: for a format that there is not; on calling, where an image cannot be written in the format.
    """

    def __init__(
        self,
        keys: Hashable,
        output_dir: str | Path,
        binary: bool = True,
        probability_key: Hashable | None = None,
        format: str = "auto",
        labels: Sequence[Label] = (),
        run: Run | None = None,
    ) -> None:
        MapTransform.__init__(self, keys)
        self.output_dir, self.binary, self.probability_key = Path(output_dir), binary, probability_key
        self.format, self.run = check_format(format), run or Run()
        self.labels = tuple(labels) or (default_labels(1) if binary else ())

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            name = result_name(item, item[key])
            written = [(self.output_dir / name).parent / file for file in item.get(WRITTEN, ())]
            probability = None if self.probability_key is None else item[self.probability_key]
            self.write(name, Mask.from_tensor(item[key], self.labels), written, probability)
        return item

    def write(self, name: str, mask: Mask, written: Sequence[Path] = (), probability: Tensor | None = None) -> None:
        """Write the results of one case.

        Args:
            name: of the case.
            mask: what is written.
            written: files of the case that are written already.
            probability: (classes, ...), to be written too.
        """
        form = format_of(mask, self.format)
        stem = self.output_dir / name
        before = read_sidecar(self.output_dir, name)
        sidecar_path(self.output_dir, name).unlink(missing_ok=True)  # until the new one is there: not finished
        files = list(written)
        if probability is not None:
            files += self._write_probability(stem, probability, mask, form)
        made = write_mask(mask, stem, form, self.run, self.binary)
        listed = [file.relative_to(stem.parent).as_posix() for file in (*made.files, *files)]
        write_sidecar(
            sidecar_path(self.output_dir, name),
            self.run,
            source=mask.source,
            name=name,
            format=form,
            files=listed,
            labels=mask.measures(),
            warnings=[
                *mask.warnings(),
                *made.warnings,
                *modality_warnings(self.run.trained_recipe, mask.meta),
                *self.run.warnings,
            ],
            runtime=mask.runtime,
        )
        remove_replaced(self.output_dir, name, before, listed)

    def _write_probability(self, stem: Path, probability: Tensor, mask: Mask, form: str) -> list[Path]:
        values = plain_array(probability).astype(np.float32)
        path = Path(f"{stem}{PROBABILITY}{NIFTI_ENDING}")
        if mask.is_volume or mask.values.ndim == 3 or form == "nifti":
            classes_last = values[0] if len(values) == 1 else np.moveaxis(values, 0, -1)
            write_nifti_on_grid(path, classes_last, mask)
            return [path]
        suffixes = [""] if len(values) == 1 else [f"_{number}" for number in range(len(values))]
        paths = [Path(f"{stem}{PROBABILITY}{suffix}{PNG_ENDING}") for suffix in suffixes]
        for channel, path in zip(values, paths, strict=True):
            write_probability_png(path, channel)
        return paths

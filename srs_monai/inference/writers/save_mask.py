"""The mask of a case, its probabilities, and the sidecar that comes last."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from monai.transforms import MapTransform, SaveImaged
from torch import Tensor

from srs_monai.data.recipes import RECIPES
from srs_monai.inference.results.mask import Mask, plain_array
from srs_monai.inference.results.result_names import (
    NIFTI_ENDING,
    PNG_ENDING,
    PROBABILITY,
    WRITTEN,
    read_sidecar,
    remove_replaced,
    result_name,
    sidecar_path,
)
from srs_monai.inference.results.sidecar import Run, write_sidecar
from srs_monai.inference.writers.mask_formats import check_format, format_of, write_mask, write_nifti_on_grid
from srs_monai.inference.writers.png_writer import write_probability_png
from srs_monai.labels import Label, default_labels

# names of DICOM's modalities in recipes
_MODALITIES = {"US": "ultrasound", "IVUS": "ultrasound", "CT": "CT", "MR": "MR"}


class SaveImageMaskd(SaveImaged):
    """Write the mask, NAME_probability if requested, and last NAME.json, the sidecar that marks a finished case.

    The transform comes after the inversion of the preprocessing, so that labels and affine are those of the input. It
    is a subclass of `SaveImaged` for the same reason as `SaveImageOverlayd`.

    Args:
        keys: keys of the labels, (1, H, W) or (1, X, Y, Z).
        output_dir: folder for the results.
        binary: PNG masks have the values 0 and 255, else the label values.
        probability_key: key of the probabilities (classes, ...); None: they are not written. They become float32 NIfTI,
            with several classes in a fourth axis. For pictures they become 16-bit PNG, unless NIfTI is requested, with
            several classes in NAME_probability_0.png, NAME_probability_1.png ...
        format: auto (NIfTI for volumes, PNG for pictures), nifti, dicom-seg, rtstruct or png.
        labels: meaning of the numbers 1, 2, ... of the mask; without any, 1 in a binary mask is the foreground.
        run: what the sidecars say about the run.

    Raises:
        ValueError: for an unknown format; on calling, when the mask of an image cannot be written in the format.
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
            name: name of the case.
            mask: the mask.
            written: files of the case that are already written.
            probability: (classes, ...); None: they are not written.
        """
        form = format_of(mask, self.format)
        stem = self.output_dir / name
        before = read_sidecar(self.output_dir, name)
        sidecar_path(self.output_dir, name).unlink(missing_ok=True)  # the case is not finished until the new one exists
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


def modality_warnings(recipe: str | None, meta: Mapping[str, Any]) -> list[str]:
    """A warning if a DICOM image is known to have another modality than the data set of the training.

    Args:
        recipe: recipe of the training; None if it is unknown.
        meta: the reader's meta data of the image.
    """
    trained = RECIPES.get(recipe or "")
    here = _MODALITIES.get(str(meta.get("modality", "")))
    if trained is None or here in (None, trained.modality) or meta.get("source_kind") != "dicom":
        return []
    return [f"trained on {trained.modality} (recipe {trained.name}), but this is {here}"]

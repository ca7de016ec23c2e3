"""One window of a CT image."""

from monai.config import KeysCollection, NdarrayOrTensor
from monai.transforms import Transform
from monai.utils import TransformBackends
from torch import Tensor

from srs_monai.data.transforms.dictionary_form import DictionaryForm
from srs_monai.data.transforms.intensities import finite_image, to_unit
from srs_monai.data.transforms.provenance import check_modality, meta_of, source_of, stored_max_of

ABDOMEN = (-125.0, 275.0)  # HU; the window of published results on abdominal organs


class CTWindow(Transform):
    """Show one window of a CT image: Hounsfield units in, [0, 1] out, as a radiologist's display does.

    The window is given by its level and width or by its ends. The default is the abdominal window, -125 to 275 HU.
    Works on the device of the image; meta data stay.

    Args:
        level: centre of the window, in HU (soft tissue: 40).
        width: full width of the window, in HU, above 0 (soft tissue: 400).
        low, high: ends of the window, in HU.

    Shapes: any; float32.

    Raises:
        ValueError: for an incomplete or empty window, or two windows; on calling, for NaN or infinite values, and for
            images that do not hold HU: of another modality, pictures, and arrays that are scaled already.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(
        self,
        level: float | None = None,
        width: float | None = None,
        *,
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        self.low, self.high = _ends(level, width, low, high)
        if not self.high > self.low:
            raise ValueError(f"window width must be above 0 HU; got {self.high - self.low:g}")

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image = finite_image(img)
        check_modality(image, ("CT",), "a CT window needs CT")
        kind, full_scale = meta_of(image).get("source_kind"), stored_max_of(image)
        if kind in ("picture", "array") and full_scale is not None:
            what = "a picture" if kind == "picture" else f"an array from 0 to {full_scale:g}"
            raise ValueError(
                f"a CT window needs Hounsfield units, but {source_of(image)} is {what}, which holds brightness; use "
                f"intensity 'range' for CT that was windowed before it was saved"
            )
        return to_unit(image, self.low, self.high)


class CTWindowd(DictionaryForm):
    """Dictionary form of `CTWindow`."""

    slice_by_slice = True

    def __init__(
        self,
        keys: KeysCollection,
        level: float | None = None,
        width: float | None = None,
        *,
        low: float | None = None,
        high: float | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, CTWindow(level, width, low=low, high=high), allow_missing_keys)


def _ends(level: float | None, width: float | None, low: float | None, high: float | None) -> tuple[float, float]:
    by_level, by_ends = [level, width], [low, high]
    if level is not None and width is not None and by_ends == [None, None]:
        return level - width / 2, level + width / 2
    if low is not None and high is not None and by_level == [None, None]:
        return low, high
    if by_level == by_ends == [None, None]:
        return ABDOMEN
    raise ValueError(
        f"a CT window is given by level and width, or by low and high; got level {level}, width {width}, low {low}, "
        f"high {high}; give one of the two pairs"
    )

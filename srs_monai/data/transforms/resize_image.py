"""Resizing of pictures, the same in training and inference."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, cast

from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform
from monai.transforms.utils import scale_affine
from torch import Tensor
from torch.nn.functional import interpolate


def resize_pictures(pictures: Tensor, size: Sequence[int], antialias: bool = True) -> Tensor:
    """Resize a batch (B, C, H, W) of float pictures to `size`, height and width, by bilinear interpolation.

    Pixels are squares: the picture's borders stay in place, not the centres of its corner pixels. With `antialias`, a
    picture that shrinks is averaged over all pixels that fall into a new one, as Pillow does; a picture that grows is
    not affected.
    """
    if tuple(pictures.shape[2:]) == tuple(size):
        return pictures
    return interpolate(pictures, size=tuple(size), mode="bilinear", align_corners=False, antialias=antialias)


class ResizeImaged(MapTransform):
    """Resize pictures (C, H, W) with `resize_pictures`; affines follow. Not invertible: masks use the original size.

    Args:
        keys: keys of the pictures.
        spatial_size: height and width in pixels, each above 0.
        antialias: average over the pixels that fall into a new one when a picture shrinks.
        allow_missing_keys: skip keys that an item lacks.

    Raises:
        ValueError: when spatial_size is not two numbers above 0; on calling, when an array is not (C, H, W).
    """

    def __init__(
        self,
        keys: KeysCollection,
        spatial_size: Sequence[int],
        antialias: bool = True,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.size, self.antialias = check_size(spatial_size), antialias

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self._resize(item[key], key)
        return item

    def _resize(self, picture: Tensor, key: Hashable) -> Tensor:
        if picture.ndim != 3:
            raise ValueError(
                f"resizing needs a picture (C, H, W), but {key!r} has shape {tuple(picture.shape)}; take one slice of "
                f"a volume with PickSliced first"
            )
        values = picture.as_tensor() if isinstance(picture, MetaTensor) else picture
        resized = resize_pictures(values[None], self.size, self.antialias)[0]
        if not isinstance(picture, MetaTensor):
            return resized
        result = MetaTensor(resized).copy_meta_from(picture)
        planar = scale_affine(tuple(picture.shape[1:]), self.size)  # 3 x 3: rows, columns, 1
        scaling = result.affine.new_tensor(planar) if len(result.affine) == 3 else _in_three_axes(result.affine, planar)
        result.affine = result.affine @ scaling
        return cast(Tensor, result)


def check_size(size: Sequence[int]) -> tuple[int, int]:
    """Height and width as a pair, or a ValueError."""
    if not isinstance(size, Sequence) or len(size) != 2 or any(side < 1 or side != int(side) for side in size):
        raise ValueError(f"a picture's size must be height and width in pixels, whole numbers above 0; got {size}")
    return int(size[0]), int(size[1])


def _in_three_axes(affine: Tensor, planar: Any) -> Tensor:
    """A planar 3 x 3 matrix as a 4 x 4 matrix that does not change the third axis."""
    matrix = affine.new_zeros(4, 4)
    matrix[2, 2] = 1
    rows = [0, 1, 3]
    for i, row in enumerate(rows):
        matrix[row, rows] = affine.new_tensor(planar[i])
    return matrix

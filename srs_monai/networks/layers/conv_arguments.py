"""Arguments that all convolutions share: converted to one form and checked."""

from collections.abc import Sequence
from numbers import Integral

Size = int | Sequence[int]


def sizes(value: Size, spatial_dims: int, name: str) -> list[int]:
    """One number for each spatial dimension, at least 1 each (at least 0 for a padding).

    Raises:
        ValueError: with the name of the argument, if it is anything else.
    """
    given = value if isinstance(value, Sequence) else [value] * spatial_dims
    lowest = 0 if name == "padding" else 1
    if len(given) != spatial_dims or not all(isinstance(number, Integral) and number >= lowest for number in given):
        raise ValueError(
            f"{name} must be a whole number of {lowest} or more, or {spatial_dims} of them, got {value!r}; correct it"
        )
    return [int(number) for number in given]


def same_padding(padding: Size | str, kernel: list[int], stride: list[int], dilation: list[int]) -> list[int]:
    """The padding in numbers. "same" keeps the size, "valid" adds no padding.

    Raises:
        ValueError: for any other word, and for "same" with a stride or an even kernel.
    """
    if padding == "same":
        if max(stride) > 1 or any(d * (k - 1) % 2 for d, k in zip(dilation, kernel, strict=True)):
            raise ValueError(
                f"padding 'same' needs an odd kernel and stride 1, to keep the size, got kernel_size {kernel} and "
                f"stride {stride}; give the padding as a number"
            )
        return [d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True)]
    if padding == "valid":
        return [0] * len(kernel)
    if isinstance(padding, str):
        raise ValueError(f"padding must be a number, 'same' or 'valid', got {padding!r}; choose one of them")
    return sizes(padding, len(kernel), "padding")


def keeping_padding(padding: Size | str, kernel: list[int], dilation: list[int], layer: str) -> list[int]:
    """The padding that keeps the size at stride 1, for layers that support no other padding.

    Such layers add the maps of two convolutions.

    Raises:
        ValueError: with the name of the layer, for any other padding or an even kernel.
    """
    spans = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    if any(span % 2 for span in spans):
        raise ValueError(f"{layer} keeps the size and needs an odd kernel, got kernel_size {kernel}; make it odd")
    keeping = [span // 2 for span in spans]
    if same_padding(padding, kernel, [1] * len(kernel), dilation) != keeping:
        raise ValueError(
            f"{layer} needs the padding that keeps the size, {keeping} for kernel_size {kernel} and dilation "
            f"{dilation}, got padding {padding}; use 'same'"
        )
    return keeping

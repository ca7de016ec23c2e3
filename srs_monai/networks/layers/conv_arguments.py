"""The arguments that convolutions share, brought into one form and checked."""

from collections.abc import Sequence
from numbers import Integral

Size = int | Sequence[int]


def sizes(value: Size, spatial_dims: int, name: str) -> list[int]:
    """One number for each spatial dimension, each at least 1 (a padding: 0).

    Raises:
        ValueError: naming the argument.
    """
    given = value if isinstance(value, Sequence) else [value] * spatial_dims
    lowest = 0 if name == "padding" else 1
    if len(given) != spatial_dims or not all(isinstance(number, Integral) and number >= lowest for number in given):
        raise ValueError(
            f"{name} is one number of {lowest} or more, or {spatial_dims} of them, got {value!r}; correct it"
        )
    return [int(number) for number in given]


def same_padding(padding: Size | str, kernel: list[int], stride: list[int], dilation: list[int]) -> list[int]:
    """A padding as numbers; "same" keeps the size, "valid" pads nothing.

    Raises:
        ValueError: for another word, and for "same" with a stride or an even kernel.
    """
    if padding == "same":
        if max(stride) > 1 or any(d * (k - 1) % 2 for d, k in zip(dilation, kernel, strict=True)):
            raise ValueError(
                f"padding 'same' keeps the size, which an odd kernel of stride 1 can, got kernel_size {kernel} and "
                f"stride {stride}; give the padding as a number"
            )
        return [d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True)]
    if padding == "valid":
        return [0] * len(kernel)
    if isinstance(padding, str):
        raise ValueError(f"padding is a number, 'same' or 'valid', got {padding!r}; choose one of them")
    return sizes(padding, len(kernel), "padding")


def keeping_padding(padding: Size | str, kernel: list[int], dilation: list[int], layer: str) -> list[int]:
    """The padding that keeps the size at stride 1; layers that add maps of two convolutions take no other.

    Raises:
        ValueError: naming the layer, for another padding or an even kernel.
    """
    spans = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    if any(span % 2 for span in spans):
        raise ValueError(f"{layer} keeps the size, which takes an odd kernel, got kernel_size {kernel}; make it odd")
    keeping = [span // 2 for span in spans]
    if same_padding(padding, kernel, [1] * len(kernel), dilation) != keeping:
        raise ValueError(
            f"{layer} needs the padding that keeps the size, {keeping} for kernel_size {kernel} and dilation "
            f"{dilation}, got {padding}; leave it at 'same'"
        )
    return keeping

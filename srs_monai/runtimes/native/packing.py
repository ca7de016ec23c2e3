"""Weights, packed in the order in which the kernels read them."""

import torch
import torch.nn.functional as F
from torch import Tensor

# Winograd's F(4x4, 3x3): evaluates a kernel at the points 0, 1, -1, 2, -2 and infinity
_TRANSFORM = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)


def padded(channels: int, lanes: int) -> int:
    """The number of channels, rounded up to whole vectors."""
    return -(-channels // lanes) * lanes


def pad_channels(values: Tensor, dim: int, lanes: int) -> Tensor:
    """Append channels of zeros in dimension `dim`, up to whole vectors."""
    missing = padded(values.shape[dim], lanes) - values.shape[dim]
    return F.pad(values, [0, 0] * (values.dim() - 1 - dim) + [0, missing]) if missing else values


def pack_columns(matrix: Tensor, lanes: int, widest: int) -> Tensor:
    """A matrix (rows, columns), cut into strips of columns, each as wide as possible, one after the other."""
    strips, start = [], 0
    while start < matrix.shape[1]:
        width = widest
        while width > (matrix.shape[1] - start) // lanes:
            width //= 2
        strips.append(matrix[:, start : start + width * lanes].flatten())
        start += width * lanes
    return torch.cat(strips)


def pack_3x3(weight: Tensor, lanes: int, widest: int) -> Tensor:
    """The kernel (O, I, 3, 3) of a convolution, transformed to 36 matrices (I, O) in strips."""
    transform = torch.tensor(_TRANSFORM, dtype=torch.float64)
    transformed = torch.einsum("ai,ocij,bj->abco", transform, weight.double(), transform).flatten(0, 1)
    transformed = pad_channels(pad_channels(transformed, 1, lanes), 2, lanes).float()
    return torch.cat([pack_columns(place, lanes, widest) for place in transformed])


def pack_1x1(weight: Tensor, lanes: int, widest: int) -> Tensor:
    """The kernel (O, I, 1, 1) of a convolution as an (I, O) matrix in strips."""
    matrix = weight.flatten(1).T.float()
    return pack_columns(pad_channels(pad_channels(matrix, 0, lanes), 1, lanes), lanes, widest)

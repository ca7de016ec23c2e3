"""Tensors with and without meta data, their precision and memory layout, and probabilities from logits."""

import torch
from monai.data import MetaTensor
from torch import Tensor

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def plain(tensor: Tensor) -> Tensor:
    """A tensor without meta data, on the same memory."""
    return tensor.as_tensor() if isinstance(tensor, MetaTensor) else tensor


def with_meta_of(source: Tensor, result: Tensor) -> Tensor:
    """A result with the meta data and applied operations of its source, as MONAI's Invertd needs them."""
    if not isinstance(source, MetaTensor):
        return result
    tracked: Tensor = MetaTensor(result).copy_meta_from(source)
    return tracked


def channels_last(images: Tensor) -> Tensor:
    """Images (B, C, H, W) or volumes (B, C, H, W, D) with their channels last in memory; others as they are."""
    if images.ndim not in (4, 5):
        return images
    return images.contiguous(memory_format=torch.channels_last if images.ndim == 4 else torch.channels_last_3d)


def finest(output: Tensor | list[Tensor] | tuple[Tensor, ...]) -> Tensor:
    """The output of a network. A network with deep supervision gives several; the first is the finest."""
    return output if isinstance(output, Tensor) else output[0]


def probabilities(logits: Tensor) -> Tensor:
    """Probabilities in float32: sigmoid of a single channel, softmax over several, of shape (B, classes, ...)."""
    return torch.sigmoid(logits.float()) if logits.shape[1] == 1 else torch.softmax(logits.float(), dim=1)

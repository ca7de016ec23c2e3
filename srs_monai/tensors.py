"""Tensors with and without meta data, their precision and memory layout, and probabilities from logits."""

from collections.abc import Callable

import torch
from monai.data import MetaTensor
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def plain(tensor: Tensor) -> Tensor:
    """The tensor without meta data, on the same memory."""
    return tensor.as_tensor() if isinstance(tensor, MetaTensor) else tensor


def with_meta_of(source: Tensor, result: Tensor) -> Tensor:
    """The result with the meta data and the applied operations of its source. MONAI's Invertd needs both."""
    if not isinstance(source, MetaTensor):
        return result
    tracked: Tensor = MetaTensor(result).copy_meta_from(source)
    return tracked


def on_plain_tensors(operator: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """Call an operator that works on plain tensors only.

    The result of a subclass, such as MONAI's MetaTensor, belongs to that subclass again, by PyTorch's own protocol.
    """
    if has_torch_function(inputs):
        of_the_subclass: Tensor = handle_torch_function(on_plain_tensors, inputs, operator, *inputs)
        return of_the_subclass
    return operator(*(x.as_subclass(Tensor) for x in inputs))


def channels_last(images: Tensor) -> Tensor:
    """Images (B, C, H, W) or volumes (B, C, H, W, D) with the channels last in memory. Others stay as they are."""
    if images.ndim not in (4, 5):
        return images
    return images.contiguous(memory_format=torch.channels_last if images.ndim == 4 else torch.channels_last_3d)


def finest(output: Tensor | list[Tensor] | tuple[Tensor, ...]) -> Tensor:
    """The finest output of a network. With deep supervision a network returns several outputs, the finest first."""
    return output if isinstance(output, Tensor) else output[0]


def probabilities(logits: Tensor) -> Tensor:
    """Probabilities in float32, shape (B, classes, ...): sigmoid of a single channel, softmax over several."""
    return torch.sigmoid(logits.float()) if logits.shape[1] == 1 else torch.softmax(logits.float(), dim=1)

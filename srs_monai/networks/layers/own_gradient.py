"""Where a gradient that is written by hand may stand in for PyTorch's, and PyTorch's own where it may not.

A hand-written gradient makes an ordinary backward pass cheaper. It cannot be recorded in a graph, transformed by
`torch.func`, carried forward, batched, or differentiated again. For these the operator's plain form serves, made of
PyTorch's operations: the values are the same.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual
from torch.autograd.graph import saved_tensors_hooks

from srs_monai.networks.layers.convolve import exporting


def recorded() -> bool:
    """Whether operations are being recorded in a graph, for export or for the compiler."""
    return exporting() or torch.compiler.is_compiling()


def own_gradient_serves(*inputs: Tensor) -> bool:
    """Whether an operation on these tensors needs an ordinary backward pass and nothing beyond it."""
    if recorded() or not torch.is_grad_enabled():
        return False
    if torch._C._are_functorch_transforms_active():
        return False
    return all(unpack_dual(x).tangent is None for x in inputs)


@contextmanager
def inner_graph() -> Iterator[None]:
    """Record a small graph inside a forward pass of our own, which its backward pass goes through.

    It keeps its tensors as they are. Hooks on saved tensors belong to the graph around it: those of checkpointing would
    compute the whole network again for each inner graph.
    """
    with torch.enable_grad(), saved_tensors_hooks(_unchanged, _unchanged):
        yield


def gradient_of_numbers(gradient: Tensor) -> bool:
    """Whether a backward pass is given one plain gradient, and its result is not differentiated again."""
    if torch.is_grad_enabled() or torch._C._are_functorch_transforms_active():
        return False
    return not torch._C._functorch.is_legacy_batchedtensor(gradient)  # autograd.grad(is_grads_batched=True)


def plain_gradients(form: Callable[..., Tensor], inputs: Sequence[Tensor], gradient: Tensor) -> list[Tensor | None]:
    """The gradients of a plain form with respect to its inputs, in a backward pass; None for an input that is frozen.

    They can be differentiated again where the backward pass is recorded.
    """
    with torch.enable_grad():
        result = form(*inputs)
    return gradients(result, inputs, gradient, create_graph=torch.is_grad_enabled())


def gradients(result: Tensor, inputs: Sequence[Tensor], gradient: Tensor, *, create_graph: bool = False) -> list[Any]:
    """The gradients of a result with respect to its inputs; None for an input that is frozen or without influence."""
    wanted = [x for x in inputs if x.requires_grad]
    # kept, since a backward pass may be run again with retain_graph
    found = torch.autograd.grad(
        result, wanted, gradient, retain_graph=True, create_graph=create_graph, allow_unused=True
    )
    each = iter(found)
    return [next(each) if x.requires_grad else None for x in inputs]


def _unchanged(tensor: Tensor) -> Tensor:
    return tensor

"""When an operator may use a hand-written gradient, and autograd's gradient for all other cases.

A hand-written gradient makes an ordinary backward pass cheaper. It cannot be recorded in a graph, transformed by
`torch.func`, used in forward mode, batched, or differentiated again. In those cases the operator uses its plain form,
which consists of PyTorch's operations. Both forms give the same values.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual
from torch.autograd.graph import saved_tensors_hooks

from srs_monai.networks.layers.convolve import exporting


def recording_graph() -> bool:
    """Whether PyTorch is recording operations in a graph, for export or for the compiler."""
    return exporting() or torch.compiler.is_compiling()


def custom_gradient_applies(*inputs: Tensor) -> bool:
    """Whether an operation on these tensors needs an ordinary backward pass and nothing else."""
    if recording_graph() or not torch.is_grad_enabled():
        return False
    if torch._C._are_functorch_transforms_active():
        return False
    return all(unpack_dual(x).tangent is None for x in inputs)


@contextmanager
def autograd_inside() -> Iterator[None]:
    """Let autograd record a small graph inside a hand-written forward pass. The backward pass goes through this graph.

    The graph saves its tensors unchanged. Hooks on saved tensors belong to the outer graph: with the hooks of
    checkpointing, each inner graph would compute the whole network again.
    """
    with torch.enable_grad(), saved_tensors_hooks(_unchanged, _unchanged):
        yield


def is_plain_backward(gradient: Tensor) -> bool:
    """Whether a backward pass receives one plain gradient, and its result is not differentiated again."""
    if torch.is_grad_enabled() or torch._C._are_functorch_transforms_active():
        return False
    return not torch._C._functorch.is_legacy_batchedtensor(gradient)  # autograd.grad(is_grads_batched=True)


def autograd_gradients(
    plain_form: Callable[..., Tensor], inputs: Sequence[Tensor], gradient: Tensor
) -> list[Tensor | None]:
    """The gradients of an operator's plain form with respect to its inputs; None for a frozen input.

    For use in a backward pass. If that pass is recorded, the gradients can be differentiated again.
    """
    with torch.enable_grad():
        result = plain_form(*inputs)
    return gradients(result, inputs, gradient, create_graph=torch.is_grad_enabled())


def gradients(result: Tensor, inputs: Sequence[Tensor], gradient: Tensor, *, create_graph: bool = False) -> list[Any]:
    """The gradients of a result with respect to its inputs; None for an input that is frozen or has no influence."""
    wanted = [x for x in inputs if x.requires_grad]
    # the graph is kept: with retain_graph a backward pass may run again
    found = torch.autograd.grad(
        result, wanted, gradient, retain_graph=True, create_graph=create_graph, allow_unused=True
    )
    each = iter(found)
    return [next(each) if x.requires_grad else None for x in inputs]


def _unchanged(tensor: Tensor) -> Tensor:
    return tensor

"""Attention by matrix decomposition: a feature as the product of a few bases and their coefficients."""

import torch
from torch import Tensor, nn

EPSILON = 1e-6


class NMF2D(nn.Module):
    """Non-negative matrix factorisation of a feature map, rebuilt from R bases: its global part of low rank.

    The map of a sample is a matrix V, C channels by N positions. Its bases D (C, R) and amounts A (N, R) are
    non-negative. Multiplicative updates, which never increase |V - D A^T|, find them for each sample: amounts
    A * V^T D / (A D^T D) and bases D * V A / (D A^T A), in turns. The amounts start as the softmax of V^T D over the
    bases. The result is D A^T.

    Gradients pass only through the last update of the amounts, the one-step gradient of the article. The bases start
    from one seeded draw, which is a buffer and part of the weights, in training and in evaluation. So the result for an
    image is always the same and does not depend on the batch. (Released code of the field draws new bases at each
    call.) The layer has no trainable parameters. Half precision is raised to single precision.

    Args:
        channels: C.
        bases: R, at least 1.
        steps: number of turns, at least 1.
        seed: of the random draw of the bases.

    Shapes: (B, C, H, W) without negative values gives (B, C, H, W).

    Raises:
        ValueError: for fewer than one basis or turn.

    Source: Geng et al., Is attention better than matrix decomposition?, ICLR 2021; Lee and Seung, NIPS 2000.
    """

    bases: Tensor

    def __init__(self, channels: int, bases: int = 64, steps: int = 6, seed: int = 0) -> None:
        super().__init__()
        if bases < 1 or steps < 1:
            raise ValueError(
                f"NMF2D needs at least 1 basis and 1 step, got {bases} bases and {steps} steps; give 1 or more of each"
            )
        self.steps = steps
        drawn = torch.rand(channels, bases, generator=torch.Generator().manual_seed(seed), device="cpu")
        drawn = nn.functional.normalize(drawn, dim=0)
        self.register_buffer("bases", drawn.to(torch.get_default_device(), torch.get_default_dtype()))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            values = x.flatten(2).to(torch.promote_types(x.dtype, torch.float32))  # (B, C, N)
            with torch.no_grad():
                bases = self.bases.to(values.dtype).expand(x.shape[0], -1, -1)  # (B, C, R)
                amounts = torch.softmax(values.transpose(1, 2) @ bases, dim=-1)  # (B, N, R)
                for _ in range(self.steps):
                    amounts = _amounts(values, bases, amounts)
                    bases = bases * (values @ amounts) / (bases @ (amounts.transpose(1, 2) @ amounts) + EPSILON)
            bases = bases.detach()  # also stops forward-mode derivatives, which no_grad does not
            amounts = _amounts(values, bases, amounts.detach())
            return (bases @ amounts.transpose(1, 2)).reshape(x.shape).to(x.dtype)


def _amounts(values: Tensor, bases: Tensor, amounts: Tensor) -> Tensor:
    """One update of the amounts (B, N, R)."""
    return amounts * (values.transpose(1, 2) @ bases) / (amounts @ (bases.transpose(1, 2) @ bases) + EPSILON)

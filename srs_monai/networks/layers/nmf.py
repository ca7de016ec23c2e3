"""Attention by matrix decomposition: a feature seen as the product of few bases and their amounts."""

import torch
from torch import Tensor, nn

EPSILON = 1e-6


class NMF2D(nn.Module):
    """Non-negative matrix factorisation of a feature map, rebuilt from R bases: its low-rank, global part.

    A sample's map is a matrix V, C channels by N positions; bases D (C, R) and amounts A (N, R), both non-negative, are
    found for each sample by multiplicative updates, which never raise |V - D A^T|: amounts A * V^T D / (A D^T D), bases
    D * V A / (D A^T A), in turns. The amounts start as the softmax of V^T D over the bases. The result is D A^T.

    Gradients pass the last update of the amounts alone, the article's one-step gradient; the turns before it are taken
    without. Bases start from one seeded draw, kept as a buffer and with the weights, in training as in evaluation: the
    result for an image is always the same and never depends on the batch. (Released code of the field draws them anew
    at each call.) There is nothing to train. Half precision is raised to single.

    Args:
        channels: C.
        bases: R, at least 1.
        steps: turns, at least 1.
        seed: of the draw.

    Shapes: (B, C, H, W), no value below 0, gives (B, C, H, W).

    Raises:
        ValueError: for fewer than one basis or turn.

    Source: Geng et al., Is attention better than matrix decomposition?, ICLR 2021; Lee and Seung, NIPS 2000.
    """

    bases: Tensor

    def __init__(self, channels: int, bases: int = 64, steps: int = 6, seed: int = 0) -> None:
        super().__init__()
        if bases < 1 or steps < 1:
            raise ValueError(
                f"NMF2D needs at least 1 basis and 1 turn, got {bases} bases and {steps} steps; give 1 or more of each"
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
            bases = bases.detach()  # forward-mode derivatives, which no_grad lets pass, stop here too
            amounts = _amounts(values, bases, amounts.detach())
            return (bases @ amounts.transpose(1, 2)).reshape(x.shape).to(x.dtype)


def _amounts(values: Tensor, bases: Tensor, amounts: Tensor) -> Tensor:
    """One update of the amounts (B, N, R)."""
    return amounts * (values.transpose(1, 2) @ bases) / (amounts @ (bases.transpose(1, 2) @ bases) + EPSILON)

"""Shapes that a network refuses, refused in its own words where its converted graph would not."""

import copy

import torch
from torch import Tensor, nn


class ShapeCheck:
    """Ask a network about each new shape of images, without computing anything.

    Args:
        network: any; one that cannot run without values is not asked.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = copy.deepcopy(network).eval().to("meta")
        self._known = set[torch.Size]()

    def __call__(self, images: Tensor) -> None:
        """Pass over images of a shape that the network takes.

        Raises:
            ValueError: as the network has it.
        """
        one = torch.Size((1, *images.shape[1:]))
        if one in self._known:
            return
        try:
            self._network(torch.empty(one, device="meta"))
        except ValueError:
            raise
        except Exception:
            self._network = nn.Identity()
        self._known.add(one)

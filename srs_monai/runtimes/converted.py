"""Runtimes of converted graphs, and what they share."""

import copy
import hashlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from srs_monai import __version__
from srs_monai.environment import package_version
from srs_monai.runtimes.cache.fingerprint import architecture_hash, weights_hash
from srs_monai.runtimes.cache.graph_cache import cached_graph
from srs_monai.runtimes.runtime import BuildRequest, Runtime

Loaded = TypeVar("Loaded")


class Converted(Runtime):
    """A graph that another library runs; shapes are checked by the network that it was made of."""

    def __init__(self, name: str, request: BuildRequest, batch_sizes: Sequence[int]) -> None:
        super().__init__(name, request.precision, batch_sizes)
        self._check = _ShapeCheck(request.network)

    def logits(self, images: Tensor) -> Tensor:
        self._check(images)
        return self.run(images)

    @abstractmethod
    def run(self, images: Tensor) -> Tensor:
        """Logits of images of a shape that the network takes."""


def graph_of(
    request: BuildRequest,
    name: str,
    convert: Callable[[nn.Module, Path], object],
    load: Callable[[Path], Loaded],
    made_by: Sequence[str] = (),
) -> Loaded:
    """The graph of a network, converted when the cache does not have it.

    Args:
        request: whose network it is.
        name: of the file.
        convert: writes the graph of a network, which it fuses, to a file.
        load: reads it.
        made_by: packages that convert it, and what else it depends on.
    """
    return cached_graph(graph_key(request, name, made_by), name, lambda path: convert(request.network, path), load)


def graph_key(request: BuildRequest, name: str, made_by: Sequence[str]) -> str:
    """What a graph is known by: the network, its weights, the file, and all that made it, with versions."""
    makers = [
        f"srs_monai {__version__}",
        *(f"{package} {package_version(package) or ''}" for package in ("torch", *made_by)),
    ]
    said = [name, *makers, architecture_hash(request.network), weights_hash(request.network)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:40]


class _ShapeCheck:
    """Ask a network about each new shape of images, without computing anything: a converted graph may not check it.

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

"""The base of runtimes that run a converted graph."""

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
    """A graph that another library runs. The original network checks the shapes of images."""

    def __init__(self, name: str, request: BuildRequest, batch_sizes: Sequence[int]) -> None:
        super().__init__(name, request.precision, batch_sizes)
        self._check = _ShapeCheck(request.network)

    def logits(self, images: Tensor) -> Tensor:
        self._check(images)
        return self.run(images)

    @abstractmethod
    def run(self, images: Tensor) -> Tensor:
        """Logits of images whose shape the network accepts."""


def graph_of(
    request: BuildRequest,
    name: str,
    convert: Callable[[nn.Module, Path], object],
    load: Callable[[Path], Loaded],
    made_by: Sequence[str] = (),
) -> Loaded:
    """The graph of a network; it is converted unless the cache holds it.

    Args:
        request: holds the network.
        name: name of the graph's file.
        convert: fuses a network and writes its graph to a file.
        load: reads that file.
        made_by: packages that convert the graph, and all else it depends on.
    """
    return cached_graph(graph_key(request, name, made_by), name, lambda path: convert(request.network, path), load)


def graph_key(request: BuildRequest, name: str, made_by: Sequence[str]) -> str:
    """The key of a graph in the cache: a hash of the network, its weights, the file name, and its makers' versions."""
    makers = [
        f"srs_monai {__version__}",
        *(f"{package} {package_version(package) or ''}" for package in ("torch", *made_by)),
    ]
    parts = [name, *makers, architecture_hash(request.network), weights_hash(request.network)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


class _ShapeCheck:
    """Let the network check each new shape of images, without computing values. A converted graph may not check shapes.

    Args:
        network: any network; one that cannot run without values checks nothing.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = copy.deepcopy(network).eval().to("meta")
        self._known = set[torch.Size]()

    def __call__(self, images: Tensor) -> None:
        """Accept images of a valid shape.

        Raises:
            ValueError: from the network.
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

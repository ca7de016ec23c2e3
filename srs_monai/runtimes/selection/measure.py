"""A short measurement of runtimes, in turns: which give correct results, and which is fastest."""

import logging
import math
import time
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from srs_monai.errors import one_line
from srs_monai.runtimes.runtime import Runtime
from srs_monai.runtimes.selection.choices import Choice

logger = logging.getLogger(__name__)

#: allowed difference of probabilities from those of PyTorch's own operations in float32
TOLERANCES = {"float32": 1e-4, "bfloat16": 2e-3, "float16": 5e-3}

_ROUNDS = 3
_HOPELESS = (
    1.5  # times the fastest: not timed again after two rounds, the second of which corrects a disturbed first one
)
_NEAR = 1.15  # times the fastest: worth trying with other batch sizes


def equal_enough(
    candidates: Mapping[str, Runtime], usual: str, reference: Callable[[Tensor], Tensor], images: Tensor
) -> dict[str, Runtime]:
    """The candidates whose probabilities equal those of the reference. Each candidate runs once, with its usual batch.

    Args:
        candidates: runtimes by name.
        usual: name of the candidate that always stays. In a lower precision it differs by rounding, and other
            candidates may differ as much.
        reference: PyTorch's own operations in float32.
        images: images for the comparison.
    """
    expected = reference(images)
    differences: dict[str, float] = {}
    for name, candidate in candidates.items():
        try:
            found = candidate(_repeated(images, max(len(images), candidate.batch_sizes[0])))
        except Exception as error:  # a library may raise anything for a shape, or if memory is short
            if name == usual:
                raise
            logger.warning("runtime %s is skipped, because it fails: %s", name, one_line(error))
        else:
            differences[name] = _difference(found[: len(images)], expected)
    allowed = TOLERANCES[candidates[usual].precision]
    if candidates[usual].precision != "float32":
        allowed = max(allowed, differences[usual])
    good = {usual: candidates[usual]}
    for name, difference in differences.items():
        if difference <= allowed:
            good[name] = candidates[name]
        elif name != usual:
            logger.warning(
                "runtime %s is skipped: its probabilities are off by up to %.2g, and %.2g is allowed",
                name,
                difference,
                allowed,
            )
    return good


def fastest(
    candidates: Mapping[str, Runtime], images: Tensor, clock: Callable[[], float] = time.perf_counter
) -> Choice:
    """Time candidates in turns, the best ones with several batch sizes. All of them have run before.

    Args:
        candidates: runtimes by name; their batch sizes are changed.
        images: at least one image, of the usual size.
        clock: returns seconds.
    """
    seconds: dict[tuple[str, int], float] = {}

    def time_all(tries: list[tuple[str, int]]) -> None:
        for number in range(_ROUNDS):
            limit = math.inf if number < 2 else _HOPELESS * min(seconds.values())
            for name, batch_size in tries:
                if seconds.get((name, batch_size), 0.0) <= limit:
                    taken = _seconds_an_image(candidates[name], images, batch_size, clock)
                    seconds[name, batch_size] = min(taken, seconds.get((name, batch_size), math.inf))

    time_all([(name, candidate.batch_sizes[0]) for name, candidate in candidates.items()])
    near = _NEAR * min(seconds.values())
    best = [name for name, _ in seconds if seconds[name, candidates[name].batch_sizes[0]] <= near]
    time_all([(name, batch_size) for name in best for batch_size in candidates[name].batch_sizes[1:]])
    chosen = min(seconds, key=seconds.__getitem__)
    by_name = {name: min(taken for (other, _), taken in seconds.items() if other == name) for name in candidates}
    return Choice(*chosen, by_name)


def _seconds_an_image(runtime: Runtime, images: Tensor, batch_size: int, clock: Callable[[], float]) -> float:
    """Time of one batch per image; infinite if the memory is too small."""
    batch = _repeated(images, batch_size)
    runtime.batch_size = batch_size
    _wait(images.device)
    started = clock()
    try:
        runtime(batch)
        _wait(images.device)
    except torch.OutOfMemoryError:
        return math.inf
    return (clock() - started) / batch_size


def _repeated(images: Tensor, count: int) -> Tensor:
    return images[torch.arange(count) % len(images)]


def _wait(device: torch.device) -> None:
    """Wait until a GPU has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _difference(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max())

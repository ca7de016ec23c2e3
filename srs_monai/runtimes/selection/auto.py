"""The fastest runtime on this machine, which is measured if that pays."""

import logging
import time
from collections.abc import Callable

from torch import Tensor

from srs_monai.errors import one_line
from srs_monai.runtimes.cache.fingerprint import architecture_hash
from srs_monai.runtimes.known_runtimes import RUNTIMES, available
from srs_monai.runtimes.pytorch import Eager
from srs_monai.runtimes.runtime import BuildRequest, Runtime
from srs_monai.runtimes.selection.choices import Choice, machine, remember, remembered
from srs_monai.runtimes.selection.measure import equal_enough, fastest

logger = logging.getLogger(__name__)

PAYS_KNOWN = 32  # images from which building the fastest runtime pays, if it is known
PAYS_UNKNOWN = 64  # images from which measuring pays, if it is not known


class Auto(Runtime):
    """PyTorch's own operations at first; the fastest runtime once enough images are requested.

    Args:
        request: the network, and how and where it shall run.
        channels_last: the memory layout of PyTorch's own operations.
        clock: returns seconds.
    """

    def __init__(
        self, request: BuildRequest, channels_last: bool = True, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._request, self._clock = request, clock
        self._usual, self._left_out = ("channels_last", "") if channels_last else ("eager", "channels_last")
        self._use(RUNTIMES[self._usual].build(request))
        self._shown = self._asked = 0
        self._decided = self._looked_up = False

    def __call__(self, images: Tensor) -> Tensor:
        self._shown += len(images)
        self._asked = max(self._asked, self._shown)
        if not self._decided and self._asked >= PAYS_KNOWN and len(images):
            self._decide(images)
        try:
            return self._current(images)
        except ValueError:
            raise
        except Exception as error:  # a library may raise anything for a shape, or if memory is short
            if self.name == self._usual:
                raise
            logger.warning("runtime %s fails (%s): %s takes its place", self.name, one_line(error), self._usual)
            self._use(RUNTIMES[self._usual].build(self._request))
            return self._current(images)

    def expect(self, count: int) -> None:
        """Announce a number of further images."""
        self._asked = max(self._asked, self._shown + count)

    def logits(self, images: Tensor) -> Tensor:
        return self._current.logits(images)

    def _use(self, runtime: Runtime) -> None:
        super().__init__(runtime.name, runtime.precision, runtime.batch_sizes)
        self.batch_size = runtime.batch_size
        self._current = runtime

    def _decide(self, images: Tensor) -> None:
        """Change to the fastest runtime, if it is known, or if enough images are requested to measure it."""
        if self._looked_up and self._asked < PAYS_UNKNOWN:
            return
        self._looked_up = True
        here, model = machine(self._request.device), self._model(images)
        choice = remembered(here, model)
        candidates: dict[str, Runtime] = {self._usual: self._current}
        if choice is not None and choice.runtime != self._usual:
            candidates |= self._built(choice.runtime)
        if choice is None or choice.runtime not in candidates:
            if self._asked < PAYS_UNKNOWN:
                return
            logger.info("measuring which runtime is fastest on this machine; this happens once")
            choice, candidates = self._measured(images)
            remember(here, model, choice)
        self._decided = True
        chosen = candidates[choice.runtime]
        chosen.batch_size = choice.batch_size
        self._use(chosen)
        times = ", ".join(f"{name} {seconds * 1e3:.3g}" for name, seconds in choice.seconds.items())
        logger.info("runtime %s, %d images per batch (ms per image: %s)", choice.runtime, choice.batch_size, times)

    def _measured(self, images: Tensor) -> tuple[Choice, dict[str, Runtime]]:
        """The fastest of the runtimes worth trying, and all runtimes with correct results."""
        names = [name for name, row in RUNTIMES.items() if row.tried and name != self._left_out]
        candidates: dict[str, Runtime] = {self._usual: self._current}
        for name in available(self._request.device, names):
            if name != self._usual and self._request.precision in RUNTIMES[name].precisions:
                candidates |= self._built(name)
        reference = Eager(self._request.fused(channels_last=False), "eager", "float32", (1,))
        good = equal_enough(candidates, self._usual, reference, images[:1])
        return fastest(good, images, self._clock), good

    def _built(self, name: str) -> dict[str, Runtime]:
        """A runtime by its name; empty if it cannot convert the network."""
        try:
            return {name: RUNTIMES[name].build(self._request)}
        except Exception as error:  # a library may raise anything for an unknown network
            logger.info("runtime %s is skipped: %s", name, one_line(error))
            return {}

    def _model(self, images: Tensor) -> dict[str, str]:
        size = " x ".join(map(str, self._request.image_size))
        return {
            "network": type(self._request.network).__name__,
            "architecture": architecture_hash(self._request.network),
            "channels": str(images.shape[1]),
            "image_size": size,
            "precision": self._request.precision,
            "layout": self._usual,
        }

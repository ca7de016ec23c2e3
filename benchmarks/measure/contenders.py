"""Networks ready to be asked for the probabilities of a batch of images."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from measure.images import images
from measure.machine import DTYPES, runtime_precision, set_precision
from measure.subjects import Subject, plain_attention
from measure.worker import Run
from srs_monai.device import place
from srs_monai.runtimes import RUNTIMES, Runtime, build
from srs_monai.runtimes.selection.auto import PAYS_UNKNOWN, Auto

COMPARED = 8  # images whose probabilities are compared


@dataclass(frozen=True)
class Shown:
    """The images that all contenders see.

    Args:
        folder: of pictures; None: phantoms.
        count: of the images; a request is the first of those that go in at once, and how many they are.
        size: height and width in pixels.
        device: where they lie before the clock starts.
    """

    folder: Path | None
    count: int
    size: tuple[int, int]
    device: str = "cpu"

    def load(self) -> Tensor:
        return images(self.folder, self.count, self.size).to(self.device)


@dataclass(frozen=True)
class PlainNetwork:
    """PyTorch as anyone would call it: a network, operation by operation, under autocast where it is lowered.

    Args:
        make: builds the network.
        shown: the images.
        precision: a name of `DTYPES`.
        channels_last: lay weights and images out so.
    """

    make: Callable[[], nn.Module]
    shown: Shown
    precision: str = "float32"
    channels_last: bool = False

    def __call__(self) -> Run:
        set_precision(self.precision)
        network = place(self.make().eval(), self.shown.device, self.channels_last)
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        seen, lowered = self.shown.load(), DTYPES[self.precision]

        def run(request: tuple[int, int]) -> Tensor:
            part = _part(seen, request).contiguous(memory_format=layout)
            on = lowered is not torch.float32
            with torch.inference_mode(), torch.autocast(part.device.type, dtype=lowered, enabled=on):
                return torch.sigmoid(network(part).float())

        return run


@dataclass(frozen=True)
class Plain:
    """Makes the baseline's network: a kernel of DPConv for every sample, attention operation by operation."""

    subject: Subject

    def __call__(self) -> nn.Module:
        return plain_attention(self.subject.network("literal"))


@dataclass(frozen=True)
class OfRuntime:
    """A network in one of the runtimes of `srs_monai.runtimes`.

    Args:
        subject: the network.
        runtime: a name of `RUNTIMES`.
        shown: the images.
        precision: a name of `DTYPES`.
    """

    subject: Subject
    runtime: str
    shown: Shown
    precision: str = "float32"

    def __call__(self) -> Run:
        set_precision(self.precision)
        runtime = build(
            self.subject.network(),
            self.runtime,
            precision=runtime_precision(self.precision),
            device=self.shown.device,
            image_size=self.shown.size,
        )
        seen = self.shown.load()
        if isinstance(runtime, Auto):  # finds the fastest now, not while it is timed
            runtime.expect(PAYS_UNKNOWN)
            runtime(seen[:1])
        return _Asked(runtime, seen)


@dataclass(frozen=True)
class _Asked:
    """A runtime with its images."""

    runtime: Runtime
    seen: Tensor

    def __call__(self, request: tuple[int, int]) -> Tensor:
        return self.runtime(_part(self.seen, request))


def chosen(run: Run, _: object) -> str:
    """What computes, and how many images it takes at once: of "auto", what was fastest here."""
    if not isinstance(run, _Asked):
        return ""
    at_once = run.runtime.batch_size
    return f"{run.runtime.name}, {'all' if at_once is None else at_once} at once"


def baseline(subject: Subject, shown: Shown) -> PlainNetwork:
    """What all others are compared with: the plain form of the network, as PyTorch comes.

    On a GPU PyTorch multiplies convolutions as TF32 unless it is told otherwise, and so does the baseline.
    """
    return PlainNetwork(Plain(subject), shown, baseline_precision(shown.device))


def computes_in(runtime: str, precision: str) -> bool:
    """Whether a runtime has a precision; "auto" has all."""
    return runtime not in RUNTIMES or runtime_precision(precision) in RUNTIMES[runtime].precisions


def baseline_precision(device: str) -> str:
    """The precision of the baseline on a device."""
    return "tf32" if device.startswith("cuda") else "float32"


def exact(run: Run, batch: int) -> Tensor:
    """Probabilities of the images compared, with full float32 products, on the CPU: what others should give."""
    usual = torch.backends.cuda.matmul.fp32_precision
    set_precision("float32")
    found = as_given(run, batch)
    set_precision("tf32" if usual == "tf32" else "float32")
    return found


def as_given(run: Run, batch: int) -> Tensor:
    """Probabilities of the images compared, batch by batch, on the CPU."""
    return torch.cat([run((first, batch)).float().cpu() for first in range(0, max(COMPARED, batch), batch)])[:COMPARED]


def _part(images: Tensor, request: tuple[int, int]) -> Tensor:
    """Some of the images, beginning anew behind the last."""
    first, count = request
    return images[first : first + count] if first + count <= len(images) else images.roll(-first, 0)[:count]

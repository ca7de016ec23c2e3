"""Which form of DPConv is faster, and from which batch on: one kernel a sample, or the closed form.

    python benchmarks/dpconv_forms.py

The layer is the network's own, 256 -> 256 channels, on its deepest map: 32 x 32 for images of 256 x 256. Of "closed,
fixed" the kernels are laid side by side beforehand, as inference does. The forms take turns in one process; ratios are
to the literal form.
"""

import argparse
import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from measure.arguments import parse, parser, positive
from measure.machine import DTYPES, environment, set_precision
from measure.results import Results
from measure.turns import Spread, spread_names, take_turns, times_as_fast
from measure.worker import available_cores, seconds_of
from srs_monai.device import keep_freed_memory, place
from srs_monai.networks import DPConv

logger = logging.getLogger("benchmarks.dpconv_forms")

KEYS = ("form", "work", "batch", "map_side", "channels", "threads", "precision", "channels_last", "kept_memory")
COLUMNS = ("rounds", *spread_names("milliseconds"), *spread_names("times_literal"))
FORMS = ("literal", "closed", "closed, fixed")
GUIDE_CHANNELS = 64


@dataclass(frozen=True)
class Case:
    """What the forms are compared on; `work` is "forward" or "forward and backward"."""

    work: str
    batch: int
    map_side: int
    channels: int
    threads: int
    precision: str
    channels_last: bool


class Form:
    """One form of DPConv, ready for one case; the request is not looked at.

    Args:
        name: of `FORMS`.
        case: the work.
        device: "cpu" or a CUDA device.
    """

    def __init__(self, name: str, case: Case, device: str) -> None:
        torch.manual_seed(0)
        guide_channels = min(GUIDE_CHANNELS, case.channels)
        form: Literal["closed", "literal"] = "literal" if name == "literal" else "closed"
        layer = DPConv(case.channels, case.channels, guide_channels=guide_channels, form=form)
        if name == "closed, fixed":
            layer.requires_grad_(False).fix_kernels()
        self.layer, self.case, self.device = place(layer, device, case.channels_last), case, device
        layout = torch.channels_last if case.channels_last else torch.contiguous_format
        x = torch.rand(case.batch, case.channels, case.map_side, case.map_side, device=device)
        self.x = x.contiguous(memory_format=layout).requires_grad_(self.backward)
        self.guide = torch.rand(case.batch, guide_channels, case.map_side, case.map_side, device=device)

    @property
    def backward(self) -> bool:
        """Whether gradients are part of the work."""
        return self.case.work != "forward"

    def run(self, _: Any = None) -> Tensor:
        """The work, once."""
        lowered = self.case.precision == "bfloat16"
        with (
            torch.set_grad_enabled(self.backward),
            torch.autocast(torch.device(self.device).type, DTYPES[self.case.precision], enabled=lowered),
        ):
            y: Tensor = self.layer(self.x, self.guide)
        if self.backward:
            self.layer.zero_grad(set_to_none=True)
            self.x.grad = None
            torch.autograd.backward(y.sum())
        return y

    def seconds(self, request: Any, *, warm_up: int = 0) -> float:
        """How long the work takes once."""
        repeats = 20 if self.device.startswith("cuda") else 1
        return seconds_of(self.run, request, device=self.device, warm_up=warm_up, repeats=repeats)

    def rest(self) -> None:
        """Nothing is kept between turns."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for and not yet in the file."""
    options = _options(arguments)
    if options.keep_memory:
        keep_freed_memory()
    results = Results(
        options.output, keys=KEYS, columns=COLUMNS, environment=environment(options.device), overwrite=options.overwrite
    )
    usual = torch.get_num_threads()
    try:
        for case in cases(options):
            _measure(case, options, results)
    finally:
        torch.set_num_threads(usual)
    logger.info("%s is complete", options.output)


def cases(options: argparse.Namespace) -> list[Case]:
    """All that is compared: every batch on every map, in both directions, precisions and layouts."""
    works = ("forward", "forward and backward")
    ranges = (options.threads, options.maps, options.precisions, options.layouts, works, options.batches)
    return [
        Case(work, batch, side, options.channels, threads, precision, layout == "last")
        for threads, side, precision, layout, work, batch in itertools.product(*ranges)
    ]


def _measure(case: Case, options: argparse.Namespace, results: Results) -> None:
    key = {**vars(case), "kept_memory": options.keep_memory}
    names = [name for name in FORMS if case.work == "forward" or name != "closed, fixed"]
    if all(results.row(form=name, **key) is not None for name in names):
        return
    torch.set_num_threads(case.threads)
    set_precision(case.precision)
    found = take_turns([Form(name, case, options.device) for name in names], None, options.rounds, pause=0)
    for name, turns in zip(names, found, strict=True):
        if results.row(form=name, **key) is None:
            results.add(
                form=name,
                **key,
                rounds=options.rounds,
                **Spread.of([1e3 * seconds for seconds in turns.seconds]).columns("milliseconds"),
                **times_as_fast(found[0].seconds, turns.seconds).columns("times_literal"),
            )
    logger.info("%s", case)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("dpconv_forms", __doc__ or "")
    made.set_defaults(rounds=7)
    cores = len(available_cores())
    made.add_argument("--batches", type=positive, nargs="+", default=[1, 2, 4, 8, 16])
    made.add_argument("--maps", type=positive, nargs="+", default=[16, 32], help="sides of the map in pixels")
    made.add_argument("--channels", type=positive, default=256)
    made.add_argument("--threads", type=positive, nargs="+", default=sorted({1, cores}), help="on a CPU")
    made.add_argument("--precisions", nargs="+", choices=DTYPES, default=["float32", "bfloat16"])
    made.add_argument("--layouts", nargs="+", choices=["first", "last"], default=["first", "last"], help="of channels")
    made.add_argument("--keep-memory", action="store_true", help="let the process keep what it frees")
    options = parse(made, arguments)
    if options.quick:
        options.batches, options.maps, options.channels, options.rounds = [1, 2], [8], 64, 2
        options.threads = [1]
    return options


if __name__ == "__main__":
    main()

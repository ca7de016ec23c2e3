"""How long a training step takes, one gain after the other, and whether it still learns the same.

    python benchmarks/training_step.py [--images FOLDER]
    python benchmarks/training_step.py --curve 50 [--images FOLDER]

Steps of stage two as the bundle trains it: SGD, 0.5 BCE + Dice, the reconstruction frozen. Each setting has the gains
of all before it and a process of its own. FOLDER holds images/ and masks/. With --curve, losses of so many steps are
written instead, of runs that have the same starting weights and, but for one, the same batches.
"""

import argparse
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from monai.losses import DiceCELoss
from torch import Tensor, nn

from measure.arguments import folder, image_side, parse, parser, positive
from measure.images import labelled_images
from measure.machine import DTYPES, environment, set_precision
from measure.results import Results
from measure.subjects import Subject, most_expensive, plain_attention
from measure.turns import Spread, spread_names, take_turns, times_as_fast
from measure.worker import Run, Worker, WorkerError
from srs_monai.device import keep_freed_memory, place
from srs_monai.training import trained_parameters

logger = logging.getLogger("benchmarks.training_step")

KEYS = ("setting", "batch", "height", "width")
SWITCHES = ("closed", "attention", "channels_last", "keep_memory", "precision", "fused", "compile")
COLUMNS = (
    *SWITCHES,
    *("rounds", *spread_names("seconds_per_step"), "images_per_second", *spread_names("times_baseline")),
    *("peak_memory_mib", "most_expensive", "note"),
)
CURVE_KEYS = ("run", "step", "batch", "height", "width")
BASELINE, COMPILE = "plain", "compile"
RATE, MOMENTUM, DECAY = 0.01, 0.9, 1e-4  # of the bundle's recipe


@dataclass(frozen=True)
class Step:
    """Prepares training steps; the request is how many, and the last loss is the result.

    Args:
        closed: DPConv in its closed form.
        attention: as the package computes it, with gradients of its own.
        channels_last: lay weights and images out so.
        keep_memory: let the process keep what it frees.
        precision: a name of `DTYPES`.
        fused: one kernel for all of the optimizer's work.
        compile: by torch.compile.
        subject, folder, batch, size, device: the network, and the labelled images that it sees.
        images: how many there are; steps take them in turn.
        rounded_start: round the starting weights to bfloat16, once.
        order: seed of the order of the images; None: as they lie.
    """

    closed: bool = False
    attention: bool = False
    channels_last: bool = False
    keep_memory: bool = False
    precision: str = "float32"
    fused: bool = False
    compile: bool = False
    subject: Subject = field(default_factory=Subject)
    folder: Path | None = None
    batch: int = 8
    size: tuple[int, int] = (256, 256)
    device: str = "cpu"
    images: int = 8
    rounded_start: bool = False
    order: int | None = None

    def __call__(self) -> Run:
        if self.keep_memory:
            keep_freed_memory()
        set_precision(self.precision)
        trained = self._network()
        compiled = torch.compile(trained) if self.compile else trained
        optimizer = torch.optim.SGD(
            trained_parameters(trained), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY, fused=self.fused or None
        )
        loss_function = DiceCELoss(sigmoid=True, lambda_ce=0.5, smooth_nr=1e-5, smooth_dr=1e-5)
        seen, masks = self._data()
        done = 0

        def run(steps: int) -> list[float]:
            nonlocal done
            losses = []
            for _ in range(steps):
                chosen = self._chosen(done)
                with torch.autocast(seen.device.type, DTYPES[self.precision], enabled=self.precision == "bfloat16"):
                    logits = compiled(seen[chosen])
                loss: Tensor = loss_function(logits.float(), masks[chosen])
                optimizer.zero_grad(set_to_none=True)
                torch.autograd.backward(loss)
                optimizer.step()
                losses.append(loss.detach())
                done += 1
            return [float(loss) for loss in losses]  # read once, as in training

        return run

    def _network(self) -> nn.Module:
        network = self.subject.network("closed" if self.closed else "literal").train()
        if self.rounded_start:
            for parameter in network.parameters():
                parameter.data = parameter.data.bfloat16().float()
        return place(network if self.attention else plain_attention(network), self.device, self.channels_last)

    def _data(self) -> tuple[Tensor, Tensor]:
        seen, masks = labelled_images(self.folder, max(self.images, self.batch), self.size)
        if self.order is not None:
            shuffled = torch.randperm(len(seen), generator=torch.Generator().manual_seed(self.order))
            seen, masks = seen[shuffled], masks[shuffled]
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return seen.to(self.device).contiguous(memory_format=layout), masks.to(self.device)

    def _chosen(self, step: int) -> Tensor:
        """Numbers of the images of a step."""
        return (torch.arange(self.batch) + step * self.batch) % max(self.images, self.batch)


def ladder(base: Step) -> dict[str, Step]:
    """The settings by name, each with the gains of all before it; the first is the baseline."""
    on_gpu = base.device.startswith("cuda")
    steps = {BASELINE: replace(base, precision="tf32" if on_gpu else "float32")}
    gains: dict[str, dict[str, object]] = {
        "closed DPConv": {"closed": True},
        "attention": {"attention": True},
        "channels last": {"channels_last": True},
        **({"fused optimizer": {"fused": True}} if on_gpu else {"kept memory": {"keep_memory": True}}),
        "bfloat16": {"precision": "bfloat16"},
        COMPILE: {"compile": True},
    }
    latest = steps[BASELINE]
    for name, gain in gains.items():
        latest = steps[name] = replace(latest, **gain)  # type: ignore[arg-type]
    return steps


def curves(base: Step) -> dict[str, Step]:
    """The runs of --curve: float32; the same from weights rounded once, and in another order; bfloat16.

    How far the second is from the first is what rounding does to any training, the third what chance does.
    """
    fast = replace(base, closed=True, attention=True, channels_last=True, keep_memory=True)
    return {
        "float32": fast,
        "float32, start rounded to bfloat16": replace(fast, rounded_start=True),
        "float32, other order": replace(fast, order=1),
        "bfloat16": replace(fast, precision="bfloat16"),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for and not yet in the file."""
    options = _options(arguments)
    base = Step(
        subject=Subject(small=options.quick, weights=None),
        folder=options.images,
        batch=options.batch,
        size=(options.size[0], options.size[1]),
        device=options.device,
        images=options.batch * (4 if options.curve else 1),
    )
    if options.curve:
        write_curves(options, base)
    else:
        measure_steps(options, base)
    logger.info("%s is complete", options.output)


def measure_steps(options: argparse.Namespace, base: Step) -> None:
    """A row for each setting.

    Settings give their memory back after their turn, for all of them together would not fit: a step that keeps its
    memory is preceded by one that is not counted.
    """
    results = Results(
        options.output, keys=KEYS, columns=COLUMNS, environment=environment(options.device), overwrite=options.overwrite
    )
    settings = {name: step for name, step in ladder(base).items() if name not in options.without}
    if not options.compile:
        del settings[COMPILE]
    keys = {name: _key(name, step) for name, step in settings.items()}
    plain, *others = settings
    missing = [plain, *(name for name in others if results.row(**keys[name]) is None)]
    if len(missing) == 1 and results.row(**keys[plain]) is not None:
        return
    with ExitStack() as stack:
        workers = []
        for name in missing:
            logger.info("preparing %s", name)
            repeats = 3 if options.device.startswith("cuda") else 1
            workers.append(stack.enter_context(Worker(settings[name], device=options.device, repeats=repeats)))
        rewarm = [int(settings[name].keep_memory or options.device.startswith("cuda")) for name in missing]
        found = take_turns(workers, 1, options.rounds, rewarm=rewarm, rest=True)
        for name, worker, turns in zip(missing, workers, found, strict=True):
            if results.row(**keys[name]) is not None:
                continue
            switches = {switch: asdict(settings[name])[switch] for switch in SWITCHES}
            if turns.failure:
                logger.warning("%s: %s", name, turns.failure)
                results.add(**keys[name], **switches, note=turns.failure)
                continue
            spread = Spread.of(turns.seconds)
            results.add(
                **keys[name],
                **switches,
                rounds=options.rounds,
                **spread.columns("seconds_per_step"),
                images_per_second=base.batch / spread.median,
                **times_as_fast(found[0].seconds, turns.seconds).columns("times_baseline"),
                peak_memory_mib=worker.peak_memory(),
                most_expensive=_profile(worker, options),
            )
            logger.info("%s: %.3f s a step", name, spread.median)


def write_curves(options: argparse.Namespace, base: Step) -> None:
    """A row for each step of each run; a run that was stopped begins anew."""
    results = Results(
        options.output,
        keys=CURVE_KEYS,
        columns=("loss",),
        environment=environment(options.device),
        overwrite=options.overwrite,
    )
    for name, step in curves(base).items():
        keys = [{"run": name, **_key(name, step), "step": number} for number in range(options.curve)]
        for key in keys:
            del key["setting"]
        if all(results.row(**key) is not None for key in keys):
            continue
        logger.info("%d steps of %s", options.curve, name)
        with Worker(step, device=options.device) as worker:
            losses = worker.result(options.curve)
        for key, loss in zip(keys, losses, strict=True):
            if results.row(**key) is None:
                results.add(**key, loss=loss)


def _key(name: str, step: Step) -> dict[str, object]:
    return {"setting": name, "batch": step.batch, "height": step.size[0], "width": step.size[1]}


def _profile(worker: Worker, options: argparse.Namespace) -> str | None:
    if not options.profile:
        return None
    try:
        return str(worker.call(most_expensive, (1, options.device)))
    except WorkerError as error:
        logger.info("no profile: %s", error)
        return None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("training_step", __doc__ or "")
    made.set_defaults(rounds=3)
    made.add_argument("--batch", type=positive, default=8, help="images in a step")
    made.add_argument("--size", type=image_side, nargs=2, default=[256, 256], metavar=("HEIGHT", "WIDTH"))
    made.add_argument("--images", type=folder, help="holds images/ and masks/; default: phantoms")
    made.add_argument("--without", nargs="*", default=[], choices=list(ladder(Step()))[1:-1], help="settings left out")
    made.add_argument("--compile", action="store_true", help="compile, too; takes minutes on a CPU. Always on a GPU")
    made.add_argument("--profile", action="store_true", help="name the three most expensive kernels; always on a GPU")
    made.add_argument("--curve", type=positive, help="write losses of so many steps instead of times")
    options = parse(made, arguments, question=lambda given: "training_curve" if given.curve else "training_step")
    if options.quick:
        options.size, options.rounds, options.batch = [32, 32], 2, 2
    on_gpu = options.device.startswith("cuda")
    options.profile, options.compile = options.profile or on_gpu, options.compile or on_gpu
    return options


if __name__ == "__main__":
    main()

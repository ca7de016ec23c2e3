"""A training step never waits for the device: no value is read from it until the epoch has ended."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from ignite.engine import Events
from monai.bundle import ConfigParser
from monai.engines import Evaluator, Trainer
from PIL import Image
from torch.utils._python_dispatch import TorchDispatchMode

from srs_monai.training import Progress

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
SEGMENTATION = ("train::trainer", "validate::evaluator")
ENGINES = ("reconstruction::train::trainer", "reconstruction::validate::evaluator", *SEGMENTATION)


ATEN = torch.ops.aten
# a value, or a size that depends on values: `item`, `float`, `bool`, a printed number, `nonzero`, `equal`, `unique`
WAITING = {ATEN._local_scalar_dense, ATEN.nonzero, ATEN.masked_select, ATEN.equal, ATEN._unique2, ATEN.unique_dim}


class Reads(TorchDispatchMode):
    """Counts what makes the host wait for a GPU, had it the tensors."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        masks = func.overloadpacket in (ATEN.index, ATEN.index_put, ATEN.index_put_) and any(
            index is not None and index.dtype == torch.bool for index in args[1]
        )
        self.count += masks or func.overloadpacket in WAITING
        return func(*args, **(kwargs or {}))


@pytest.fixture
def config(tiny: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConfigParser:
    """The training of the bundle, without the progress bars, which show the loss twice a second."""
    monkeypatch.setattr(Progress, "_show", lambda *_: None)
    config = yaml.safe_load((CONFIGS / "train.yaml").read_text()) | yaml.safe_load(tiny.read_text())
    config |= {"dataset_dir": str(phantoms), "output_dir": str(tmp_path / "run"), "epochs": 1}
    config |= {"reconstruction_epochs": 1, "batch_size": 2}
    for stage in (config["reconstruction"]["train"], config["train"]):
        stage["handlers"] = [part for part in stage["handlers"] if not part["_target_"].endswith("LoadReconstruction")]
    return ConfigParser(config)


def watch_steps(engine: Trainer | Evaluator, watch: Any) -> None:
    """Watch an epoch's steps, from the asking for a batch, after an epoch that fills the cache.

    Of the first step only what follows its batch: torch's data loader draws a seed, on the CPU, when an epoch begins.
    """
    engine.run()
    steps: list[int] = []

    def begin() -> None:
        steps.append(engine.state.iteration)
        watch.__enter__()

    engine.add_event_handler(Events.GET_BATCH_STARTED(event_filter=lambda *_: bool(steps)), begin)
    engine.add_event_handler(Events.ITERATION_STARTED(event_filter=lambda *_: not steps), begin)
    engine.add_event_handler(Events.ITERATION_COMPLETED, lambda: watch.__exit__(None, None, None))
    if isinstance(engine, Trainer):
        engine.state.max_epochs += 1
    engine.run()
    assert len(steps) == engine.state.epoch_length


@pytest.mark.parametrize("engine", ENGINES)
def test_no_step_reads_a_value(config: ConfigParser, engine: str) -> None:
    reads = Reads()
    watch_steps(config.get_parsed_content(engine), reads)
    assert reads.count == 0


def test_a_value_that_is_read_is_counted() -> None:
    with Reads() as reads:
        f"{torch.ones(2).sum():.1f}"
        assert torch.ones(2).any()
        torch.ones(2)[torch.tensor([True, False])]
        torch.ones(2).nonzero()
    assert reads.count == 4


def test_no_step_of_several_classes_reads_a_value(config: ConfigParser, phantoms: Path, tmp_path: Path) -> None:
    shutil.copytree(phantoms, tmp_path / "data")
    for file in (tmp_path / "data" / "masks").iterdir():
        mask = (np.asarray(Image.open(file)) > 0).astype(np.uint8)
        mask[:4] = 2
        Image.fromarray(mask).save(file)
    config["dataset_dir"], config["out_channels"] = str(tmp_path / "data"), 3
    for engine in SEGMENTATION:
        reads = Reads()
        watch_steps(config.get_parsed_content(engine), reads)
        assert reads.count == 0


class Silence:
    """torch raises at whatever makes the host wait for the GPU."""

    def __enter__(self) -> None:
        torch.cuda.set_sync_debug_mode("error")

    def __exit__(self, *failure: object) -> None:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("engine", ENGINES)
def test_no_step_waits_for_a_gpu(config: ConfigParser, engine: str, precision: str) -> None:
    config["precision"] = precision
    silence = Silence()
    try:
        watch_steps(config.get_parsed_content(engine), silence)
    finally:
        silence.__exit__()

"""An epoch's losses are read once, at its end, and go to TensorBoard step by step."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ignite.engine import Events

from srs_monai.training import write_losses


class Writer:
    def __init__(self) -> None:
        self.written: list[tuple[str, float, int]] = []
        self.flushed = 0

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self.written.append((tag, value, step))

    def flush(self) -> None:
        self.flushed += 1


class Note:
    """What each step's loss was, and what the trainer's state tells at the end of each epoch."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.epochs: list[list[float]] = []
        self.writer = Writer()

    def attach(self, engine: Any) -> None:
        engine.add_event_handler(
            Events.ITERATION_COMPLETED, lambda: self.steps.append(engine.state.output["loss"].item())
        )
        engine.add_event_handler(Events.EPOCH_COMPLETED, lambda: self.epochs.append(engine.state.step_losses))
        engine.add_event_handler(Events.EPOCH_COMPLETED, lambda: write_losses(engine, self.writer))


def test_an_epoch_ends_with_the_list_of_its_losses(tiny_run: Callable[..., Any]) -> None:
    note = Note()
    tiny_run([0.1, 0.2], 2, items=6).train(note)
    assert len(note.steps) == 6
    assert note.epochs == [note.steps[:3], note.steps[3:]]
    assert note.writer.written == [("train_loss", loss, step) for step, loss in enumerate(note.steps, 1)]
    assert note.writer.flushed == 2


@pytest.mark.parametrize(("iteration", "steps"), [(3, [1, 2, 3]), (9, [7, 8, 9])])
def test_losses_are_written_at_their_steps(iteration: int, steps: list[int]) -> None:
    writer = Writer()
    write_losses(SimpleNamespace(state=SimpleNamespace(step_losses=[3.0, 2.0, 1.0], iteration=iteration)), writer)  # type: ignore[arg-type]
    assert [step for _, _, step in writer.written] == steps

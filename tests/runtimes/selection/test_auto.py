"""The fastest runtime is found when it pays, checked, and remembered for this machine and model."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from srs_monai.runtimes.known_runtimes import Row
from srs_monai.runtimes.runtime import BuildRequest, Runtime
from srs_monai.runtimes.selection import auto as auto_module
from srs_monai.runtimes.selection import choices, measure
from srs_monai.runtimes.selection.auto import PAYS_KNOWN, PAYS_UNKNOWN, Auto
from srs_monai.runtimes.selection.choices import Choice, remember, remembered
from srs_monai.runtimes.selection.measure import equal_enough, fastest

IMAGE = torch.full((1, 3, 8, 8), 0.5)


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Timed(Runtime):
    """Takes as long as it is told for a batch, and is off by as much."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        seconds: Callable[[int], float],
        off: float = 0.0,
        sizes: tuple[int, ...] = (1, 4),
        precision: str = "float32",
    ) -> None:
        super().__init__(name, precision, sizes)
        self.clock, self.seconds, self.off, self.calls = clock, seconds, off, 0

    def logits(self, images: Tensor) -> Tensor:
        self.calls += 1
        self.clock.now += self.seconds(len(images))
        return torch.logit(images[:, :1] + self.off)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_fastest_an_image_wins_with_its_batch_size(clock: Clock) -> None:
    candidates: dict[str, Runtime] = {
        "steady": Timed("steady", clock, lambda n: 0.9 * n),
        "grouping": Timed("grouping", clock, lambda n: 0.6 + 0.4 * n),  # 1.0 alone, 0.55 in fours
        "slow": Timed("slow", clock, lambda n: 5.0 if n == 1 else 0.1),  # too slow alone to be tried further
    }
    choice = fastest(candidates, IMAGE, clock)
    assert (choice.runtime, choice.batch_size) == ("grouping", 4)
    assert choice.seconds == pytest.approx({"steady": 0.9, "grouping": 0.55, "slow": 5.0})


def test_a_disturbance_in_one_round_changes_nothing(clock: Clock) -> None:
    spikes = iter([9.0] + [0.0] * 99)
    candidates: dict[str, Runtime] = {
        "disturbed": Timed("disturbed", clock, lambda n: n * 0.5 + next(spikes), sizes=(1,)),
        "other": Timed("other", clock, lambda n: n * 0.8, sizes=(1,)),
    }
    assert fastest(candidates, IMAGE, clock).runtime == "disturbed"


def test_what_the_memory_does_not_hold_is_not_chosen(clock: Clock) -> None:
    def seconds(count: int) -> float:
        if count > 1:
            raise torch.OutOfMemoryError("full")
        return 1.0

    assert fastest({"a": Timed("a", clock, seconds)}, IMAGE, clock).batch_size == 1


@pytest.mark.parametrize(
    ("precision", "usual_off", "kept"),
    [
        ("float32", 0.0, {"usual", "exact"}),
        ("float32", 0.3, {"usual", "exact"}),  # never a reason to allow others more
        ("bfloat16", 0.0, {"usual", "exact", "near"}),
        ("bfloat16", 0.02, {"usual", "exact", "near", "far"}),  # no further off than torch itself
    ],
)
def test_who_is_off_is_left_out(
    clock: Clock, caplog: pytest.LogCaptureFixture, precision: str, usual_off: float, kept: set[str]
) -> None:
    offs = {"usual": usual_off, "exact": 1e-5, "near": 1e-3, "far": 1e-2, "nan": torch.nan}
    candidates: dict[str, Runtime] = {
        name: Timed(name, clock, float, off, precision=precision) for name, off in offs.items()
    }
    good = equal_enough(candidates, "usual", lambda images: images[:, :1], IMAGE)
    assert set(good) == kept
    for name in set(offs) - kept:
        assert f"runtime {name} is skipped" in caplog.text


def test_who_fails_is_left_out(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    def fail(count: int) -> float:
        raise RuntimeError("no such shape")

    candidates: dict[str, Runtime] = {"usual": Timed("usual", clock, float), "odd": Timed("odd", clock, fail)}
    assert set(equal_enough(candidates, "usual", lambda images: images[:, :1], IMAGE)) == {"usual"}
    assert "runtime odd is skipped, because it fails: no such shape" in caplog.text
    with pytest.raises(RuntimeError, match="no such shape"):
        equal_enough(candidates, "odd", lambda images: images[:, :1], IMAGE)


MACHINE, MODEL = {"processor": "p", "threads": "2"}, {"architecture": "a", "image_size": "8 x 8"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SRS_MONAI_CACHE", str(tmp_path))
    return tmp_path


def test_a_choice_is_remembered_for_its_machine_and_model() -> None:
    choice = Choice("openvino", 4, {"openvino": 0.1, "eager": 0.2})
    remember(MACHINE, MODEL, choice)
    other = Choice("eager", 1, {"eager": 0.3})
    remember({**MACHINE, "threads": "1"}, MODEL, other)
    assert remembered(MACHINE, MODEL) == choice
    assert remembered({**MACHINE, "threads": "1"}, MODEL) == other
    assert remembered(MACHINE, {**MODEL, "image_size": "9 x 9"}) is None
    remember(MACHINE, MODEL, other)
    assert remembered(MACHINE, MODEL) == other


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 1}', "\x00"])
def test_a_damaged_list_is_no_error(folder: Path, content: str) -> None:
    (folder / "runtimes.json").write_text(content)
    assert remembered(MACHINE, MODEL) is None
    remember(MACHINE, MODEL, Choice("eager", 1, {}))
    assert remembered(MACHINE, MODEL) == Choice("eager", 1, {})


def test_an_entry_of_another_form_is_measured_again(folder: Path) -> None:
    remember(MACHINE, MODEL, Choice("eager", 1, {"eager": 0.1}))
    known = json.loads((folder / "runtimes.json").read_text())
    for said in known.values():
        said["seconds"] = None
    (folder / "runtimes.json").write_text(json.dumps(known))
    assert remembered(MACHINE, MODEL) is None


def test_a_list_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SRS_MONAI_CACHE", str(tmp_path / "file"))
    remember(MACHINE, MODEL, Choice("eager", 1, {}))
    assert "is not remembered" in caplog.text
    assert remembered(MACHINE, MODEL) is None


def test_the_list_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "_KEPT", 2)
    for size in ("1", "2", "3"):
        remember(MACHINE, {"image_size": size}, Choice("eager", 1, {}))
    there = [remembered(MACHINE, {"image_size": size}) is not None for size in ("1", "2", "3")]
    assert there == [False, True, True]


@pytest.fixture
def runtimes(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> dict[str, int]:
    """Runtimes that take 3, 2 and 1 seconds an image, and one that is not to be tried; how often each was built."""
    built: dict[str, int] = {}

    def row(name: str, seconds: float, tried: bool = True) -> Row:
        def build(request: BuildRequest) -> Runtime:
            built[name] = built.get(name, 0) + 1
            return Timed(name, clock, lambda n: seconds * n, sizes=(1, 2))

        return Row(build, tried=tried)

    def unbuildable(request: BuildRequest) -> Runtime:
        raise RuntimeError("no such operator")

    table = {"eager": row("eager", 2), "channels_last": row("channels_last", 3), "fast": row("fast", 1)}
    table |= {"compiler": row("compiler", 0.1, tried=False), "broken": Row(unbuildable)}
    monkeypatch.setattr(auto_module, "RUNTIMES", table)
    monkeypatch.setattr(auto_module, "available", lambda device, names: list(names))
    return built


def auto_of(clock: Clock, network: nn.Module | None = None, size: int = 8, **options: bool) -> Auto:
    request = BuildRequest(network or FirstChannel(), "float32", torch.device("cpu"), (size, size))
    return Auto(request, clock=clock, **options)


class FirstChannel(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        return torch.logit(image[:, :1])


def images(count: int) -> Tensor:
    return torch.rand(count, 3, 8, 8).clamp(0.1, 0.9)


def test_few_images_wait_for_nothing(runtimes: dict[str, int], clock: Clock) -> None:
    auto = auto_of(clock)
    shown = images(PAYS_UNKNOWN - 1)
    torch.testing.assert_close(auto(shown), shown[:, :1])
    assert (auto.name, runtimes) == ("channels_last", {"channels_last": 1})


def test_many_are_measured_once_and_remembered(
    runtimes: dict[str, int], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    auto = auto_of(clock)
    for _ in range(PAYS_UNKNOWN):
        assert auto.name == "channels_last"
        auto(images(1))
    assert (auto.name, auto.batch_size) == ("fast", 1)
    assert runtimes == {"channels_last": 1, "eager": 1, "fast": 1}, "compiler is not tried"
    assert "runtime broken is skipped: no such operator" in caplog.text
    shown = images(3)
    torch.testing.assert_close(auto(shown), shown[:, :1])
    assert caplog.text.count("runtime fast, 1 images per batch") == 1

    runtimes.clear()
    again = auto_of(clock)
    again(images(PAYS_KNOWN - 1))
    assert again.name == "channels_last"
    again(images(1))
    assert again.name == "fast"
    assert runtimes == {"channels_last": 1, "fast": 1}, "known, so nothing else is built"


def test_a_volume_that_is_announced_is_measured_first(runtimes: dict[str, int], clock: Clock) -> None:
    auto = auto_of(clock)
    auto.expect(PAYS_UNKNOWN)
    auto(images(1))
    assert auto.name == "fast"


def test_other_models_and_machines_are_measured_for_themselves(
    runtimes: dict[str, int], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    auto_of(clock)(images(PAYS_UNKNOWN))
    for other in (auto_of(clock, nn.Conv2d(3, 1, 1)), auto_of(clock, size=16)):
        other(images(PAYS_KNOWN))
        assert other.name == "channels_last", "of this nothing is known"
    same = auto_of(clock, FirstChannel())
    same(images(PAYS_KNOWN))
    assert same.name == "fast"
    monkeypatch.setattr(torch, "get_num_threads", lambda: 77)
    other = auto_of(clock)
    other(images(PAYS_KNOWN))
    assert other.name == "channels_last"


def test_channels_first_stays_channels_first(runtimes: dict[str, int], clock: Clock) -> None:
    auto = auto_of(clock, channels_last=False)
    assert auto.name == "eager"
    auto(images(PAYS_UNKNOWN))
    assert "channels_last" not in runtimes


def test_a_remembered_runtime_that_fails_now_is_measured_again(runtimes: dict[str, int], clock: Clock) -> None:
    auto = auto_of(clock)
    here = auto_module.machine(torch.device("cpu"))
    remember(here, auto._model(images(1)), Choice("broken", 1, {"broken": 0.1}))
    auto(images(PAYS_KNOWN))
    assert auto.name == "channels_last"
    auto(images(PAYS_UNKNOWN))
    assert auto.name == "fast"


def test_where_the_fastest_fails_torch_goes_on(
    runtimes: dict[str, int], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    auto = auto_of(clock)
    auto(images(PAYS_UNKNOWN))

    def fail(count: int) -> float:
        raise RuntimeError("no such shape")

    auto._current.seconds = fail  # type: ignore[attr-defined]
    shown = images(3)
    for _ in range(2):
        torch.testing.assert_close(auto(shown), shown[:, :1])
    assert auto.name == "channels_last"
    assert caplog.text.count("runtime fast fails (no such shape)") == 1
    auto._current.seconds = fail  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="no such shape"):
        auto(shown)


def test_the_machine_has_its_processor_and_versions() -> None:
    said = auto_module.machine(torch.device("cpu"))
    assert said["torch"] == torch.__version__
    assert said["threads"] == str(torch.get_num_threads())
    assert said["processor"]


def test_the_tolerances_are_those_that_are_promised() -> None:
    assert measure.TOLERANCES == {"float32": 1e-4, "bfloat16": 2e-3, "float16": 5e-3}

"""What is measured computes the same."""

import torch

from measure.contenders import COMPARED, OfRuntime, PlainNetwork, Shown, as_given, baseline, chosen, computes_in, exact
from measure.images import images
from measure.machine import runtime_precision
from measure.subjects import Subject

SUBJECT = Subject(small=True)
SHOWN = Shown(None, COMPARED, (32, 32))


def test_the_baseline_is_the_network_itself() -> None:
    run = baseline(SUBJECT, SHOWN)()
    with torch.no_grad():
        wanted = torch.sigmoid(SUBJECT.network("literal").eval()(images(None, COMPARED, (32, 32))))
    torch.testing.assert_close(run((0, 3)), wanted[:3])
    torch.testing.assert_close(exact(run, 3), wanted)  # in batches of 3, 3 and 2
    torch.testing.assert_close(as_given(run, 8), wanted)


def test_a_runtime_gives_what_the_baseline_gives() -> None:
    run = OfRuntime(SUBJECT, "channels_last", SHOWN)()
    torch.testing.assert_close(as_given(run, 1), exact(baseline(SUBJECT, SHOWN)(), 8), atol=1e-5, rtol=0)
    assert chosen(run, None) == "channels_last, 1 at once"
    assert chosen(lambda request: request, None) == ""


def test_a_lowered_network_is_near() -> None:
    lowered = PlainNetwork(SUBJECT.network, SHOWN, "bfloat16", channels_last=True)()
    difference = (as_given(lowered, 8) - as_given(baseline(SUBJECT, SHOWN)(), 8)).abs().max()
    assert 0 < difference < 0.05


def test_which_runtime_has_which_precision() -> None:
    assert computes_in("auto", "bfloat16")
    assert computes_in("eager", "tf32")
    assert not computes_in("onnxruntime", "bfloat16")
    assert runtime_precision("tf32") == "float32"

"""The networks that are measured, their plain form, and what they cost."""

import pytest
import torch
from torch import nn

from measure.subjects import RIVALS, SHIPPED, SMALL, Subject, gflop, most_expensive, parameters, plain_attention, shares
from srs_monai.networks.blocks import CBAMResidual

SUBJECT = Subject(small=True)


def test_both_forms_have_the_same_weights() -> None:
    closed, literal = SUBJECT.network("closed").eval(), SUBJECT.network("literal").eval()
    assert literal.segmentation.dpconv is not None
    assert literal.segmentation.dpconv.form == "literal"
    image = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(literal(image), closed(image))
    assert tuple(SMALL["segmentation_features"]) == (8, 16, 32, 64)


def test_the_network_has_the_shipped_weights() -> None:
    network = Subject().network("literal")
    key, value = next(iter(torch.load(SHIPPED, weights_only=True).items()))
    torch.testing.assert_close(network.state_dict()[key], value.float())


def test_the_cost_of_a_convolution_by_hand() -> None:
    layer = nn.Conv2d(3, 5, 3, padding=1)
    assert parameters(layer) == 5 * 3 * 9 + 5
    assert gflop(layer, (16, 8)) == pytest.approx(2 * 5 * 3 * 9 * 16 * 8 / 1e9)
    assert layer.weight.device.type == "cpu"


def test_the_cost_of_the_network() -> None:
    # the closed form multiplies twice on the deepest map, 256 -> 256 channels at 32 x 32
    network = Subject(weights=None).network
    literal, closed = gflop(network("literal"), (256, 256)), gflop(network("closed"), (256, 256))
    assert literal == pytest.approx(95.0, abs=0.1)
    assert closed - literal == pytest.approx(2 * 256 * 256 * 9 * 32 * 32 / 1e9, rel=0.01)


@pytest.mark.parametrize("name", [name for name in RIVALS if "Swin" not in name])
def test_rivals_give_a_logit_a_pixel(name: str) -> None:
    network = RIVALS[name]().to("meta").eval()
    assert network(torch.empty(1, 3, 256, 256, device="meta")).shape == (1, 1, 256, 256)


def test_swin_unetr_where_einops_is() -> None:
    pytest.importorskip("einops")
    network = RIVALS["MONAI SwinUNETR"]().to("meta").eval()
    assert network(torch.empty(1, 3, 64, 64, device="meta")).shape == (1, 1, 64, 64)


def test_swin_unetr_without_einops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("measure.subjects.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install einops"):
        RIVALS["MONAI SwinUNETR"]()


def test_shares_of_the_whole() -> None:
    assert shares({"a": 10.0, "b": 60.0, "c": 25.0, "d": 5.0}) == "b 60 %; c 25 %; a 10 %"
    assert shares({"a": 0.0}) == ""


def test_where_time_goes() -> None:
    a = torch.rand(300, 300)
    assert "aten::mm" in most_expensive(lambda _: a @ a, (None, "cpu"))


def outcome(network: nn.Module) -> tuple[torch.Tensor, list[torch.Tensor]]:
    logits = network.double()(torch.linspace(-1, 1, 2 * 3 * 32 * 32, dtype=torch.float64).reshape(2, 3, 32, 32).sin())
    torch.autograd.backward(logits.square().mean())
    return logits.detach(), [p.grad for p in network.parameters() if p.grad is not None]


def test_numbers_and_gradients_are_the_same() -> None:
    ours, plain = outcome(SUBJECT.network()), outcome(plain_attention(SUBJECT.network("literal")))
    torch.testing.assert_close(plain[0], ours[0])
    assert len(plain[1]) == len(ours[1]) > 10
    torch.testing.assert_close(plain[1], ours[1])


def test_blocks_are_computed_plainly() -> None:
    network = plain_attention(SUBJECT.network())
    blocks = [part for part in network.modules() if isinstance(part, CBAMResidual)]
    assert blocks
    assert all("forward" in vars(block) for block in blocks)
    assert gflop(network, (32, 32)) == gflop(SUBJECT.network(), (32, 32))

"""DPConv: one state dict, two forms, a kernel for every sample."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from srs_monai.networks import DPConv

WHOLE_FILTERS = (3, 4, 3, 2)  # in_channels, out_channels, kernel_size, guide_channels: a run is two filters
HALF_FILTERS = (4, 3, 3, 6)
SINGLE_CHANNELS = (4, 1, 1, 4)
ACROSS_FILTERS = (4, 6, 1, 4)  # a run is one filter and a half
ALIGNED = [WHOLE_FILTERS, HALF_FILTERS, SINGLE_CHANNELS, ACROSS_FILTERS]
INSIDE_A_CHANNEL = (3, 2, 3, 9)  # a run is six of the nine values that a filter has for one input channel


def pair(sizes: tuple[int, int, int, int], spatial_dims: int = 2, **options: object) -> tuple[DPConv, DPConv]:
    """The layer in closed and in literal form, with the same weights."""
    forms = [
        DPConv(*sizes[:3], guide_channels=sizes[3], spatial_dims=spatial_dims, form=form, **options).double()
        for form in ("closed", "literal")
    ]
    forms[1].load_state_dict(forms[0].state_dict())
    return forms[0], forms[1]


def inputs(sizes: tuple[int, int, int, int], spatial_dims: int = 2) -> tuple[Tensor, Tensor]:
    x = torch.randn(2, sizes[0], *(5, 4, 3)[:spatial_dims], dtype=torch.float64, requires_grad=True)
    guide = torch.randn(2, sizes[3], *(3, 2, 4)[:spatial_dims], dtype=torch.float64, requires_grad=True)
    return x, guide


@pytest.mark.parametrize("spatial_dims", [2, 3])
@pytest.mark.parametrize("sizes", ALIGNED)
def test_both_forms_agree_in_values_and_gradients(sizes: tuple[int, int, int, int], spatial_dims: int) -> None:
    closed, literal = pair(sizes, spatial_dims)
    assert (closed.form, literal.form) == ("closed", "literal")
    x, guide = inputs(sizes, spatial_dims)
    outputs = [layer(x, guide) for layer in (closed, literal)]
    torch.testing.assert_close(outputs[0], outputs[1])
    direction = torch.randn_like(outputs[0])
    gradients = [
        torch.autograd.grad((output * direction).sum(), [x, guide, *layer.parameters()])
        for layer, output in zip((closed, literal), outputs, strict=True)
    ]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("form", ["closed", "literal"])
def test_result_is_a_scaled_convolution_plus_a_fixed_one(form: str) -> None:
    layer = DPConv(3, 4, guide_channels=2, gate=False, form=form).double()
    x, guide = inputs(WHOLE_FILTERS)
    a, b = layer.to_kernel.weight.reshape(4, 3, 3, 3), layer.to_kernel.bias.reshape(4, 3, 3, 3)
    summary = layer.mix(guide).mean(dim=(2, 3), keepdim=True)  # (B, 2, 1, 1): one number for two filters
    scale = summary.repeat_interleave(2, dim=1)
    torch.testing.assert_close(layer(x, guide), scale * F.conv2d(x, a, padding=1) + F.conv2d(x, b, padding=1))


def test_gate_lets_channel_weights_act_through_the_map_alone() -> None:
    layer = DPConv(3, 4, guide_channels=2).double()
    _, guide = inputs(WHOLE_FILTERS)
    by_channel = layer.gate.channel_attention(guide) * guide
    torch.testing.assert_close(layer.gate(guide), layer.gate.spatial_attention(by_channel) * guide)


def test_dense_generator_lets_every_guide_channel_reach_every_weight() -> None:
    layer = DPConv(3, 4, guide_channels=5, generator="dense", gate=False).double()  # 108 weights, no multiple of 5
    assert layer.form == "literal"
    assert layer.to_kernel.weight.shape == (108, 5, 1, 1)
    x, guide = torch.randn(2, 3, 5, 4).double(), torch.randn(2, 5, 3, 2).double()
    summary = layer.mix(guide).mean(dim=(2, 3))  # (B, 5)
    kernels = (summary @ layer.to_kernel.weight.reshape(108, 5).T + layer.to_kernel.bias).reshape(2, 4, 3, 3, 3)
    expected = torch.cat([F.conv2d(x[b : b + 1], kernels[b], padding=1) for b in range(2)])
    torch.testing.assert_close(layer(x, guide), expected)


def test_runs_that_end_inside_an_input_channel_are_computed_literally() -> None:
    closed, literal = pair(INSIDE_A_CHANNEL)
    assert closed.form == "literal"
    x, guide = inputs(INSIDE_A_CHANNEL)
    torch.testing.assert_close(closed(x, guide), literal(x, guide))


@pytest.mark.parametrize("form", ["closed", "literal"])
def test_a_sample_never_sees_its_neighbours(form: str) -> None:
    layer = DPConv(3, 4, guide_channels=2, form=form).double()
    x, guide = inputs(WHOLE_FILTERS)
    alone = torch.cat([layer(x[i : i + 1], guide[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(layer(x, guide), alone)
    assert not torch.allclose(layer(x, guide.flip(0)), alone)


@pytest.mark.parametrize("form", ["closed", "literal"])
def test_gradients_match_finite_differences(form: str) -> None:
    layer = DPConv(*HALF_FILTERS[:3], guide_channels=HALF_FILTERS[3], form=form).double()
    assert torch.autograd.gradcheck(layer, inputs(HALF_FILTERS))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel_size": 2}, r"got kernel_size \[2, 2\]"),
        ({"kernel_size": (3, 3, 3)}, r"kernel_size .* or 2 of them, got \(3, 3, 3\)"),
        ({"kernel_size": 3.0}, "kernel_size .* got 3.0"),
        ({"stride": 2}, "got stride 2, dilation 1 and groups 1"),
        ({"dilation": (1, 2)}, r"got stride 1, dilation \(1, 2\) and groups 1"),
        ({"groups": 2}, "and groups 2"),
        ({"padding": 0}, r"\[1, 1\].* got padding 0"),
        ({"padding": "full"}, "'same' or 'valid', got 'full'"),
        ({"guide_channels": None}, "guide_channels, got none.*'dyconv'"),
        ({"guide_channels": 0}, "3 in, 4 out and 0 of the guide"),
        ({"in_channels": 0}, "0 in, 4 out"),
        ({"guide_channels": 5}, "108 kernel weights, got 5 guide channels.*dense"),
        ({"spatial_dims": 1}, "2 or 3 spatial dimensions, got 1"),
        ({"generator": "full"}, "'grouped' or 'dense', got 'full'"),
        ({"form": "open"}, "'closed' or 'literal', got 'open'"),
    ],
)
def test_refused_when_built(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DPConv(**{"in_channels": 3, "out_channels": 4, "guide_channels": 2, **options})


@pytest.mark.parametrize("form", ["closed", "literal"])
def test_one_guide_for_several_samples_is_refused(form: str) -> None:
    layer = DPConv(3, 4, guide_channels=2, form=form)
    with pytest.raises(ValueError, match="got 2 samples and 1 guides"):
        layer(torch.randn(2, 3, 5, 4), torch.randn(1, 2, 5, 4))


def test_without_a_guide_it_says_what_it_needs() -> None:
    with pytest.raises(ValueError, match=r"guide, got none; .* \(B, guide_channels, ...\)"):
        DPConv(3, 4, guide_channels=2)(torch.randn(2, 3, 5, 4))


@pytest.mark.parametrize("form", ["closed", "literal"])
def test_a_bias_is_added_and_is_not_there_by_default(form: str) -> None:
    without, layer = (DPConv(3, 4, guide_channels=2, bias=bias, form=form).double() for bias in (False, True))
    assert set(layer.state_dict()) - set(without.state_dict()) == {"bias"}
    torch.nn.init.normal_(layer.bias)
    without.load_state_dict({key: value for key, value in layer.state_dict().items() if key != "bias"})
    x, guide = inputs(WHOLE_FILTERS)
    torch.testing.assert_close(layer(x, guide), without(x, guide) + layer.bias[:, None, None])


@pytest.mark.parametrize("kernel_size", [(1, 3), (5, 3)])
def test_kernels_need_not_be_square(kernel_size: tuple[int, int]) -> None:
    forms = [DPConv(3, 4, kernel_size, guide_channels=2, form=form).double() for form in ("closed", "literal")]
    forms[1].load_state_dict(forms[0].state_dict())
    assert [layer.form for layer in forms] == ["closed", "literal"]
    x, guide = inputs(WHOLE_FILTERS)
    torch.testing.assert_close(forms[0](x, guide), forms[1](x, guide))
    assert forms[0](x, guide).shape == (2, 4, 5, 4)

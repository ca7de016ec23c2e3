"""What every dynamic convolution has in common."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from srs_monai.networks.dynamic import DYNAMIC_CONVS, MAGICConv, dynamic_conv

# what takes part in the output and yet never gets a gradient: softmax does not change when all logits do
WITHOUT_GRADIENT = {"magic": {"route.mask.bias"}, "odconv": set()}
IN_3D = ["condconv", "dyconv", "magic", "odconv", "scconv"]


def build(name: str, channels: tuple[int, int] = (16, 16), seed: int = 0, **options: object) -> nn.Module:
    """A layer of three mixed kernels, in double precision, away from its special first values."""
    torch.manual_seed(seed)
    if name == "magic":
        options = {"num_kernels": 3, "temperature": 2.0} | options
    layer = dynamic_conv(name, *channels, 3, **{"padding": 1} | options).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.3)
    if name in ("scconv",):
        nn.init.uniform_(layer.norm.weight, 0.5, 1.5)
    return layer


def images(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
@pytest.mark.parametrize("size", [(12, 10), (5, 4)])  # a kernel a sample; mixed outputs
def test_a_sample_never_sees_its_neighbours(name: str, size: tuple[int, int]) -> None:
    layer, x = build(name).eval(), images(3, 16, *size)
    alone = torch.cat([layer(x[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(layer(x), alone)
    assert not torch.allclose(layer(x[:1])[0], layer(x[:1] * 2)[0] / 2)  # and is no static convolution


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
def test_gradients_match_finite_differences(name: str) -> None:
    layer = build(name, (16, 16)).eval()
    assert torch.autograd.gradcheck(layer, images(2, 16, 4, 3).requires_grad_(), fast_mode=True)


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
def test_every_parameter_gets_a_gradient(name: str) -> None:
    layer = build(name)
    for module in layer.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    (layer(images(3, 16, 12, 10)) ** 2).sum().backward()
    without = {key for key, value in layer.named_parameters() if value.grad is None or value.grad.abs().max() < 1e-12}
    assert without == WITHOUT_GRADIENT.get(name, set())


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
def test_state_dicts_go_from_one_to_another(name: str) -> None:
    one, other = build(name, seed=0).eval(), build(name, seed=5).eval()
    other.load_state_dict(one.state_dict())
    x = images(2, 16, 12, 10)
    torch.testing.assert_close(one(x), other(x), rtol=0, atol=0)


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
def test_a_batch_of_one_trains(name: str) -> None:
    layer = build(name).train()
    before = {key: value.clone() for key, value in layer.named_buffers()}
    layer(images(1, 16, 12, 10)).sum().backward()
    assert all(value.isfinite().all() for value in layer.state_dict().values())
    if name in ("magic", "odconv"):  # one vector has no statistics
        assert all(torch.equal(before[key], value) for key, value in layer.named_buffers())


@pytest.mark.parametrize("name", ["condconv", "dyconv", "odconv", "magic"])
@pytest.mark.parametrize(
    "options",
    [
        {"stride": 2},
        {"padding": 0},
        {"padding": "same", "dilation": 2},
        {"stride": (2, 1), "padding": (0, 1), "dilation": (1, 2)},
        {"groups": 4},
        {"groups": 16},
        {"groups": 2, "stride": 3, "padding": 2},
        {"bias": True},
        {"bias": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [(24, 18), (7, 6)])
def test_every_form_is_the_convolution_with_the_mixed_kernel(
    name: str, options: dict[str, object], size: tuple[int, int]
) -> None:
    layer = build(name, **options).eval()
    x = images(2, 16, *size)
    for sample, y in zip(x, layer(x), strict=True):
        torch.testing.assert_close(y, reference(layer, sample[None])[0])


def reference(layer: nn.Module, x: Tensor) -> Tensor:
    """One sample by the formulas in the docstrings, with PyTorch's own convolution."""
    static = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation, "groups": layer.groups}
    if type(layer).__name__ != "ODConv":
        weights = layer.attention(x)[0]
        kernel = sum(a * w for a, w in zip(weights, layer.weight, strict=True))
        bias = None if layer.bias is None else sum(a * b for a, b in zip(weights, layer.bias, strict=True))
        return nn.functional.conv2d(x, kernel, bias, **static)
    hidden = layer.squeeze(x.mean((2, 3), keepdim=True))
    seen = torch.sigmoid(layer.to_channels(hidden)) * x
    weights = layer.to_kernels(hidden).flatten().softmax(0)
    kernel = sum(a * w for a, w in zip(weights, layer.weight, strict=True))
    kernel = kernel * torch.sigmoid(layer.to_positions(hidden)).reshape(3, 3)
    y = nn.functional.conv2d(seen, kernel, **static)
    if layer.to_filters is not None:
        y = y * torch.sigmoid(layer.to_filters(hidden))
    return y if layer.bias is None else y + layer.bias[:, None, None]


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
@pytest.mark.parametrize("stride", [1, 2])
def test_shapes_are_those_of_the_static_convolution(name: str, stride: int) -> None:
    if name == "scconv" and stride == 2:
        pytest.skip("keeps the shape of its input")
    layer = build(name, stride=stride)
    static = nn.Conv2d(16, 16, 3, stride=stride, padding=1).double()
    for size in ((12, 10), (7, 9), (3, 3)):
        assert layer(images(2, 16, *size)).shape == static(images(2, 16, *size)).shape


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("scconv", {"kernel_size": (1, 3), "stride": (1, 1), "padding": (0, 1), "dilation": [1, 1]}),
        ("scconv", {"in_channels": 4, "out_channels": 4, "groups": 1, "padding": 1}),
        ("dcd", {"kernel_size": (5, 1), "padding": (2, 0)}),
        ("dcd", {"kernel_size": 1, "padding": "valid"}),
        ("ddconv", {"kernel_size": (1, 1), "padding": "valid"}),
    ],
    ids=str,
)
def test_kinds_that_keep_the_size_take_every_kernel_that_does(name: str, options: dict[str, object]) -> None:
    layer = dynamic_conv(name, **{"in_channels": 16, "out_channels": 16} | options).double().eval()
    x = images(2, 16, 7, 6)[:, : options.get("in_channels", 16)]
    assert layer(x).shape == x.shape


@pytest.mark.parametrize("name", IN_3D)
def test_volumes(name: str) -> None:
    layer = build(name, spatial_dims=3).eval()
    x = images(2, 16, 5, 6, 4).requires_grad_()
    y = layer(x)
    assert y.shape == x.shape
    y.sum().backward()
    torch.testing.assert_close(torch.cat([layer(x[:1]), layer(x[1:])]), y)


@pytest.mark.parametrize("name", ["dcd", "ddconv"])
def test_two_dimensions_only_is_said(name: str) -> None:
    with pytest.raises(ValueError, match="2 spatial dimensions"):
        build(name, spatial_dims=3)


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
def test_compiled_layers_give_the_same_numbers(name: str) -> None:
    layer = build(name).eval()
    compiled: Callable[[Tensor], Tensor] = torch.compile(layer, backend="aot_eager")
    for x in (images(2, 16, 12, 10), images(3, 16, 12, 10), images(1, 16, 9, 13)):
        with torch.no_grad():
            torch.testing.assert_close(compiled(x), layer(x))
    torch._dynamo.reset()


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
@pytest.mark.parametrize("training", [True, False])
def test_a_batch_of_none_is_none(name: str, training: bool) -> None:
    layer = build(name).train(training)
    before = {key: value.clone() for key, value in layer.state_dict().items() if "num_batches" not in key}
    x = images(0, 16, 12, 10).requires_grad_()
    y = layer(x)
    y.sum().backward()
    assert y.shape == x.shape
    assert all(torch.equal(before[key], layer.state_dict()[key]) for key in before)


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
def test_mixed_precision_loses_digits_and_nothing_else(name: str) -> None:
    layer = build(name).float().eval()
    x = images(2, 16, 4, 600).float()
    with torch.no_grad():
        exact = layer(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = layer(x)
    assert float((y - exact).norm() / exact.norm()) < (0.06 if name == "ddconv" else 0.02)  # it multiplies offsets


def test_ddconv_samples_where_it_should_in_sixteen_bits() -> None:
    layer = build("ddconv").to(torch.bfloat16).eval()
    for parameter in layer.offsets.parameters():
        nn.init.zeros_(parameter)
    x = torch.zeros(1, 16, 3, 600, dtype=torch.bfloat16)
    x[..., 511] = 1.0  # beyond 256 pixels bfloat16 counts in twos
    seen = (layer(x) - layer.conv.bias[:, None, None]).abs().amax((0, 1, 2)).nonzero().flatten()
    assert seen.tolist() == [510, 511, 512]


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (4, 1)])
def test_ddconv_of_one_pixel_or_one_line_is_a_number(size: tuple[int, int]) -> None:
    layer = build("ddconv", padding="same").eval()
    pointwise = dynamic_conv("ddconv", 16, 8, 1).double().eval()
    nn.init.normal_(pointwise.offsets.bias, std=0.1)
    for each in (layer, pointwise):
        x = images(1, 16, *size).requires_grad_()
        y = each(x)
        y.sum().backward()
        assert y.shape[2:] == size
        assert y.isfinite().all()
        assert x.grad.isfinite().all()


def test_one_kernel_is_a_static_convolution() -> None:
    layer = build("magic", num_kernels=1)
    x = images(2, 16, 12, 10)
    torch.testing.assert_close(layer(x), nn.functional.conv2d(x, layer.weight[0], padding=1))
    layer(x).sum().backward()
    assert all(float(value.grad.abs().max()) == 0 for key, value in layer.named_parameters() if key != "weight")


def test_recalculation_after_the_softmax_is_another_mixture() -> None:
    before, after = build("magic"), build("magic", recalculate_after_softmax=True)
    after.load_state_dict(before.state_dict())
    x = images(2, 16, 12, 10)
    logits = before.route(x)
    factor = before.eval().recalculate(logits).flatten(1)
    expected = factor * (logits.flatten(1) / 2.0).softmax(1)
    torch.testing.assert_close(after.eval().attention(x), expected)
    torch.testing.assert_close(before.attention(x).sum(1), torch.ones(2, dtype=torch.float64))
    assert not torch.allclose(after.attention(x).sum(1), torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("magic", {"in_channels": 15}, "got 15 and reduction 8"),
        ("magic", {"in_channels": 8}, "got 8 and reduction 8"),
        ("magic", {"temperature": 0}, "temperature .* got 0"),
        ("dyconv", {"version": "t31"}, "'t30' or 't34', got 't31'"),
        ("dyconv", {"in_channels": 3}, "3 channels reduced by 4"),
        ("condconv", {"groups": 3}, "got groups 3"),
        ("odconv", {"num_kernels": 0}, "got num_kernels 0"),
        ("odconv", {"padding": "full"}, "'same' or 'valid'"),
        ("condconv", {"padding": "same", "stride": 2}, "stride 1"),
        ("condconv", {"stride": 0}, "stride .* got 0"),
        ("condconv", {"spatial_dims": 4}, "2 or 3 spatial dimensions"),
        ("dcd", {"padding": 0}, "got padding"),
        ("dcd", {"groups": 5}, "got groups 5"),
        ("ddconv", {"kernel_size": 2}, r"got \[2, 2\]"),
        ("ddconv", {"padding": 2}, "got padding"),
        ("scconv", {"out_channels": 32}, "16 channels in, 32 out"),
        ("scconv", {"in_channels": 12, "out_channels": 12}, "got 12 channels"),
        ("scconv", {"norm_groups": 0}, "0 norm groups"),
        ("scconv", {"padding": 0}, "got padding"),
        ("scconv", {"kernel_size": 4}, r"got kernel_size \[4, 4\]"),
        ("scconv", {"stride": (2, 1)}, r"stride \(2, 1\)"),
        ("scconv", {"gate": 1.5}, "gate .* got 1.5"),
        ("dcd", {"kernel_size": 4}, r"got kernel_size \[4, 4\]"),
        ("ddconv", {"padding": "full"}, "'same' or 'valid'"),
        ("magik", {}, "did you mean 'magic'"),
    ],
)
def test_bad_options_get_one_clear_error(name: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        dynamic_conv(name, **{"in_channels": 16, "out_channels": 16, "padding": 1} | options)


def test_the_release_defaults_of_magic() -> None:
    layer = MAGICConv(16, 24, 3, padding=1)
    assert (layer.num_kernels, layer.temperature, layer.bias) == (1, 30.0, None)

"""U-Net v2: any image shape, any encoder of four levels, one tensor or all heads."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from srs_monai.networks import SDI, UNetV2


class Pyramid(nn.Module):
    """A small encoder of four levels."""

    channels = (64, 64, 96, 96)

    def __init__(self) -> None:
        super().__init__()
        widths = (3, *self.channels)
        self.steps = nn.ModuleList(
            nn.Conv2d(i, o, 4 if n == 0 else 2, stride=4 if n == 0 else 2) for n, (i, o) in enumerate(pairwise(widths))
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for step in self.steps:
            x = step(x)
            maps.append(x)
        return maps


def network(**options: object) -> UNetV2:
    torch.manual_seed(0)
    return UNetV2(features=8, encoder=Pyramid(), **options)


def test_images_need_not_be_square_and_samples_do_not_mix() -> None:
    net, image = network(deep_supervision=False, out_channels=2).double().eval(), torch.randn(2, 3, 64, 96).double()
    logits = net(image)
    assert logits.shape == (2, 2, 64, 96)
    torch.testing.assert_close(logits, torch.cat([net(image[:1]), net(image[1:])]))
    turned = network(deep_supervision=False, out_channels=2).double().eval()
    for conv in (part for part in turned.modules() if isinstance(part, nn.Conv2d | nn.ConvTranspose2d)):
        conv.weight.data = conv.weight.data.transpose(2, 3)
    torch.testing.assert_close(turned(image.transpose(2, 3)), logits.transpose(2, 3))


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_deep_supervision_gives_every_head_finest_first(heads: int) -> None:
    image = torch.randn(2, 3, 64, 96)
    supervised, plain = network(heads=heads).eval(), network(heads=heads, deep_supervision=False).eval()
    plain.load_state_dict(supervised.state_dict())
    outputs = supervised(image)
    assert [tuple(y.shape[2:]) for y in outputs] == [(64 // 2**i, 96 // 2**i) for i in range(heads)]
    torch.testing.assert_close(outputs[0], plain(image))


def test_every_parameter_gets_a_gradient() -> None:
    net = network(heads=4)
    sum(((y - 1) ** 2).sum() for y in net(torch.randn(2, 3, 64, 96))).backward()
    assert all(value.grad is not None and value.grad.abs().max() > 0 for value in net.parameters())


def test_gradients_match_finite_differences() -> None:
    net = network(deep_supervision=False).double().eval()
    assert torch.autograd.gradcheck(net, torch.randn(1, 3, 32, 64).double().requires_grad_(), fast_mode=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"heads": 0}, "1 to 4, got 0"), ({"heads": 5}, "1 to 4, got 5")],
)
def test_bad_arguments_are_refused(options: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        network(**options)
    with pytest.raises(ValueError, match="Conv2d is missing"):
        UNetV2(encoder=nn.Conv2d(3, 3, 1))
    with pytest.raises(ValueError, match="got features 0"):
        UNetV2(features=0, encoder=Pyramid())


def test_an_encoder_that_gives_fewer_maps_than_it_says_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network()
    monkeypatch.setattr(net.encoder, "forward", lambda image: [image])
    with pytest.raises(ValueError, match=r"4 maps, but Pyramid .* 1"):
        net(torch.randn(1, 3, 64, 64))


def test_sides_that_do_not_fit_are_refused_with_a_way_out() -> None:
    with pytest.raises(ValueError, match=r"multiples of 32, got 64 x 100; .*DivisiblePadd\(keys, k=32\)"):
        network()(torch.randn(1, 3, 64, 100))


def test_sdi_multiplies_what_all_levels_say() -> None:
    sdi = SDI(2, levels=3)
    for conv in sdi.convs:
        nn.init.dirac_(conv.weight)
        nn.init.zeros_(conv.bias)
    fine = torch.arange(16.0).reshape(1, 1, 4, 4).expand(1, 2, 4, 4)
    middle, coarse = torch.full((1, 2, 2, 2), 2.0), torch.tensor([3.0, 5.0]).reshape(1, 1, 1, 2).expand(1, 2, 1, 2)
    # blocks of the fine map average to 2.5, 4.5, 10.5, 12.5
    expected = torch.tensor([[2.5 * 2 * 3, 4.5 * 2 * 5], [10.5 * 2 * 3, 12.5 * 2 * 5]])
    torch.testing.assert_close(sdi([fine, middle, coarse], (2, 2))[0, 0], expected)
    with pytest.raises(ValueError, match="built for 3 maps, got 2"):
        sdi([fine, middle], (2, 2))
    with pytest.raises(ValueError, match="got 4 x 1 beside 2 x 2"):
        sdi([torch.zeros(1, 2, 4, 1), middle, coarse], (2, 2))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_onnx_for_any_batch_and_size(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("transformers")
    torch.manual_seed(0)
    net, path = UNetV2(deep_supervision=False).eval(), tmp_path / "network.onnx"
    batch = torch.export.Dim("batch")
    height, width = (32 * torch.export.Dim(name, min=2, max=16) for name in ("rows", "columns"))
    shapes = ({0: batch, 2: height, 3: width},)
    torch.onnx.export(net, (torch.randn(2, 3, 64, 96),), path, dynamo=True, dynamic_shapes=shapes, verbose=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in ((1, 3, 64, 64), (3, 3, 96, 160)):
        image = torch.randn(shape)
        (ours,) = session.run(None, {session.get_inputs()[0].name: image.numpy()})
        with torch.no_grad():
            np.testing.assert_allclose(ours, net(image).numpy(), rtol=1e-3, atol=1e-4)

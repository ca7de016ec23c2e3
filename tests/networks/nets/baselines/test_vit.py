"""The vision transformer under several baselines."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks.nets.baselines.vit import ViTEncoder


def encoder(dropout: float = 0.0) -> ViTEncoder:
    torch.manual_seed(0)
    return ViTEncoder(3, (2, 3), 4, 16, 32, 4, 2, dropout).double().eval()


def by_hand(network: ViTEncoder, image: Tensor, positions: Tensor) -> Tensor:
    """The article's equations 1 to 4, head by head."""

    def normed(x: Tensor, norm: nn.LayerNorm) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt() * norm.weight + norm.bias

    embedded = network.embed(image) + positions
    x = embedded.flatten(2).mT
    for layer in network.layers:
        attention = layer.self_attn
        q, k, v = F.linear(normed(x, layer.norm1), attention.in_proj_weight, attention.in_proj_bias).chunk(3, -1)
        heads = [
            (q_ @ k_.mT / 2.0).softmax(-1) @ v_  # 4 channels a head, of which the root is 2
            for q_, k_, v_ in zip(q.split(4, -1), k.split(4, -1), v.split(4, -1), strict=True)
        ]
        x = x + attention.out_proj(torch.cat(heads, -1))
        x = x + layer.linear2(F.gelu(layer.linear1(normed(x, layer.norm2))))
    return normed(x, network.norm).mT.reshape(embedded.shape)


def test_values_are_those_of_the_article_s_equations() -> None:
    network, image = encoder(), torch.randn(2, 3, 8, 12).double()
    torch.testing.assert_close(network(image), by_hand(network, image, network.positions))
    with torch.no_grad():  # PyTorch goes another way here
        torch.testing.assert_close(network(image), by_hand(network, image, network.positions))


def test_positions_are_resized_to_other_shapes() -> None:
    network, image = encoder(), torch.randn(1, 3, 24, 16).double()
    resized = F.interpolate(network.positions, size=(6, 4), mode="bicubic")
    torch.testing.assert_close(network(image), by_hand(network, image, resized))


def test_attention_weights_are_never_dropped_and_all_else_is() -> None:
    network = encoder(dropout=0.5)
    rates = [part.p for part in network.modules() if isinstance(part, torch.nn.Dropout)]
    assert rates == [0.5] * (1 + 3 * 2)
    assert all(layer.self_attn.dropout == 0 for layer in network.layers)
    image = torch.randn(1, 3, 8, 12).double()
    torch.testing.assert_close(network(image), encoder()(image))
    assert not torch.equal(network.train()(image), encoder()(image))


def test_heads_and_rates_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="16 channels cannot be shared by 3 heads"):
        ViTEncoder(3, (2, 2), 4, 16, 32, 3, 1)
    with pytest.raises(ValueError, match=r"dropout .*, got 1\.0"):
        ViTEncoder(3, (2, 2), 4, 16, 32, 4, 1, 1.0)

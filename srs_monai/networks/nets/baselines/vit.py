"""A vision transformer that returns a map, the global half of several baselines."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks.nets.baselines.argument_checks import require_rate


class ViTEncoder(nn.Module):
    """Patches as tokens with learned positions, pre-norm transformer layers, a final norm, and the tokens as a map.

    The layers are PyTorch's: MONAI's transformer block needs einops and declares an unused norm. There is no class
    token. Dropout is applied as in the article: after the positions are added, and after every linear layer except
    the one for queries, keys and values.

    Args:
        in_channels: channels of the input map.
        grid: rows and columns of the position embedding; for other shapes it is resized (bicubic).
        patch_size: side of a patch.
        hidden_size: channels of a token, a multiple of num_heads.
        mlp_dim: hidden width of the MLP in a layer.
        num_heads, num_layers: attention heads and number of layers.
        dropout: rate, at least 0 and below 1.

    Shapes: (B, I, H, W), sides in multiples of the patch size, gives (B, hidden_size, H / patch_size, W / patch_size).

    Raises:
        ValueError: if the heads do not divide hidden_size, or the rate is outside its range.

    Source: Dosovitskiy et al., ICLR 2021.
    """

    def __init__(
        self,
        in_channels: int,
        grid: tuple[int, int],
        patch_size: int,
        hidden_size: int,
        mlp_dim: int,
        num_heads: int,
        num_layers: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if num_heads < 1 or hidden_size % num_heads:
            raise ValueError(
                f"num_heads must divide hidden_size, but {hidden_size} channels cannot be shared by {num_heads} heads; "
                "choose a divisor of hidden_size"
            )
        self.embed = nn.Conv2d(in_channels, hidden_size, patch_size, stride=patch_size)
        self.positions = nn.Parameter(
            nn.init.trunc_normal_(self.embed.weight.new_empty(1, hidden_size, *grid), std=0.02)
        )
        self.dropout = nn.Dropout(require_rate(dropout, "dropout"))
        self.layers = nn.ModuleList(_layer(hidden_size, mlp_dim, num_heads, dropout) for _ in range(num_layers))
        self.norm = nn.LayerNorm(hidden_size, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        embedded = self.embed(x)
        positions: Tensor = self.positions
        # resizing to the same size has no effect; an exported network must resize for every size
        exporting = torch.compiler.is_exporting()
        if exporting or embedded.shape[2:] != positions.shape[2:]:
            positions = F.interpolate(positions, size=embedded.shape[2:], mode="bicubic", align_corners=False)
        tokens = self.dropout(embedded + positions).flatten(2).transpose(1, 2)  # (B, N, hidden)
        for layer in self.layers:
            tokens = layer(tokens)
        seen: Tensor = self.norm(tokens).transpose(1, 2).reshape(embedded.shape)
        return seen


def _layer(hidden_size: int, mlp_dim: int, num_heads: int, dropout: float) -> nn.TransformerEncoderLayer:
    layer = nn.TransformerEncoderLayer(
        hidden_size,
        num_heads,
        mlp_dim,
        dropout,
        activation="gelu",
        layer_norm_eps=1e-6,
        batch_first=True,
        norm_first=True,
    )
    layer.self_attn.dropout = 0.0  # PyTorch's layer also drops attention weights
    for weight in (value for value in layer.parameters() if value.dim() > 1):
        nn.init.trunc_normal_(weight, std=0.02)
    return layer

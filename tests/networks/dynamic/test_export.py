"""Exported layers take any batch and size, and give the same numbers."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from srs_monai.networks.dynamic import DYNAMIC_CONVS, dynamic_conv

SHAPES = [(1, 16, 12, 10), (3, 16, 9, 13), (8, 16, 32, 20)]


def layer_of(name: str) -> nn.Module:
    torch.manual_seed(0)
    options = {"num_kernels": 3, "temperature": 2.0} if name == "magic" else {}
    layer = dynamic_conv(name, 16, 16, 3, padding=1, **options)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.2)
    return layer.eval()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", DYNAMIC_CONVS)
def test_onnx_for_any_batch_and_size(name: str, tmp_path: Path) -> None:
    layer, path = layer_of(name), tmp_path / "layer.onnx"
    batch, height, width = (torch.export.Dim(word) for word in ("batch", "height", "width"))
    example = (torch.randn(2, 16, 12, 10),)
    torch.onnx.export(
        layer, example, path, dynamo=True, dynamic_shapes=({0: batch, 2: height, 3: width},), verbose=False
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in SHAPES:
        x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        (ours,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        with torch.no_grad():
            np.testing.assert_allclose(ours, layer(x).numpy(), rtol=1e-4, atol=2e-4)

"""EfficientNet-Lite0 is the published one: its values with the published weights."""

import pytest
import torch
import torch.nn.functional as F

from srs_monai.networks.nets.efficientnet_lite import EfficientNetLite0, published_weights

reference = pytest.importorskip("efficientnet_lite_pytorch")


def test_features_are_those_of_the_published_network() -> None:
    weights = published_weights()
    published = reference.EfficientNet.from_name("efficientnet-lite0")
    published.load_state_dict(weights)
    ours = EfficientNetLite0()
    ours.load_published(weights)
    image = torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        expected = published.eval().extract_features((image * 255 - 127) / 128)
        features = ours.eval()(image)
        found = F.relu6(published._bn1(published._conv_head(features[-1])))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert [tuple(feature.shape[1:]) for feature in features] == [
        *((16, 112, 112), (24, 56, 56), (40, 28, 28), (112, 14, 14), (320, 7, 7))
    ]


def test_other_weights_are_rejected() -> None:
    weights = published_weights()
    weights["_conv_stem.weight"] = torch.zeros(32, 3, 5, 5)
    with pytest.raises(ValueError, match=r"stem\.0\.weight"):
        EfficientNetLite0().load_published(weights)
    del weights["_conv_stem.weight"]
    with pytest.raises(ValueError, match=r"stem\.0\.weight"):
        EfficientNetLite0().load_published(weights)


def test_sides_are_multiples_of_32() -> None:
    with pytest.raises(ValueError, match="multiples of 32, got 64 x 48"):
        EfficientNetLite0()(torch.rand(1, 3, 64, 48))

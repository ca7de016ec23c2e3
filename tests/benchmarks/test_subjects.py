"""The networks and images that are measured."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from measure.cost import gflop, parameters
from measure.kernels import most_expensive, shares
from measure.subjects import RIVALS, SHIPPED, SMALL, Subject, images, labelled_images


def test_both_forms_have_the_same_weights() -> None:
    subject = Subject(small=True)
    closed, literal = subject.network("closed").eval(), subject.network("literal").eval()
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


def test_phantoms_do_not_depend_on_their_number() -> None:
    seen, masks = labelled_images(None, 3, (32, 40))
    assert seen.shape == (3, 3, 32, 40)
    assert masks.shape == (3, 1, 32, 40)
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(images(None, 2, (32, 40)), seen[:2])


def test_pictures_of_a_folder_come_again(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        for number, value in enumerate((0, 255)):
            Image.fromarray(np.full((10, 12), value, np.uint8)).save(tmp_path / folder / f"{number}.png")
    seen, masks = labelled_images(tmp_path, 3, (32, 32))
    assert seen.flatten(1).mean(1).tolist() == masks.flatten(1).mean(1).tolist() == [0.0, 1.0, 0.0]
    assert images(tmp_path / "images", 3, (32, 32)).mean() == pytest.approx(1 / 3)


def test_a_picture_has_a_mask(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "images" / "a.png")
    with pytest.raises(ValueError, match=r"masks/a\.png is not there"):
        labelled_images(tmp_path, 1, (32, 32))


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds none"):
        images(tmp_path, 1, (32, 32))


def test_shares_of_the_whole() -> None:
    assert shares({"a": 10.0, "b": 60.0, "c": 25.0, "d": 5.0}) == "b 60 %; c 25 %; a 10 %"
    assert shares({"a": 0.0}) == ""


def test_where_time_goes() -> None:
    a = torch.rand(300, 300)
    assert "aten::mm" in most_expensive(lambda _: a @ a, (None, "cpu"))

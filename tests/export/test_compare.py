"""What a comparison of a graph with its network finds."""

import pytest
import torch
from torch import Tensor, nn

from srs_monai.export.compare import compare

PICTURES = [torch.full((1, 4, 6), float(value)) for value in range(1, 5)]


class Same(nn.Module):
    """Logits are the image."""

    def forward(self, image: Tensor) -> Tensor:
        return image


def test_the_same_numbers_differ_by_nothing() -> None:
    found = compare(Same(), lambda images: images.clone(), PICTURES, sizes=[(4, 6), (8, 8)])
    assert (found.probability, found.logit, found.channels) == (0, 0, 1)


def test_the_worst_pixel_is_named() -> None:
    def off(images: Tensor) -> Tensor:
        images = images.clone()
        if images.shape == (3, 1, 8, 4):
            images[2, 0, 5, 1] = 0  # in place of 3
        return images

    found = compare(Same(), off, PICTURES, sizes=[(4, 6), (8, 4)])
    assert found.probability == pytest.approx(torch.tensor(3.0).sigmoid().item() - 0.5)
    assert found.logit == pytest.approx(1.0)  # 3 of 3
    assert (found.batch, found.size, found.place) == (3, (8, 4), (2, 0, 5, 1))
    assert str(found) == (
        "0.45 in a probability (batch 3, 8 x 4, image, channel and pixel (2, 0, 5, 1)), 1 of the largest logit"
    )


def test_logits_tell_where_probabilities_are_full() -> None:
    pictures = [torch.full((1, 2, 2), 100.0)]
    found = compare(Same(), lambda images: images * 0.9, pictures, sizes=[(2, 2)])
    assert found.probability == 0
    assert found.logit == pytest.approx(0.1)


def test_several_classes_are_compared_after_softmax() -> None:
    pictures = [torch.tensor([0.0, 1.0])[:, None, None].expand(2, 2, 2)]
    found = compare(Same(), lambda images: images + 5, pictures, sizes=[(2, 2)])
    assert found.probability == pytest.approx(0, abs=1e-7)
    assert found.logit == pytest.approx(5)


def test_a_graph_that_mixes_a_batch_is_off() -> None:
    """Each image of the network is run alone, so that neighbours show."""
    found = compare(Same(), lambda images: images - images.mean(0) + images[:1], PICTURES, sizes=[(4, 6)])
    assert found.batch in (3, 8)
    assert found.probability > 0.1


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (lambda images: images[:, :, :2], r"\(1, 1, 2, 6\), .*\(1, 1, 4, 6\)"),
        (lambda images: images * float("nan"), r"\(1, 1, 4, 6\) .*NaN or infinity"),
    ],
)
def test_other_shapes_and_no_numbers_are_refused(run: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare(Same(), run, PICTURES, sizes=[(4, 6)])

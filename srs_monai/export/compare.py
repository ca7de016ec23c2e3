"""An exported graph, compared with its network on images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from monai.bundle import ConfigWorkflow
from torch import Tensor, nn

from srs_monai.data.transforms.resize_image import resize_pictures
from srs_monai.tensors import finest, probabilities

BATCHES = (1, 3, 8)


@dataclass(frozen=True)
class Comparison:
    """The largest differences between a graph and its network.

    Args:
        probability: largest difference of two probabilities.
        logit: largest difference of two logits, relative to the largest logit of their batch (to 1, if that is larger).
            It shows differences also where all probabilities are 0 or 1.
        batch, size: number and size of the images with the largest difference of a probability.
        place: image, channel, row and column of this pixel.
        channels: number of channels of the logits.
    """

    probability: float = 0.0
    logit: float = 0.0
    batch: int = 0
    size: tuple[int, ...] = ()
    place: tuple[int, ...] = ()
    channels: int = 0

    def __str__(self) -> str:
        where = f"batch {self.batch}, {' x '.join(map(str, self.size))}, image, channel and pixel {self.place}"
        return f"{self.probability:.2g} in a probability ({where}), {self.logit:.2g} of the largest logit"


def compare(
    network: nn.Module,
    run: Callable[[Tensor], Tensor],
    pictures: Sequence[Tensor],
    *,
    sizes: Sequence[Sequence[int]],
    batches: Sequence[int] = BATCHES,
) -> Comparison:
    """Run a graph and its network on the same images, in several batch sizes and image sizes.

    Args:
        network: trained network; it runs on the CPU in float32 and in eval mode, and stays so.
        run: the graph, from images to logits.
        pictures: at least one picture (C, H, W), prepared for the network; repeated if a batch needs more.
        sizes: heights and widths in pixels to which the pictures are resized.
        batches: batch sizes.

    Raises:
        ValueError: when the graph gives another shape, NaN or infinity.
    """
    network = network.cpu().float().eval()
    worst = Comparison()
    for size in sizes:
        resized = [resize_pictures(picture[None].float(), size) for picture in pictures[: max(batches)]]
        with torch.inference_mode():
            # one by one: in eval mode the network does not depend on the batch, and the graph must not either
            alone = [finest(network(image)).float() for image in resized]
            for batch in batches:
                chosen = [number % len(resized) for number in range(batch)]
                found = run(torch.cat([resized[number] for number in chosen])).float()
                worst = _worse(worst, torch.cat([alone[number] for number in chosen]), found)
    return worst


def prepared_pictures(workflow: ConfigWorkflow, count: int) -> list[Tensor]:
    """Up to `count` pictures (C, H, W) spread over a workflow's data set; for volumes, slices spread over them.

    Raises:
        RuntimeError: from MONAI's transforms, for an image that cannot be read.
    """
    dataset = workflow.parser.get_parsed_content("dataset")
    cases = _spread(len(dataset), count)
    each = -(-count // len(cases))
    pictures: list[Tensor] = []
    for case in cases:
        image = dataset[case]["image"]
        plain = torch.as_tensor(image.as_tensor() if hasattr(image, "as_tensor") else image)
        pictures += [plain] if plain.ndim == 3 else [plain[..., place] for place in _spread(plain.shape[-1], each)]
    return pictures[:count]


def _worse(worst: Comparison, expected: Tensor, found: Tensor) -> Comparison:
    """The larger of the differences so far and those of one batch."""
    if found.shape != expected.shape:
        raise ValueError(
            f"the graph's output has shape {tuple(found.shape)}, but the network's has {tuple(expected.shape)}; export "
            "to another format"
        )
    if not torch.isfinite(found).all():
        raise ValueError(
            f"the graph's output of shape {tuple(found.shape)} holds NaN or infinity; export to another format"
        )
    logit = float((found - expected).abs().max() / expected.abs().max().clamp(min=1.0))
    differences = (probabilities(found) - probabilities(expected)).abs()
    probability = float(differences.max())
    logit = max(worst.logit, logit)
    if probability < worst.probability:
        return replace(worst, logit=logit)
    place = tuple(int(axis) for axis in torch.unravel_index(differences.argmax(), differences.shape))
    return Comparison(probability, logit, len(found), tuple(found.shape[2:]), place, found.shape[1])


def _spread(length: int, count: int) -> list[int]:
    """Up to `count` of `length` places, at equal distances from each other and from the ends."""
    count = min(count, length)
    return [(2 * number + 1) * length // (2 * count) for number in range(count)]

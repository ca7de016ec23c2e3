"""A graph in a file against the network that it was made of, on images."""

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
    """The largest differences that were met.

    Args:
        probability: between two probabilities.
        logit: between two logits, in shares of the largest logit of their batch (of 1, where that is less): it tells
            two graphs apart also where all probabilities are 0 or 1.
        batch, size: of the images where the probabilities differ most.
        place: of that pixel: image of the batch, channel, row and column.
        channels: of the logits.
    """

    probability: float = 0.0
    logit: float = 0.0
    batch: int = 0
    size: tuple[int, ...] = ()
    place: tuple[int, ...] = ()
    channels: int = 0

    def __str__(self) -> str:
        where = f"batch {self.batch}, {' x '.join(map(str, self.size))}, image, channel and pixel {self.place}"
        return f"{self.probability:.2g} of a probability ({where}), {self.logit:.2g} of the largest logit"


def compare(
    network: nn.Module,
    run: Callable[[Tensor], Tensor],
    pictures: Sequence[Tensor],
    *,
    sizes: Sequence[Sequence[int]],
    batches: Sequence[int] = BATCHES,
) -> Comparison:
    """Run a graph and its network on the same images, in batches of several numbers and sizes.

    Args:
        network: as it was trained; it is run on the CPU in float32, in eval mode, and left so.
        run: the graph: images to logits.
        pictures: at least one, (C, H, W), prepared for the network; repeated where a batch has more.
        sizes: height and width in pixels to which they are resized.
        batches: numbers of images.

    Raises:
        ValueError: when the graph gives another shape, or no numbers.
    """
    network = network.cpu().float().eval()
    worst = Comparison()
    for size in sizes:
        resized = [resize_pictures(picture[None].float(), size) for picture in pictures[: max(batches)]]
        with torch.inference_mode():
            # one by one: what a network in eval mode gives does not depend on the batch, what a graph gives must not
            alone = [finest(network(image)).float() for image in resized]
            for batch in batches:
                chosen = [number % len(resized) for number in range(batch)]
                found = run(torch.cat([resized[number] for number in chosen])).float()
                worst = _worse(worst, torch.cat([alone[number] for number in chosen]), found)
    return worst


def prepared_pictures(workflow: ConfigWorkflow, count: int) -> list[Tensor]:
    """Up to `count` pictures (C, H, W) of a workflow's data set, all over it; of volumes slices, all over them.

    Raises:
        RuntimeError: from the transforms of MONAI, for an image that cannot be read.
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
    """The worse of what was met and what is met here."""
    if found.shape != expected.shape:
        raise ValueError(
            f"a graph gives what its network gives, but in place of {tuple(expected.shape)} it gives "
            f"{tuple(found.shape)}; export it to another format"
        )
    if not torch.isfinite(found).all():
        raise ValueError(
            f"a graph gives what its network gives, but it gives NaN or infinity at {tuple(found.shape)}; export it "
            "to another format"
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
    """Up to `count` places of `length`, equally far from one another and from the ends."""
    count = min(count, length)
    return [(2 * number + 1) * length // (2 * count) for number in range(count)]

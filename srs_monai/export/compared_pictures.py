"""The images on which a graph is compared with its network, prepared as the network sees them."""

import torch
from monai.bundle import ConfigWorkflow
from torch import Tensor


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


def _spread(length: int, count: int) -> list[int]:
    """Up to `count` places of `length`, equally far from one another and from the ends."""
    count = min(count, length)
    return [(2 * number + 1) * length // (2 * count) for number in range(count)]

"""What the network sees of a picture and of its mask lies in the same place."""

from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.transforms import Compose
from PIL import Image
from torch import Tensor

# LoadImaged builds all MONAI readers
CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"


def centre(blob: Tensor) -> Tensor:
    """Centre of mass of (1, H, W), in pixels."""
    weights = torch.as_tensor(blob, dtype=torch.float64)[0]
    grid = torch.stack(torch.meshgrid(*(torch.arange(n) for n in weights.shape), indexing="ij"))
    return (grid * weights).sum((1, 2)) / weights.sum()


@pytest.mark.parametrize("size", [(32, 32), (160, 96)])
@pytest.mark.parametrize("path", [("train", "deterministic_transforms"), ("evaluate", "validate#preprocessing")])
def test_a_mask_stays_under_its_picture(tmp_path: Path, path: tuple[str, str], size: tuple[int, int]) -> None:
    rows, columns = np.ogrid[:100, :75]
    disc = ((rows - 41) ** 2 + (columns - 30) ** 2 < 20**2) * np.uint8(255)
    Image.fromarray(disc).save(tmp_path / "disc.png")
    parser = ConfigParser()
    parser.read_config(CONFIGS / f"{path[0]}.yaml")
    parser.update({"image_size": list(size), "network_grid": True})
    transforms = parser.get_parsed_content(path[1])
    item = {"image": str(tmp_path / "disc.png"), "label": str(tmp_path / "disc.png")}
    seen = (transforms if isinstance(transforms, Compose) else Compose(transforms))(item)
    assert seen["label"].shape == (1, *size)
    torch.testing.assert_close(centre(seen["label"]), centre(seen["image"]), rtol=0, atol=0.1)

"""What is measured: SRSNet and its rivals, and the images that they see."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import monai.networks.nets as monai_nets
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from measure.environment import ROOT
from srs_monai.data.phantom_tissue import phantom
from srs_monai.networks import SRSNet
from srs_monai.weights import load_weights

SHIPPED = ROOT / "bundle" / "models" / "model.pt"
SEED = 41
#: about a fiftieth of the network, for trying a script out
SMALL: dict[str, Any] = {
    "reconstruction_features": (8, 8, 16, 32),
    "reconstruction_blocks": (1, 1, 1, 1),
    "reconstruction_stem": 8,
    "segmentation_features": (8, 16, 32, 64),
    "segmentation_blocks": (1, 1, 1, 1),
}
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Subject:
    """An SRSNet to be measured.

    Args:
        small: a network of a fiftieth of the size, with random weights.
        weights: file of the network's weights; None: random ones, always the same.
    """

    small: bool = False
    weights: Path | None = SHIPPED

    def network(self, dpconv_form: Literal["closed", "literal"] = "closed") -> SRSNet:
        """The network on the CPU, in train mode; both forms have the same weights."""
        torch.manual_seed(SEED)
        network = SRSNet(dpconv_form=dpconv_form, **(SMALL if self.small else {}))
        if self.weights is not None and not self.small:
            load_weights(network, self.weights)
        return network


def unet() -> nn.Module:
    """MONAI's residual U-Net, as its documentation and tutorials build it."""
    return _monai("UNet", channels=(16, 32, 64, 128, 256), strides=(2, 2, 2, 2), num_res_units=2, norm="BATCH")


def basic_unet() -> nn.Module:
    """MONAI's BasicUNet with its own features."""
    return _monai("BasicUNet")


def dyn_unet() -> nn.Module:
    """nnU-Net's plan for 2-D images of 256 x 256: seven stages down to 4 x 4, 32 to 512 channels."""
    strides = [1, 2, 2, 2, 2, 2, 2]
    return _monai(
        "DynUNet",
        kernel_size=[3] * 7,
        strides=strides,
        upsample_kernel_size=strides[1:],
        filters=[32, 64, 128, 256, 512, 512, 512],
    )


def swin_unetr() -> nn.Module:
    """MONAI's SwinUNETR with 24 features, its default; needs einops."""
    if find_spec("einops") is None:
        raise ValueError("SwinUNETR needs einops, which is not installed; pip install einops")
    return _monai("SwinUNETR")


RIVALS: dict[str, Callable[[], nn.Module]] = {
    "MONAI UNet": unet,
    "MONAI BasicUNet": basic_unet,
    "MONAI DynUNet (nnU-Net 2-D)": dyn_unet,
    "MONAI SwinUNETR": swin_unetr,
}


def images(folder: Path | None, count: int, size: tuple[int, int]) -> Tensor:
    """Images (count, 3, height, width) from 0 to 1: of a folder, again and again where it has fewer; else phantoms.

    Raises:
        ValueError: for a folder without pictures.
    """
    if folder is None:
        return torch.stack([_phantom(number, size)[0] for number in range(count)])
    files = picture_files(folder)
    read = [_picture(path, size) for path in files[:count]]
    return torch.stack([read[number % len(read)] for number in range(count)])


def labelled_images(folder: Path | None, count: int, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Images as `images` gives them and their masks (count, 1, height, width), 0 and 1.

    Args:
        folder: holds images/ and masks/, of the same names.
        count: of the images.
        size: height and width.

    Raises:
        ValueError: for a folder without pictures, and for a picture without a mask.
    """
    if folder is None:
        made = [_phantom(number, size) for number in range(count)]
        return torch.stack([image for image, _ in made]), torch.stack([mask for _, mask in made])
    files = picture_files(folder / "images")[:count]
    masks = [folder / "masks" / path.name for path in files]
    for mask in masks:
        if not mask.is_file():
            raise ValueError(f"a picture has a mask of its name, but {mask} is not there; name another folder")
    pairs = [(_picture(path, size), _mask(mask, size)) for path, mask in zip(files, masks, strict=True)]
    chosen = [pairs[number % len(pairs)] for number in range(count)]
    return torch.stack([image for image, _ in chosen]), torch.stack([mask for _, mask in chosen])


def picture_files(folder: Path) -> list[Path]:
    """The pictures of a folder, in the order of their names.

    Raises:
        ValueError: when there are none.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)
    if not files:
        raise ValueError(f"images are PNG, JPEG, BMP or TIFF files, but {folder} holds none; name another folder")
    return files


def _monai(name: str, **arguments: Any) -> nn.Module:
    torch.manual_seed(SEED)
    network: nn.Module = getattr(monai_nets, name)(spatial_dims=2, in_channels=3, out_channels=1, **arguments)
    return network


def _picture(path: Path, size: tuple[int, int]) -> Tensor:
    with Image.open(path) as picture:
        grey = picture.convert("RGB")
    pixels = torch.from_numpy(np.asarray(grey, dtype=np.float32) / 255).permute(2, 0, 1)[None]
    return F.interpolate(pixels, size=size, mode="bilinear", antialias=True)[0].clamp(0, 1)


def _mask(path: Path, size: tuple[int, int]) -> Tensor:
    with Image.open(path) as picture:
        grey = picture.convert("L")
    pixels = torch.from_numpy((np.asarray(grey) > 127).astype(np.float32))[None, None]
    return F.interpolate(pixels, size=size, mode="nearest-exact")[0]


def _phantom(number: int, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    random = np.random.default_rng((SEED, number))
    image, mask = phantom(size, random, lesions=1 + number % 2)
    pixels = torch.from_numpy(image.astype(np.float32) / 255).expand(3, -1, -1).contiguous()
    return pixels, torch.from_numpy(mask.astype(np.float32))[None]

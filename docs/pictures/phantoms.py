"""Makes phantoms.png, the picture of the README: generated phantoms, segmented by the shipped weights.

python docs/pictures/phantoms.py
"""

import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from srs_monai.data.phantoms import write_phantoms
from srs_monai.inference import predict

PICTURE = Path(__file__).with_suffix(".png")
SHOWN = ("phantom_000", "phantom_001")
SCALE, GAP, CAPTION = 2, 8, 24  # pixels of the picture for one of a phantom, between tiles, and for the captions


def row(folder: Path, name: str) -> list[Image.Image]:
    """Image, mask and overlay of one phantom, enlarged without smoothing."""
    files = (folder / "images" / f"{name}.png", folder / f"out/{name}_mask.png", folder / f"out/{name}_overlay.png")
    tiles = [Image.open(file).convert("RGB") for file in files]
    return [tile.resize((SCALE * tile.width, SCALE * tile.height), Image.Resampling.NEAREST) for tile in tiles]


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_phantoms(folder, count=4, size=(128, 128), seed=2)
        predict(folder / "images", folder / "out", runtime="channels_last")
        rows = [row(folder, name) for name in SHOWN]
    width, height = (side + GAP for side in rows[0][0].size)
    picture = Image.new("RGB", (3 * width - GAP, CAPTION + len(rows) * height - GAP), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(16)
    for column, caption in enumerate(("image", "mask", "overlay")):
        draw.text((column * width + (width - GAP) // 2, CAPTION // 2), caption, fill="black", font=font, anchor="mm")
        for index, tiles in enumerate(rows):
            picture.paste(tiles[column], (column * width, CAPTION + index * height))
    picture.quantize(128, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()

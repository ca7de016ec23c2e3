"""Pictures are read as they are seen, with their values as stored, or refused by name."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from monai.transforms import LoadImage
from PIL import ExifTags, Image

from srs_monai.data.readers.picture import PictureReader, picture_size

SAMPLES = np.array([[0, 50, 100], [150, 200, 255]], dtype=np.uint8)  # 2 rows, 3 columns


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    def save(picture: Image.Image, name: str = "a.png", **options: object) -> Path:
        picture.save(tmp_path / name, **options)
        return tmp_path / name

    return save


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif"])
def test_grey_comes_rows_first_with_its_meta(saved: Callable[..., Path], name: str) -> None:
    array, meta = PictureReader().get_data(saved(Image.fromarray(SAMPLES), name))
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, SAMPLES[None])
    np.testing.assert_array_equal(meta["spatial_shape"], [2, 3])
    np.testing.assert_array_equal(meta["affine"], np.eye(4))
    assert (meta["source_kind"], meta["modality"], meta["spacing_unit"]) == ("picture", "", "pixels")
    assert (meta["stored_max"], meta["original_channel_dim"]) == (255, 0)


def test_colour_comes_channel_first(saved: Callable[..., Path]) -> None:
    rgb = np.stack([SAMPLES, SAMPLES // 2, SAMPLES // 5], axis=-1)
    array, _ = PictureReader().get_data(saved(Image.fromarray(rgb)))
    np.testing.assert_array_equal(array, rgb.transpose(2, 0, 1))


def test_one_bit_has_a_full_scale_of_one(saved: Callable[..., Path]) -> None:
    array, meta = PictureReader().get_data(saved(Image.fromarray(SAMPLES > 120)))
    np.testing.assert_array_equal(array, [[[0, 0, 0], [1, 1, 1]]])
    assert meta["stored_max"] == 1


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_keep_their_values(saved: Callable[..., Path], name: str) -> None:
    deep = SAMPLES.astype(np.uint16) * 257
    array, meta = PictureReader().get_data(saved(Image.fromarray(deep), name))
    np.testing.assert_array_equal(array, deep[None])
    assert meta["stored_max"] == 65535


def test_sixteen_bits_counted_from_white_are_turned_round(saved: Callable[..., Path]) -> None:
    deep = SAMPLES.astype(np.uint16) * 257
    path = saved(Image.fromarray(deep), "a.tif", tiffinfo={ExifTags.Base.PhotometricInterpretation: 0})
    array, _ = PictureReader().get_data(path)
    np.testing.assert_array_equal(array, 65535.0 - deep[None])


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_wide_types_have_no_full_scale(saved: Callable[..., Path], dtype: type) -> None:
    wide = SAMPLES.astype(dtype) - 100
    array, meta = PictureReader().get_data(saved(Image.fromarray(wide), "a.tif"))
    np.testing.assert_array_equal(array, wide[None])
    assert meta["stored_max"] is None
    assert array.flags.writeable, "torch takes no read-only arrays"


def test_a_palette_gives_its_colours_or_its_indices(saved: Callable[..., Path]) -> None:
    picture = Image.new("P", (3, 1))
    picture.putdata([0, 1, 2])
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    path = saved(picture)
    colours, meta = PictureReader().get_data(path)
    np.testing.assert_array_equal(colours, [[[0, 128, 0]], [[0, 0, 128]], [[0, 0, 0]]])
    assert meta["stored_max"] == 255
    indices, meta = PictureReader(palette="index").get_data(path)
    np.testing.assert_array_equal(indices, [[[0, 1, 2]]])
    assert meta["stored_max"] is None


def test_a_grey_palette_gives_one_channel(saved: Callable[..., Path]) -> None:
    picture = Image.new("P", (3, 1))
    picture.putdata([0, 1, 2])
    picture.putpalette([9, 9, 9, 200, 200, 200, 30, 30, 30])
    array, _ = PictureReader().get_data(saved(picture))
    np.testing.assert_array_equal(array, [[[9, 200, 30]]])


@pytest.mark.parametrize(("mode", "channels"), [("LA", 1), ("RGBA", 3)])
def test_opaque_alpha_is_dropped_and_any_other_refused(saved: Callable[..., Path], mode: str, channels: int) -> None:
    picture = Image.fromarray(SAMPLES).convert(mode)
    array, meta = PictureReader().get_data(saved(picture))
    np.testing.assert_array_equal(array, np.repeat(SAMPLES[None], channels, 0))
    assert meta["stored_max"] == 255
    alpha = picture.getchannel("A")
    alpha.putpixel((1, 0), 254)
    picture.putalpha(alpha)
    with pytest.raises(ValueError, match=r"1 of 6 pixels of .*half.png are transparent"):
        PictureReader().get_data(saved(picture, "half.png"))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_transparent_grey_value_is_refused_only_where_it_occurs(saved: Callable[..., Path], depth: type) -> None:
    picture = Image.fromarray(SAMPLES.astype(depth))
    array, _ = PictureReader().get_data(saved(picture, transparency=7))
    np.testing.assert_array_equal(array, SAMPLES[None])
    with pytest.raises(ValueError, match="1 of 6 pixels"):
        PictureReader().get_data(saved(picture, transparency=100))


def test_a_palette_with_a_transparent_colour_is_refused(saved: Callable[..., Path]) -> None:
    picture = Image.fromarray(SAMPLES).convert("P")
    with pytest.raises(ValueError, match="transparent"):
        PictureReader().get_data(saved(picture, transparency=100))


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_other_colour_spaces_become_rgb(saved: Callable[..., Path], mode: str) -> None:
    rgb = np.broadcast_to(np.array([200, 100, 50], dtype=np.uint8), (8, 8, 3))
    array, _ = PictureReader().get_data(saved(Image.fromarray(rgb).convert(mode), "a.tif"))
    np.testing.assert_allclose(array, rgb.transpose(2, 0, 1), atol=2)


def test_a_colour_space_without_a_rule_is_refused(saved: Callable[..., Path]) -> None:
    with pytest.raises(ValueError, match=r"a.tif has mode LAB"):
        PictureReader().get_data(saved(Image.new("LAB", (4, 4)), "a.tif"))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
@pytest.mark.parametrize(
    ("orientation", "seen"),
    [
        (1, lambda stored: stored),
        (3, lambda stored: stored[::-1, ::-1]),
        (6, lambda stored: np.rot90(stored, -1)),
        (8, lambda stored: np.rot90(stored)),
        (5, lambda stored: stored.T),
    ],
)
def test_exif_orientation_is_obeyed(
    saved: Callable[..., Path], name: str, orientation: int, seen: Callable[[np.ndarray], np.ndarray]
) -> None:
    stored = np.kron(SAMPLES, np.ones((16, 16), dtype=np.uint8))  # whole JPEG blocks, which compress nearly unchanged
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = saved(Image.fromarray(stored), name, exif=exif)
    array, meta = PictureReader().get_data(path)
    np.testing.assert_allclose(array[0], seen(stored), atol=2)
    assert tuple(meta["spatial_shape"]) == picture_size(path) == seen(stored).shape


def test_a_telephones_preview_is_passed_over(saved: Callable[..., Path]) -> None:
    large, small = Image.new("L", (16, 8), 200), Image.new("L", (8, 8), 10)
    array, meta = PictureReader().get_data(saved(large, "a.jpg", format="MPO", save_all=True, append_images=[small]))
    np.testing.assert_array_equal(array, np.full((1, 8, 16), 200))
    assert meta["format"] == "JPEG"


@pytest.mark.parametrize("read", [PictureReader().get_data, picture_size])
def test_several_pages_are_refused(saved: Callable[..., Path], read: Callable[[Path], object]) -> None:
    page = Image.fromarray(SAMPLES)
    path = saved(page, "pages.tif", save_all=True, append_images=[page, page])
    with pytest.raises(ValueError, match=r"pages\.tif has 3;"):
        read(path)


@pytest.mark.parametrize("read", [PictureReader().get_data, picture_size])
@pytest.mark.parametrize("content", [b"", b"not a picture"])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes, read: Callable[[Path], object]) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"bad.png cannot be read as a picture: cannot identify"):
        read(tmp_path / "bad.png")


@pytest.mark.parametrize("read", [PictureReader().get_data, picture_size])
def test_other_formats_and_missing_files_are_refused(
    saved: Callable[..., Path], tmp_path: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(ValueError, match=r"a.gif is GIF; convert it"):
        read(saved(Image.fromarray(SAMPLES), "a.gif"))
    with pytest.raises(ValueError, match=r"there is no file .*none.png"):
        read(tmp_path / "none.png")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.bmp"])
def test_a_file_cut_off_is_refused_with_the_readers_reason(saved: Callable[..., Path], name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    path = saved(Image.fromarray(noise), name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=rf"{name} cannot be read as a picture: \w+"):
        PictureReader().get_data(path)


def test_loadimage_takes_it_as_its_reader_and_shows_its_refusals(saved: Callable[..., Path], tmp_path: Path) -> None:
    load = LoadImage(reader=PictureReader(), ensure_channel_first=True)
    image = load(saved(Image.fromarray(SAMPLES)))
    assert image.shape == (1, 2, 3)
    assert image.meta["filename_or_obj"] == str(tmp_path / "a.png")
    with pytest.raises(ValueError, match="there is no file"):
        load(tmp_path / "none.png")
    with pytest.raises(ValueError, match=r"one picture .* got 2"):
        load([tmp_path / "a.png", tmp_path / "a.png"])


def test_the_ending_says_whether_it_is_a_picture() -> None:
    reader = PictureReader()
    assert reader.verify_suffix(["a.PNG", "b.tiff"])
    assert not reader.verify_suffix(["a.png", "b.nii.gz"])
    with pytest.raises(ValueError, match="'colour' or 'index'; got 'color'"):
        PictureReader(palette="color")  # type: ignore[arg-type]


def test_all_modes_of_real_infrared_frames(datasets: Path) -> None:
    frames = sorted((datasets / "mini" / "sirst" / "images").iterdir())
    modes = set()
    for frame in frames:
        with Image.open(frame) as stored:
            modes.add(stored.mode)
            expected = np.asarray(stored.convert("RGB")).transpose(2, 0, 1)
        array, meta = PictureReader().get_data(frame)
        np.testing.assert_array_equal(np.broadcast_to(array, expected.shape), expected)
        assert meta["stored_max"] == 255
        assert array.shape[1:] == picture_size(frame)
    assert modes == {"RGB", "L", "RGBA", "P"}

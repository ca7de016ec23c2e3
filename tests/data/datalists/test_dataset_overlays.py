"""The overlays of the data sets say only what differs from the bundle and what their recipe does not know."""

from pathlib import Path

import pytest
import yaml
from monai.bundle import ConfigParser

from srs_monai.data.datalists.recipe_split import DRAWN_SPLITS
from srs_monai.data.phantoms import write_phantoms
from srs_monai.data.recipes import RECIPES, recipe, result_labels

ROOT = Path(__file__).resolve().parents[3]
TRAIN, EVALUATE = (ROOT / "bundle" / "configs" / f"{name}.yaml" for name in ("train", "evaluate"))
OVERLAYS = sorted((ROOT / "configs" / "datasets").glob("*.yaml"))


def configured(bundle: Path, overlay: str, dataset_dir: Path, output_dir: Path, **options: object) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config([str(bundle), str(ROOT / "configs" / "datasets" / f"{overlay}.yaml")])
    parser.update({"dataset_dir": str(dataset_dir), "output_dir": str(output_dir), **options})
    return parser


def counts(overlay: str, dataset_dir: Path, output_dir: Path, **options: object) -> tuple[int, ...]:
    parser = configured(TRAIN, overlay, dataset_dir, output_dir, **options)
    return tuple(len(items) for items in parser.get_parsed_content("datalists").values())


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_an_overlay_changes_what_the_bundle_names_and_nothing_else(overlay: Path) -> None:
    bundle, changes = (yaml.safe_load(path.read_text()) for path in (TRAIN, overlay))
    assert not set(changes) - set(bundle)
    assert not [name for name in changes if name in bundle and changes[name] == bundle[name]]


@pytest.mark.parametrize("overlay", [path for path in OVERLAYS if path.stem != "phantoms"], ids=lambda path: path.stem)
def test_an_overlay_agrees_with_its_recipe(overlay: Path) -> None:
    changes = yaml.safe_load(overlay.read_text())
    known = recipe(changes["recipe"])
    assert result_labels(known.name, changes.get("out_channels", 1)) == known.labels
    split = changes.get("split")
    assert split is None or str(split) in DRAWN_SPLITS or f"{split}" in known.split
    assert str(overlay.stem).startswith(known.name)


def test_every_recipe_has_an_overlay() -> None:
    assert set(RECIPES) <= {path.stem for path in OVERLAYS}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_busi_has_the_three_published_splits(datasets: Path, tmp_path: Path, number: int) -> None:
    assert counts("busi", datasets / "busi", tmp_path, split=f"published_{number}") == (452, 195, 0)
    listed = (datasets / "busi" / "splits" / f"train_{number}.txt").read_text().split("\n")
    written = (tmp_path / "split" / "train.txt").read_text().split("\n")
    assert [name.strip() for name in listed if name] == [name for name in written if name]


def test_a_split_can_be_given_as_a_number(datasets: Path, tmp_path: Path) -> None:
    assert sum(counts("busi", datasets / "busi", tmp_path / "number", split=2)) == 647
    assert sum(counts("busi", datasets / "busi", tmp_path / "text", split="2")) == 647
    assert (tmp_path / "number/split/val.txt").read_text() == (tmp_path / "text/split/val.txt").read_text()


def test_the_overlays_find_the_real_images(datasets: Path, tmp_path: Path) -> None:
    assert counts("isic2018", datasets / "isic2018", tmp_path / "a", split="lists") == (178, 46, 76)
    assert counts("sirst", datasets / "sirst", tmp_path / "b") == (256, 85, 86)
    assert counts("glas", datasets / "glas", tmp_path / "c") == (59, 26, 80)
    assert counts("kvasir_seg", datasets / "kvasir", tmp_path / "d") == (3, 2, 0)


def test_phantoms_have_their_own_lists(tmp_path: Path) -> None:
    write_phantoms(tmp_path / "data", count=4, size=(32, 32))
    assert counts("phantoms", tmp_path / "data", tmp_path / "out") == (3, 1, 0)


@pytest.mark.parametrize("bundle", [TRAIN, EVALUATE], ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("overlay", "folder", "options"),
    [
        ("busi", "busi_original_sample", {"split": 1}),
        ("sirst", "mini/sirst", {"split": 1}),
        ("isic2018", "mini/isic2018", {}),
        ("glas", "glas", {}),
        ("kvasir_seg", "kvasir", {}),
        ("acdc", "acdc", {"split": 1}),
    ],
)
def test_the_bundle_reads_real_labels_by_the_recipe(
    datasets: Path, tmp_path: Path, bundle: Path, overlay: str, folder: str, options: dict[str, object]
) -> None:
    """Class numbers, all of them, as the network is trained on them."""
    parser = configured(bundle, overlay, datasets / folder, tmp_path, **options)
    classes = max(2, parser.get_parsed_content("out_channels"))
    transform = parser.get_parsed_content("validate#preprocessing")
    items = parser.get_parsed_content("datalists")["validation"][:4]
    read = [transform(dict(item)) for item in items]
    values = {value for item in read for value in item["label"].unique().tolist()}
    assert values == set(range(classes))
    for item in read:
        assert set(item) == {"image", "label"}
        assert item["image"].shape[1:] == item["label"].shape[1:]

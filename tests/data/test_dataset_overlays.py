"""The overlays of the data sets say only what differs, and find the real images."""

from pathlib import Path

import pytest
import yaml
from monai.bundle import ConfigParser

from srs_monai.data.phantoms import write_phantoms

ROOT = Path(__file__).resolve().parents[2]
TRAIN = ROOT / "bundle" / "configs" / "train.yaml"
OVERLAYS = sorted((ROOT / "configs" / "datasets").glob("*.yaml"))


def counts(overlay: str, dataset_dir: Path, output_dir: Path, **options: object) -> tuple[int, ...]:
    parser = ConfigParser()
    parser.read_config([str(TRAIN), str(ROOT / "configs" / "datasets" / f"{overlay}.yaml")])
    parser.update({"dataset_dir": str(dataset_dir), "output_dir": str(output_dir), **options})
    return tuple(len(items) for items in parser.get_parsed_content("datalists").values())


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_an_overlay_changes_what_the_bundle_names_and_nothing_else(overlay: Path) -> None:
    bundle, changes = (yaml.safe_load(path.read_text()) for path in (TRAIN, overlay))
    assert not set(changes) - set(bundle) - {"split"}
    assert not [name for name in changes if name in bundle and changes[name] == bundle[name]]


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_an_overlay_names_its_source_and_its_licence(overlay: Path) -> None:
    head = [line for line in overlay.read_text().splitlines() if line.startswith("#")]
    for entry in ("# Layout ", "# Units ", "# Cite ", "# Licence "):
        assert any(line.startswith(entry) for line in head)


@pytest.mark.parametrize("split", [1, 2, 3])
def test_busi_has_three_splits(datasets: Path, tmp_path: Path, split: int) -> None:
    assert counts("busi", datasets / "busi", tmp_path, split=split) == (452, 195, 0)
    listed = (datasets / "busi" / "splits" / f"train_{split}.txt").read_text().split("\n")
    written = (tmp_path / "split" / "train.txt").read_text().split("\n")
    assert [name.strip() for name in listed if name] == [name for name in written if name]


def test_isic2018_and_sirst_have_their_own_lists(datasets: Path, tmp_path: Path) -> None:
    assert counts("isic2018", datasets / "isic2018", tmp_path / "a") == (178, 46, 76)
    assert counts("sirst", datasets / "sirst", tmp_path / "b") == (256, 85, 86)


def test_phantoms_have_their_own_lists(tmp_path: Path) -> None:
    write_phantoms(tmp_path / "data", count=4, size=(32, 32))
    assert counts("phantoms", tmp_path / "data", tmp_path / "out") == (3, 1, 0)

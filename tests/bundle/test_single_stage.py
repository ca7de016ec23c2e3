"""Networks without a reconstruction stage go through the same bundle."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def small_magic(tmp_path: Path) -> Path:
    """The overlay of U-Net with MAGIC convolutions, with fewer channels."""
    text = (CONFIGS / "networks" / "unet_magic.yaml").read_text()
    path = tmp_path / "small magic.yaml"
    path.write_text(
        f"image_size: [32, 32]\nbatch_size: 4\n{text}network_def#module#features: [16, 16, 16, 16, 16, 16]\n"
    )
    return path


def test_a_unet_with_magic_trains_evaluates_and_segments(
    run: Run, small_magic: Path, phantoms: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    status, said = run("training", "train", small_magic, dataset_dir=phantoms, output_dir=out, epochs=2)
    assert status == 0, said
    assert not (out / "reconstruction").exists()
    assert (out / "segmentation" / "epochs.csv").read_text().count("\n") == 3
    weights = torch.load(out / "model.pt", weights_only=True)
    assert any(key.endswith("route.mask.weight") for key in weights)
    assert json.loads((out / "model.json").read_text())["network_def"]["name"] == "magic"
    common = {"dataset_dir": phantoms, "ckpt_path": out / "model.pt"}
    status, said = run("evaluating", "evaluate", small_magic, output_dir=tmp_path / "e", **common)
    assert status == 0, said
    common["dataset_dir"] = phantoms / "images"
    status, said = run("inference", "inference", small_magic, output_dir=tmp_path / "o", **common)
    assert status == 0, said
    assert len(list((tmp_path / "o").glob("*_mask.png"))) == 12
    status, said = run("training", "train", small_magic, dataset_dir=phantoms, output_dir=out, epochs=3, resume=True)
    assert status == 0, said
    assert (out / "segmentation" / "epochs.csv").read_text().count("\n") == 4


def test_stage_one_of_a_network_without_it_is_refused(
    run: Run, small_magic: Path, phantoms: Path, tmp_path: Path
) -> None:
    text = small_magic.read_text().replace('training: ["@stage_two"]', "")
    small_magic.write_text(text)
    status, said = run("training", "train", small_magic, dataset_dir=phantoms, output_dir=tmp_path / "run", epochs=1)
    assert status == 1
    assert "BasicUNet has none; skip that stage with training: ['@stage_two']" in said.splitlines()[-1]


def test_srsnet_with_another_kernel_is_found_again_by_its_settings(run: Run, phantoms: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.yaml"
    text = (CONFIGS / "networks" / "srsnet_kernel.yaml").read_text()
    sizes = "network_def#segmentation_features: [8, 8, 16, 16]\nnetwork_def#segmentation_blocks: [1, 1, 1, 1]\n"
    small.write_text(f"{text}{sizes}")
    values = {"image_size": [32, 32], "batch_size": 4, "dataset_dir": phantoms, "output_dir": tmp_path / "run"}
    status, said = run("training", "train", small, kernel="odconv", epochs=1, **values)
    assert status == 0, said
    weights = tmp_path / "run" / "model.pt"
    assert any(".kernel.to_positions." in key for key in torch.load(weights, weights_only=True))
    shown = {"dataset_dir": phantoms / "images", "ckpt_path": weights, "output_dir": tmp_path / "o"}
    status, said = run("inference", "inference", **shown)
    assert status == 0, said
    status, said = run("inference", "inference", small, image_size=[32, 32], kernel="dyconv", overwrite=True, **shown)
    assert status == 1
    assert "network_def#kernel odconv (here dyconv)" in said.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["unet_v2_polyp", "unet_v2_skin"])
def test_the_recipes_of_unet_v2_train_with_deep_supervision(
    run: Run, phantoms: Path, tmp_path: Path, recipe: str
) -> None:
    pytest.importorskip("transformers")
    overlays = (CONFIGS / "networks" / "unet_v2.yaml", CONFIGS / "training" / f"{recipe}.yaml")
    values = {"image_size": [64, 64], "batch_size": 4, "epochs": 2, "val_interval": 2, "dataset_dir": phantoms}
    status, said = run("training", "train", *overlays, output_dir=tmp_path / "run", **values)
    assert status == 0, said
    shown = {"image_size": [64, 64], "dataset_dir": phantoms / "images", "ckpt_path": tmp_path / "run" / "model.pt"}
    heads = {"network_def#heads": 4} if recipe == "unet_v2_skin" else {}
    status, said = run("inference", "inference", overlays[0], output_dir=tmp_path / "o", **shown, **heads)
    assert status == 0, said
    assert len(list((tmp_path / "o").glob("*_mask.png"))) == 12

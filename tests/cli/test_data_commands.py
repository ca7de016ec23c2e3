"""srs-monai data: what it says, and how it ends."""

import ast
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srs_monai.cli import data_commands as cli_data
from srs_monai.cli.parser import main
from srs_monai.data import load_datalist
from srs_monai.data.recipes import RECIPES


@pytest.fixture
def kvasir(tmp_path: Path) -> Path:
    """Five pairs of pictures in Kvasir-SEG's form."""
    for name in ("images", "masks"):
        (tmp_path / "a copy" / name).mkdir(parents=True)
    for i in range(5):
        coarse = np.random.default_rng(i).integers(0, 256, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(coarse).resize((40, 32)).save(tmp_path / "a copy" / "images" / f"k{i}.png")
        drawn = np.zeros((32, 40), np.uint8)
        drawn[4:9, 4:9] = 255
        Image.fromarray(drawn).save(tmp_path / "a copy" / "masks" / f"k{i}.png")
    return tmp_path / "a copy"


def test_list_names_every_data_set(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert main(["data", "list"]) == 0
    for name, known in RECIPES.items():
        assert f"\n{name} " in caplog.text
        assert known.modality in caplog.text


def test_check_ends_with_0_and_what_there_is(kvasir: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert main(["data", "check", "kvasir_seg", str(kvasir)]) == 0
    assert "sizes, rows x columns: 32 x 40 (5)" in caplog.text
    assert caplog.text.rstrip().endswith("faults that prevent training: none")


def test_check_ends_with_1_and_all_faults_and_training_refuses_them(
    kvasir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (kvasir / "images" / "k1.png").write_bytes(b"\x89PNG broken")
    (kvasir / "masks" / "k2.png").unlink()
    with caplog.at_level(logging.INFO):
        assert main(["data", "check", "kvasir_seg", str(kvasir)]) == 1
    assert "faults that prevent training: 2" in caplog.text
    assert "k1.png cannot be read as a picture" in caplog.text
    assert "k2 has an image and no mask" in caplog.text
    with pytest.raises(ValueError, match=r"k1\.png cannot be read|none for k2"):
        load_datalist(kvasir, recipe="kvasir_seg")


def test_check_of_something_else_is_no_traceback(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert main(["data", "check", "synapse", str(tmp_path)]) == 1
        assert main(["data", "check", "kvasirseg", str(tmp_path)]) == 1
    assert "the layouts of synapse are RawData/Training/img" in caplog.text
    assert "srs-monai data: no recipe is called 'kvasirseg'; did you mean 'kvasir_seg'?" in caplog.text


def test_split_writes_lists_to_train_with(kvasir: Path, caplog: pytest.LogCaptureFixture) -> None:
    output = kvasir.parent / "lists"
    arguments = ["data", "split", "kvasir_seg", str(kvasir), "--output", str(output), "--fraction", "0.4"]
    with caplog.at_level(logging.INFO):
        assert main([*arguments, "--seed", "5"]) == 0
    assert f"{output}: train.txt: 3, val.txt: 2" in caplog.text
    for title in ("train.txt", "val.txt"):
        (kvasir / title).write_bytes((output / title).read_bytes())
    lists = load_datalist(kvasir)
    assert [Path(item["image"]).stem for item in lists["training"]] == (output / "train.txt").read_text().split()
    assert main([*arguments, "--seed", "6", "--split", "nine"]) == 1
    assert "are 1, 2, 3, lists; got 'nine'" in caplog.text


def test_the_help_does_not_wait_for_the_readers() -> None:
    top = ast.parse(Path(cli_data.__file__).read_text()).body
    modules = [alias.name for node in top if isinstance(node, ast.Import) for alias in node.names]
    modules += [str(node.module) for node in top if isinstance(node, ast.ImportFrom)]
    assert modules
    assert set(modules) <= sys.stdlib_module_names

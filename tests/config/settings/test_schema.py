"""A file of settings holds plain values of known names and kinds, within bounds; anything else is rejected by name."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from srs_monai.config.settings import PROVENANCE, load_settings, read_settings

NETWORK = {"_target_": "UNet"}


def load(folder: Path, content: Any) -> Any:
    path = folder / "model.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return load_settings(path)


def nested(depth: int) -> Any:
    return 1 if depth == 0 else [nested(depth - 1)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"provenance": {}, "threshold": NaN}', "NaN is not a number"),
        ("[1]", "is something else"),
        ('{"image_size": [8, 8]}', "is something else"),
        ('{"provenance": {}, "image_size": [8, 8]' + " " * 2**20 + "}", "more than 1048576 bytes"),
        ('"' + "x" * 100 + '"', "is something else"),
    ],
)
def test_a_file_that_is_no_settings_is_rejected(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        load(tmp_path, content)


def test_a_missing_file_and_a_folder_are_rejected(tmp_path: Path) -> None:
    for path in (tmp_path / "no.json", tmp_path):
        with pytest.raises(ValueError, match="is not one"):
            load_settings(path)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"colour": 1}, r"of srs_monai '9', has 'colour'; use that version"),
        ({"imports": ["$import os"]}, "has 'imports'"),
        ({"initialize": []}, "has 'initialize'"),
        ({"image_size": "$print(1)"}, r"image_size is '\$print\(1\)'"),
        ({"image_size": [8, -8]}, "image_size#1 is -8"),
        ({"image_size": [8, 10**9]}, "image_size#1 is 1000000000"),
        ({"image_size": [8]}, "image_size is"),
        ({"in_channels": "3"}, "in_channels is '3'"),
        ({"in_channels": True}, "in_channels is True"),
        ({"out_channels": 0}, "out_channels is 0"),
        ({"antialias": "$True"}, r"antialias is '\$True'"),
        ({"intensity": "@network_def"}, "intensity is '@network_def'"),
        ({"window_width": 0}, "window_width is 0"),
        ({"window_level": 1e300}, "window_level is 1e"),
        ({"threshold": 1.5}, "threshold is 1.5"),
        ({"recipe": "../../etc"}, "recipe is '../../etc'"),
        ({"recipe": "%other.yaml#x"}, "recipe is '%other"),
        ({"network_def": {"_target_": "UNet", "act": "$print(1)"}}, r"network_def#act is '\$print"),
        ({"network_def": {"_target_": "UNet", "act": [["%other.yaml"]]}}, "network_def#act#0#0 is '%other.yaml'"),
        ({"network_def": {"_target_": "$__import__('os').getcwd"}}, r"network_def#_target_ is .\$__import__"),
        ({"network_def": {**NETWORK, "_mode_": "debug"}}, "has '_mode_'"),
        ({"network_def": {**NETWORK, "_requires_": "@image_size"}}, "has '_requires_'"),
        ({"network_def": {**NETWORK, "channels": nested(10)}}, " 8 deep"),
        ({"network_def": {**NETWORK, "channels": [1] * 300}}, "256 items"),
        ({"network_def": {**NETWORK, "act": "x" * 501}}, "500 letters"),
        ({"network_def": {**NETWORK, "channels": [1e300]}}, "network_def#channels#0 is 1e"),
        ({"network_def": {**NETWORK, "channels": [10**400]}}, "network_def#channels#0 is 1000"),
        ({"network_def": {**NETWORK, "a\x1b[2J": 1}}, r"has 'a\\x1b\[2J'"),
        ({"\x1b[2J": 1}, r"has '\\x1b\[2J'"),
        ({"label_names": {"1": {"name": "a", "\x1b[2J": 1}}}, r"\\x1b\[2J"),
        ({"label_names": {"one": "a"}}, "label_names#one"),
        ({"label_names": {"1": {"name": "a", "colour": [1, 2]}}}, "colour is"),
        ({"scaling": "@anything"}, "scaling must be a component"),
        ({"scaling": {"keys": "image"}}, "scaling must be a component"),
        ({"scaling": {"_target_": ["Lambdad"]}}, "scaling must be a component"),
        ({"scaling": {"_target_": "@recipe2"}}, "scaling#_target_ is '@recipe2'"),
    ],
)
def test_values_of_another_kind_are_rejected(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        load(tmp_path, {PROVENANCE: {"srs_monai": "9"}, **values})
    assert "model.json" in str(raised.value)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 1000


@pytest.mark.parametrize("provenance", [{"warning": 3}, {"images": {"training": "many"}}, {"warning": "x" * 501}])
def test_a_faulty_provenance_is_rejected(tmp_path: Path, provenance: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"warning|images"):
        load(tmp_path, {PROVENANCE: provenance})


def test_a_warning_is_one_line_of_printable_text(tmp_path: Path) -> None:
    settings = load(tmp_path, {PROVENANCE: {"warning": "seen\nnothing \x1b[31mbut\x07 noise"}})
    assert settings.warning == "seen nothing [31mbut noise"


def test_whole_numbers_do_where_a_number_is_meant(tmp_path: Path) -> None:
    values = {"window_level": 40, "window_width": 350, "recipe": None, "image_size": [32, 64]}
    assert load(tmp_path, {PROVENANCE: {}, **values}).values == values


def test_what_is_no_regular_file_is_rejected(tmp_path: Path) -> None:
    """A link to nothing is what remains of a file that was not fetched, not the absence of settings."""
    (tmp_path / "link.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "device.json").symlink_to("/dev/zero")
    for name in ("link", "folder", "pipe", "device"):
        with pytest.raises(ValueError, match=rf"{name}\.json is not one"):
            read_settings(tmp_path / f"{name}.pt")
    assert read_settings(tmp_path / "none.pt") is None

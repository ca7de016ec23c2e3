"""Imports run one way: cli -> {training, inference, evaluation, interop} -> settings -> {data, networks}."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "srs_monai"
ROOMS = {
    "networks": set[str](),
    "data": set[str](),
    "settings": {"data", "networks"},
    "training": {"data", "networks", "settings"},
    "inference": {"data", "networks", "settings"},
    "evaluation": {"data", "networks"},
    "interop": {"data", "networks"},
}


def rooms_named(source: str) -> set[str]:
    """The rooms of srs_monai that a module imports, at its top or inside a function."""
    modules: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    return {m.split(".")[1] for m in modules if m.startswith("srs_monai.") and m.split(".")[1] in ROOMS}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    files = sorted((PACKAGE / room).rglob("*.py"))
    assert files, f"{room} has no modules"
    for file in files:
        strangers = rooms_named(file.read_text()) - ROOMS[room] - {room}
        assert not strangers, f"{file.relative_to(PACKAGE)} imports {sorted(strangers)}"


@pytest.mark.parametrize(
    "file",
    [f for f in PACKAGE.glob("*.py") if f.stem not in {"__init__", "cli", "cli_data", "cli_export", "demo"}],
    ids=str,
)
def test_what_all_rooms_share_imports_no_room(file: Path) -> None:
    assert not rooms_named(file.read_text())


def test_every_room_of_the_package_is_listed() -> None:
    assert {f.parent.name for f in PACKAGE.glob("*/__init__.py")} == set(ROOMS)


@pytest.mark.parametrize(
    "source",
    [
        "import srs_monai.data",
        "from srs_monai import data",
        "def f():\n    from srs_monai.data.readers import X",
    ],
)
def test_the_check_sees_every_way_of_importing(source: str) -> None:
    assert rooms_named(source) == {"data"}

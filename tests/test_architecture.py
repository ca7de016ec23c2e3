"""The house: few rooms, few files in a folder, no two files of one name, and imports that run one way."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "srs_monai"
ROOMS = {
    "networks": set[str](),
    "labels": set[str](),
    "dicom": set[str](),
    "data": {"dicom", "labels"},
    "config": {"data", "networks"},
    "runtimes": {"networks"},
    "export": {"config", "data", "networks", "runtimes"},
    "training": {"config", "data", "networks"},
    "inference": {"config", "data", "dicom", "export", "labels", "networks", "runtimes"},
    "evaluation": {"data", "labels"},
    "interop": {"networks"},
    "experiments": {"data"},
    "cli": {"experiments", "config", "data", "evaluation", "export", "inference", "training"},
}
LOOSE = {"device", "environment", "errors", "files", "progress", "tensors", "text", "weights"}
LARGEST_ROOM = 0.30  # of all lines
FILES = 14  # in a folder
ONE_THING_A_FILE = {"data/recipes", "data/transforms", "networks/dynamic", "networks/nets"}

MODULES = {
    ".".join(("srs_monai", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): file
    for file in sorted(PACKAGE.rglob("*.py"))
}


def imported(source: str) -> set[str]:
    """The modules and names of srs_monai that a source imports, at its top or inside a function."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return {name for name in names if name.startswith("srs_monai.")}


def module_of(name: str) -> str:
    """The module that an imported name is, or lies in."""
    while name not in MODULES:
        name = name.rpartition(".")[0]
    return name


IMPORTS = {
    module: {module_of(name) for name in imported(file.read_text())} - {module} for module, file in MODULES.items()
}


def rooms_of(names: Iterable[str]) -> set[str]:
    """The rooms in which modules or names lie."""
    return {name.split(".")[1] for name in names if "." in name} & set(ROOMS)


def place_in(module: str, folder: str) -> str | None:
    """The file or folder directly inside a folder that a module belongs to; None where it lies elsewhere."""
    inside = module.removeprefix(f"{folder}.")
    return None if inside == module else inside.partition(".")[0]


def cycle(arrows: Mapping[str, set[str]]) -> list[str]:
    """Names that import one another in a circle; none where imports run one way."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    modules = [module for module in MODULES if module.split(".")[1:2] == [room]]
    assert modules
    for module in modules:
        assert rooms_of(IMPORTS[module]) <= ROOMS[room] | {room}, module


def test_rooms_form_no_circle() -> None:
    assert not cycle(ROOMS)


def test_the_page_states_the_rule_in_order() -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    stated = {room: set(below.split()) for room, below in re.findall(r"^(\w+) +->(.*)$", page, re.MULTILINE)}
    assert stated == ROOMS
    order = list(stated)
    assert all(order.index(room) < order.index(other) for room, below in stated.items() for other in below)


def test_the_readme_lists_every_room() -> None:
    page = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    layout = page.partition("\nsrs_monai/\n")[2].partition("```")[0]
    assert set(re.findall(r"^  (\w+)/ ", layout, re.MULTILINE)) == set(ROOMS)


@pytest.mark.parametrize("name", sorted(LOOSE))
def test_a_loose_module_imports_no_room(name: str) -> None:
    assert not rooms_of(IMPORTS[f"srs_monai.{name}"])


def test_modules_form_no_circle() -> None:
    """A package's __init__ gathers names for users; the modules inside import one another, never the gathering."""
    files = {module: {other for other in others if not is_package(other)} for module, others in IMPORTS.items()}
    assert not cycle(files)


@pytest.mark.parametrize(
    "folder", sorted(module for module in MODULES if MODULES[module].name == "__init__.py" and module != "srs_monai")
)
def test_inside_a_folder_imports_run_one_way(folder: str) -> None:
    arrows: dict[str, set[str]] = {}
    for module, others in IMPORTS.items():
        place = place_in(module, folder)
        if place is not None:
            arrows.setdefault(place, set()).update({*(place_in(other, folder) for other in others)} - {None, place})
    assert not cycle(arrows)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_does_not_import_the_package_that_it_lies_in(module: str) -> None:
    """The package's __init__ imports the module: that would be a circle."""
    parents = {".".join(module.split(".")[:depth]) for depth in range(2, module.count(".") + 1)}
    assert not parents & IMPORTS[module]


def is_package(module: str) -> bool:
    return MODULES[module].name == "__init__.py"


def test_loose_modules_are_few() -> None:
    assert {file.stem for file in PACKAGE.glob("*.py")} - {"__init__", "__main__"} == LOOSE
    assert len(LOOSE) <= 8


def test_every_room_of_the_package_is_listed() -> None:
    assert {file.parent.name for file in PACKAGE.glob("*/__init__.py")} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_holds_too_much(room: str) -> None:
    lines = {file: len(file.read_text().splitlines()) for file in MODULES.values()}
    inside = sum(count for file, count in lines.items() if file.relative_to(PACKAGE).parts[0] == room)
    assert inside <= LARGEST_ROOM * sum(lines.values())


@pytest.mark.parametrize("folder", sorted({file.parent for file in MODULES.values()}), ids=str)
def test_a_folder_has_few_files(folder: Path) -> None:
    files = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
    assert len(files) <= FILES or folder.relative_to(PACKAGE).as_posix() in ONE_THING_A_FILE


def test_no_two_files_have_one_name() -> None:
    names = Counter(file.name for file in MODULES.values())
    assert {name for name, count in names.items() if count > 1} == {"__init__.py"}


@pytest.mark.parametrize(
    "source",
    [
        "import srs_monai.data",
        "from srs_monai import data",
        "def f():\n    from srs_monai.data.readers import X",
    ],
)
def test_the_check_sees_every_way_of_importing(source: str) -> None:
    assert rooms_of(imported(source)) == {"data"}


def test_the_check_sees_a_circle() -> None:
    assert cycle({"a": {"b"}, "b": {"a"}})

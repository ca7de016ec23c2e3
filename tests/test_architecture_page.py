"""docs/architecture.md names files, functions, entries and rooms that exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FOLDERS = ("srs_monai", "bundle", "configs", "tests", "benchmarks", "docs")
FILES = [path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.*"))]
NAMED_FILES = sorted(set(re.findall(r"[\w/]*\w\.(?:py|yaml|cpp)\b", PAGE)))
NAMED_PARTS = sorted(set(re.findall(r"`([\w/]+\.(?:py|yaml)): ([\w.#]+)`", PAGE)))
WALKS = re.findall(r"^## Walk .*?(?=^## )", PAGE, re.MULTILINE | re.DOTALL)


def found(name: str) -> list[str]:
    """The files that a name on the page may mean: that path, else the paths that end so."""
    return [name] if (ROOT / name).is_file() else [file for file in FILES if file.endswith(f"/{name}")]


def parts_of_module(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Functions, classes and tables of a module, and Class.method."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name):
                yield prefix + name
            case ast.ClassDef(name=name):
                yield prefix + name
                yield from parts_of_module(node.body, f"{prefix}{name}.")
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name


def parts_of_configuration(content: Any, prefix: str = "") -> Iterator[str]:
    """Ids as MONAI writes them: "train#dataset"."""
    for name, value in content.items() if isinstance(content, dict) else ():
        yield f"{prefix}{name}"
        yield from parts_of_configuration(value, f"{prefix}{name}#")


@pytest.mark.parametrize("name", NAMED_FILES)
def test_a_named_file_is_one_file(name: str) -> None:
    assert len(found(name)) == 1, found(name)


@pytest.mark.parametrize(("file", "part"), NAMED_PARTS)
def test_a_named_part_is_in_its_file(file: str, part: str) -> None:
    (path,) = found(file)
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".yaml"):
        assert part in set(parts_of_configuration(yaml.safe_load(text)))
    else:
        assert part in set(parts_of_module(ast.parse(text).body))


def test_every_step_of_a_walk_begins_with_a_part() -> None:
    assert len(WALKS) == 3
    for walk in WALKS:
        steps = re.findall(r"^(\d+)\. (.*)$", walk, re.MULTILINE)
        assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
        assert all(re.match(r"`[\w/]+\.py: [\w.]+` ", step) for _, step in steps)


def test_the_tree_has_every_room_and_its_folders() -> None:
    tree = PAGE.split("```")[1].strip("\n").splitlines()
    shown, above = set[Path](), [ROOT]
    for line in tree:
        depth = (len(line) - len(line.lstrip())) // 2
        above = [*above[: depth + 1], above[depth] / line.split()[0]]
        shown.add(above[-1])
    assert all(path.is_dir() for path in shown)
    package = ROOT / "srs_monai"
    rooms = {path.parent for pattern in ("*/__init__.py", "*/*/__init__.py") for path in package.glob(pattern)}
    assert rooms <= shown

"""The rows of a table of experiments, as configs/experiments/TABLE.yaml states them."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from srs_monai.text import one_of

#: the clone in which the configurations lie
ROOT = Path(__file__).resolve().parents[2]
_TABLES = ROOT / "configs" / "experiments"
_KEYS = {"name", "data", "split", "network", "training", "preprocessing", "values"}


@dataclass(frozen=True)
class Row:
    """One experiment: a network that is trained on one split of one data set.

    Args:
        name: its name, unique in its table, of letters, digits, "-", "_" and ".".
        data: name of an overlay in configs/datasets.
        split: split of the data set, see `srs_monai.data.load_datalist`.
        network, preprocessing: names of overlays in configs/networks and configs/preprocessing; None: as in the bundle.
        training: name of an overlay in configs/training, or several names; None: as in the bundle.
        values: values of the configuration, such as epochs and seed.
    """

    name: str
    data: str
    split: str
    network: str | None = None
    training: str | tuple[str, ...] | None = None
    preprocessing: str | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def overlays(self) -> list[Path]:
        """The files that come after the bundle's configuration, in this order."""
        named = {
            "datasets": self.data,
            "preprocessing": self.preprocessing,
            "networks": self.network,
            "training": self.training,
        }
        return [
            ROOT / "configs" / folder / f"{name}.yaml"
            for folder, names in named.items()
            for name in ([names] if isinstance(names, str) else names or [])
        ]

    @property
    def seed(self) -> int:
        """The seed of the training; without a value, that of bundle/configs/train.yaml."""
        return int(self.values.get("seed", 41))

    @property
    def recipe(self) -> str:
        """Name of the data set's recipe, which is also the name of its folder."""
        return str(yaml.safe_load(self.overlays[0].read_text(encoding="utf-8")).get("recipe", ""))

    @property
    def digest(self) -> str:
        """A hash that changes when the row or the content of an overlay changes. Names and comments do not count."""
        content = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in self.overlays]
        stated = [self.split, self.values, content]
        return hashlib.sha256(json.dumps(stated, sort_keys=True, default=str).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Table:
    """A table of experiments.

    Args:
        name: name of its file, without the ending.
        title: title, one line.
        about: how its rows are trained and measured, and the limits of the results.
        rows: the experiments, in the order in which they run.
    """

    name: str
    title: str
    about: str
    rows: tuple[Row, ...]


def read_table(name: str, folder: Path = _TABLES) -> Table:
    """Read a table of experiments.

    Raises:
        ValueError: for an unknown table, for missing or unknown keys, and for a row that names a missing overlay.
    """
    if not folder.is_dir():
        raise ValueError(
            f"experiments need a clone of the repository, but there is no folder {folder}; run them in a clone"
        )
    path = folder / f"{one_of(name, (file.stem for file in folder.glob('*.yaml')), 'table of experiments')}.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if missing := [key for key in ("title", "about", "rows") if not content.get(key)]:
        raise ValueError(
            f"a table has a title, a text about it and rows, but {path} lacks {', '.join(missing)}; add it"
        )
    rows = tuple(_row(entry, path) for entry in content["rows"])
    names = [row.name for row in rows]
    if doubles := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"each row needs its own name, but {path} repeats {', '.join(doubles)}; rename the rows")
    return Table(name, content["title"], content["about"], rows)


def _row(entry: dict[str, Any], path: Path) -> Row:
    if unknown := sorted(set(entry) - _KEYS):
        raise ValueError(
            f"a row may have {', '.join(sorted(_KEYS))}; {path} has {', '.join(unknown)}; correct the name"
        )
    if missing := sorted({"name", "data", "split"} - set(entry)):
        raise ValueError(f"a row needs {', '.join(missing)}, but one of {path} lacks it: {entry}; add it")
    if not str(entry["name"]).replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise ValueError(
            f"a row's name may have letters, digits, '-', '_' and '.'; {path} has {entry['name']!r}; rename it"
        )
    training = entry.get("training")
    training = tuple(training) if isinstance(training, list) else training
    row = Row(**{**entry, "split": str(entry["split"]), "training": training})
    for overlay in row.overlays:
        if not overlay.is_file():
            raise ValueError(f"the row {row.name} of {path} names {overlay}, which does not exist; correct the name")
    if not row.recipe:
        raise ValueError(
            f"a row needs the data set of a recipe, but {row.data} of {row.name} names none; choose another"
        )
    return row

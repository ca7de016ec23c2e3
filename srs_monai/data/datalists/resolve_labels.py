"""The labels of results, from all sources that name them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srs_monai.data.datalists.json_datalist import listed_labels
from srs_monai.data.recipes import recipe as recipe_of
from srs_monai.data.recipes import result_labels
from srs_monai.labels import Label, parse_label_names, plain_label_names
from srs_monai.text import few

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResolvedLabels:
    """The labels of a network's results, in the order of their numbers.

    Args:
        labels: the labels of the numbers 1, 2, ...
        unnamed: the labels without any given names: those of the recipe, or default ones.
    """

    labels: tuple[Label, ...]
    unnamed: tuple[Label, ...]

    @property
    def names(self) -> dict[int, str]:
        """Names by numbers, {1: "liver"}."""
        return {number: label.name for number, label in enumerate(self.labels, 1)}

    @property
    def given(self) -> dict[str, Any] | None:
        """The named labels in the form that settings keep beside weights; None if none was named."""
        return plain_label_names(self.labels, self.unnamed)


def resolve_labels(
    out_channels: int,
    label_names: Any = None,
    *,
    recipe: str | None = None,
    dataset_dir: str | Path = ".",
    datalist: str | Path | None = None,
    trained: Any = None,
) -> ResolvedLabels:
    """Name the labels of a network's results.

    The first of these sources that names a label counts: `label_names`; the settings of the weights; the "labels" of
    the JSON list; the recipe. A label without a name is "foreground", or one of several "label 1", "label 2" ...

    Args:
        out_channels: channels of the network: 1 is one label, N are the background and N - 1 labels.
        label_names: names in any form of `parse_label_names`; None: not given.
        recipe: name of a published data set.
        dataset_dir: folder of the data set.
        datalist: a JSON list, relative to dataset_dir. With a recipe, its numbers are those of the label files.
        trained: label_names in the settings of the network's weights; None: there are none.

    Returns:
        The labels. A warning reports other names in the list.

    Raises:
        ValueError: for names that `parse_label_names` rejects, and for a recipe with another number of labels. If
            `label_names` or the settings have names, invalid names of the list only give a warning.
    """
    unnamed = result_labels(recipe, out_channels)
    sources = (("label_names in the settings of the weights", trained), ("label_names", label_names))
    given = [(origin, value) for origin, value in sources if value is not None]
    listed = unnamed
    if datalist is not None:
        path = Path(dataset_dir).expanduser() / datalist
        try:
            listed = _listed(path, out_channels, unnamed, recipe)
        except ValueError as error:
            if not given:
                raise ValueError(f"{error}; or name the labels of results by label_names") from error
            logger.warning("%s; the names in label_names are used", error)
    labels = listed
    for origin, value in given:
        labels = parse_label_names(value, out_channels, otherwise=labels, origin=origin)
    others = [
        f"label {number} is {listed_one.name!r} there and {label.name!r} here"
        for number, (listed_one, label, before) in enumerate(zip(listed, labels, unnamed, strict=True), 1)
        if listed_one.name not in (label.name, before.name)
    ]
    if others:
        logger.warning("%s has other label names: %s", datalist, few(others))
    return ResolvedLabels(labels, unnamed)


def _listed(path: Path, out_channels: int, unnamed: Sequence[Label], recipe: str | None) -> tuple[Label, ...]:
    """The labels named in a JSON list, completed by the unnamed ones."""
    values = None if recipe is None else recipe_of(recipe).label_values()
    return parse_label_names(
        listed_labels(path),
        out_channels,
        otherwise=unnamed,
        values=values if isinstance(values, list) else None,
        origin=f"labels of {path}",
    )

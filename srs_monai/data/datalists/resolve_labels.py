"""What the labels of results are, by all that is said of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srs_monai.data.datalists.json_datalist import listed_labels
from srs_monai.data.recipes import Label, parse_label_names, plain_label_names, result_labels
from srs_monai.data.recipes import recipe as recipe_of
from srs_monai.text import few

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResolvedLabels:
    """The labels of a network's results, in the order of their numbers.

    Args:
        labels: what the numbers 1, 2, ... mean.
        unnamed: what they would be if nobody had named them: those of the recipe, or default ones.
    """

    labels: tuple[Label, ...]
    unnamed: tuple[Label, ...]

    @property
    def names(self) -> dict[int, str]:
        """Names by numbers, {1: "liver"}."""
        return {number: label.name for number, label in enumerate(self.labels, 1)}

    @property
    def given(self) -> dict[str, Any] | None:
        """The labels that were named, as settings keep them beside weights; None where none was."""
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

    Each label is named by the first of these that names it: `label_names`; the settings of the weights; the "labels" of
    the JSON list; the recipe; else it is "foreground", or one of several "label 1", "label 2" ...

    Args:
        out_channels: of the network: 1 is one label, N the background and N - 1 labels.
        label_names: in any form of `parse_label_names`; None: not given.
        recipe: name of a published data set.
        dataset_dir: folder of the data set.
        datalist: a JSON list, relative to it. With a recipe its numbers are those of the label files.
        trained: label_names of the settings of the network's weights; None: there are none.

    Returns:
        The labels. Where a list has other names than they, a warning says so.

    Raises:
        ValueError: for names that `parse_label_names` refuses, and a recipe with another number of labels. The names of
            a list are not refused, but reported, where `label_names` or the settings have names.
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
            logger.warning("%s; the names in label_names are taken", error)
    labels = listed
    for origin, value in given:
        labels = parse_label_names(value, out_channels, otherwise=labels, origin=origin)
    others = [
        f"{number} {listed_one.name!r} (here {label.name!r})"
        for number, (listed_one, label, before) in enumerate(zip(listed, labels, unnamed, strict=True), 1)
        if listed_one.name not in (label.name, before.name)
    ]
    if others:
        logger.warning("labels are named otherwise in %s: %s", datalist, few(others))
    return ResolvedLabels(labels, unnamed)


def _listed(path: Path, out_channels: int, unnamed: Sequence[Label], recipe: str | None) -> tuple[Label, ...]:
    """The labels that a JSON list names, and of all others those that nobody names."""
    values = None if recipe is None else recipe_of(recipe).label_values()
    return parse_label_names(
        listed_labels(path),
        out_channels,
        otherwise=unnamed,
        values=values if isinstance(values, list) else None,
        origin=f"labels of {path}",
    )

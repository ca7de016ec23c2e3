"""The items of a data list that are evaluated."""

from collections.abc import Mapping, Sequence
from typing import Any


def evaluation_items(
    datalists: Mapping[str, Sequence[Mapping[str, Any]]], section: str = "validation", *, whole_volumes: bool = True
) -> list[dict[str, Any]]:
    """Select one list of `load_datalist` for evaluation.

    Args:
        datalists: {"training": items, "validation": items, "test": items}.
        section: the name of the list, or "all" for all lists.
        whole_volumes: all slices of a volume form one case; otherwise every slice is a case, as in training.

    Raises:
        ValueError: if the list does not exist or is empty, or an item has no label.
    """
    sections = list(datalists) if section == "all" else [section]
    if not set(sections) <= set(datalists):
        raise ValueError(
            f"the list to evaluate must be one of {', '.join(datalists)} or all; got {section!r}; choose one of them"
        )
    items = [dict(item) for name in sections for item in datalists[name]]
    if not items:
        raise ValueError(
            f"evaluation needs at least one image, but the {section} list is empty; add images, or evaluate "
            f"another list: {', '.join([*(name for name in datalists if datalists[name]), 'all'])}"
        )
    unlabelled = [item["image"] for item in items if "label" not in item]
    if unlabelled:
        raise ValueError(
            f"evaluation needs a label for every image, but {unlabelled[0]} has none ({len(unlabelled)} images); "
            "add the labels, or evaluate another list"
        )
    if whole_volumes:
        return list({item["image"]: {k: v for k, v in item.items() if k != "slice"} for item in items}.values())
    return items

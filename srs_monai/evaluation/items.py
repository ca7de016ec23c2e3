"""Which items of a data list are evaluated."""

from collections.abc import Mapping, Sequence
from typing import Any


def evaluation_items(
    datalists: Mapping[str, Sequence[Mapping[str, Any]]], section: str = "validation", *, whole_volumes: bool = True
) -> list[dict[str, Any]]:
    """Take one list of `load_datalist` for evaluation.

    Args:
        datalists: {"training": items, "validation": items, "test": items}.
        section: which of them, or "all" of them.
        whole_volumes: make one case of all slices of a volume; else every slice is a case, as it is in training.

    Raises:
        ValueError: when there is no such list, nothing in it, or an item has no label.
    """
    sections = list(datalists) if section == "all" else [section]
    if not set(sections) <= set(datalists):
        raise ValueError(f"there is no list {section!r}; choose one of {', '.join(datalists)}, all")
    items = [dict(item) for name in sections for item in datalists[name]]
    if not items:
        raise ValueError(
            f"the {section} list is empty; give its images, or evaluate another list: "
            f"{', '.join([*(name for name in datalists if datalists[name]), 'all'])}"
        )
    unlabelled = [item["image"] for item in items if "label" not in item]
    if unlabelled:
        raise ValueError(
            f"evaluation needs a label for every image, but {unlabelled[0]} has none ({len(unlabelled)} such images); "
            "evaluate another list, or add the labels"
        )
    if whole_volumes:
        return list({item["image"]: {k: v for k, v in item.items() if k != "slice"} for item in items}.values())
    return items

"""Faulty pixels and masks are known before anything is trained."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from monai.data import Dataset
from monai.transforms import Compose

from srs_monai.data import SliceCacheDataset, check_items


def item(image: str, **more: Any) -> dict[str, Any]:
    return {"image": image, "label": f"mask of {image}", **more}


def datasets(*lists: list[dict[str, Any]], transform: Callable[[Any], Any]) -> list[SliceCacheDataset]:
    return [SliceCacheDataset(items, Compose([transform])) for items in lists]


def refuse_bad(item: dict[str, Any]) -> dict[str, Any]:
    if "bad" in item["image"]:
        raise RuntimeError("applying transform") from ValueError(f"{item['image']} is faulty")
    return item


@pytest.mark.parametrize("kind", [SliceCacheDataset, Dataset])
def test_every_image_is_read_once(kind: type[Dataset]) -> None:
    read: list[str] = []

    def note(one: dict[str, Any]) -> dict[str, Any]:
        read.append(one["image"])
        return one

    training = kind([item("a"), item("v", slice=0), item("v", slice=1)], Compose([note]))
    validation = kind([item("b"), {"image": "without a label"}], Compose([note]))
    check_items([training, validation])
    assert sorted(read) == ["a", "b", "v", "without a label"]
    read.clear()
    check_items([training, validation], wanted=False)
    assert not read


def test_the_cause_is_named() -> None:
    with pytest.raises(ValueError, match=r"^bad is faulty$"):
        check_items(datasets([item("a")], [item("bad")], transform=refuse_bad))


def test_several_faults_are_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    faulty = datasets([item("a"), item("bad1"), item("bad2")], [item("bad3")], transform=refuse_bad)
    with pytest.raises(ValueError, match=r"^3 images .*: bad1 is faulty$"):
        check_items(faulty)
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == ["bad2 is faulty", "bad3 is faulty"]

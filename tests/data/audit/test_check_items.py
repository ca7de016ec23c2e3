"""Faulty pixels and masks are known before anything is trained."""

import logging
from typing import Any

import pytest

from srs_monai.data import check_items


def item(image: str, **more: Any) -> dict[str, Any]:
    return {"image": image, "label": f"mask of {image}", **more}


def refuse_bad(item: dict[str, Any]) -> None:
    if "bad" in item["image"]:
        raise RuntimeError("applying transform") from ValueError(f"{item['image']} is faulty")


def test_every_labelled_image_is_read_once() -> None:
    read: list[str] = []
    datalists = {
        "training": [item("a"), item("v", slice=0), item("v", slice=1)],
        "validation": [item("b"), {"image": "without a label"}],
        "test": [item("t")],
    }
    check_items(datalists, lambda one: read.append(one["image"]))
    assert sorted(read) == ["a", "b", "v"]
    check_items(datalists, lambda one: read.append("never"), wanted=False)
    assert "never" not in read


def test_the_cause_is_named() -> None:
    with pytest.raises(ValueError, match=r"^bad is faulty$"):
        check_items({"training": [item("a")], "validation": [item("bad")]}, refuse_bad)


def test_several_faults_are_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    datalists = {"training": [item("a"), item("bad1"), item("bad2")], "validation": [item("bad3")]}
    with pytest.raises(ValueError, match=r"^3 images .*: bad1 is faulty$"):
        check_items(datalists, refuse_bad)
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == ["bad2 is faulty", "bad3 is faulty"]

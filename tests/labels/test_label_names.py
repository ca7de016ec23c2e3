"""Names of labels in every form come to the same labels, and what is no form of them is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from srs_monai.data.recipes import recipe
from srs_monai.labels import TISSUE, Code, Label, default_labels, parse_label_names, plain_label_names

LIVER = {"value": "10200004", "scheme": "SCT", "meaning": "Liver"}
ORGAN = {"value": "91723000", "scheme": "SCT", "meaning": "Anatomical Structure"}


def names(value: Any, out_channels: int = 3, **options: Any) -> list[str]:
    return [label.name for label in parse_label_names(value, out_channels, **options)]


@pytest.mark.parametrize(
    "value",
    [
        {1: "liver", 2: "spleen"},
        {"1": "liver", "2": "spleen"},
        {"0": "background", "1": "liver", "2": "spleen"},
        {0: "Background", 2: " spleen ", 1: {"name": "liver"}},
        {"background": 0, "liver": 1, "spleen": 2},
        {"background": "0", "spleen": "2", "liver": [1]},
        ["liver", "spleen"],
        ("liver", {"name": "spleen"}),
        ["background", "liver", "spleen"],
        "{1: liver, 2: spleen}",
        '{"1": "liver", "2": "spleen"}',
        "[liver, spleen]",
        "{liver: 1, spleen: 2}",
    ],
)
def test_every_form(value: Any) -> None:
    assert names(value) == ["liver", "spleen"]


def test_labels_without_a_name() -> None:
    assert names(None) == names({}) == names("null") == ["label 1", "label 2"]
    assert names({"0": "background", "5": "liver"}, 6) == [*(f"label {n}" for n in range(1, 5)), "liver"]
    assert names({"2": "x"}, 3, otherwise=(Label("a", TISSUE), Label("b", TISSUE))) == ["a", "x"]


@pytest.mark.parametrize(
    "value", ["tumour", ["tumour"], {"1": "tumour"}, {"0": "background", "255": "tumour"}, {"tumour": 1}, "{1: tumour}"]
)
@pytest.mark.parametrize("out_channels", [1, 2])
def test_the_only_label(value: Any, out_channels: int) -> None:
    assert names(value, out_channels) == ["tumour"]


def test_codes_and_colours() -> None:
    value = {"1": {"name": "liver", "code": {"value": 10200004}, "colour": [220, 20, 60]}, "2": {"name": "tumour"}}
    liver, tumour = parse_label_names(value, 3)
    assert liver == Label("liver", Code("10200004", "liver"), TISSUE, colour=(220, 20, 60))
    assert tumour == Label("tumour", TISSUE, TISSUE)
    other = {"name": "liver", "code": {"value": "C12392", "scheme": "NCIt", "meaning": "Liver"}, "category": ORGAN}
    (liver,) = parse_label_names([other], 1)
    assert (liver.code, liver.category.meaning) == (Code("C12392", "Liver", "NCIt"), "Anatomical Structure")


def test_a_label_that_keeps_its_name_keeps_its_code() -> None:
    known = recipe("acdc").labels
    kept = parse_label_names({1: known[0].name, 2: "muscle"}, 4, otherwise=known)
    assert kept[0] == known[0]
    assert (kept[1].name, kept[1].code) == ("muscle", TISSUE)
    assert kept[2] == known[2]
    coloured = parse_label_names({1: {"name": known[0].name, "colour": [1, 2, 3]}}, 4, otherwise=known)
    assert (coloured[0].code, coloured[0].colour) == (known[0].code, (1, 2, 3))


def test_numbers_of_label_files() -> None:
    """Synapse's files hold 8 for the aorta, its first class."""
    known, values = recipe("synapse").labels, recipe("synapse").label_values()
    listed = {"0": "background", "8": "big vessel", "6": "liver", "9": "a vein"}
    labels = parse_label_names(listed, 9, otherwise=known, values=values)  # type: ignore[arg-type]
    assert labels[0].name == "big vessel"
    assert labels[1:] == known[1:], "the liver keeps its code, and of what counts as background no name is taken"
    with pytest.raises(ValueError, match=r"label files hold .*, but 77 has a name"):
        parse_label_names({"77": "x"}, 9, otherwise=known, values=values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"0": "air", "1": "liver"}, "number 0 must be the background; got 'air'"),
        ({"1": "liver", 1: "spleen"}, "one name; got 'liver' and 'spleen'"),
        ({"01": "liver", "1": "spleen"}, "one name; got 'liver' and 'spleen'"),
        ({"liver": 1, "spleen": 1}, "one name; got 'liver' and 'spleen'"),
        ({"1": "liver", "2": "liver"}, "got liver for several"),
        ({"2": "label 1"}, "got label 1 for several"),
        ({"3": "liver"}, "labels 1 to 2, but label 3 has a name; set out_channels to 4"),
        (["a", "b", "c"], "label 3 has a name"),
        ({"-1": "liver"}, "by their numbers"),
        ({1.0: "liver"}, "by their numbers"),
        ({True: "liver"}, "by their numbers"),
        ({"1": "background"}, "one of background"),
        ({"1": "mean"}, "one of background, mean"),
        ({"1": ""}, "must be a text; got ''"),
        ({"1": None}, "must be a text; got None"),
        ({"1": 7}, "must be a text; got 7"),
        ({"1": yaml.safe_load("on")}, "must be a text; got True; .* quotes"),
        ({"1": ["liver"]}, r"must be a text; got \['liver'\]"),
        ({"1": "7"}, "must not be a number .* got '7'"),
        ({"1": "liver", "spleen": 2}, "got both"),
        ({"background": 0, "whole": [1, 2], "core": 2}, r"'whole' is a region of \[1, 2\]; .* in label_names"),
        ({"background": 0, "liver": 1, "ignore": 2}, "'ignore' is to ignore 2; renumber"),
        ({"liver": "one"}, "got 'one' for 'liver'"),
        ({"liver": None}, "got None for 'liver'"),
        (7, "got 7; write {1: liver"),
        ("liver", "got 'liver'; write {1: liver"),
        ("{1: liver", "must be YAML or JSON"),
        ({"1": {"label": "liver"}}, "may only have name, code, category, colour; got 'label'"),
        ({"1": {"colour": [1, 2, 3]}}, "must be a text; got None"),
        ({"1": {"name": "liver", "color": [1, 2, 3]}}, "got 'color'"),
        ({"1": {"name": "liver", "colour": "red"}}, "from 0 to 255"),
        ({"1": {"name": "liver", "colour": [0, 0, 256]}}, "from 0 to 255"),
        ({"1": {"name": "liver", "colour": None}}, "from 0 to 255"),
        ({"1": {"name": "liver", "code": "10200004"}}, "needs a value and a meaning; got '10200004'"),
        ({"1": {"name": "liver", "code": {"value": "10200005"}}}, "got 10200005"),
        ({"1": {"name": "liver", "code": {"meaning": "Liver"}}}, "the value of a code"),
        ({"1": {"name": "liver", "category": {"value": True}}}, "the value of a code"),
        ({"1": {"name": "liver", "code": {"value": "1", "scheme": 7}}}, "the scheme of a code"),
        ({"1": {"name": "liver", "code": {"id": "1"}}}, "may only have value, meaning, scheme; got 'id'"),
        ({"1": {"_target_": "os.system", "name": "x"}}, "got '_target_'"),
    ],
)
def test_what_is_refused(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"^the list: .*{said}"):
        parse_label_names(value, 3, origin="the list")


def test_a_binary_network_has_one_label() -> None:
    with pytest.raises(ValueError, match="only label 1, but label 2 has a name; set out_channels to 3"):
        names({"1": "liver", "2": "cancer"}, 1)
    with pytest.raises(ValueError, match="one name; got 'a' and 'b'"):
        names({1: "a", 255: "b"}, 1)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        ({"1": "label 1"}, None),
        ({2: "spleen", 1: "liver"}, {"1": "liver", "2": "spleen"}),
        (["liver"], {"1": "liver"}),
        (
            {"1": {"name": "liver", "code": LIVER, "category": ORGAN, "colour": [1, 2, 3]}, "2": "spleen"},
            {"1": {"name": "liver", "code": LIVER, "category": ORGAN, "colour": [1, 2, 3]}, "2": {"name": "spleen"}},
        ),
        ({"2": {"name": "spleen", "colour": (0, 0, 0)}}, {"2": {"name": "spleen", "colour": [0, 0, 0]}}),
    ],
)
def test_the_form_that_is_kept(value: Any, plain: Any) -> None:
    labels = parse_label_names(value, 3)
    kept = plain_label_names(labels, default_labels(3))
    assert kept == plain
    assert json.loads(json.dumps(kept)) == kept
    assert parse_label_names(kept, 3) == labels


def test_what_a_recipe_names_is_not_kept() -> None:
    known = recipe("acdc").labels
    assert plain_label_names(known, known) is None
    generic = (replace(known[0], code=TISSUE, category=TISSUE), *known[1:])
    kept = plain_label_names(generic, known)
    assert parse_label_names(kept, 4, otherwise=known) == generic

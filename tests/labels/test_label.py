"""Labels and codes are what DICOM, tables and configurations can all show."""

import pytest
from pydicom.sr.codedict import codes

from srs_monai.labels import TISSUE, Code, Label, default_labels

LIVER = Code("10200004", "Liver")


@pytest.mark.parametrize("name", ["left kidney", "T2-FLAIR (50 %)", "β-Zelle", "肝臓", "a/b", "x" * 64, "2nd tumour"])
def test_names_that_can_be_shown(name: str) -> None:
    assert Label(name, LIVER).name == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "must be a text; got ''"),
        (True, "must be a text; got True"),
        (None, "must be a text; got None"),
        ("x" * 65, "at most 64 characters"),
        ("left\\right", r"with '\\\\'"),
        ("tumour #1", "with '#'"),
        ("a %::b", "with '::'"),
        ("a\nb", r"with '\\n'"),
        ("\x1b[31mred", r"with '\\x1b'"),
        ("kid\u202eney", r"with '\\u202e'"),
        ("\ud800a", r"with '\\ud800'"),
        ("$print(1)", "must begin with a letter or a digit"),
        ("@image_size", "must begin with a letter or a digit"),
        ("%macro", "must begin with a letter or a digit"),
        ("../../etc/passwd", "must begin with a letter or a digit"),
        ("/etc/passwd", "must begin with a letter or a digit"),
        ("=1+1", "must begin with a letter or a digit"),
        (" liver", "must begin with a letter or a digit"),
        ("liver ", "got 'liver '"),
        ("12", "must not be a number .* got '12'"),
        ("Mean", "one of background, mean"),
        ("background", "one of background, mean"),
        ("True", "one of background, mean, true, false"),
    ],
)
def test_names_that_cannot(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"the name of a label .*{said}"):
        Label(name, LIVER)


@pytest.mark.parametrize("colour", [(256, 0, 0), (-1, 0, 0), (1, 2), (1.0, 2, 3), (True, 0, 0), ("a", "b", "c")])
def test_colours_are_three_bytes(colour: tuple[int, int, int]) -> None:
    assert Label("a", LIVER, colour=(0, 255, 7)).colour == (0, 255, 7)
    with pytest.raises(ValueError, match="whole numbers from 0 to 255"):
        Label("a", LIVER, colour=colour)


def test_the_check_digit_of_snomed_ct() -> None:
    known = {codes.SCT.__getattr__(name).value for name in codes.SCT.dir()} - {"115347700"}  # which is misprinted
    assert len([Code(value, "known") for value in known]) > 1000
    value = LIVER.value
    for place in range(len(value)):
        for digit in set("0123456789") - {value[place]}:
            with pytest.raises(ValueError, match="SNOMED CT must have 6 to 18 digits"):
                Code(value[:place] + digit + value[place + 1 :], "one digit is another")
    for place in range(len(value) - 1):
        turned = value[:place] + value[place + 1] + value[place] + value[place + 2 :]
        if turned != value:
            with pytest.raises(ValueError, match="SNOMED CT must have 6 to 18 digits"):
                Code(turned, "two digits are exchanged")


def test_codes_of_other_schemes() -> None:
    assert Code("C12392", "Liver", "NCIt").scheme == "NCIt"
    assert Code("T-62000", "Liver", "SRT").value == "T-62000"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("C12392", "Liver"), "SNOMED CT must have 6 to 18 digits"),
        (("10200004", ""), "the meaning of a code must be a text; got ''"),
        (("10200004", "x" * 65), "the meaning of a code may have at most 64"),
        (("10200004", "Liver", ""), "the scheme of a code"),
        (("10200004", "Liver", "a\\b"), "the scheme of a code"),
        (("", "Liver", "NCIt"), "the value of a code"),
        ((10200004, "Liver"), "the value of a code"),
        (("a\nb", "Liver", "NCIt"), "the value of a code"),
    ],
)
def test_codes_that_cannot_be(parts: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Code(*parts)


def test_labels_of_which_nothing_is_known() -> None:
    assert default_labels(1) == default_labels(2) == (Label("foreground", TISSUE, TISSUE),)
    assert [label.name for label in default_labels(4)] == ["label 1", "label 2", "label 3"]

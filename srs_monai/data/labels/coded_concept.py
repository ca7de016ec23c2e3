"""Concepts of terminologies, as DICOM codes them, and texts that DICOM, tables and configurations all show alike."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 64  # characters of a name in DICOM
SNOMED = "SCT"  # the designator of SNOMED CT in DICOM

_UNFIT = ("\\", "#", "::")  # DICOM divides values at the first, MONAI's configurations names at the others
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SCHEME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")
_SNOMED_VALUE = re.compile(r"[1-9][0-9]{5,17}")
_MOVED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)  # what Verhoeff's method makes of each digit from one place to the next


def clean_text(text: str) -> str:
    """A text as it is kept: without spaces around it, each character in its composed form."""
    return unicodedata.normalize("NFC", text.strip())


def check_text(text: object, what: str) -> None:
    """Refuse a text that DICOM, a table or a configuration would change or take for something else.

    Args:
        text: as `clean_text` leaves it.
        what: it is, for the message.

    Raises:
        ValueError: naming the text.
    """
    if not isinstance(text, str) or not text:
        raise ValueError(f"{what} is a text; got {text!r}; give one, in quotes where YAML reads something else")
    if len(text) > LONGEST:
        raise ValueError(f"{what} has at most {LONGEST} characters, as in DICOM; got {text!r}; shorten it")
    unfit = [part for part in (*text, *_UNFIT) if not part.isprintable() or (part in _UNFIT and part in text)]
    if unfit or not text[0].isalnum() or text != clean_text(text):
        raise ValueError(
            f"{what} begins with a letter or a digit, without control characters and {_listed(_UNFIT)}; got "
            f"{text!r}" + (f" with {_listed(unfit)}" if unfit else "") + "; change it"
        )


@dataclass(frozen=True)
class Code:
    """A concept of a terminology.

    Args:
        value: its number or code there; of SNOMED CT with its check digit.
        meaning: its name there, at most 64 characters.
        scheme: the terminology, by its designator in DICOM: SCT is SNOMED CT.

    Raises:
        ValueError: for a value, meaning or scheme that cannot stand in DICOM, and a number that SNOMED CT cannot have.
    """

    value: str
    meaning: str
    scheme: str = SNOMED

    def __post_init__(self) -> None:
        if not isinstance(self.scheme, str) or not _SCHEME.fullmatch(self.scheme):
            raise ValueError(
                f"the scheme of a code is its designator in DICOM, at most 16 letters and digits such as SCT; got "
                f"{self.scheme!r}; correct it"
            )
        if not isinstance(self.value, str) or not _VALUE.fullmatch(self.value):
            raise ValueError(f"the value of a code is letters and digits, 10200004; got {self.value!r}; correct it")
        if self.scheme == SNOMED and not (_SNOMED_VALUE.fullmatch(self.value) and _check_digit_fits(self.value)):
            raise ValueError(
                f"a code of SNOMED CT has 6 to 18 digits, the last of which checks the others, but {self.value} is "
                f"none; correct it, or name its scheme where it is of another terminology"
            )
        check_text(self.meaning, "the meaning of a code")


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(sorted({repr(part) for part in parts}))


def _check_digit_fits(digits: str) -> bool:
    """Whether the last digit is the one that Verhoeff's method gives: all products make the neutral one."""
    product = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        for _ in range(place % 8):
            digit = _MOVED[digit]
        product = _product(product, digit)
    return product == 0


def _product(one: int, other: int) -> int:
    """Of two symmetries of a pentagon: 0 to 4 are its turns, 5 to 9 its reflections."""
    turned = one + other if one < 5 else one - other
    return turned % 5 + 5 * ((one < 5) != (other < 5))

"""Coded concepts of DICOM, and texts that DICOM, tables and configurations can all hold."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 64  # characters of a name in DICOM
SNOMED = "SCT"  # DICOM's designator of SNOMED CT

_UNFIT = ("\\", "#", "::")  # DICOM separates values by the first, MONAI's configurations names by the others
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SCHEME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")
_SNOMED_VALUE = re.compile(r"[1-9][0-9]{5,17}")
_MOVED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)  # permutation of the digits from one place to the next in Verhoeff's method


def clean_text(text: str) -> str:
    """The text in the form that is stored: without spaces around it, in Unicode's composed form."""
    return unicodedata.normalize("NFC", text.strip())


def check_text(text: object, what: str) -> None:
    """Reject a text that DICOM, a table or a configuration would change or misread.

    Args:
        text: a text from `clean_text`.
        what: what the text is, for the message.

    Raises:
        ValueError: naming the text.
    """
    if not isinstance(text, str) or not text:
        raise ValueError(f"{what} must be a text; got {text!r}; write a text, with quotes if YAML reads something else")
    if len(text) > LONGEST:
        raise ValueError(f"{what} may have at most {LONGEST} characters, as in DICOM; got {text!r}; shorten it")
    unfit = [part for part in (*text, *_UNFIT) if not part.isprintable() or (part in _UNFIT and part in text)]
    if unfit or not text[0].isalnum() or text != clean_text(text):
        raise ValueError(
            f"{what} must begin with a letter or a digit and must not contain control characters or {_listed(_UNFIT)}; "
            f"got {text!r}" + (f" with {_listed(unfit)}" if unfit else "") + "; change it"
        )


@dataclass(frozen=True)
class Code:
    """A coded concept: an entry of a terminology.

    Args:
        value: its code; for SNOMED CT with the check digit.
        meaning: its name, at most 64 characters.
        scheme: DICOM's designator of the terminology; SCT is SNOMED CT.

    Raises:
        ValueError: for a value, meaning or scheme that DICOM does not allow, and for an invalid SNOMED CT number.
    """

    value: str
    meaning: str
    scheme: str = SNOMED

    def __post_init__(self) -> None:
        if not isinstance(self.scheme, str) or not _SCHEME.fullmatch(self.scheme):
            raise ValueError(
                f"the scheme of a code must be its designator in DICOM, at most 16 letters and digits such as SCT; got "
                f"{self.scheme!r}; correct it"
            )
        if not isinstance(self.value, str) or not _VALUE.fullmatch(self.value):
            raise ValueError(
                f"the value of a code must be letters and digits, such as 10200004; got {self.value!r}; correct it"
            )
        if self.scheme == SNOMED and not (_SNOMED_VALUE.fullmatch(self.value) and _check_digit_fits(self.value)):
            raise ValueError(
                f"a code of SNOMED CT must have 6 to 18 digits with a valid check digit; got {self.value}; correct it, "
                f"or name the scheme if it belongs to another terminology"
            )
        check_text(self.meaning, "the meaning of a code")


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(sorted({repr(part) for part in parts}))


def _check_digit_fits(digits: str) -> bool:
    """Whether Verhoeff's check digit is right: the product of all digits is then the neutral element."""
    product = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        for _ in range(place % 8):
            digit = _MOVED[digit]
        product = _product(product, digit)
    return product == 0


def _product(one: int, other: int) -> int:
    """The product of two symmetries of a pentagon: 0 to 4 are rotations, 5 to 9 reflections."""
    turned = one + other if one < 5 else one - other
    return turned % 5 + 5 * ((one < 5) != (other < 5))

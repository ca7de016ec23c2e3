"""Pairs of predictions and references."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from srs_monai.data.file_names import image_files, stem_and_suffix
from srs_monai.text import few

MASK_SUFFIXES = ("_mask", "_segmentation")
_logger = logging.getLogger(__name__)


def pair_cases(
    predictions: Any, references: Any, *, suffixes: Sequence[str] = MASK_SUFFIXES, allow_unpaired: bool = False
) -> list[tuple[str, Any, Any]]:
    """Find the reference of every prediction: by name in folders and mappings, by position in lists.

    The name of a file is its stem without any of `suffixes`: OUT/p1_mask.png belongs to masks/p1.png. Below a folder,
    the relative path is part of the name. If some names have such a suffix, only those files count, because inference
    writes overlays beside its masks. Two single files are always a pair.

    Args:
        predictions, references: a folder, a file, a mapping {case: array or file}, or a list of arrays or files.
        suffixes: endings that the name of a mask may have after the name of its case.
        allow_unpaired: skip cases without a partner, with a warning, instead of rejecting them.

    Returns:
        (case, prediction, reference), sorted by case, or in the order of the lists.

    Raises:
        ValueError: with the cases that have no partner, or if there is nothing to compare.
    """
    if _is_list(predictions) and _is_list(references):
        return _by_position(predictions, references, suffixes)
    if _is_file(predictions) and _is_file(references):
        return [(case_name(predictions, suffixes), predictions, references)]
    predicted, expected = _by_name(predictions, suffixes, "predictions"), _by_name(references, suffixes, "references")
    alone = {
        "predictions without reference": sorted(set(predicted) - set(expected)),
        "references without prediction": sorted(set(expected) - set(predicted)),
    }
    complaint = "; ".join(f"{len(names)} {kind} ({few(names)})" for kind, names in alone.items() if names)
    cases = sorted(set(predicted) & set(expected))
    if not cases:
        raise ValueError(
            f"predictions and references are paired by name, but no names agree: {complaint or 'both are empty'}; "
            f"give a pair the same name, except for {' or '.join(suffixes)}"
        )
    if complaint and not allow_unpaired:
        raise ValueError(
            f"every prediction needs a reference of the same name, and vice versa; found {complaint}; "
            "add or remove files, or set allow_unpaired to skip these cases"
        )
    if complaint:
        _logger.warning("skipped in the evaluation: %s", complaint)
    return [(case, predicted[case], expected[case]) for case in cases]


def case_name(path: str | Path, suffixes: Sequence[str] = MASK_SUFFIXES) -> str:
    """The case that a file belongs to: its stem without the suffix of a mask."""
    stem, _ = stem_and_suffix(Path(path))
    return next((stem[: -len(suffix)] for suffix in suffixes if stem.endswith(suffix) and stem != suffix), stem)


def _by_position(
    predictions: Sequence[Any], references: Sequence[Any], suffixes: Sequence[str]
) -> list[tuple[str, Any, Any]]:
    """Pair two lists."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError(
            f"lists are paired by position and must have the same length, at least 1; got {len(predictions)} "
            f"predictions and {len(references)} references; pass mappings {{case: array}} to pair by name"
        )
    names = [case_name(item, suffixes) if _is_path(item) else str(number) for number, item in enumerate(predictions, 1)]
    return list(zip(names, predictions, references, strict=True))


def _by_name(source: Any, suffixes: Sequence[str], role: str) -> dict[str, Any]:
    """The cases of a folder, a file, a mapping or a list of files."""
    if isinstance(source, Mapping):
        return {str(case): item for case, item in source.items()}
    if _is_list(source) and all(_is_path(item) for item in source):
        files = [(case_name(item, suffixes), Path(item)) for item in source]
    elif _is_path(source) and Path(source).is_dir():
        files = _masks_in(Path(source), suffixes)
    elif _is_file(source):
        files = [(case_name(source, suffixes), Path(source))]
    elif _is_path(source):
        raise ValueError(f"{role} must be an existing folder or file, but {source} does not exist; check the path")
    else:
        raise ValueError(
            f"{role} must be a folder, a file, a mapping {{case: array or file}} or a list of files; "
            f"got {type(source).__name__}; put the arrays of both sides into lists or mappings"
        )
    cases: dict[str, Any] = {}
    for case, file in files:
        if case in cases:
            raise ValueError(f"{cases[case]} and {file} are both {role} of the case {case!r}; remove one of them")
        cases[case] = file
    return cases


def _masks_in(folder: Path, suffixes: Sequence[str]) -> list[tuple[str, Path]]:
    """The image files in a folder and below it; only those with the suffix of a mask, if any have it."""
    files = image_files(folder, recursive=True)
    files = [path for path in files if case_name(path, suffixes) != case_name(path, ())] or files
    return [(path.relative_to(folder).with_name(case_name(path, suffixes)).as_posix(), path) for path in files]


def _is_path(item: Any) -> bool:
    return isinstance(item, str | Path)


def _is_file(item: Any) -> bool:
    return _is_path(item) and Path(item).is_file()


def _is_list(item: Any) -> bool:
    return isinstance(item, Sequence) and not isinstance(item, str)

"""The choice of the series in a folder."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from srs_monai.dicom.grid.geometry import check_slice, described, same_grid
from srs_monai.dicom.header import DicomError, Header, Kind
from srs_monai.text import few


def group_by_series(headers: Iterable[Header]) -> dict[str, list[Header]]:
    """The slices of volumes by series UID, without localizers, pictures and multi-frame objects."""
    series: dict[str, list[Header]] = {}
    for header in headers:
        if header.kind is Kind.SLICE and not header.localizer:
            series.setdefault(header.series_uid, []).append(header)
    return series


def not_in_series(headers: Iterable[Header]) -> list[str]:
    """The numbers and kinds of images that are not slices of volumes."""
    counts = Counter(
        "localizers" if header.kind is Kind.SLICE else f"files that hold {header.kind.value}"
        for header in headers
        if header.kind is not Kind.SLICE or header.localizer
    )
    return [f"{count} {what}" for what, count in counts.items()]


def choose_series(
    headers: Sequence[Header], source: Path, series_uid: str | None = None, left_out: Sequence[str] = ()
) -> tuple[list[Header], list[str]]:
    """The slices to read, and sentences about the choice if there was one.

    If there are several series, or several sizes or directions within a series, the largest group is read.

    Args:
        headers: headers of all images of the folder.
        source: the folder, for messages.
        series_uid: UID of the series to read; None: any.
        left_out: other content of the folder, for messages.

    Raises:
        DicomError: when there is no series, a slice has a faulty header, or the two largest groups have the same size.
    """
    series = group_by_series(headers)
    if series_uid is not None:
        if series_uid not in series:
            known = f"the series {', '.join(sorted(series))}" if series else "no series of slices"
            raise DicomError(
                f"there is no file or series {series_uid} in {source}, which holds {known}; check the name"
            )
        series = {series_uid: series[series_uid]}
    if not series:
        others = " and ".join(not_in_series(headers)) or "no DICOM images"
        beside = f" beside {few(left_out)}" if left_out else ""
        raise DicomError(
            f"a folder must hold a series of slices, but {source} holds {others}{beside}; name a folder of slices, or "
            f"a file"
        )
    uid, notes = _largest({uid: len(slices) for uid, slices in series.items()}, "series", source)
    groups: list[list[Header]] = []
    for header in series[uid]:
        check_slice(header)
        for group in groups:
            if same_grid(group[0], header):
                group.append(header)
                break
        else:
            groups.append([header])
    sizes = {described(group[0]): len(group) for group in groups}
    # the grids of two frames of reference can be equal
    if len(sizes) < len(groups):
        raise DicomError(
            f"slices of one series must share a frame of reference, but series {uid} in {source} has several; "
            f"put each acquisition into its own folder"
        )
    chosen, further = _largest(sizes, f"grids in series {uid}", source)
    return next(group for group in groups if described(group[0]) == chosen), notes + further


def _largest(sizes: dict[str, int], what: str, source: Path) -> tuple[str, list[str]]:
    ordered = sorted(sizes, key=lambda name: (-sizes[name], name))
    listed = few([f"{name} ({sizes[name]} slices)" for name in ordered], shown=8)
    if len(ordered) == 1:
        return ordered[0], []
    if sizes[ordered[0]] == sizes[ordered[1]]:
        raise DicomError(
            f"only one volume can be read at a time, but {source} holds several {what} and none is the largest: "
            f"{listed}; name a series as {source}/SERIES_UID, or put each into its own folder"
        )
    return ordered[0], [f"the largest of several {what} is read: {listed}"]

"""Results of an earlier run, compared with those that this run would make."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from srs_monai.inference.results.result_names import read_sidecar, sidecar_path
from srs_monai.inference.results.sidecar import Run

_AUTO = ("nifti", "png")  # the formats that auto chooses from


def check_finished(
    output_dir: str | Path, items: Iterable[tuple[str, str]], *, format: str = "auto", run: Run | None = None
) -> None:
    """Reject earlier results that this run would make in another way: one folder must not mix both.

    Args:
        output_dir: folder of the results.
        items: name and source of each finished case, which would be skipped.
        format: requested format.
        run: this run, whose weights and settings are compared; None: they are not compared.

    Raises:
        ValueError: with the first sidecar that differs, and the difference.
    """
    for name, source in items:
        sidecar = read_sidecar(output_dir, name)
        others = [] if sidecar is None else list(_others(sidecar, source, format, run))
        if others:
            raise ValueError(
                f"{output_dir} already has other results: {sidecar_path(output_dir, name)} has {others[0]}; use "
                "overwrite (--overwrite) to replace them, or another folder"
            )


def _others(sidecar: dict[str, Any], source: str, format: str, run: Run | None) -> Iterator[str]:
    made_of = str(sidecar.get("source", ""))
    if made_of and source and not _same(Path(made_of), Path(source)):
        yield f"the source {made_of}, but this run has {source}"
    weights = sidecar.get("weights") or {}
    if run is not None and None not in (run.sha256, weights.get("sha256")) and run.sha256 != weights["sha256"]:
        yield f"the weights {weights.get('path')} (sha256 {str(weights['sha256'])[:12]}), but this run has others"
    settings = sidecar.get("settings") or {}
    for name, ours in run.settings.items() if run is not None else ():
        if name in settings and settings[name] != ours:
            yield f"{name} {settings[name]}, but this run has {ours}"
    if run is not None and "label_names" not in settings:  # from a version that did not store it
        yield from _other_names(sidecar.get("labels") or [], run.settings.get("label_names") or {})
    there = sidecar.get("format")
    if there not in (_AUTO if format == "auto" else (format,)):
        yield f"format {there}, but this run has {format}"


def _other_names(labels: Iterable[Mapping[str, Any]], named: Mapping[str, Any]) -> Iterator[str]:
    for label in labels:
        ours = named.get(str(label.get("number")), label.get("name"))
        ours = ours["name"] if isinstance(ours, Mapping) else ours
        if ours != label.get("name"):
            yield f"the label {label.get('name')}, but this run has {ours}"


def _same(one: Path, other: Path) -> bool:
    """Whether two paths mean the same source: a reader may give the folder of a series, or the series in it."""
    return one == other or one.parent == other or other.parent == one

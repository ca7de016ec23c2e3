"""Results that an earlier run left, compared with what this one would make."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from srs_monai.inference.results.result_names import read_sidecar, sidecar_path
from srs_monai.inference.results.sidecar import Run

_AUTO = ("nifti", "png")  # what format auto comes to


def check_finished(
    output_dir: str | Path, items: Iterable[tuple[str, str]], *, format: str = "auto", run: Run | None = None
) -> None:
    """Refuse to leave results beside new ones when this run would have made them otherwise.

    Args:
        output_dir: where results are.
        items: name and source of each case that is finished and would be left.
        format: that was asked for.
        run: whose weights are compared; None: they are not.

    Raises:
        ValueError: naming the first sidecar of another run, and what is other.
    """
    for name, source in items:
        sidecar = read_sidecar(output_dir, name)
        others = [] if sidecar is None else list(_others(sidecar, source, format, run))
        if others:
            raise ValueError(
                f"results in one folder are made in one way, but {sidecar_path(output_dir, name)} is {others[0]}; "
                "overwrite (--overwrite) makes it anew, another folder keeps it"
            )


def _others(sidecar: dict[str, Any], source: str, format: str, run: Run | None) -> Iterator[str]:
    made_of = str(sidecar.get("source", ""))
    if made_of and source and not _same(Path(made_of), Path(source)):
        yield f"of {made_of} and not of {source}"
    weights = sidecar.get("weights") or {}
    if run is not None and None not in (run.sha256, weights.get("sha256")) and run.sha256 != weights["sha256"]:
        yield f"made with other weights ({weights.get('path')}, sha256 {str(weights['sha256'])[:12]})"
    settings = sidecar.get("settings") or {}
    for name, ours in run.settings.items() if run is not None else ():
        if name in settings and settings[name] != ours:
            yield f"made with {name} {settings[name]} and not {ours}"
    if run is not None and "label_names" not in settings:  # results of a version that did not keep it
        yield from _other_names(sidecar.get("labels") or [], run.settings.get("label_names") or {})
    there = sidecar.get("format")
    if there not in (_AUTO if format == "auto" else (format,)):
        yield f"in format {there} and not {format}"


def _other_names(labels: Iterable[Mapping[str, Any]], named: Mapping[str, Any]) -> Iterator[str]:
    for label in labels:
        ours = named.get(str(label.get("number")), label.get("name"))
        ours = ours["name"] if isinstance(ours, Mapping) else ours
        if ours != label.get("name"):
            yield f"made with the label {label.get('name')} and not {ours}"


def _same(one: Path, other: Path) -> bool:
    """Whether two names of a source mean the same; a reader may name the series in a folder, or its folder alone."""
    return one == other or one.parent == other or other.parent == one

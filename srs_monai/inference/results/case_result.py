"""The result of a case."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from srs_monai.inference.results.result_names import read_sidecar, sidecar_path

Status = Literal["segmented", "failed", "left"]

_SIZES = {"volume_mm3": "mm3", "volume_voxels": "voxels", "area_mm2": "mm2", "area_px": "px"}


@dataclass(frozen=True)
class Result:
    """The result of one case of a batch.

    Args:
        name: beginning of the names of its files, below the folder of results.
        source: the file, series or frame.
        status: "segmented"; "failed", see `reason`; or "left": skipped, because an earlier run finished it.
        reason: why the case failed, in one line.
        seconds: duration.
        files: files of the results, the sidecar last.
        format: format of the mask: nifti, dicom-seg, rtstruct or png.
        volumes: size of each label by its name, in `unit`; 0 for a label that was not found.
        unit: "mm3" for volumes and "mm2" for pictures; "voxels" and "px" if the spacing is unknown.
        warnings: what users of the result must know, one sentence each.
    """

    name: str
    source: str
    status: Status
    reason: str = ""
    seconds: float = 0.0
    files: tuple[Path, ...] = ()
    format: str = ""
    volumes: Mapping[str, float] = field(default_factory=dict)
    unit: str = ""
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_sidecar(
        cls, output_dir: str | Path, name: str, source: str, status: Status, seconds: float = 0.0
    ) -> "Result":
        """The result of a finished case, from its sidecar; without a sidecar it has no files and no sizes."""
        sidecar = read_sidecar(output_dir, name)
        if sidecar is None:
            return cls(name, source, status, seconds=seconds)
        path = sidecar_path(output_dir, name)
        labels = sidecar.get("labels", [])
        kind = next((key for label in labels for key in _SIZES if key in label), "")
        return cls(
            name,
            source,
            status,
            seconds=seconds,
            files=(*(path.parent / str(file) for file in sidecar["files"]), path),
            format=str(sidecar.get("format", "")),
            volumes={str(label["name"]): float(label[kind]) for label in labels},
            unit=_SIZES.get(kind, ""),
            warnings=tuple(map(str, sidecar.get("warnings", []))),
        )

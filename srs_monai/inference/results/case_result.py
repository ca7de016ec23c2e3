"""What became of a case."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from srs_monai.inference.results.result_names import read_sidecar, sidecar_path

Status = Literal["segmented", "failed", "left"]

_SIZES = {"volume_mm3": "mm3", "volume_voxels": "voxels", "area_mm2": "mm2", "area_px": "px"}


@dataclass(frozen=True)
class Result:
    """What became of one case of a batch.

    Args:
        name: that its results begin with, below the folder of results.
        source: the file, series or frame that was to be segmented.
        status: "segmented"; "failed", for the reason given; "left": finished before, and left as it was.
        reason: of a failure, in one line.
        seconds: that it took.
        files: of the results, the sidecar last.
        format: that the mask is in: nifti, dicom-seg, rtstruct or png.
        volumes: size of each label by its name, in `unit`; labels that were not found are 0.
        unit: "mm3", of pictures "mm2" or, where no spacing is known, "voxels" and "px".
        warnings: what who uses the results must know, a sentence each.
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
        """The result of a finished case, with what its sidecar says; without a sidecar nothing is known of it."""
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

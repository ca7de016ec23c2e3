"""NAME.json: what the results of a case are and how they came about."""

import json
import platform
import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from srs_monai import __version__
from srs_monai.files import write_atomically
from srs_monai.settings import PARTS, VALUES, Settings, read_settings, settings_of
from srs_monai.weights import LoadedWeights, loaded_weights
from srs_monai.workflow import running_workflow

_PACKAGES = ("torch", "monai", "numpy", "nibabel", "pydicom", "highdicom")


# what masks depend on beside the weights, to which the network belongs; resampling concerns series that fail without it
_SETTINGS = (
    *(name for name in (*VALUES, *PARTS) if name != "network_def"),
    *("precision", "keep_largest_component", "minimum_size"),
)


class Run:
    """What the results of one run share: the weights, the settings, where they were run, and the software.

    The settings are those of the configuration being run, when it is built in one.

    Args:
        network: whose weights were loaded from a file (`srs_monai.weights.load_weights`); None where it is not known.
        device: where the network runs.
    """

    def __init__(self, network: nn.Module | None = None, device: Any = None) -> None:
        self.network = network
        self.device = None if device is None else str(device)
        workflow = running_workflow()
        self.settings = {} if workflow is None else settings_of(workflow.parser, _SETTINGS)
        self.uid = f"2.25.{uuid.uuid4().int}"  # objects of one run that belong together are known by it

    def check(self, network: Any) -> None:
        """Refuse to make results with a network other than the one that the run speaks of, or one without weights.

        Raises:
            ValueError: when the network is another one, or its weights are random.
        """
        if self.network is None or isinstance(network, torch.jit.ScriptModule):  # which brings its weights along
            return
        if network is not self.network:
            raise ValueError(
                "results say which weights made them, but the evaluator runs another network than the one that they "
                "were loaded into; give both the same network"
            )
        if self._loaded is None:
            raise ValueError(
                f"results are made with trained weights, but none were loaded into this {type(network).__name__}; "
                "load them with srs_monai.weights.load_weights"
            )

    @property
    def _loaded(self) -> LoadedWeights | None:
        return None if self.network is None else loaded_weights(self.network)

    @property
    def weights(self) -> Path | None:
        """The file of the weights that were loaded."""
        return None if self._loaded is None else self._loaded.path

    @property
    def sha256(self) -> str | None:
        """The hash of the weights that were loaded."""
        return None if self._loaded is None else self._loaded.sha256

    @cached_property
    def versions(self) -> dict[str, str]:
        """The versions of the software."""
        return {
            "srs_monai": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        }

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What the settings beside the weights say to those who use them."""
        return (self._trained.warning,) if self._trained is not None and self._trained.warning else ()

    @cached_property
    def trained_recipe(self) -> str | None:
        """The data set that the weights were trained on, where the settings beside them name one."""
        recipe = None if self._trained is None else self._trained.values.get("recipe")
        return None if recipe is None else str(recipe)

    @cached_property
    def _trained(self) -> Settings | None:
        """The settings beside the weights."""
        return None if self.weights is None else read_settings(self.weights)


def write_sidecar(
    path: str | Path,
    run: Run,
    *,
    source: str,
    name: str,
    format: str,
    files: Sequence[str],
    labels: Sequence[Mapping[str, Any]],
    warnings: Sequence[str],
    runtime: Mapping[str, str] | None = None,
) -> None:
    """Write the sidecar of a case. It comes last: a case that has one is finished.

    Args:
        path: of the sidecar.
        run: what the cases of the run share.
        source: what was segmented.
        name: of the case.
        format: of the mask: nifti, dicom-seg, rtstruct or png.
        files: names of the results, seen from the sidecar's folder.
        labels: the measures of each label, see `Mask.measures`.
        warnings: what who uses the results must know, a sentence each.
        runtime: "name" and "precision" of what ran the network; None where it is not known.
    """
    content = {
        "source": source,
        "name": name,
        "format": format,
        "files": list(files),
        "labels": [dict(label) for label in labels],
        "warnings": list(warnings),
        "settings": run.settings,
        "weights": {"path": None if run.weights is None else str(run.weights), "sha256": run.sha256},
        "versions": run.versions,
        "device": run.device,
        "runtime": None if runtime is None else dict(runtime),
    }
    write_atomically(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())

"""NAME.json: what the results of a case are and how they came about."""

import json
import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from srs_monai.config.settings import PARTS, VALUES, Settings, settings_of
from srs_monai.config.workflow import running_workflow
from srs_monai.environment import software_versions
from srs_monai.files import write_atomically
from srs_monai.weights import LoadedWeights, require_weights

# what masks depend on beside the weights, to which the network belongs; resampling concerns series that fail without it
_SETTINGS = (
    *(name for name in (*VALUES, *PARTS) if name != "network_def"),
    *("precision", "keep_largest_component", "minimum_size"),
)


class Run:
    """What the results of one run share: the weights, the settings, where they were run, and the software.

    The settings are those of the configuration being run, when it is built in one.

    Args:
        device: where the network runs.
        settings: of the weights' training.
    """

    def __init__(self, device: Any = None, settings: Settings | None = None) -> None:
        self.trained = Settings() if settings is None else settings
        self.device = None if device is None else str(device)
        workflow = running_workflow()
        self.settings = {} if workflow is None else settings_of(workflow.parser, _SETTINGS)
        self.uid = f"2.25.{uuid.uuid4().int}"  # objects of one run that belong together are known by it
        self._loaded: LoadedWeights | None = None

    def use(self, network: Any) -> None:
        """State the weights of the network that makes the results: those that were loaded into it.

        Of TorchScript, which brings its weights along, no file is known.

        Raises:
            ValueError: for a module into which `srs_monai.weights.load_weights` never loaded any.
        """
        if not isinstance(network, nn.Module) or isinstance(network, torch.jit.ScriptModule):
            self._loaded = None
            return
        self._loaded = require_weights(network)

    @property
    def weights(self) -> Path | None:
        """The file of the weights that were loaded; None where it is not known."""
        return None if self._loaded is None else self._loaded.path

    @property
    def sha256(self) -> str | None:
        """The hash of the weights that were loaded."""
        return None if self._loaded is None else self._loaded.sha256

    @cached_property
    def versions(self) -> dict[str, str]:
        """The versions of the software."""
        return software_versions()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the settings of the weights say to those who use them."""
        return (self.trained.warning,) if self.trained.warning else ()

    @property
    def trained_recipe(self) -> str | None:
        """The data set that the weights were trained on, where their settings name one."""
        recipe = self.trained.values.get("recipe")
        return None if recipe is None else str(recipe)

    @property
    def weights_facts(self) -> dict[str, str | None]:
        """File and hash of the weights, as results state them."""
        return {"path": None if self.weights is None else str(self.weights), "sha256": self.sha256}


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
        "weights": run.weights_facts,
        "versions": run.versions,
        "device": run.device,
        "runtime": None if runtime is None else dict(runtime),
    }
    write_atomically(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())

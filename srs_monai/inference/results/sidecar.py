"""NAME.json: the results of a case and how they were made."""

import json
import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigWorkflow
from torch import nn

from srs_monai.config.settings import PARTS, VALUES, Settings, settings_of
from srs_monai.environment import software_versions
from srs_monai.files import write_atomically
from srs_monai.weights import LoadedWeights, require_weights

# settings that masks depend on, besides the weights and their network; series that need resampling fail without it
_SETTINGS = (
    *(name for name in (*VALUES, *PARTS) if name != "network_def"),
    *("precision", "keep_largest_component", "minimum_size"),
)


class Run:
    """What the results of one run share: weights, settings, device and software.

    Args:
        device: device of the network.
        settings: settings of the weights' training.
        workflow: the running workflow, whose settings the results state; None: they state no settings.
    """

    def __init__(
        self, device: Any = None, settings: Settings | None = None, workflow: ConfigWorkflow | None = None
    ) -> None:
        self.trained = Settings() if settings is None else settings
        self.device = None if device is None else str(device)
        self.settings = {} if workflow is None else settings_of(workflow.parser, _SETTINGS)
        self.uid = f"2.25.{uuid.uuid4().int}"  # connects the DICOM objects of one run
        self._loaded: LoadedWeights | None = None

    def use(self, network: Any) -> None:
        """Take the weights that were loaded into the network which makes the results.

        TorchScript contains its weights, so their file is unknown.

        Raises:
            ValueError: for a module into which `srs_monai.weights.load_weights` did not load any.
        """
        if not isinstance(network, nn.Module) or isinstance(network, torch.jit.ScriptModule):
            self._loaded = None
            return
        self._loaded = require_weights(network)

    @property
    def weights(self) -> Path | None:
        """The file of the loaded weights; None if it is unknown."""
        return None if self._loaded is None else self._loaded.path

    @property
    def sha256(self) -> str | None:
        """The hash of the loaded weights; None if they are unknown."""
        return None if self._loaded is None else self._loaded.sha256

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of the software."""
        return software_versions()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings to users in the settings of the weights."""
        return (self.trained.warning,) if self.trained.warning else ()

    @property
    def trained_recipe(self) -> str | None:
        """The recipe of the training, if the settings of the weights name one."""
        recipe = self.trained.values.get("recipe")
        return None if recipe is None else str(recipe)

    @property
    def weights_facts(self) -> dict[str, str | None]:
        """File and hash of the weights, as sidecars have them."""
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
    """Write the sidecar of a case. It is the last file: a case with a sidecar is finished.

    Args:
        path: path of the sidecar.
        run: what the cases of the run share.
        source: path of the image.
        name: name of the case.
        format: format of the mask: nifti, dicom-seg, rtstruct or png.
        files: names of the result files, relative to the sidecar's folder.
        labels: measures of each label, see `Mask.measures`.
        warnings: what users of the results must know, one sentence each.
        runtime: "name" and "precision" of the runtime; None if it is unknown.
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

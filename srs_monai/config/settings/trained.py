"""The settings of weights, for inference and evaluation in the same way as in training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from srs_monai.config.settings.build_components import build_component
from srs_monai.config.settings.catalogue import catalogue_of
from srs_monai.config.settings.schema import Settings, load_settings
from srs_monai.config.settings.settings_files import read_settings
from srs_monai.config.values import switch

_NOTHING: dict[str, Any] = {"_target_": "Identityd", "keys": "image"}
#: parts for weights without settings, equal to those of bundle/configs/train.yaml
DEFAULT_PARTS: dict[str, dict[str, Any]] = {
    "cropping": _NOTHING,
    "scaling": {
        "_target_": "srs_monai.data.transforms.ToUnitRanged",
        "keys": "image",
        "intensity": "@intensity",
        "window_level": "@window_level",
        "window_width": "@window_width",
    },
    "normalization": _NOTHING,
    "network_def": {
        "_target_": "srs_monai.networks.SRSNet",
        "spatial_dims": 2,
        "in_channels": "@in_channels",
        "out_channels": "@out_channels",
        "reconstruction_features": [8, 16, 32, 64],
        "reconstruction_blocks": [5, 5, 5, 5],
        "reconstruction_stem": 16,
        "segmentation_features": [16, 64, 128, 256],
        "segmentation_blocks": [3, 4, 6, 3],
        "segmentation_stem": 8,
    },
}


class TrainedSettings:
    """The settings of weights, for a configuration: single values by name, and components built from plain values.

    A part that the configuration replaces is never built.

    Args:
        weights: file of the weights. If `settings` is None, the file of settings beside it is read.
        settings: a file of settings; None: the one beside the weights, or the defaults if there is none.
        trust: let the file name components of any installed package. They are imported and run.

    Raises:
        ValueError: with the name of the file, if it holds anything but settings; from `build`, if the part is not in
            the catalogue and the file is not trusted.
    """

    def __init__(
        self, weights: str | Path | None = None, settings: str | Path | None = None, trust: bool | str = False
    ) -> None:
        if settings is not None and not isinstance(settings, str | Path):
            raise ValueError(f"settings must be the name of a file, such as RUN/model.json; got {settings!r:.200}")
        self.trust = switch(trust, "trust_settings")
        beside = read_settings(weights) if settings is None and weights is not None else None
        self.settings = load_settings(settings) if settings is not None else beside or Settings()

    def get(self, name: str, default: Any = None) -> Any:
        """A single value of the training, such as "image_size"; the default if the settings do not have it."""
        return self.settings.values.get(name, default)

    def part(self, name: str) -> dict[str, Any]:
        """A part as plain values, {"_target_": name, argument: value}."""
        part: dict[str, Any] = self.settings.values.get(name, DEFAULT_PARTS[name])
        return part

    def build(self, name: str, values: Mapping[str, Any]) -> Any:
        """Build a part: a transform for "cropping", "scaling" or "normalization", the network for "network_def".

        Args:
            name: name of the part.
            values: values of the configuration to which the part may refer.
        """
        trust = self.trust and name in self.settings.values
        return build_component(self.part(name), self._where(name), catalogue_of(name), values, trust=trust)

    def _where(self, name: str) -> str:
        return f"{self.settings.path}: {name}" if name in self.settings.values else f"the default {name}"

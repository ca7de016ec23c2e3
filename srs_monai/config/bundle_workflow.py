"""The bundle's inference configuration in this process, with the settings that the weights bring along."""

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser, ConfigWorkflow
from yaml import YAMLError

from srs_monai.config.bundle_root import bundle_root
from srs_monai.config.settings import PROVENANCE, TRAINED, settings_path
from srs_monai.errors import one_line

logger = logging.getLogger(__name__)

_MONAI = logging.getLogger("monai.bundle.workflows")


def inference_workflow(
    *,
    bundle: str | Path | None,
    weights: str | Path | None,
    settings: str | Path | None,
    trust_settings: bool,
    overlays: Sequence[str | Path],
    values: Mapping[str, Any],
) -> ConfigWorkflow:
    """Build the workflow of a bundle's configs/inference.yaml; nothing of it is evaluated yet.

    The overlays are put after that file, then the values. What neither gives is as in the settings of the weights.

    Args:
        bundle: folder of a bundle; None: the one that this package lies beside.
        weights: file of the network's weights; None: those that the overlays name, or else the bundle's.
        settings: a file of settings; None: the one beside the weights.
        trust_settings: import and run components that the settings name and this package does not have.
        overlays: configuration files.
        values: of the configuration, by name.

    Raises:
        ValueError: when there is no bundle, or a file is no configuration.
    """
    config = _config(bundle)
    given = _values(overlays)
    chosen = weights or given.get("ckpt_path") or config.parents[1] / "models" / "model.pt"
    if settings is None and Path(chosen).is_file() and not settings_path(chosen).is_file():
        logger.info("%s has no settings beside it: the defaults are used", chosen)
    files = [str(file) for file in (config, *overlays)]
    own = {"ckpt_path": absolute(chosen), "ignore_settings": True}  # where they differ, somebody said so
    if settings is not None:
        own["settings"] = absolute(settings)
    if trust_settings:
        own["trust_settings"] = True
    try:
        workflow = ConfigWorkflow(
            files, run_id="inference", workflow_type="inference", logging_file=False, **{**own, **values}
        )
    except (KeyError, ValueError, YAMLError) as error:
        raise ValueError(
            f"a configuration is YAML or JSON, and nested values are given to names that it has (network_def and the "
            f"preparation of images come with the weights, and overlays replace them whole), but: {one_line(error)}; "
            f"look at {', '.join(files)}"
        ) from error
    if TRAINED not in workflow.parser:
        raise ValueError(
            f"a bundle's configuration reads the settings of the weights ({TRAINED}), but {config} does not; take the "
            "bundle of this version of srs_monai"
        )
    return workflow


def absolute(path: str | Path) -> str:
    """A path that is one also in a configuration, where texts that begin with $, @ and % mean something else."""
    return str(Path(path).expanduser().absolute())


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put back what a bundle's run changes in its process: how errors are printed, and where modules are looked for.

    What MONAI says of files in several folders and of its logging is nothing that the caller chose.
    """
    hook, path, said = sys.excepthook, list(sys.path), _MONAI.level
    _MONAI.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        sys.excepthook, sys.path[:] = hook, path
        _MONAI.setLevel(said)


def _config(bundle: str | Path | None) -> Path:
    if bundle is None:
        try:
            bundle = bundle_root()
        except ValueError as error:
            raise ValueError(
                "segmenting follows a bundle's configs/inference.yaml, and no bundle lies beside this package; name "
                "one with --bundle (in Python bundle=): `bundle` in a clone of the repository, or where the weights "
                "came from"
            ) from error
    config = Path(bundle).expanduser() / "configs" / "inference.yaml"
    if not config.is_file():
        raise ValueError(f"a bundle holds configs/inference.yaml, but {bundle} does not; name the bundle's folder")
    return config.absolute()


def _values(overlays: Sequence[str | Path]) -> Mapping[str, Any]:
    """What the overlays say, the later ones last."""
    for overlay in overlays:
        if not Path(overlay).is_file():
            raise ValueError(f"an overlay is a configuration file, but {overlay} is none; check the name")
    try:
        values: Mapping[str, Any] = ConfigParser.load_config_files([str(overlay) for overlay in overlays])
    except (YAMLError, ValueError) as error:
        raise ValueError(
            f"overlays are YAML or JSON files, but one of {', '.join(map(str, overlays))} cannot be read: "
            f"{one_line(error)}; correct it"
        ) from error
    if PROVENANCE in values:
        raise ValueError(
            f"settings of weights are data and not a configuration, but one of {', '.join(map(str, overlays))} holds "
            "settings; name it with --settings (in Python settings_file=)"
        )
    return values

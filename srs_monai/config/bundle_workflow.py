"""The bundle's inference configuration in this process, with the settings of the weights."""

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser, ConfigWorkflow
from yaml import YAMLError

from srs_monai.config.settings import PROVENANCE, TRAINED, settings_path
from srs_monai.config.workflow import bundle_root
from srs_monai.errors import one_line

logger = logging.getLogger(__name__)

_MONAI = logging.getLogger("monai.bundle.workflows")


@dataclass(frozen=True)
class InferenceOptions:
    """The arguments of a bundle's inference.

    Args:
        bundle: folder of a bundle; None: the one beside this package.
        weights: file of the network's weights; None: the file that the overlays name, else the bundle's.
        settings_file: settings of the weights; None: the file beside the weights.
        trust_settings: import and run components that the settings name and this package does not have.
        overlays: configuration files that come after the bundle's.
        values: values of the configuration by name; they come last.
    """

    bundle: str | Path | None = None
    weights: str | Path | None = None
    settings_file: str | Path | None = None
    trust_settings: bool = False
    overlays: Sequence[str | Path] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def inference_workflow(options: InferenceOptions) -> ConfigWorkflow:
    """Build the workflow of a bundle's configs/inference.yaml. Nothing of it is evaluated yet.

    A value that neither the overlays nor the options give comes from the settings of the weights.

    Raises:
        ValueError: if there is no bundle, or a file is not a configuration.
    """
    config = _config(options.bundle)
    given = _values(options.overlays)
    weights = options.weights or given.get("ckpt_path") or config.parents[1] / "models" / "model.pt"
    if options.settings_file is None and Path(weights).is_file() and not settings_path(weights).is_file():
        logger.info("%s has no settings beside it; the defaults are used", weights)
    files = [str(file) for file in (config, *options.overlays)]
    own = {"ckpt_path": absolute(weights), "ignore_settings": True}  # the caller gave other values on purpose
    if options.settings_file is not None:
        own["settings"] = absolute(options.settings_file)
    if options.trust_settings:
        own["trust_settings"] = True
    try:
        workflow = ConfigWorkflow(
            files, run_id="inference", workflow_type="inference", logging_file=False, **{**own, **options.values}
        )
    except (KeyError, ValueError, YAMLError) as error:
        raise ValueError(
            f"the configuration cannot be built from {', '.join(files)}: {one_line(error).rstrip('.')}; files are YAML "
            "or JSON, a nested value needs a name that exists, and network_def and the preparation of images come with "
            "the weights and can only be replaced whole"
        ) from error
    if TRAINED not in workflow.parser:
        raise ValueError(
            f"{config} does not read the settings of the weights ({TRAINED}); use the bundle of this version of "
            "srs_monai"
        )
    return workflow


def absolute(path: str | Path) -> str:
    """The absolute path. A configuration reads it as text, because it does not begin with $, @ or %."""
    return str(Path(path).expanduser().absolute())


def check_names(values: Mapping[str, Any], arguments: Mapping[str, str]) -> None:
    """Reject values of the configuration for which the caller has an argument with another name.

    Args:
        values: values by their names in the configuration.
        arguments: names of the caller's arguments by their names in the configuration.

    Raises:
        ValueError: with both names.
    """
    for name in sorted(values.keys() & arguments.keys()):
        raise ValueError(f"{name} is the argument {arguments[name]} here; use that name")


@contextmanager
def restored_process() -> Iterator[None]:
    """Restore the process state that a bundle's run changes: the printing of errors and the module path.

    MONAI's warnings about its logging and about files in several folders are hidden; the caller cannot act on them.
    """
    hook, path, level = sys.excepthook, list(sys.path), _MONAI.level
    _MONAI.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        sys.excepthook, sys.path[:] = hook, path
        _MONAI.setLevel(level)


def _config(bundle: str | Path | None) -> Path:
    if bundle is None:
        try:
            bundle = bundle_root()
        except ValueError as error:
            raise ValueError(
                "there is no bundle beside this package; name one with --bundle (in Python bundle=): the folder "
                "`bundle` of a clone of the repository, or the bundle that the weights came with"
            ) from error
    config = Path(bundle).expanduser() / "configs" / "inference.yaml"
    if not config.is_file():
        raise ValueError(f"{bundle} is not a bundle: it has no configs/inference.yaml; name the bundle's folder")
    return config.absolute()


def _values(overlays: Sequence[str | Path]) -> Mapping[str, Any]:
    """The values of the overlays; a later overlay wins."""
    for overlay in overlays:
        if not Path(overlay).is_file():
            raise ValueError(f"the overlay {overlay} is not a file; check the name")
    values: dict[str, Any] = {}
    try:
        for overlay in overlays:  # one by one: a nested key (a#b) refers to the bundle's file, which is not read here
            values |= ConfigParser.load_config_file(str(overlay))
    except (YAMLError, ValueError) as error:
        raise ValueError(
            f"an overlay is not valid YAML or JSON ({', '.join(map(str, overlays))}): {one_line(error)}; correct it"
        ) from error
    if PROVENANCE in values:
        raise ValueError(
            f"settings of weights are not an overlay, but one of {', '.join(map(str, overlays))} holds settings; name "
            "it with --settings (in Python settings_file=)"
        )
    return values

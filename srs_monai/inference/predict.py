"""Segmentation in one call: the bundle's inference, with the settings that the weights bring along."""

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser, ConfigWorkflow
from yaml import YAMLError

from srs_monai.bundle_root import bundle_root
from srs_monai.errors import one_line, root_cause
from srs_monai.inference.case_result import Result
from srs_monai.inference.runner import FailedCasesError
from srs_monai.settings import read_settings

logger = logging.getLogger(__name__)

#: values of the configuration that are given as arguments of other names
_ARGUMENTS = {"dataset_dir": "source", "output_dir": "output", "ckpt_path": "weights"}
_MONAI = logging.getLogger("monai.bundle.workflows")


def predict(
    source: str | Path,
    output: str | Path,
    *,
    bundle: str | Path | None = None,
    weights: str | Path | None = None,
    format: str = "auto",
    overwrite: bool = False,
    resample_uneven: bool = False,
    recipe: str | None = None,
    device: str = "auto",
    overlays: Sequence[str | Path] = (),
    **settings: Any,
) -> list[Result]:
    """Segment what lies under a path, and write masks in each input's own geometry.

    The bundle's configs/inference.yaml is run in this process. The settings that stand beside the weights (network,
    image size, how images are prepared) are put after it, then the overlays, then the values given here: what is given
    wins, and a line in the log says so where it differs from the training.

    Args:
        source: a DICOM series or file, a NIfTI file, a picture, or a folder of any of these, with its sub-folders.
        output: folder for the results; cases that are finished there are left as they are.
        bundle: folder of a bundle, which holds configs/inference.yaml; None: the one that this package lies beside.
        weights: file of the network's weights; None: the bundle's.
        format: of the masks: nifti, dicom-seg, rtstruct, png, or auto: NIfTI for volumes, PNG for pictures.
        overwrite: make results that are there anew.
        resample_uneven: bring DICOM series with uneven spacing or missing slices onto an even grid, and say so,
            instead of refusing them.
        recipe: data set of the training, which names the labels; None: as the weights' settings have it.
        device: auto, cpu, cuda or cuda:NUMBER.
        overlays: configuration files put after the bundle's.
        settings: further values of the configuration, threshold=0.3.

    Returns:
        What became of each case. One that cannot be segmented holds up no other: its result has the reason.

    Raises:
        ValueError: for what concerns all cases: nothing to segment, results in the place of their source, weights that
            do not fit, settings that there are not, no bundle.
    """
    for name, argument in _ARGUMENTS.items():
        if name in settings:
            raise ValueError(f"{name} is given as {argument}; leave it out of the settings")
    config = _config(bundle)
    given = _values(overlays)
    chosen = weights or given.get("ckpt_path") or config.parents[1] / "models" / "model.pt"
    known = read_settings(chosen)
    if known is None and Path(chosen).is_file():
        logger.info("%s has no settings beside it: those of %s are used", chosen, config)
    values = {
        "dataset_dir": _absolute(source),
        "output_dir": _absolute(output),
        "ckpt_path": _absolute(chosen),
        "ignore_settings": True,  # where they differ, somebody said so
        # what is left out here is as the configuration has it
        **({} if format == "auto" else {"format": format}),
        **({} if device == "auto" else {"device": device}),
        **({} if recipe is None else {"recipe": recipe}),
        **({"overwrite": True} if overwrite else {}),
        **({"resample_uneven": True} if resample_uneven else {}),
        **settings,
    }
    files = [config, *([] if known is None else [known.path]), *overlays]
    with _undisturbed():
        return _run(files, values)


def _run(files: Sequence[str | Path], values: Mapping[str, Any]) -> list[Result]:
    """Run a bundle's inference, with a case's failure as its result and another error as it was raised."""
    try:
        workflow = ConfigWorkflow(
            [str(file) for file in files], run_id="inference", workflow_type="inference", logging_file=False, **values
        )
    except (KeyError, YAMLError) as error:
        raise ValueError(
            f"a configuration is YAML or JSON, and nested values are given to names that it has, but: "
            f"{one_line(error)}; look at {', '.join(map(str, files))}"
        ) from error
    try:
        workflow.initialize()
        (results,) = workflow.run()
        workflow.finalize()
    except Exception as error:
        cause = root_cause(error)  # MONAI wraps it in one error for each expression
        if isinstance(cause, FailedCasesError):
            return cause.results
        raise cause from None
    return list(results)


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
    return values


def _absolute(path: str | Path) -> str:
    """A path that is one also in a configuration, where texts that begin with $, @ and % mean something else."""
    return str(Path(path).expanduser().absolute())


@contextmanager
def _undisturbed() -> Iterator[None]:
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

"""Segmentation in one call: the bundle's inference, with the settings of the weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from srs_monai.config.bundle_workflow import (
    InferenceOptions,
    absolute,
    check_names,
    inference_workflow,
    restored_process,
)
from srs_monai.errors import root_cause
from srs_monai.inference.cases.runner import FailedCasesError
from srs_monai.inference.results.case_result import Result

# arguments of `predict` by their names in the configuration
_ARGUMENTS = {
    "dataset_dir": "source",
    "output_dir": "output",
    "ckpt_path": "weights",
    "settings": "settings_file",
}


def predict(
    source: str | Path,
    output: str | Path,
    *,
    bundle: str | Path | None = None,
    weights: str | Path | None = None,
    settings_file: str | Path | None = None,
    trust_settings: bool = False,
    format: str = "auto",
    overwrite: bool = False,
    resample_uneven: bool = False,
    recipe: str | None = None,
    device: str = "auto",
    runtime: str = "auto",
    overlays: Sequence[str | Path] = (),
    **settings: Any,
) -> list[Result]:
    """Segment all images under a path, and write each mask in the geometry of its image.

    The function runs the bundle's configs/inference.yaml in this process, with the overlays and the values given here.
    Values that are not given (network, image size, preparation of images) come from the settings beside the weights. A
    given value wins; the log reports values that differ from the training.

    Args:
        source: a DICOM series or file, a NIfTI file, a picture, or a folder of any of these, with its sub-folders.
        output: folder for the results; cases that are finished there are skipped.
        bundle: folder of a bundle, with configs/inference.yaml in it; None: the one beside this package.
        weights: file of the network's weights; None: the bundle's.
        settings_file: settings of the weights' training; None: the file beside them, model.json for model.pt.
        trust_settings: import and run components that the settings name and this package does not have. Without it
            such settings are rejected.
        format: of the masks: nifti, dicom-seg, rtstruct, png, or auto: NIfTI for volumes, PNG for pictures.
        overwrite: replace existing results.
        resample_uneven: bring DICOM series with uneven spacing or missing slices onto an even grid, with a warning in
            the results, instead of rejecting them.
        recipe: data set of the training, which names the labels; None: as in the settings of the weights.
        device: auto, cpu, cuda or cuda:NUMBER.
        runtime: what runs the network, see `srs_monai.runtimes.RUNTIMES`; auto: the fastest on this machine, or the
            one of the configuration.
        overlays: configuration files that come after the bundle's.
        settings: further values of the configuration, such as threshold=0.3.

    Returns:
        The result of each case. One failed case does not stop the others: its result has the reason.

    Raises:
        ValueError: for what concerns all cases: nothing to segment, an output folder that holds the source, weights
            that do not fit, unknown settings, no bundle.
    """
    check_names(settings, _ARGUMENTS)
    values = {
        "dataset_dir": absolute(source),
        "output_dir": absolute(output),
        # a value that is left out here comes from the configuration
        **({} if format == "auto" else {"format": format}),
        **({} if device == "auto" else {"device": device}),
        **({} if runtime == "auto" else {"runtime": runtime}),
        **({} if recipe is None else {"recipe": recipe}),
        **({"overwrite": True} if overwrite else {}),
        **({"resample_uneven": True} if resample_uneven else {}),
        **settings,
    }
    options = InferenceOptions(
        bundle=bundle,
        weights=weights,
        settings_file=settings_file,
        trust_settings=trust_settings,
        overlays=overlays,
        values=values,
    )
    with restored_process():
        return _run(inference_workflow(options))


def _run(workflow: ConfigWorkflow) -> list[Result]:
    """Run a bundle's inference. Failed cases become results; other errors are raised."""
    try:
        workflow.initialize()
        (results,) = workflow.run()
        workflow.finalize()
    except Exception as error:
        cause = root_cause(error)  # MONAI wraps it in one more error for each expression
        if isinstance(cause, FailedCasesError):
            return cause.results
        raise cause from None
    return list(results)

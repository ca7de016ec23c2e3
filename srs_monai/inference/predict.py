"""Segmentation in one call: the bundle's inference, with the settings that the weights bring along."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from srs_monai.config.bundle_workflow import absolute, inference_workflow, undisturbed
from srs_monai.errors import root_cause
from srs_monai.inference.cases.runner import FailedCasesError
from srs_monai.inference.results.case_result import Result

#: values of the configuration that are given as arguments of other names
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
    """Segment what lies under a path, and write masks in each input's own geometry.

    The bundle's configs/inference.yaml is run in this process, with the overlays and the values given here. What they
    leave open (network, image size, how images are prepared) is as in the settings beside the weights. A given value
    wins; the log reports it where it differs from the training.

    Args:
        source: a DICOM series or file, a NIfTI file, a picture, or a folder of any of these, with its sub-folders.
        output: folder for the results; cases that are finished there are left as they are.
        bundle: folder of a bundle, which holds configs/inference.yaml; None: the one that this package lies beside.
        weights: file of the network's weights; None: the bundle's.
        settings_file: settings of the weights' training; None: the file beside them, model.json for model.pt.
        trust_settings: import and run components that the settings name and this package does not have. Without it
            such settings are rejected.
        format: of the masks: nifti, dicom-seg, rtstruct, png, or auto: NIfTI for volumes, PNG for pictures.
        overwrite: make results that are there anew.
        resample_uneven: bring DICOM series with uneven spacing or missing slices onto an even grid, and say so,
            instead of refusing them.
        recipe: data set of the training, which names the labels; None: as the weights' settings have it.
        device: auto, cpu, cuda or cuda:NUMBER.
        runtime: what runs the network, see `srs_monai.runtimes.RUNTIMES`; auto: the fastest on this machine,
            or as the configuration has it.
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
    values = {
        "dataset_dir": absolute(source),
        "output_dir": absolute(output),
        # what is left out here is as the configuration has it
        **({} if format == "auto" else {"format": format}),
        **({} if device == "auto" else {"device": device}),
        **({} if runtime == "auto" else {"runtime": runtime}),
        **({} if recipe is None else {"recipe": recipe}),
        **({"overwrite": True} if overwrite else {}),
        **({"resample_uneven": True} if resample_uneven else {}),
        **settings,
    }
    with undisturbed():
        workflow = inference_workflow(
            bundle=bundle,
            weights=weights,
            settings=settings_file,
            trust_settings=trust_settings,
            overlays=overlays,
            values=values,
        )
        return _run(workflow)


def _run(workflow: ConfigWorkflow) -> list[Result]:
    """Run a bundle's inference, with a case's failure as its result and another error as it was raised."""
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

"""The MONAI workflow that runs a configuration, and the folder of its bundle."""

import inspect
from pathlib import Path

from monai.bundle import ConfigWorkflow

_PACKAGE = Path(__file__).resolve().parents[1]


def running_workflow() -> ConfigWorkflow | None:
    """The workflow that evaluates this call; None if a tool reads the configuration without a workflow.

    MONAI gives an expression no access to its workflow, so this function searches the callers. A configuration calls it
    once, as the id `workflow`, and passes the result to all functions that need it.
    """
    frame = inspect.currentframe()
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, ConfigWorkflow):
            return caller
        frame = frame.f_back
    return None


def bundle_root(workflow: ConfigWorkflow | None = None) -> str:
    """The absolute path of the bundle's folder, the parent of `configs/`; it does not depend on the working directory.

    Args:
        workflow: the workflow that runs the bundle. Without one, the bundle is the folder that holds this package, or
            the folder `bundle` beside the package, as in a clone.

    Raises:
        ValueError: if there is no bundle.
    """
    if workflow is not None:
        configs = Path(workflow.config_root_path).resolve()
        return str(configs.parent if configs.name == "configs" else configs)
    for root in (_PACKAGE.parent, _PACKAGE.parent / "bundle"):
        if (root / "configs" / "inference.yaml").is_file():
            return str(root)
    raise ValueError(
        f"a bundle must hold configs/inference.yaml, but neither {_PACKAGE.parent} nor "
        f"{_PACKAGE.parent / 'bundle'} does; name the folder with --bundle_root"
    )

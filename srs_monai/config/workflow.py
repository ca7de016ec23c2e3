"""The MONAI workflow that evaluates an expression of its configuration."""

import inspect

from monai.bundle import ConfigWorkflow


def running_workflow() -> ConfigWorkflow | None:
    """The workflow among the callers; none where a tool reads the configuration by itself.

    MONAI tells an expression nothing of the files that it stands in, nor of the names given beside them.
    """
    frame = inspect.currentframe()
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, ConfigWorkflow):
            return caller
        frame = frame.f_back
    return None

"""OpenVINO without its reports to its makers."""

import sys
from types import ModuleType

from srs_monai.environment import require


def load_openvino() -> ModuleType:
    """Import OpenVINO so that nothing is sent from this machine.

    Importing it and converting a model report to a statistics server, without asking, wherever openvino_telemetry is
    installed, as it is with OpenVINO itself. Where that package cannot be imported, OpenVINO puts an empty stub of its
    own in its place.

    Raises:
        ValueError: with the command that installs it, where it is not there.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: importing it fails
    return require("openvino")

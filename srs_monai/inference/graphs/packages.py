"""Packages that not everybody has."""

from importlib import import_module
from types import ModuleType

#: the extra of this package that installs each
EXTRAS = {"onnx": "onnx", "onnxruntime": "onnx", "openvino": "openvino", "torch_tensorrt": "tensorrt"}


def require(name: str) -> ModuleType:
    """Import an optional package.

    Raises:
        ValueError: with the command that installs it, where it is not there.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ValueError(
            f"this needs the package {name}, which cannot be imported ({error}); install it by "
            f"pip install 'srs_monai[{EXTRAS[name]}]'"
        ) from error

"""Checks of the names and values that users give to a configuration."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser, ConfigWorkflow
from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS

from srs_monai.text import nearest

_REFERENCE = re.compile(r"[@%]([A-Za-z_]\w*)")
_META = "_meta_"  # where MONAI keeps metadata.json
_SETTINGS = "provenance"  # key of every file of settings, see srs_monai.config.settings
_LIST = "give several configuration files as one list: --config_file \"['a', 'b']\""
_TRACKING = {name for settings in DEFAULT_EXP_MGMT_SETTINGS.values() for name in settings["configs"]}
_PATHS = ("_dir", "_path")  # endings of the names of paths


def check_config(workflow: ConfigWorkflow | None) -> None:
    """Reject unknown options, values of another kind and stray arguments, which MONAI accepts silently.

    MONAI's command reads an argument without a name as an id. With `--config_file a.yaml b.yaml`, b.yaml becomes the id
    of the list to initialize with, and the configuration's own list is skipped.

    An option is known if a configuration file in the bundle's folder has it, or another value refers to it, because
    overlays may add names. A value must have the same kind as in those files: a number, a whole number, a text or a
    list. A null, an expression, and any value of an option that is null there are accepted.

    Args:
        workflow: the workflow that runs the configuration; None (a tool reads the file) checks nothing.

    Raises:
        ValueError: with the name and, for a misspelt one, the nearest known name.
    """
    if workflow is None:
        return
    config = workflow.parser.get()
    _check_ids(workflow)
    if _SETTINGS in config:
        raise ValueError(
            "a configuration is needed, but --config_file names a file of settings; name it with --settings FILE, or "
            "omit it: the settings beside ckpt_path are found without a name"
        )
    known = _known(Path(workflow.config_root_path))
    ids = {_META, workflow.init_id, workflow.run_id, workflow.final_id}
    if "imports" not in known:
        raise ValueError(
            f"--config_file must name the bundle's file first and overlays after it; got a file of "
            f"{workflow.config_root_path} first; change the order"
        )
    for name in set(config) - set(known) - _TRACKING - ids:
        if not any(name in _references(value) for other, value in config.items() if other != name):
            near = nearest(name, known)
            raise ValueError(
                f"there is no option {name!r}; " + ("remove it" if near is None else f"did you mean {near!r}?")
            )
    for name, value in config.items():
        usual_ones = known.get(name, [])
        literal = [usual for usual in usual_ones if not _is_expression(usual)]
        complaints = [_complaint(name, value, usual) for usual in literal or usual_ones]
        if complaints and all(complaints):
            raise ValueError(f"{name} must be {complaints[0]}; got {value!r}")


def _check_ids(workflow: ConfigWorkflow) -> None:
    """Reject ids that the configuration lacks; MONAI would run nothing for them."""
    for id, usual in ((workflow.run_id, ""), (workflow.init_id, "initialize"), (workflow.final_id, "finalize")):
        if id != usual and id not in workflow.parser:
            raise ValueError(f"the configuration has no {id!r} to run; {_LIST}")


def _known(folder: Path) -> dict[str, list[Any]]:
    """The names in the configuration files of a folder, each with its values there."""
    known: dict[str, list[Any]] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in (".yaml", ".yml", ".json") and path.name != "metadata.json":
            for name, value in ConfigParser.load_config_file(path).items():
                known.setdefault(name, []).append(value)
    return known


def _references(value: Any) -> set[str]:
    """The top-level names that a value refers to."""
    return {name for text in _texts(value) for name in _REFERENCE.findall(text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _complaint(name: str, value: Any, usual: Any) -> str:
    """The required kind of a value that has another kind; "" if the value is accepted."""
    if value is None or _is_expression(value):
        return ""
    if name.endswith(_PATHS):
        return "" if isinstance(value, str | Path) else f"the name of a file or folder (write ./{value} if it is one)"
    if usual is None or isinstance(usual, bool | Mapping) or _is_expression(usual):
        return ""
    if isinstance(usual, int | float):
        return _no_number(value, whole=isinstance(usual, int))
    if isinstance(usual, str):
        return "" if isinstance(value, str) else "a text"
    if not isinstance(value, list | tuple):
        return f"a list, as {usual}"
    numbers = bool(usual) and all(isinstance(part, int | float) for part in usual)
    faulty = numbers and any(_no_number(part, whole=False) for part in value if not _is_expression(part))
    return f"a list of numbers, as {usual}" if faulty else ""


def _no_number(value: Any, *, whole: bool) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "a number (YAML reads 1e-3 as text: write 1.0e-3)" if isinstance(value, str) else "a number"
    return "a whole number" if whole and value != int(value) else ""


def _is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("$", "@", "%"))

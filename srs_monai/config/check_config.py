"""Values that a configuration was given, checked before anything is made of them."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser, ConfigWorkflow
from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS

from srs_monai.config.workflow import running_workflow

_REFERENCE = re.compile(r"[@%]([A-Za-z_]\w*)")
_META = "_meta_"  # where MONAI keeps metadata.json
_SETTINGS = "provenance"  # what files of settings have, see srs_monai.config.settings
_LIST = "several configuration files are one list: --config_file \"['a', 'b']\""
_TRACKING = {name for settings in DEFAULT_EXP_MGMT_SETTINGS.values() for name in settings["configs"]}
_PATHS = ("_dir", "_path")  # how names of folders and files end


def check_config() -> None:
    """Refuse stray arguments, names that nothing reads and values of another kind, which MONAI takes without a word.

    MONAI's command takes an argument without a name as the id of one of its lists: with `--config_file a.yaml b.yaml`,
    b.yaml takes the place of `initialize`, which is then skipped. A file of settings is not a configuration either.

    A name at the top is known when a file beside the configuration being run has it too, or when something refers to
    it: overlays may bring names of their own. A value is of the same kind as in those files, a number, a whole number,
    a text or a list; null and expressions pass, and so does all where null stands there. Without a workflow (a tool
    that reads the file by itself) nothing is checked.

    Raises:
        ValueError: with the name and, for a misspelt one, the nearest that is known.
    """
    workflow = running_workflow()
    if workflow is None:
        return
    config = workflow.parser.get()
    _check_ids(workflow)
    if _SETTINGS in config:
        raise ValueError(
            "settings of weights are data and not a configuration, but one of the configuration files holds settings; "
            "name it with --settings FILE instead (the file beside ckpt_path is read automatically)"
        )
    known = _known(Path(workflow.config_root_path))
    ids = {_META, workflow.init_id, workflow.run_id, workflow.final_id}
    if "imports" not in known:
        raise ValueError(
            f"the bundle's file is the first in --config_file, and overlays come after it; got a file of "
            f"{workflow.config_root_path} first"
        )
    for name in set(config) - set(known) - _TRACKING - ids:
        if not any(name in _references(value) for other, value in config.items() if other != name):
            near = get_close_matches(name, known, n=1)
            raise ValueError(
                f"a value is given for a name that the configuration has, but nothing reads {name!r}; "
                + (f"did you mean {near[0]!r}?" if near else "take it away")
            )
    for name, value in config.items():
        usual_ones = known.get(name, [])
        literal = [usual for usual in usual_ones if not _is_expression(usual)]
        complaints = [_complaint(name, value, usual) for usual in literal or usual_ones]
        if complaints and all(complaints):
            raise ValueError(f"{name} is {complaints[0]}; got {value!r}")


def _check_ids(workflow: ConfigWorkflow) -> None:
    """Refuse ids that the configuration does not have, which MONAI takes for lists without content."""
    if workflow.run_id not in workflow.parser:
        raise ValueError(f"the configuration has nothing to run that is called {workflow.run_id!r}; {_LIST}")
    for id, usual in ((workflow.init_id, "initialize"), (workflow.final_id, "finalize")):
        if id != usual and id not in workflow.parser:
            raise ValueError(f"{id!r} is neither an option nor in the configuration; {_LIST}")


def _known(folder: Path) -> dict[str, list[Any]]:
    """The names in the configuration files of a folder, each with the values it has there."""
    known: dict[str, list[Any]] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in (".yaml", ".yml", ".json") and path.name != "metadata.json":
            for name, value in ConfigParser.load_config_file(path).items():
                known.setdefault(name, []).append(value)
    return known


def _references(value: Any) -> set[str]:
    """The names at the top that a value refers to."""
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
    """What a value should be, where it is not; nothing where it may be."""
    if value is None or _is_expression(value):
        return ""
    if name.endswith(_PATHS):
        return (
            "" if isinstance(value, str | Path) else f"the name of a file or folder (write ./{value} where it is one)"
        )
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

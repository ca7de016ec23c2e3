"""Where the bundle lies whose configuration is being run."""

from pathlib import Path

from srs_monai.config.workflow import running_workflow

_PACKAGE = Path(__file__).resolve().parents[1]


def bundle_root() -> str:
    """The folder of the bundle, as an absolute path: the parent of `configs/`, whatever the working directory.

    It is that of the workflow which evaluates this call; without one (a tool that reads the file by itself), the bundle
    is the one that carries this package, or the one beside it in a clone.

    Raises:
        ValueError: when there is neither.
    """
    workflow = running_workflow()
    if workflow is not None:
        configs = Path(workflow.config_root_path).resolve()
        return str(configs.parent if configs.name == "configs" else configs)
    for root in (_PACKAGE.parent, _PACKAGE.parent / "bundle"):
        if (root / "configs" / "inference.yaml").is_file():
            return str(root)
    raise ValueError(
        f"the bundle's folder follows from the configuration being run, or from the place of the package, but neither "
        f"{_PACKAGE.parent} nor {_PACKAGE.parent / 'bundle'} is a bundle; name it with --bundle_root"
    )

"""Options of the commands that run the bundle's configuration."""

import argparse

import yaml

# options of their own, which --set does not take
_OPTIONS = {
    "bundle",
    "device",
    "format",
    "overwrite",
    "recipe",
    "resample_uneven",
    "runtime",
    "settings",
    "trust_settings",
    "weights",
}


def add_configuration_options(command: argparse.ArgumentParser) -> None:
    """Add --config, --set, --settings, --trust-settings and --bundle."""
    command.add_argument("--config", metavar="OVERLAY", nargs="+", default=[], help="files put after the bundle's")
    command.add_argument(
        "--set", metavar="NAME=VALUE", nargs="+", default=[], type=_setting, help="values of the configuration"
    )
    command.add_argument(
        "--settings", metavar="FILE", help="settings of the weights' training (default: the file beside them)"
    )
    command.add_argument(
        "--trust-settings", action="store_true", help="import and run what the settings name; for files of your own"
    )
    command.add_argument("--bundle", metavar="FOLDER", help="another bundle than the one beside this package")


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"a value is given as NAME=VALUE; got {text!r}")
    if name in _OPTIONS:
        raise argparse.ArgumentTypeError(f"{name} is an option of its own: --{name.replace('_', '-')}")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise argparse.ArgumentTypeError(f"the value is YAML, image_size=[128,128]; got {text!r}") from error

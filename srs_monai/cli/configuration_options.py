"""Options of commands that run the bundle's configuration."""

import argparse

import yaml

# values with their own option, which --set rejects
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
    command.add_argument(
        "--config", metavar="OVERLAY", nargs="+", default=[], help="files that overlay those of the bundle"
    )
    command.add_argument(
        "--set", metavar="NAME=VALUE", nargs="+", default=[], type=_setting, help="values in the configuration"
    )
    command.add_argument(
        "--settings", metavar="FILE", help="settings of the training (default: the file beside the weights)"
    )
    command.add_argument(
        "--trust-settings",
        action="store_true",
        help="import and run code that the settings name; for your own files only",
    )
    command.add_argument("--bundle", metavar="FOLDER", help="bundle (default: the one beside this package)")


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"a value must be given as NAME=VALUE; got {text!r}")
    if name in _OPTIONS:
        raise argparse.ArgumentTypeError(f"--set does not accept {name}; use the option --{name.replace('_', '-')}")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise argparse.ArgumentTypeError(f"a value must be YAML, as in image_size=[128,128]; got {text!r}") from error

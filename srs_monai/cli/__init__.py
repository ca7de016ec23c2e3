"""The command line: one file for each command, and the parser of all commands."""

from srs_monai.cli.parser import main as main

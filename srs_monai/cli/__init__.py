"""The command line: one command a file, and the parser that knows them all."""

from srs_monai.cli.parser import main as main

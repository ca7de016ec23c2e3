"""The command line of exports, which waits for torch only when there is something to do."""

import ast
from pathlib import Path

import pytest

from srs_monai.cli import export_command as cli_export
from srs_monai.cli.parser import main
from srs_monai.runtimes.graphs.graph_formats import GRAPH_FORMATS


def test_the_formats_are_those_that_there_are() -> None:
    assert set(cli_export.GRAPHS) == set(GRAPH_FORMATS)


def test_the_help_does_not_wait_for_torch() -> None:
    top = ast.parse(Path(cli_export.__file__).read_text()).body
    modules = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
    assert modules == {"argparse"}
    assert {node.module for node in top if isinstance(node, ast.ImportFrom)} == {"srs_monai.cli.configuration_options"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "onnx"], "--output"),
        (["--output", "a.onnx"], "--to"),
        (["--to", "caffe", "--output", "a"], "invalid choice: 'caffe'"),
        (["--to", "onnx", "--output", "a.onnx", "--set", "weights=a"], "weights; use the option --weights"),
    ],
)
def test_given_wrongly(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err

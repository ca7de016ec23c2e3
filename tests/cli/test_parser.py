"""The command line does what the functions do, and says why it failed."""

import logging
from pathlib import Path

import pytest

from srs_monai import __version__
from srs_monai.cli.parser import main
from srs_monai.cli.predict_command import FORMATS
from srs_monai.data import load_datalist
from srs_monai.inference import FORMATS as WRITTEN_FORMATS


def test_phantoms_are_a_folder_to_train_on(tmp_path: Path) -> None:
    assert main(["phantoms", str(tmp_path / "a b"), "--count", "4", "--size", "32", "40"]) == 0
    lists = load_datalist(tmp_path / "a b")
    assert (len(lists["training"]), len(lists["validation"])) == (3, 1)


def test_a_failure_is_one_line_and_status_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert main(["demo", "--data", str(tmp_path / "nowhere"), "--output", str(tmp_path)]) == 1
    assert "srs-monai demo: " in caplog.records[-1].getMessage()


def test_a_network_that_the_demo_does_not_know_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert main(["demo", "--network", "unet_v3", "--output", str(tmp_path / "out")]) == 1
    assert "got 'unet_v3'; choose one of " in caplog.records[-1].getMessage()
    assert not (tmp_path / "out").exists()


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("arguments", [[], ["segment"]])
def test_an_unknown_command_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "COMMAND" in capsys.readouterr().err


def test_the_formats_offered_are_those_that_are_written() -> None:
    assert FORMATS == WRITTEN_FORMATS

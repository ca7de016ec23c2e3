"""What every test shares: where the real data lie, and seeded randomness."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import dicom_files
import pytest
import torch
from dicom_files import Series
from reader_calls import ReaderCalls
from warm_python import WarmPython

DATASETS = Path(os.environ.get("SRS_MONAI_DATASETS", Path(__file__).resolve().parents[2] / "shared" / "datasets"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """--update-docs writes the generated parts of the documents anew."""
    parser.addoption("--update-docs", action="store_true", help="write the generated parts of docs/ anew")


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of real images; absent, the test is skipped, or fails under SRS_MONAI_REQUIRE_DATASETS=1."""
    if not DATASETS.is_dir():
        reason = f"real images not found at {DATASETS}; set SRS_MONAI_DATASETS to their folder"
        if os.environ.get("SRS_MONAI_REQUIRE_DATASETS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return DATASETS


@pytest.fixture
def write_picture() -> Callable[..., Path]:
    """`dicom_files.write_picture`."""
    return dicom_files.write_picture


@pytest.fixture
def write_series() -> Callable[..., Series]:
    """`dicom_files.write_series`."""
    return dicom_files.write_series


@pytest.fixture
def reader_calls(monkeypatch: pytest.MonkeyPatch) -> ReaderCalls:
    """Counts how often pydicom reads each file."""
    return ReaderCalls(monkeypatch)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the package keeps between runs is neither read from the user's cache nor left there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRS_MONAI_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def warm_python(_own_cache: None) -> Iterator[WarmPython]:
    """Runs Python programs in processes of their own, with MONAI and this package imported already."""
    rooms = [f"srs_monai.{room}" for room in ("data", "networks", "training", "inference", "evaluation")]
    warm = WarmPython("monai.bundle", *rooms)
    yield warm
    warm.close()


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _logging_stays() -> Iterator[None]:
    """Undo what a test does to logging for the whole process, as MONAI's set-up from a file: tests read the log."""
    before = {logger: logger.level for logger in _loggers()}
    yield
    logging.disable(logging.NOTSET)
    for logger in _loggers():
        logger.disabled, logger.propagate = False, True
        logger.setLevel(before.get(logger, logging.NOTSET))


def _loggers() -> list[logging.Logger]:
    """The root's, and this package's."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "srs_monai"]
    return [logging.root, *map(logging.getLogger, names)]

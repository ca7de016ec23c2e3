"""What every test shares: where the real data lie, and seeded randomness."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

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


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the package keeps between runs is neither read from the user's cache nor left there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRS_MONAI_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _loggers_stay_on() -> Iterator[None]:
    """Switch loggers on again that a set-up of logging within a test, as MONAI's from a file, has switched off."""
    yield
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False

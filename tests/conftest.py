"""What every test shares: where the real data lie, and seeded randomness."""

import os
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


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)

"""Numbers of epochs that make no run are refused before it begins."""

from typing import Any

import pytest

from srs_monai.training import check_epochs


@pytest.mark.parametrize("epochs", [0, -3, 2.5, "3", True, None, float("nan"), float("inf"), [3]])
def test_a_stage_has_a_whole_number_of_epochs_above_zero(epochs: Any) -> None:
    with pytest.raises(ValueError, match=r"above 0, got reconstruction_epochs .*; give --reconstruction_epochs"):
        check_epochs(epochs, name="reconstruction_epochs")
    check_epochs(epochs, skip=True)


@pytest.mark.parametrize("interval", [0, -1, 0.5, "1"])
def test_validation_comes_every_whole_number_of_epochs(interval: Any) -> None:
    with pytest.raises(ValueError, match="val_interval is a whole number of epochs above 0"):
        check_epochs(4, val_interval=interval)


def test_a_stage_lives_to_see_a_validation() -> None:
    check_epochs(4.0, val_interval=4)
    with pytest.raises(ValueError, match="epochs 4 ends before the first validation, val_interval 5"):
        check_epochs(4, val_interval=5)

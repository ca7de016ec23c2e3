"""The learning rate follows the released rule."""

import pytest
import torch

from srs_monai.training import polynomial_decay


def rates(total: int, steps: int, power: float = 0.9) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = polynomial_decay(optimizer, total, power)
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def test_steps_zero_and_one_use_the_base_rate_and_later_ones_lag_by_a_step() -> None:
    assert rates(10, 4) == pytest.approx([0.01, 0.01, 0.01 * 0.9**0.9, 0.01 * 0.8**0.9])


def test_the_rate_after_the_last_step_is_never_negative() -> None:
    assert rates(2, 5)[-2:] == [0.0, 0.0]


def test_a_scheduler_goes_on_from_its_state_under_another_length() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = polynomial_decay(optimizer, 100)
    scheduler.load_state_dict({**polynomial_decay(optimizer, 10).state_dict(), "last_epoch": 4})
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01 * (1 - 4 / 100) ** 0.9)


@pytest.mark.parametrize(
    ("total", "power", "text"), [(0, 0.9, "at least one optimizer step, got 0"), (5, 0, "above 0; got 0")]
)
def test_senseless_settings_are_refused(total: int, power: float, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        rates(total, 1, power)

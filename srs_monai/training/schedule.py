"""The learning-rate rule of the published recipe."""

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def polynomial_decay(optimizer: Optimizer, total_steps: int, power: float = 0.9) -> LambdaLR:
    """Decay the learning rate to nothing over a run, one call of `step()` after each optimizer step.

    The rate of step k (from 0) is `base * (1 - max(k - 1, 0) / total_steps) ** power`: the release sets the rate after
    a step from that step's own number, so that steps 0 and 1 both use the base rate. A closed form of k, unlike
    `torch.optim.lr_scheduler.PolynomialLR`, so that a resumed run may be made longer.

    Args:
        optimizer: whose base rates are scaled.
        total_steps: optimizer steps of the whole run, above 0.
        power: exponent, above 0.

    Raises:
        ValueError: when total_steps or power is not above 0.

    Source: SRS, IEEE TIP 2025, as released.
    """
    if total_steps <= 0:
        raise ValueError(
            f"a learning-rate schedule needs at least one optimizer step, got {total_steps}; "
            "give training images and at least one epoch"
        )
    if power <= 0:
        raise ValueError(f"the power of the polynomial decay must be above 0; got {power}")

    def factor(step: int) -> float:
        return float(max(0.0, 1 - max(step - 1, 0) / total_steps) ** power)

    return LambdaLR(optimizer, factor)

"""Matrix decomposition: what it can rebuild, and that it never gets worse."""

from itertools import pairwise

import pytest
import torch

from srs_monai.networks.layers import NMF2D


def test_a_map_of_rank_one_is_rebuilt_by_one_basis() -> None:
    channels, positions = torch.rand(2, 5, 1, dtype=torch.float64), torch.rand(2, 1, 12, dtype=torch.float64)
    x = (channels @ positions).reshape(2, 5, 3, 4)
    torch.testing.assert_close(NMF2D(5, bases=1, steps=1)(x), x, rtol=1e-4, atol=1e-5)


def test_one_turn_worked_out_by_hand() -> None:
    nmf = NMF2D(2, bases=1, steps=1).double()
    nmf.bases.copy_(torch.tensor([[0.6], [0.8]]))
    # V = [[1, 2], [3, 1]]; a softmax over one basis is 1, so that A = V^T D / (D^T D) = [3, 2];
    # D = V A / (A^T A) = [7, 11] / 13; A = V^T D / (D^T D) = [40, 25] * 13 / 170
    x = torch.tensor([[1.0, 2.0], [3.0, 1.0]], dtype=torch.float64).reshape(1, 2, 1, 2)
    expected = torch.tensor([[7 * 40, 7 * 25], [11 * 40, 11 * 25]], dtype=torch.float64) / 170
    torch.testing.assert_close(nmf(x)[0, :, 0], expected, rtol=1e-5, atol=0)


def test_more_turns_never_raise_the_error_and_more_bases_lower_it() -> None:
    x = torch.rand(2, 6, 5, 5, dtype=torch.float64)

    def error(bases: int, steps: int) -> float:
        return float((NMF2D(6, bases, steps)(x) - x).square().sum())

    errors = [error(3, steps) for steps in (1, 2, 4, 8, 50)]
    assert all(later <= earlier for earlier, later in pairwise(errors))
    assert error(6, 50) < 0.5 * errors[-1]
    assert NMF2D(6, 3)(x).min() >= 0


def test_the_draw_is_always_the_same_and_travels_with_the_weights() -> None:
    first, other = NMF2D(6, 3), NMF2D(6, 3, seed=1)
    torch.manual_seed(5)
    assert torch.equal(NMF2D(6, 3).bases, first.bases)
    assert not torch.equal(other.bases, first.bases)
    torch.testing.assert_close(first.bases.norm(dim=0), torch.ones(3))
    other.load_state_dict(first.state_dict())
    assert torch.equal(other.bases, first.bases)
    with torch.device("meta"):
        assert NMF2D(6, 3).bases.is_meta


def test_gradients_pass_the_last_update_of_the_amounts_alone() -> None:
    nmf = NMF2D(4, bases=2, steps=3).double()
    x = torch.rand(1, 4, 2, 3, dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        values, bases = x.flatten(2), nmf.bases[None]
        amounts = (values.mT @ bases).softmax(-1)
        for _ in range(3):
            amounts = amounts * (values.mT @ bases) / (amounts @ bases.mT @ bases + 1e-6)
            bases = bases * (values @ amounts) / (bases @ amounts.mT @ amounts + 1e-6)
    rebuilt = bases @ (amounts * (x.flatten(2).mT @ bases) / (amounts @ bases.mT @ bases + 1e-6)).mT
    y = nmf(x)
    torch.testing.assert_close(y, rebuilt.reshape(y.shape))
    ours, expected = (torch.autograd.grad((value**2).sum(), x)[0] for value in (y, rebuilt))
    torch.testing.assert_close(ours, expected)
    assert ours.abs().min() > 0


def test_half_precision_is_raised_inside() -> None:
    nmf, x = NMF2D(8, bases=4), torch.rand(1, 8, 6, 6)
    half = nmf(x.bfloat16())
    assert half.dtype == torch.bfloat16
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(nmf(x), NMF2D(8, bases=4)(x))
    torch.testing.assert_close(half.float(), nmf(x.bfloat16().float()), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(("bases", "steps"), [(0, 6), (4, 0)])
def test_bad_numbers_are_refused(bases: int, steps: int) -> None:
    with pytest.raises(ValueError, match=f"got {bases} bases and {steps} steps; give 1 or more"):
        NMF2D(4, bases, steps)

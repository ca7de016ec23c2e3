"""What holds for every operator, block and network that is exported, of tensors and of MONAI's MetaTensors alike."""

import copy
import io
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
import torch
from monai.data import MetaTensor, list_data_collate
from network_cases import CASES, TABLES_AND_BUILDERS, Case
from torch import Tensor, nn
from torch.func import functional_call, grad, jvp, vjp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint

from srs_monai import networks
from srs_monai.networks import blocks, dynamic, layers, nets

Run = Callable[..., Any]
SMALL = [name for name, case in CASES.items() if not case.large]
SMOOTH = [name for name in CASES if name not in ("PVTv2", "TransFuse")]  # and quick enough


def test_every_export_is_in_the_table() -> None:
    packages: tuple[ModuleType, ...] = (networks, layers, blocks, dynamic, nets, nets.baselines)
    exported = {name for package in packages for name in package.__all__}
    assert {name.split(",")[0] for name in CASES} | TABLES_AND_BUILDERS == exported


def with_meta(value: Any) -> Any:
    """Inputs as MONAI's loaders give them."""
    if isinstance(value, tuple | list):
        return type(value)(map(with_meta, value))
    if not isinstance(value, Tensor):
        return value
    affines = [torch.diag(torch.tensor([n + 2.0, 3.0, 4.0, 1.0], dtype=torch.float64)) for n in range(len(value))]
    samples = [
        MetaTensor(one, affine=affine, meta={"filename_or_obj": f"{n}.png"})
        for n, (one, affine) in enumerate(zip(value, affines, strict=True))
    ]
    batch = list_data_collate(samples)
    assert batch.is_batch
    return batch


def tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in inputs or outputs."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from tensors(each)


def replaced(value: Any, by: Iterator[Tensor]) -> Any:
    """Inputs with other tensors."""
    if isinstance(value, tuple | list):
        return type(value)([replaced(each, by) for each in value])
    return next(by) if isinstance(value, Tensor) else value


def requiring(inputs: Any) -> Any:
    return replaced(inputs, (x.detach().requires_grad_() for x in tensors(inputs)))


def loss(outputs: Any) -> Tensor:
    """One number to which every value of the outputs contributes differently."""
    total = torch.zeros((), dtype=torch.float64)
    for y in tensors(outputs):
        weights = torch.linspace(0.5, 1.5, y[0].numel(), dtype=torch.float64).reshape(y.shape[1:])
        total = total + (weights * y.double().square()).sum() + (weights * y.double()).sum()
    return total


def trained(network: nn.Module) -> dict[str, Tensor]:
    return {name: value for name, value in network.named_parameters() if value.requires_grad}


def plain(values: Any) -> list[Tensor]:
    return [x.detach().as_subclass(Tensor) for x in tensors(values)]


def learned(network: nn.Module, inputs: Any, run: Run | None = None) -> list[Tensor]:
    """The loss and its gradients with respect to the inputs and all that is trained."""
    inputs = requiring(inputs)
    value = loss(network(*inputs) if run is None else run(network, *inputs))
    wanted = [*tensors(inputs), *trained(network).values()]
    found = torch.autograd.grad(value, wanted, allow_unused=True, materialize_grads=True)
    return plain([value, *found])


def assert_equal(found: Any, expected: Any, **tolerance: float) -> None:
    torch.testing.assert_close(plain(found), plain(expected), **tolerance)


@pytest.fixture(params=[lambda inputs: inputs, with_meta], ids=["Tensor", "MetaTensor"])
def kind(request: pytest.FixtureRequest) -> Run:
    """What inputs are."""
    given: Run = request.param
    return given


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.mark.parametrize("training", [True, False])
def test_a_metatensor_learns_what_a_tensor_does(case: Case, training: bool) -> None:
    network = case.network().train(training)
    other = copy.deepcopy(network)
    assert_equal(learned(network, with_meta(case.inputs())), learned(other, case.inputs()))
    assert_equal(list(network.buffers()), list(other.buffers()))
    assert {type(buffer) for buffer in network.buffers()} <= {Tensor}


def test_the_result_has_the_meta_data_of_the_input(case: Case) -> None:
    network, inputs = case.network(), requiring(with_meta(case.inputs()))
    first = next(tensors(inputs))
    for result in tensors(network(*inputs)):
        assert isinstance(result, MetaTensor)
        assert result.is_batch
        assert result.meta["filename_or_obj"] == ["0.png", "1.png"]
        torch.testing.assert_close(result.affine, first.affine)
    loss(network(*inputs)).backward()
    assert {type(parameter.grad) for parameter in trained(network).values()} <= {Tensor, type(None)}


def test_without_gradients_the_values_are_the_same(case: Case, kind: Run) -> None:
    network, inputs = case.network().eval(), kind(case.inputs())
    expected = network(*inputs)
    with torch.no_grad():
        assert_equal(network(*inputs), expected)
    with torch.inference_mode():
        assert_equal(network(*inputs), expected)


def test_mixed_precision_loses_digits_and_nothing_else(case: Case, kind: Run) -> None:
    network = case.network().float().eval()
    inputs = kind(replaced(case.inputs(), (x.float() for x in tensors(case.inputs()))))
    exact = plain(network(*inputs))
    with torch.autocast("cpu", torch.bfloat16):
        low = network(*requiring(inputs))
        of_tensors = network(*replaced(inputs, iter(plain(inputs))))
    assert_equal(low, of_tensors, rtol=0.02, atol=0.02)  # in type too
    for y, expected in zip(plain(low), exact, strict=True):
        assert (y - expected).norm() < 0.1 * expected.norm()
    loss(low).backward()
    found = [parameter.grad for parameter in trained(network).values() if parameter.grad is not None]
    assert all(gradient.isfinite().all() and gradient.dtype == torch.float32 for gradient in found)
    assert found or not trained(network)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointing_changes_nothing(name: str, reentrant: bool, kind: Run) -> None:
    network, inputs = CASES[name].network().eval(), kind(CASES[name].inputs())
    asks = torch.zeros((), dtype=torch.float64, requires_grad=True)  # what is checkpointed has to ask for gradients
    forwards: list[str] = []

    def forward(_: Tensor, *given: Tensor) -> tuple[Any, ...]:
        forwards.append(name)
        return tuple(tensors(network(*replaced(inputs, iter(given)))))

    def run(network: nn.Module, *inputs: Any) -> Any:
        flat, one = list(tensors(inputs)), len(list(tensors(network(*inputs)))) == 1
        called = checkpoint(forward, asks, *flat, use_reentrant=reentrant)
        return called[0] if one else called

    if reentrant:  # which serves backward(), not autograd.grad()
        given = requiring(inputs)
        loss(run(network, *given)).backward()
        found = [x.grad for x in tensors(given)] + [x.grad for x in trained(network).values()]
        expected = learned(network, inputs)[1:]
        assert_equal([torch.zeros_like(y) if x is None else x for x, y in zip(found, expected, strict=True)], expected)
    else:
        assert_equal(learned(network, inputs, run), learned(network, inputs))
    assert len(forwards) <= 2, "a backward pass computes the network again once"


@pytest.mark.parametrize("name", SMOOTH)
def test_functional_calls_and_their_gradients(name: str, kind: Run) -> None:
    network, inputs = CASES[name].network().eval(), kind(CASES[name].inputs())
    given = {key: value.detach().clone() for key, value in trained(network).items()}
    expected = learned(network, inputs)[1 + len(list(tensors(inputs))) :]
    assert_equal(list(grad(lambda these: loss(functional_call(network, these, inputs)))(given).values()), expected)
    asking = {key: value.requires_grad_() for key, value in given.items()}
    value = loss(functional_call(network, asking, inputs))
    found = torch.autograd.grad(value, list(asking.values()), materialize_grads=True) if asking else ()
    assert_equal(list(found), expected)


@pytest.mark.parametrize("name", SMALL)
def test_gradients_of_each_sample_by_vmap(name: str, kind: Run) -> None:
    network, inputs = CASES[name].network().eval(), kind(CASES[name].inputs())
    given = {key: value.detach() for key, value in trained(network).items()}

    def of_one(these: dict[str, Tensor], *flat: Tensor) -> Tensor:
        alone = replaced(inputs, iter([x[None] for x in flat]))
        return loss(functional_call(network, these, alone))

    flat = list(tensors(inputs))
    found = vmap(grad(of_one, argnums=(0, 1)), in_dims=(None, *[0] * len(flat)))(given, *flat)
    for n in range(2):
        alone = replaced(inputs, iter([x[n : n + 1] for x in tensors(inputs)]))
        one = learned(network, alone)
        assert_equal([found[1][n]], [one[1][0]])
        assert_equal([value[n] for value in found[0].values()], one[1 + len(flat) :])


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_carried_forward_are_those_carried_back(name: str, kind: Run) -> None:
    case = CASES[name]
    network, inputs = case.network().eval(), kind(case.inputs())
    flat = tuple(tensors(inputs))
    along = tuple(torch.randn(x.shape, dtype=x.dtype) for x in flat)

    def value(*given: Tensor) -> Tensor:
        return loss(network(*replaced(inputs, iter(given))))

    with sdpa_kernel(SDPBackend.MATH):  # PyTorch's fast attention has one derivative
        if not case.forward_mode:
            with pytest.raises(NotImplementedError, match="forward AD"):
                jvp(value, flat, along)
            return
        carried = jvp(value, flat, along)[1]
    back = learned(network, inputs)[1 : 1 + len(flat)]
    assert_equal(carried, sum((x * y).sum() for x, y in zip(back, along, strict=True)))


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivatives(name: str, kind: Run) -> None:
    network, inputs = CASES[name].network().eval(), kind(CASES[name].inputs())
    given = {key: value.detach() for key, value in trained(network).items()}
    flat = tuple(x.detach() for x in tensors(inputs))
    along = [torch.randn(x.shape, dtype=x.dtype) for x in (*flat, *given.values())]

    def slope(*every: Tensor) -> Tensor:
        """How the loss changes along a direction."""
        n = len(flat)

        def value(*these: Tensor) -> Tensor:
            parameters = dict(zip(given, these[n:], strict=True))
            return loss(functional_call(network, parameters, replaced(inputs, iter(these[:n]))))

        found = grad(value, argnums=tuple(range(len(every))))(*every)
        return sum((x * y).sum() for x, y in zip(found, along, strict=True))

    with sdpa_kernel(SDPBackend.MATH):
        value, back = vjp(slope, *flat, *given.values())
        expected = back(torch.ones_like(value))
        asked = requiring(inputs)
        wanted = [*tensors(asked), *trained(network).values()]
        first = torch.autograd.grad(
            loss(network(*asked)), wanted, create_graph=True, allow_unused=True, materialize_grads=True
        )
        total = sum((x * y).sum() for x, y in zip(first, along, strict=True))
        found = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
    assert_equal(found, expected)


@pytest.mark.parametrize("name", SMALL)
def test_many_gradients_at_once(name: str, kind: Run) -> None:
    network, inputs = CASES[name].network().eval(), requiring(kind(CASES[name].inputs()))
    some = next(tensors(network(*inputs))).as_subclass(Tensor).flatten()[:3]
    wanted = list(tensors(inputs))
    apart = [torch.autograd.grad(y, wanted, retain_graph=True, materialize_grads=True) for y in some]
    expected = [torch.stack(plain(each)) for each in zip(*apart, strict=True)]

    def back(direction: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(some, wanted, direction, retain_graph=True, materialize_grads=True)

    ways = torch.eye(3, dtype=torch.float64)
    assert_equal(vmap(back)(ways), expected)
    assert_equal(
        torch.autograd.grad(some, wanted, ways, is_grads_batched=True, allow_unused=True, materialize_grads=True),
        expected,
    )


def test_copies_and_files_of_a_network_that_has_learned(case: Case, kind: Run) -> None:
    network, inputs = case.network().eval(), requiring(kind(case.inputs()))
    loss(network(*inputs)).backward()
    copied, its_inputs = copy.deepcopy((network, inputs))
    assert all(x.requires_grad and x.grad is not None for x in tensors(its_inputs))
    with torch.no_grad():
        expected = network(*inputs)
        assert_equal(copied(*its_inputs), expected)
        if not case.large:
            file = io.BytesIO()
            torch.save(network, file)
            file.seek(0)
            assert_equal(torch.load(file, weights_only=False)(*inputs), expected)


@pytest.mark.parametrize("name", SMALL)
def test_what_is_frozen_changes_no_other_gradient(name: str, kind: Run) -> None:
    network, inputs = CASES[name].network(), kind(CASES[name].inputs())
    of_parameters = learned(network, inputs)[1 + len(list(tensors(inputs))) :]
    before = dict(zip(trained(network), of_parameters, strict=True))
    frozen = list(before)[::2]
    for key in frozen:
        network.get_parameter(key).requires_grad_(False)
    loss(network(*requiring(inputs))).backward()
    after = dict(network.named_parameters())
    assert all(after[key].grad is None for key in frozen)
    for key in trained(network):
        assert_equal(torch.zeros_like(before[key]) if after[key].grad is None else after[key].grad, before[key])
    network.requires_grad_(False)
    assert all(x.any() for x in learned(network, inputs)[1:2])


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.filterwarnings("ignore:Anomaly Detection:UserWarning")
def test_anomaly_detection_and_a_second_backward_pass(name: str, kind: Run) -> None:
    network, inputs = CASES[name].network().eval(), requiring(kind(CASES[name].inputs()))
    expected = learned(network, inputs)[1:]
    wanted = [*tensors(inputs), *trained(network).values()]
    with torch.autograd.detect_anomaly(check_nan=True):
        value = loss(network(*inputs))
        for _ in range(2):
            found = torch.autograd.grad(value, wanted, retain_graph=True, allow_unused=True, materialize_grads=True)
            assert_equal(found, expected)


@pytest.mark.parametrize("name", SMALL)
def test_memory_layout_changes_nothing(name: str, kind: Run) -> None:
    network, inputs = CASES[name].network().eval(), kind(CASES[name].inputs())
    expected = learned(network, inputs)
    last = (x.movedim(1, -1).contiguous().movedim(-1, 1) for x in tensors(inputs))
    assert_equal(learned(network, replaced(inputs, last)), expected)
    apart = (x.repeat_interleave(2, dim=-1)[..., ::2] for x in tensors(inputs))
    assert_equal(learned(network, replaced(inputs, apart)), expected)

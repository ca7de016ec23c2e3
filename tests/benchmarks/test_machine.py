"""What rows say of the machine, and how fast it multiplies."""

import torch

from measure.machine import COLUMNS, Products, _processor, environment, set_precision

INFO = """processor\t: 0
model name\t: Made Up 9000
cpu family\t: 26
model\t\t: 2
flags\t\t: fpu avx2 avx512f avx512_bf16 sse

processor\t: 1
model name\t: not read
"""


def test_a_processor_by_name_family_and_features() -> None:
    assert _processor(INFO) == "Made Up 9000, cpu family 26 model 2, avx2 avx512f avx512_bf16"


def test_a_processor_of_which_little_is_said() -> None:
    assert _processor("model name : Plain\n") == "Plain"


def test_the_environment_fills_its_columns() -> None:
    found = environment()
    assert tuple(found) == COLUMNS
    assert found["device"]
    assert int(found["cores"]) >= 1
    assert found["torch"]
    assert len(found["code"]) in (0, 12)  # nothing where the code is not in git


def test_products_are_counted() -> None:
    rates = Products("float32", small=True)()(0.001)
    assert set(rates) == {"matrix product", "convolution"}
    assert min(rates.values()) > 0.01


def test_tf32_is_switched_for_all_of_cuda() -> None:
    set_precision("tf32")
    assert torch.backends.cuda.matmul.fp32_precision == "tf32"
    set_precision("bfloat16")
    assert torch.backends.cuda.matmul.fp32_precision == "ieee"

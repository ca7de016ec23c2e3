"""What is said of a processor."""

from measure.environment import _processor

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

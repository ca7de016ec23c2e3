"""The order in which the kernels read weights, and Winograd's transform of a kernel."""

import torch

from srs_monai.runtimes.native.packing import pack_1x1, pack_3x3, pack_columns, pad_channels, padded


def test_channels_come_in_whole_vectors() -> None:
    assert [padded(channels, 8) for channels in (1, 8, 9)] == [8, 8, 16]
    values = torch.arange(6.0).reshape(1, 3, 2)
    assert pad_channels(values, 1, 4).tolist() == [[[0, 1], [2, 3], [4, 5], [0, 0]]]
    assert pad_channels(values, 2, 2) is values


def test_strips_are_as_wide_as_fits() -> None:
    matrix = torch.arange(14.0).reshape(2, 7)  # of 1 lane: strips of 4, 2 and 1
    assert pack_columns(matrix, 1, 4).tolist() == [0, 1, 2, 3, 7, 8, 9, 10, 4, 5, 11, 12, 6, 13]


def test_a_pointwise_kernel_is_a_matrix_from_input_to_output() -> None:
    weight = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])[:, :, None, None]  # O = 3, I = 2
    assert pack_1x1(weight, 2, 1).tolist() == [1, 3, 2, 4, 5, 0, 6, 0]


def test_a_kernel_is_seen_at_its_36_places() -> None:
    # a kernel of ones is (1, 1, 1) in both directions: at 0, 1, -1, 2, -2 and infinity 1/4, -1/2, -1/6, 7/24, 1/8, 1
    seen = torch.tensor([1 / 4, -1 / 2, -1 / 6, 7 / 24, 1 / 8, 1], dtype=torch.float64)
    torch.testing.assert_close(pack_3x3(torch.ones(1, 1, 3, 3), 1, 1), torch.outer(seen, seen).flatten().float())

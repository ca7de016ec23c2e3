"""Convolution by standardised kernels."""

import torch
from torch import nn

from srs_monai.networks import replace_convs
from srs_monai.networks.layers import StandardizedConv2d


def test_kernels_have_mean_zero_and_variance_one() -> None:
    conv = StandardizedConv2d(4, 6, 3, groups=2).double()
    kernel = conv.standardized().flatten(1)
    torch.testing.assert_close(kernel.mean(1), torch.zeros(6).double())
    variance = conv.weight.flatten(1).var(1, correction=0)
    torch.testing.assert_close(kernel.var(1, correction=0), variance / (variance + 1e-5))


def test_a_kernel_by_hand() -> None:
    conv = StandardizedConv2d(1, 1, (1, 2), bias=False).double()
    conv.weight.data = torch.tensor([[[[5.0, 9.0]]]]).double()  # mean 7, deviation 2
    y = conv(torch.tensor([[[[1.0, 0.0, 4.0]]]]).double())
    torch.testing.assert_close(y, torch.tensor([[[[-1.0, 4.0]]]]).double(), rtol=1e-5, atol=0)


def test_scale_and_shift_of_a_kernel_do_not_matter() -> None:
    conv, x = StandardizedConv2d(3, 4, 3, bias=False).double(), torch.randn(2, 3, 6, 6).double()
    with torch.no_grad():
        before = conv(x)
        conv.weight.mul_(7.0).add_(2.0)
        torch.testing.assert_close(conv(x), before, rtol=1e-3, atol=1e-3)


def test_a_dynamic_convolution_starts_from_the_standardised_kernel() -> None:
    network = nn.Sequential(nn.Conv2d(3, 16, 3), StandardizedConv2d(16, 8, 3, stride=2, padding=1, bias=False)).double()
    x = torch.randn(2, 3, 12, 12).double()
    with torch.no_grad():
        static = network(x)
        torch.testing.assert_close(replace_convs(network, "magic", num_kernels=2)(x), static)

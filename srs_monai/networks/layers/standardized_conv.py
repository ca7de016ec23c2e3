"""A convolution with standardised kernels: mean 0 and variance 1."""

import torch
from torch import Tensor, nn


class StandardizedConv2d(nn.Conv2d):
    """Convolution with a standardised weight: the mean of each output channel's kernel is 0, its variance 1.

    Arguments and state are those of `torch.nn.Conv2d`. `epsilon` is added to the variance, which is the biased one.
    `replace_convs` also replaces this layer; the new layer starts from the standardised weight. Its dynamic kernels are
    not standardised while they train, because a norm follows, which makes their scale irrelevant.

    Source: Qiao et al., weight standardization, 2019.
    """

    epsilon = 1e-5

    def standardized(self) -> Tensor:
        """The standardised weight (O, I / groups, K, K)."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), correction=0, keepdim=True)
        return (self.weight - mean) * torch.rsqrt(variance + self.epsilon)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self._conv_forward(x, self.standardized(), self.bias)
        return y

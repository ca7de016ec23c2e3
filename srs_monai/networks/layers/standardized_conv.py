"""A convolution whose kernels have mean 0 and variance 1."""

import torch
from torch import Tensor, nn


class StandardizedConv2d(nn.Conv2d):
    """Convolution by the standardised weight: each output channel's kernel less its mean, over its deviation.

    Arguments and state are those of `torch.nn.Conv2d`; `epsilon` is added to the variance, which is the biased one.
    `replace_convs` turns it as any convolution and starts from the standardised weight; the dynamic kernels are not
    standardised again while they train, scale being left to the norm that follows.

    Source: Qiao et al., weight standardization, 2019.
    """

    epsilon = 1e-5

    def standardized(self) -> Tensor:
        """The weight (O, I / groups, K, K) that the layer convolves with."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), correction=0, keepdim=True)
        return (self.weight - mean) * torch.rsqrt(variance + self.epsilon)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self._conv_forward(x, self.standardized(), self.bias)
        return y

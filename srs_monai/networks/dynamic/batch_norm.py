"""Batch normalisation that does not fail on a single value."""

import torch.nn.functional as F
from torch import Tensor, nn


class BatchNormOfVectors(nn.BatchNorm2d):
    """Batch normalisation of vectors (B, C, 1, 1) that also takes a batch of one, or none.

    A single vector has no statistics of its own: PyTorch refuses it in train mode. It is normalised by the running
    statistics, as in eval mode, and leaves them as they are.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.training and len(x) < 2:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
        normalised: Tensor = super().forward(x)
        return normalised

    def _check_input_dim(self, x: Tensor) -> None:
        """Vectors may have any number of empty spatial dimensions."""

"""Networks whose result for an image depends on the batch that it comes in."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def normalises_by_batch(network: nn.Module) -> bool:
    """Whether a network in eval mode normalises by the batch at hand, so that a batch must go through as it is."""
    modes = {part: part.training for part in network.modules()}
    try:
        network.eval()  # SRSNet(drifting_statistics=True) keeps a part of it in train mode
        return any(isinstance(part, _BatchNorm) and (part.training or part.running_mean is None) for part in modes)
    finally:
        for part, mode in modes.items():
            part.training = mode

"""A network, run by the requested runtime."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from monai.data import MetaTensor
from monai.inferers import Inferer
from torch import Tensor, nn

from srs_monai.runtimes import Runtime, build, check_runtime
from srs_monai.runtimes.pytorch import Eager
from srs_monai.runtimes.selection.auto import Auto
from srs_monai.tensors import plain, with_meta_of

# names in the meta data of an image: the runtime that made its result
RUNTIME, RUNTIME_PRECISION = "runtime", "runtime_precision"

Network = Callable[..., Tensor | list[Tensor]]


class RuntimeInferer(Inferer):
    """Compute probabilities with a runtime, which is built for the network on the first call.

    A new runtime replaces it when the network, its weights or the device change. A function or a TorchScript module is
    called as it is.

    Args:
        runtime: name, see `srs_monai.runtimes.RUNTIMES`; "auto": the fastest on this machine.
        precision: "float32", "bfloat16" or "float16".
        channels_last: memory layout for PyTorch's own operations, if the runtime does not choose it.
        device: device of the images. A runtime that does not support it is rejected at once. None: the device of the
            first images.

    Shapes: images (B, C, H, W) give probabilities (B, classes, H, W): sigmoid of one channel, else softmax.

    Raises:
        ValueError: for an invalid name, precision or device, and for a runtime that is not installed; on calling, for
            a network that the runtime cannot run, and for arguments besides the image.
    """

    def __init__(
        self,
        runtime: str = "auto",
        precision: str = "float32",
        channels_last: bool = True,
        device: str | torch.device | None = None,
    ) -> None:
        check_runtime(runtime, precision, None if device is None else torch.device(device))
        self.runtime, self.precision, self.channels_last = runtime, precision, channels_last
        self._built: Runtime | None = None
        self._state: tuple[Any, ...] = ()
        self._expected = 0

    def __call__(self, inputs: Tensor, network: Network, *args: Any, **kwargs: Any) -> Tensor:
        """Probabilities, with the meta data of the images."""
        if args or kwargs:
            raise ValueError(
                f"a runtime passes only the image to the network, but got the arguments {(*args, *kwargs)}; bind them "
                "to the network"
            )
        images = plain(inputs)
        runtime = self._of(network, images)
        if isinstance(runtime, Auto):
            runtime.expect(self._expected)
        self._expected = max(0, self._expected - len(images))
        return with_meta_of(inputs, runtime(images))

    def expect(self, count: int) -> None:
        """Announce the number of images in the next calls: "auto" measures runtimes only for many images."""
        self._expected = count

    @property
    def used(self) -> dict[str, str]:
        """Name and precision of the runtime that made the last result; empty before the first call."""
        return {} if self._built is None else {"name": self._built.name, "precision": self._built.precision}

    def note(self, image: Tensor) -> None:
        """Write the runtime of the last result into the meta data of its image, from where the mask gets it."""
        if isinstance(image, MetaTensor):
            image.meta |= {RUNTIME: self.used["name"], RUNTIME_PRECISION: self.used["precision"]}

    def _of(self, network: Network, images: Tensor) -> Runtime:
        """The runtime for the current state of a network."""
        state = (*_state(network), images.device)
        if self._built is None or state != self._state:
            self._built, self._state = None, ()  # frees the memory of the old runtime before the new one is built
            self._built, self._state = self._build(network, images), state
        return self._built

    def _build(self, network: Network, images: Tensor) -> Runtime:
        if not isinstance(network, nn.Module) or isinstance(network, torch.jit.ScriptModule):
            laid_out = self.runtime == "channels_last" or (self.runtime != "eager" and self.channels_last)
            return Eager(network, "channels_last" if laid_out else "eager", self.precision, (), laid_out)
        return build(
            network,
            self.runtime,
            precision=self.precision,
            device=images.device,
            image_size=images.shape[2:],
            channels_last=self.channels_last,
        )


def _state(network: Network) -> tuple[Any, ...]:
    """A value that changes when the network is another one or its weights change."""
    if not isinstance(network, nn.Module):
        return (network,)
    tensors = [*network.parameters(), *network.buffers()]
    return (weakref.ref(network), *((t.data_ptr(), t.is_inference() or t._version) for t in tensors))

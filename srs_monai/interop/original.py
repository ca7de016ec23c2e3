"""Import of checkpoints of the authors' releases into our networks and layers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from srs_monai.interop.original_names import original_name, unused_names
from srs_monai.interop.unet_v2_names import split_keys_and_values
from srs_monai.networks import SRSNet
from srs_monai.weights import is_optional, read_checkpoint, shape_text, tensors_of

Checkpoint = str | Path | Mapping[str, Any]


@dataclass(frozen=True)
class ImportReport:
    """The result of an import. In an SRSNet all keys of both sides start with "segmentation." or "reconstruction.".

    Attributes:
        mapping: original key -> our key, for every loaded entry.
        ignored: original keys of parts that the original declares and never uses.
        missing: our keys without a value: those of the network for which no file was given; otherwise empty.
    """

    mapping: dict[str, str]
    ignored: tuple[str, ...]
    missing: tuple[str, ...]


def load_original_checkpoint(
    model: nn.Module,
    checkpoint: Checkpoint | None = None,
    *,
    segmentation: Checkpoint | None = None,
    reconstruction: Checkpoint | None = None,
) -> ImportReport:
    """Load weights of an original release. After an error the model still has its earlier weights.

    Args:
        model: a ReconstructionNet, a SegmentationNet, a UNetV2, its PVTv2 encoder, a dynamic convolution, one of their
            layers or blocks; or an SRSNet.
        checkpoint: for every model but an SRSNet: a file, which is read as weights and never as code, or a state dict.
            The state dict may be under "state_dict", and its keys may start with "module.".
        segmentation, reconstruction: the same for the two networks of an SRSNet; one of them or both.

    Raises:
        ValueError: if a file cannot be read as weights, is for the reconstruction network of an SRSNet that has none,
            or belongs to another network. In the last case the message has the first different key and both shapes.
    """
    if isinstance(model, SRSNet):
        pair = {"segmentation": segmentation, "reconstruction": reconstruction}
        given = {name: source for name, source in pair.items() if source is not None}
        if checkpoint is not None or not given:
            raise ValueError(
                "an SRSNet needs the original files by the names of its two networks, got "
                f"{'one without a name' if checkpoint is not None else 'none'}; "
                "call load_original_checkpoint(model, segmentation=..., reconstruction=...)"
            )
        if reconstruction is not None and model.reconstruction is None:
            raise ValueError(
                "only SRSNet(kernel='dpconv') has a reconstruction network, got a file for one; omit the file, or "
                "build the network with 'dpconv'"
            )
        fits = [_Fit(model.get_submodule(name), source, f"{name}.") for name, source in given.items()]
    else:
        if checkpoint is None or segmentation is not None or reconstruction is not None:
            raise ValueError(
                f"a {type(model).__name__} needs the argument checkpoint only, got others; "
                "call load_original_checkpoint(model, checkpoint)"
            )
        fits = [_Fit(model, checkpoint, "")]

    for fit in fits:  # all files are checked before the first weight changes
        fit.load()
    mapping = {fit.prefix + theirs: fit.prefix + ours for fit in fits for theirs, ours in fit.mapping.items()}
    loaded = set(mapping.values())
    return ImportReport(
        mapping=mapping,
        ignored=tuple(fit.prefix + theirs for fit in fits for theirs in fit.ignored),
        missing=tuple(key for key in model.state_dict() if key not in loaded and not is_optional(model, key)),
    )


class _Fit:
    """A network and a state dict that fits it; `prefix` precedes its keys in the report."""

    def __init__(self, network: nn.Module, checkpoint: Checkpoint, prefix: str) -> None:
        ours = {key: value for key, value in network.state_dict().items() if not is_optional(network, key)}
        self.network, self.prefix = network, prefix
        self.source = "the state dict" if isinstance(checkpoint, Mapping) else str(checkpoint)
        content = checkpoint if isinstance(checkpoint, Mapping) else read_checkpoint(checkpoint)
        state = tensors_of(content, self.source, wrapper="state_dict")
        parallel = bool(state) and all(key.startswith("module.") for key in state)
        named = {key.removeprefix("module."): value for key, value in state.items()} if parallel else state
        self.state = split_keys_and_values(named)

        names = {original_name(network, key): key for key in ours}
        unused = tuple(f"{name}." for name in unused_names(network))
        self.mapping = {theirs: names[theirs] for theirs in self.state if theirs in names}
        self.ignored = [theirs for theirs in self.state if theirs not in names and theirs.startswith(unused)]

        ignored = set(self.ignored)
        for theirs in [*self.state, *names]:
            there = self.state.get(theirs)
            here = ours[names[theirs]] if theirs in names else None
            if theirs not in ignored and shape_text(there) != shape_text(here):
                raise ValueError(
                    f"a checkpoint must belong to the network, but {theirs!r} is "
                    f"{shape_text(there)} in {self.source} and {shape_text(here)} in this {type(network).__name__}; "
                    "build the network with the features, blocks and channels of the file, or give another file"
                )

    def load(self) -> None:
        """Load the matching entries."""
        self.network.load_state_dict({ours: self.state[theirs] for theirs, ours in self.mapping.items()})

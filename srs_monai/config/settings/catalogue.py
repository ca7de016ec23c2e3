"""The fixed list of components that settings may name, and their permitted arguments."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import monai.networks.nets as nets
import monai.transforms

from srs_monai import networks
from srs_monai.data import transforms
from srs_monai.text import nearest

NOT_ARGUMENTS = ("_target_", "_desc_", "_disabled_")
_LARGEST_WHOLE = 8192  # channels, pixels, blocks
_IMPORTING = "instance_nvfuser"  # MONAI imports another package for this normalisation


@dataclass(frozen=True)
class Component:
    """A class or function that settings may name.

    Args:
        make: the class or function.
        parts: arguments that are components or lists of components.
        only: arguments with a single permitted value; other values would download or read something.
        options: whether it passes further arguments to another component, which checks them.
        spatial: whether it moves pixels without changing their values and may be applied to masks too.
    """

    make: Callable[..., Any]
    parts: tuple[str, ...] = ()
    only: Mapping[str, Any] = field(default_factory=dict)
    options: bool = False
    spatial: bool = False


_INTENSITIES = (
    *("AdjustContrastd", "ClipIntensityPercentilesd", "NormalizeIntensityd", "ScaleIntensityd"),
    *("ScaleIntensityRanged", "ScaleIntensityRangePercentilesd", "ShiftIntensityd", "ThresholdIntensityd"),
)
_SPATIAL = ("BorderPadd", "CenterSpatialCropd", "DivisiblePadd", "Identityd", "SpatialCropd", "SpatialPadd")
_OUR_INTENSITIES = (
    *("CTWindowd", "Dermoscopyd", "Infraredd", "ReleaseNormalized", "RemoveHaird", "ToUnitRanged", "Ultrasoundd"),
)
_OUR_SPATIAL = ("CropBorderd", "CropUltrasoundd")
_MONAI_NETWORKS = (
    *("AttentionUnet", "BasicUNet", "BasicUNetPlusPlus", "DynUNet", "HighResNet", "MedNeXt"),
    *("SegResNet", "SegResNetDS", "SegResNetDS2", "SwinUNETR", "UNet", "UNETR", "VNet"),
)
_PRETRAINED_NETWORKS = ("AHNet", "FlexibleUNet")  # these can download weights
_OUR_NETWORKS = (
    *("HamburgerResNet18", "ReconstructionNet", "SRSNet", "SRSNetPretrained", "SegmentationNet"),
    *("TransFuse", "TransUNet", "UNetV2"),
)


def catalogue_of(name: str) -> dict[str, Component]:
    """The catalogue for a part of settings: networks for "network_def", transforms for all other parts."""
    return NETWORKS if name == "network_def" else TRANSFORMS


def _names(component: Component, module: Any, prefixes: tuple[str, ...]) -> dict[str, Component]:
    """A component under all its names in MONAI's parser: its aliases, and its full name."""
    make = component.make
    short = {name for name, there in vars(module).items() if there is make}
    return {
        **{f"{prefix}{name}": component for prefix in prefixes for name in short},
        f"{make.__module__}.{make.__qualname__}": component,
    }


TRANSFORMS: dict[str, Component] = {}
NETWORKS: dict[str, Component] = {}
for _name in (*_INTENSITIES, *_SPATIAL):
    _made = Component(getattr(monai.transforms, _name), spatial=_name in _SPATIAL)
    TRANSFORMS |= _names(_made, monai.transforms, ("", "monai.transforms."))
_composing = Component(monai.transforms.Compose, parts=("transforms",), only={"log_stats": False, "overrides": None})
TRANSFORMS |= _names(_composing, monai.transforms, ("", "monai.transforms."))
for _name in (*_OUR_INTENSITIES, *_OUR_SPATIAL):
    _made = Component(getattr(transforms, _name), spatial=_name in _OUR_SPATIAL)
    TRANSFORMS |= _names(_made, transforms, ("srs_monai.data.transforms.",))
for _name in (*_MONAI_NETWORKS, *_PRETRAINED_NETWORKS):
    _only = {"pretrained": False} if _name in _PRETRAINED_NETWORKS else {}
    NETWORKS |= _names(Component(getattr(nets, _name), only=_only), nets, ("", "monai.networks.nets."))
for _name in _OUR_NETWORKS:
    NETWORKS |= _names(Component(getattr(networks, _name)), networks, ("srs_monai.networks.",))
_replacing = Component(networks.replace_convs, parts=("module",), only={"where": None}, options=True)
NETWORKS |= _names(_replacing, networks, ("srs_monai.networks.",))


def check_component(part: Mapping[str, Any], where: str, catalogue: Mapping[str, Component]) -> None:
    """Reject a component outside the catalogue, and arguments that it does not accept. Nothing is built.

    Args:
        part: {"_target_": name, argument: plain value}.
        where: file and name of the part, for messages.
        catalogue: `TRANSFORMS` or `NETWORKS`.

    Raises:
        ValueError: with the component or the argument, and the permitted ones.
    """
    target = part["_target_"]
    if target not in catalogue:
        near = nearest(target, catalogue)
        known = "networks" if catalogue is NETWORKS else "transforms"
        raise ValueError(
            f"settings may only name {known} of a fixed list, but {where} has the _target_ {target!r}; "
            + ("" if near is None else f"did you mean {near!r}? If not: ")
            + "trust the file if you know who wrote it and want to run what it names (--trust-settings; in bundle "
            "commands --trust_settings true), or name the component in your own overlay"
        )
    component = catalogue[target]
    disabled = part.get("_disabled_", False)
    if not isinstance(disabled, bool) or (disabled and catalogue is NETWORKS):
        raise ValueError(f"{where}: _disabled_ must be true or false, and false for a network; got {disabled!r}")
    given = {name: value for name, value in part.items() if name not in NOT_ARGUMENTS}
    takes = inspect.signature(component.make).parameters
    named = [name for name, one in takes.items() if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    for name, value in given.items():
        if name not in named and not component.options:
            raise ValueError(f"{where}: {target} takes {', '.join(named)}; got the argument {name!r}; remove it")
        if name in component.only and value != component.only[name]:
            raise ValueError(
                f"{where}: {name} of {target} may only be {component.only[name]!r} in settings; got {value!r}"
            )
        if name in component.parts:
            _check_parts(value, f"{where}#{name}", catalogue)
        elif _holds_component(value):
            raise ValueError(f"{where}: {name} of {target} must be a plain value; got a component, {value!r:.200}")
        elif catalogue is NETWORKS and _IMPORTING in str(value).lower():
            raise ValueError(f"{where}: {name} of {target} may not be {_IMPORTING}, which imports another package")
        elif name == "keys" and catalogue is TRANSFORMS:
            _check_keys(value, where, component)
        elif _is_size(component, catalogue) and any(abs(number) > _LARGEST_WHOLE for number in _whole_numbers(value)):
            raise ValueError(f"{where}: whole numbers must be at most {_LARGEST_WHOLE}; got {name} {value!r:.200}")
    missing = [name for name in named if takes[name].default is inspect.Parameter.empty and name not in given]
    if missing:
        raise ValueError(f"{where}: {target} needs {', '.join(missing)}; add it, or take the file of another training")


def _check_parts(value: Any, where: str, catalogue: Mapping[str, Component]) -> None:
    for part in value if isinstance(value, list) else [value]:
        if not isinstance(part, Mapping) or not isinstance(part.get("_target_"), str):
            raise ValueError(f"{where} must hold components; got {part!r:.200}")
        check_component(part, where, catalogue)


def _check_keys(value: Any, where: str, component: Component) -> None:
    """Reject the key of masks for a transform that changes values."""
    keys = [value] if isinstance(value, str) else value
    allowed = ("image", "label") if component.spatial else ("image",)
    if not isinstance(keys, list) or not keys or any(key not in allowed for key in keys):
        raise ValueError(
            f"{where}: keys of {component.make.__name__} must be {' or '.join(allowed)}; got {value!r:.200}; change it"
        )


def _is_size(component: Component, catalogue: Mapping[str, Component]) -> bool:
    """Whether whole numbers in the arguments are sizes, channels or counts, and not intensities."""
    return catalogue is NETWORKS or component.spatial


def _whole_numbers(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _whole_numbers(part)
    elif isinstance(value, int):
        yield value


def _holds_component(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "_target_" in value or any(map(_holds_component, value.values()))
    return isinstance(value, list) and any(map(_holds_component, value))

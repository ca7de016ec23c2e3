"""Components of settings are built from a fixed list: nothing that a file names is imported, located or run."""

import inspect
import sys
from pathlib import Path
from typing import Any

import monai.networks.nets
import pytest
import torch
from monai.transforms import Compose, Identityd, NormalizeIntensityd, ScaleIntensityRanged
from torch import nn

from srs_monai import networks
from srs_monai.config.settings.build_components import build_component
from srs_monai.config.settings.catalogue import NETWORKS, TRANSFORMS

RUN = {"_target_": "subprocess.Popen", "args": ["sh", "-c", "touch pwned"]}
LOADING = {"_target_": "LoadImaged", "keys": "none", "allow_missing_keys": True, "reader": "subprocess.Popen"}
LOADING["args"] = ["sh", "-c", "touch pwned"]
UNET = {"_target_": "UNet", "spatial_dims": 2, "in_channels": "@in_channels", "out_channels": 1}
UNET |= {"channels": [2, 4], "strides": [2]}


@pytest.mark.parametrize(
    "part",
    [
        LOADING,
        {"_target_": "monai.transforms.LoadImaged", "keys": "none", "reader": "os.system"},
        {"_target_": "Compose", "transforms": [LOADING]},
        {"_target_": "Compose", "transforms": LOADING},
        {"_target_": "Compose", "transforms": [{"_target_": "Compose", "transforms": [RUN]}]},
        {"_target_": "Compose", "transforms": "subprocess.Popen"},
        {"_target_": "Compose", "log_stats": "a.logger"},
        {"_target_": "SaveImaged", "keys": "image", "output_dir": "/"},
        {"_target_": "Lambdad", "keys": "image", "func": "os.system"},
        {"_target_": "Identityd", "keys": RUN},
        {"_target_": "NormalizeIntensityd", "keys": "image", "subtrahend": [RUN]},
        {"_target_": "planted.Transform", "keys": "image"},
        {"_target_": "planted"},
        {"_target_": "srs_monai.inference.SaveImageMaskd", "keys": "image", "output_dir": "."},
        {"_target_": "srs_monai.data.transforms.ToUnitRanged", "keys": "image", "unknown": 1},
        {"_target_": "ScaleIntensityRanged", "keys": "image"},
        {"_target_": "srs_monai.networks.SRSNet"},
        {"_target_": "ThresholdIntensityd", "keys": "label", "threshold": 9, "cval": 1},
        {"_target_": "Compose", "transforms": [{"_target_": "ScaleIntensityd", "keys": ["image", "label"]}]},
        {"_target_": "CenterSpatialCropd", "keys": ["image", "label", "pred"], "roi_size": 8},
        {"_target_": "SpatialPadd", "keys": "image", "spatial_size": [10**9, 8]},
        RUN,
    ],
)
def test_other_transforms_and_arguments_are_rejected(
    part: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject(part, TRANSFORMS, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "part",
    [
        {"_target_": "HoVerNet", "pretrained_url": "http://localhost/x"},
        {"_target_": "FlexibleUNet", "in_channels": 3, "out_channels": 1, "backbone": "resnet18", "pretrained": True},
        {"_target_": "AHNet", "pretrained": 1.5},
        {"_target_": "DenseNet121", "spatial_dims": 2, "in_channels": 1, "out_channels": 1, "pretrained": True},
        {"_target_": "monai.bundle.load", "name": "spleen_ct_segmentation"},
        {"_target_": "torch.hub.load", "repo_or_dir": "x", "model": "y"},
        {"_target_": "torch.load", "f": "x"},
        {"_target_": "torch.jit.load", "f": "x"},
        {"_target_": "srs_monai.networks.replace_convs", "module": RUN, "name": "magic"},
        {"_target_": "srs_monai.networks.replace_convs", "module": UNET, "name": "magic", "where": "os.system"},
        {"_target_": "srs_monai.networks.replace_convs", "module": UNET, "name": RUN},
        {"_target_": "srs_monai.interop.load_original_checkpoint", "network": UNET},
        {"_target_": "srs_monai.networks.nets.SRSNet"},
        {"_target_": "planted.Network"},
        {**UNET, "pretrained": True},
        {**UNET, "channels": [8, 10**9]},
        {**UNET, "channels": [8192] * 9, "strides": [2] * 8, "num_res_units": 8},
        {**UNET, "num_res_units": 8192},
        {**UNET, "norm": ["INSTANCE_NVFUSER", {}]},
        {"_target_": "SwinUNETR", "in_channels": 1, "out_channels": 1, "feature_size": 8184},
        {"_target_": "srs_monai.networks.SRSNet", "segmentation_blocks": [8000, 1, 1, 1]},
        {**UNET, "_disabled_": True},
        {"_target_": "UNet"},
    ],
)
def test_other_networks_and_arguments_are_rejected(
    part: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject(part, NETWORKS, tmp_path, monkeypatch)


def reject(part: dict[str, Any], catalogue: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the check and by building, without a trace of what the part would do."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    (folder / "planted.py").write_text("open('pwned', 'w').close()")
    with pytest.raises(ValueError, match="settings file: part"):
        build_component(part, "settings file: part", catalogue, {"in_channels": 1})
    assert "planted" not in sys.modules
    assert not (folder / "pwned").exists()


def test_transforms_are_built_with_their_arguments() -> None:
    inner = {"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": "@low", "a_max": 3.0, "_desc_": "x"}
    part = {"_target_": "Compose", "transforms": [inner | {"a_min": -1}, {**inner, "_disabled_": True, "a_min": 0}]}
    composed = build_component(part, "here", TRANSFORMS, {})
    assert isinstance(composed, Compose)
    (only,) = composed.transforms
    assert isinstance(only, ScaleIntensityRanged)
    assert only({"image": torch.tensor([[1.0]])})["image"].item() == 0.5
    dotted = {"_target_": "monai.transforms.NormalizeIntensityD", "keys": ["image"]}
    assert isinstance(build_component(dotted, "here", TRANSFORMS, {}), NormalizeIntensityd)
    off = {"_target_": "Identityd", "keys": "label", "_disabled_": True}
    assert isinstance(build_component(off, "here", TRANSFORMS, {}), Identityd)


def test_intensities_may_be_large() -> None:
    part = {"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": 0, "a_max": 65535, "b_min": 0, "b_max": 1}
    scaled = build_component(part, "here", TRANSFORMS, {})({"image": torch.tensor([[65535.0]])})["image"]
    assert scaled.item() == 1


def test_networks_take_the_values_that_they_refer_to() -> None:
    network = build_component(UNET, "here", NETWORKS, {"in_channels": 5})
    assert network(torch.rand(1, 5, 16, 16)).shape == (1, 1, 16, 16)
    with pytest.raises(ValueError, match="refers to in_channels, which has no value"):
        build_component(UNET, "here", NETWORKS, {})
    wide = {**UNET, "channels": [16, 32]}
    turned = {"_target_": "srs_monai.networks.replace_convs", "module": wide, "name": "magic", "num_kernels": 2}
    built = build_component(turned, "here", NETWORKS, {"in_channels": 5})
    assert any(isinstance(part, networks.MAGICConv) for part in built.modules())


@pytest.mark.parametrize("channels", ["abc", [2, "4"], [-2, 4], None, {"a": 1}])
def test_arguments_of_another_kind_name_the_part(channels: Any) -> None:
    with pytest.raises(ValueError, match="here cannot be built: "):
        build_component({**UNET, "channels": channels}, "here", NETWORKS, {"in_channels": 1})


def test_with_trust_other_components_are_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "trusted_network.py").write_text("import torch\nclass Mine(torch.nn.Conv2d):\n    pass\n")
    part = {"_target_": "trusted_network.Mine", "in_channels": "@in_channels", "out_channels": 1, "kernel_size": 1}
    with pytest.raises(ValueError, match="--trust_settings true"):
        build_component(part, "here", NETWORKS, {"in_channels": 2})
    mine = build_component(part, "here", NETWORKS, {"in_channels": 2}, trust=True)
    assert type(mine).__name__ == "Mine"
    with pytest.raises(ValueError, match="Module; got a OrderedDict"):
        build_component({"_target_": "collections.OrderedDict"}, "here", NETWORKS, {}, trust=True)


@pytest.mark.parametrize("name", sorted({c.make.__name__ for c in NETWORKS.values()}))
def test_no_network_of_the_list_can_fetch_weights(name: str) -> None:
    component = next(c for c in NETWORKS.values() if c.make.__name__ == name)
    risky = {n for n in inspect.signature(component.make).parameters if "pretrained" in n or "url" in n or "path" in n}
    assert risky - {"drop_path_rate", "drop_path", "dropout_path_rate"} <= set(component.only)


def test_the_names_of_monai_are_its_own() -> None:
    assert NETWORKS["Unet"].make is monai.networks.nets.UNet
    assert all(isinstance(c.make, type) and issubclass(c.make, nn.Module) for n, c in NETWORKS.items() if "." not in n)

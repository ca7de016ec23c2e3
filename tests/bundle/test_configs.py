"""The bundle's files agree with one another, with the Model Zoo's rules and with the published recipe."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from monai.bundle import ConfigParser
from monai.bundle.properties import InferProperties, MetaProperties, TrainProperties

from srs_monai.config.settings import PARTS, VALUES

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "bundle" / "configs"
OVERLAYS = sorted(path for path in (ROOT / "configs").rglob("*.yaml") if path.parent.name != "experiments")


class NoDuplicates(yaml.SafeLoader):
    """MONAI only warns of a key that stands twice, and takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]  # type: ignore[no-untyped-call]
        assert len(keys) == len(set(keys)), f"a key stands twice in {keys}"
        return super().construct_mapping(node, deep)


def load(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(), NoDuplicates))


@pytest.fixture(scope="module")
def configs() -> dict[str, dict[str, Any]]:
    return {name: load(CONFIGS / f"{name}.yaml") for name in ("train", "evaluate", "inference")}


SHARED = [*VALUES, *PARTS, "device", "bundle_root", "torch_device", "precision", "channels_last"]
OWN_WAYS = {
    "imports",
    "switches",
    "labels",
    "prepared",
    "output_dir",
    "runtime",
    "datalists",
    "inferer",
    "validate",
    "run",
}
# what training states, inference and evaluation take from the weights, see tests/settings/test_files.py
OF_WEIGHTS = {*VALUES, *PARTS, "network"}


@pytest.mark.parametrize("pair", list(combinations(("train", "evaluate", "inference"), 2)), ids="-".join)
def test_what_stands_in_several_files_is_equal(configs: dict[str, dict[str, Any]], pair: tuple[str, str]) -> None:
    one, other = (configs[name] for name in pair)
    assert set(SHARED) <= set(one) & set(other)
    differing = {name for name in set(one) & set(other) if one[name] != other[name]}
    expected = OWN_WAYS | (OF_WEIGHTS if "train" in pair else set())
    assert differing <= expected, f"{differing - expected} differ between {pair}"


def test_evaluation_measures_what_inference_writes(configs: dict[str, dict[str, Any]]) -> None:
    validate, inference = configs["evaluate"]["validate"], configs["inference"]
    assert validate["inferer"] == inference["inferer"]
    saving = ("CopyItemsd", "Invertd", "SaveImage")
    steps = inference["postprocessing"]["transforms"]
    made = [step for step in steps if not step["_target_"].split(".")[-1].startswith(saving)]
    assert validate["postprocessing"]["transforms"] == made


def test_evaluation_lists_what_training_lists(configs: dict[str, dict[str, Any]]) -> None:
    trained, evaluated = configs["train"]["datalists"], configs["evaluate"]["datalists"]
    run_split = evaluated.pop("run_split")  # what training wrote as its split_dir
    assert "split_of_run(@ckpt_path, @dataset_dir" in run_split
    assert "@masks_dir if" in trained["masks_dir"]  # stage one alone needs none
    assert {**trained, **evaluated} == trained | {"masks_dir": "@masks_dir"}


def test_both_stages_are_trained_alike(configs: dict[str, dict[str, Any]]) -> None:
    """What is set for one stage is set for the other, under its own name."""
    train = configs["train"]
    alone = json.loads(json.dumps(train["reconstruction"]).replace("@reconstruction#", "@"))
    for part, names in {"train": ("sampler", "dataloader", "batches", "inferer", "lr_scheduler")}.items():
        assert {name: alone[part][name] for name in names} == {name: train[part][name] for name in names}
    assert alone["validate"]["dataloader"] == train["validate"]["dataloader"]
    own = {"name", "folder", "best_file", "maximize", "_disabled_", "params", "data", "sources", "transform"}
    own |= {"average_decay"}
    pairs = [
        (alone["train"]["optimizer"], train["train"]["optimizer"]),
        (alone["train"]["handlers"][0], train["train"]["handlers"][1]),
        *((alone[part]["dataset"], train[part]["dataset"]) for part in ("train", "validate")),
    ]
    for one, two in pairs:
        assert {key: one[key] for key in set(one) - own} == {key: two[key] for key in set(two) - own}


@pytest.mark.parametrize("file", ["train", "evaluate", "inference"])
def test_every_switch_is_read_as_true_or_false(configs: dict[str, dict[str, Any]], file: str) -> None:
    """A command line gives "false" as a text, which Python takes for true: only `switches` reads the options."""
    config = configs[file]
    options = {name for name, value in config.items() if isinstance(value, bool)} - {"trust_settings"}
    switches = config["switches"]
    assert options | {"antialias"} == set(switches) - {"_target_"}
    assert {f"@{name}" for name in set(switches) - {"_target_"}} == set(switches.values()) - {switches["_target_"]}
    elsewhere = json.dumps({name: value for name, value in config.items() if name != "switches"})
    assert not [name for name in (*options, "antialias") if re.search(rf"@{name}\b", elsewhere)]
    assert set(re.findall(r"@switches\.(\w+)", elsewhere)) == set(switches) - {"_target_"}


def test_the_published_recipe_is_the_default(configs: dict[str, dict[str, Any]]) -> None:
    recipe = {
        "image_size": [256, 256],
        "batch_size": 8,
        "reconstruction_epochs": 100,
        "epochs": 300,
        "learning_rate": 0.01,
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "decay_power": 0.9,
        "cross_entropy_weight": 0.5,
        "seed": 41,
        "in_channels": 3,
    }
    assert {name: configs["train"][name] for name in recipe} == recipe


def test_required_training_properties_are_there() -> None:
    check_properties("train", TrainProperties)


def test_required_inference_properties_are_there() -> None:
    check_properties("inference", InferProperties)


def check_properties(file: str, properties: dict[str, Any]) -> None:
    parser = ConfigParser(load(CONFIGS / f"{file}.yaml"))
    missing = [p["id"] for p in properties.values() if p["required"] and p.get("id") and p["id"] not in parser]
    assert not missing


@pytest.mark.parametrize("file", ["train", "evaluate", "inference"])
def test_every_reference_leads_somewhere(file: str) -> None:
    check_references(load(CONFIGS / f"{file}.yaml"))


def check_references(config: dict[str, Any]) -> None:
    parser = ConfigParser(config)
    for reference in set(re.findall(r"@([A-Za-z_][\w#]*)", json.dumps(config))):
        assert reference in parser, reference


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_an_overlay_changes_only_what_the_training_config_has(overlay: Path) -> None:
    train, changed = load(CONFIGS / "train.yaml"), load(overlay)
    same = [name for name, value in changed.items() if train.get(name) == value]
    assert not same, "an overlay never repeats a bundle value"
    changed = {name.removeprefix("+"): value for name, value in changed.items()}
    for name in [name for name in changed if "#" in name]:  # a part, which must be there
        part: Any = train
        for key in name.split("#"):
            assert key in part or key in ("deep_supervision", "heads"), f"{name} changes nothing"
            part = part.get(key, {})
        changed |= {name.split("#")[0]: train[name.split("#")[0]]}
        del changed[name]
    own = {name for name in changed if name not in train}
    used = set(re.findall(r"@([A-Za-z_]\w*)", json.dumps(changed)))
    assert own <= used, f"nothing reads {sorted(own - used)}"
    check_references({**train, **changed})


def test_metadata_has_what_the_schema_and_the_model_zoo_require() -> None:
    metadata = json.loads((CONFIGS / "metadata.json").read_text())
    required = "schema version monai_version pytorch_version numpy_version required_packages_version task description"
    required += " authors copyright network_data_format changelog"
    assert set(required.split()) <= set(metadata)
    assert metadata["schema"].endswith("meta_schema_20240725.json")
    assert metadata["version"] in metadata["changelog"]
    assert {p["id"].removeprefix("_meta_::") for p in MetaProperties.values() if p["required"]} <= set(metadata)
    for name, section in metadata.items():
        if name.endswith("_data_format"):
            tensors = [*section["inputs"].values(), *section["outputs"].values()]
            for tensor in tensors:
                assert {"type", "format", "num_channels", "spatial_shape", "dtype", "value_range"} <= set(tensor)
                assert tensor["type"] == "image"


def test_metadata_agrees_with_the_configs_and_the_pins(configs: dict[str, dict[str, Any]]) -> None:
    metadata = json.loads((CONFIGS / "metadata.json").read_text())
    data = metadata["network_data_format"]
    assert data["inputs"]["image"]["num_channels"] == configs["train"]["in_channels"]
    assert data["outputs"]["pred"]["num_channels"] == configs["train"]["out_channels"]
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    named = {"torch": "pytorch_version", "monai": "monai_version", "numpy": "numpy_version"}
    assert {pin: metadata[key] for pin, key in named.items()} == {pin: pins[pin] for pin in named}
    for package, version in metadata["required_packages_version"].items():
        assert pins[package] == version


def test_the_bundle_carries_its_licence() -> None:
    assert (ROOT / "bundle" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (ROOT / "bundle" / "docs" / "README.md").is_file()

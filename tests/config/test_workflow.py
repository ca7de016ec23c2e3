"""The bundle is found from its configuration or its package, never from the working directory."""

import shutil
from pathlib import Path

import pytest
from monai.bundle import ConfigWorkflow

import srs_monai.config.workflow as module

CONFIG = """
imports: [$import srs_monai.config, $import srs_monai]
workflow: $srs_monai.config.running_workflow()
bundle_root: $srs_monai.config.bundle_root(@workflow)
run: [$@bundle_root]
"""


@pytest.mark.parametrize("folder", ["configs", "elsewhere"])
@pytest.mark.parametrize("relative", [True, False])
def test_it_is_the_parent_of_the_configs_of_the_first_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, relative: bool
) -> None:
    configs = tmp_path / "my bundle" / folder
    configs.mkdir(parents=True)
    (configs / "a.yaml").write_text(CONFIG)
    (configs / "metadata.json").write_text("{}")
    (tmp_path / "overlay.yaml").write_text("more: 1")
    monkeypatch.chdir(tmp_path)
    first = Path("my bundle", folder, "a.yaml") if relative else configs / "a.yaml"
    workflow = ConfigWorkflow([str(first), "overlay.yaml"], logging_file=False)
    workflow.initialize()
    assert workflow.run() == [str(configs.parent if folder == "configs" else configs)]


def test_without_a_workflow_the_bundle_is_found_by_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "srs_monai"
    monkeypatch.setattr(module, "_PACKAGE", package)
    with pytest.raises(ValueError, match="--bundle_root"):
        module.bundle_root()
    for root in (tmp_path / "bundle", tmp_path):  # a clone, and a bundle that carries the package
        (root / "configs").mkdir(parents=True)
        (root / "configs" / "inference.yaml").touch()
        assert module.bundle_root() == str(root)
        shutil.rmtree(root / "configs")

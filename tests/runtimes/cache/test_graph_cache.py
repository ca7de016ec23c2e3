"""Converted graphs are kept, checked, and never stand in the way."""

import logging
import os
from pathlib import Path

import pytest
import torch

from srs_monai.networks import SRSNet
from srs_monai.runtimes.cache import graph_cache
from srs_monai.runtimes.cache.graph_cache import cache_folder, cached_graph
from srs_monai.runtimes.converted import graph_key
from srs_monai.runtimes.runtime import BuildRequest

CPU = torch.device("cpu")


class Converter:
    """Writes a graph of two files and counts how often."""

    def __init__(self, content: str = "graph") -> None:
        self.count, self.content = 0, content

    def __call__(self, path: Path) -> None:
        self.count += 1
        path.write_text(self.content)
        path.with_suffix(".bin").write_text("weights")


def load(path: Path) -> str:
    return path.read_text() + path.with_suffix(".bin").read_text()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SRS_MONAI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "graphs"


def test_a_graph_is_converted_once(folder: Path) -> None:
    convert = Converter()
    assert [cached_graph("k", "g.xml", convert, load) for _ in range(3)] == ["graphweights"] * 3
    assert convert.count == 1
    assert [entry.name for entry in folder.iterdir()] == ["k"], "nothing half-made is left"
    assert cached_graph("other", "g.xml", Converter("another"), load) == "anotherweights"


@pytest.mark.parametrize("damage", ["g.xml", "g.bin", "content.json"])
@pytest.mark.parametrize("content", ["", "grapX"])
def test_a_damaged_graph_is_made_anew(
    folder: Path, caplog: pytest.LogCaptureFixture, damage: str, content: str
) -> None:
    convert = Converter()
    cached_graph("k", "g.xml", convert, load)
    (folder / "k" / damage).write_text(content)
    assert cached_graph("k", "g.xml", convert, load) == "graphweights"
    assert convert.count == 2
    assert "is damaged" in caplog.text
    cached_graph("k", "g.xml", convert, load)
    assert convert.count == 2


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "a file"
    file.touch()
    monkeypatch.setenv("SRS_MONAI_CACHE", str(file))
    convert = Converter()
    assert [cached_graph("k", "g.xml", convert, load) for _ in range(2)] == ["graphweights"] * 2
    assert convert.count == 2
    assert "not writable" in caplog.text


def test_a_failed_conversion_leaves_nothing(folder: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise ValueError("no such operator")

    with pytest.raises(ValueError, match="no such operator"):
        cached_graph("k", "g.xml", fail, load)
    assert not list(folder.iterdir())


def test_what_was_used_longest_ago_goes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for number, name in enumerate(["a", "b"]):
        cached_graph(name, "g.xml", Converter(), load)
        os.utime(folder / name, (number, number))
    (folder / ".abandoned").mkdir()
    os.utime(folder / ".abandoned", (0, 0))
    cached_graph("a", "g.xml", Converter(), load)  # used now
    size = sum(file.stat().st_size for file in (folder / "a").iterdir())
    monkeypatch.setattr(graph_cache, "LIMIT", 2 * size)
    cached_graph("c", "g.xml", Converter(), load)
    assert {entry.name for entry in folder.iterdir()} == {"a", "c"}
    monkeypatch.setattr(graph_cache, "LIMIT", 1)
    cached_graph("d", "g.xml", Converter(), load)
    assert {entry.name for entry in folder.iterdir()} == {"d"}, "the newest stays, whatever its size"


def test_the_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("SRS_MONAI_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder() == Path("/xdg/srs_monai")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_folder() == Path("/home/somebody/.cache/srs_monai")


def small(out_channels: int = 1, **options: object) -> SRSNet:
    torch.manual_seed(3)
    sizes = {"reconstruction_features": (4, 8), "reconstruction_blocks": (1, 1), "segmentation_features": (4, 8)}
    return SRSNet(out_channels=out_channels, segmentation_blocks=(1, 1), **sizes, **options)  # type: ignore[arg-type]


def key(network: SRSNet, name: str = "g.xml") -> str:
    return graph_key(BuildRequest(network, "float32", CPU, (32, 32)), name, ["onnx"])


def test_a_graph_belongs_to_its_weights_and_its_network() -> None:
    network = small()
    keys = [key(network), key(network, "g.onnx"), key(small(2)), key(small(dpconv_form="literal"))]
    with torch.no_grad():
        network.segmentation.decoder.head.weight[0, 0, 0, 0] += 1e-3
    keys.append(key(network))
    assert len(set(keys)) == len(keys)
    assert key(small().train()) == key(small().eval()) == keys[0]

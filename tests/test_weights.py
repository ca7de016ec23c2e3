"""Weights fit or are refused, and files that carry code are never executed."""

import hashlib
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from srs_monai.device import place
from srs_monai.networks import CondConv, DyConv
from srs_monai.weights import load_weights, loaded_weights, read_checkpoint, save_weights


class _Executed:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('executed')",))


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_was_saved_is_loaded(tmp_path: Path, wrapped: bool) -> None:
    trained, fresh = nn.Conv2d(2, 3, 1), nn.Conv2d(2, 3, 1)
    if wrapped:
        torch.save({"model": trained.state_dict()}, tmp_path / "w.pt")
    else:
        save_weights(trained.state_dict(), tmp_path / "w.pt")
    assert load_weights(fresh, tmp_path / "w.pt") is fresh
    torch.testing.assert_close(fresh.weight, trained.weight, rtol=0, atol=0)
    assert [p.name for p in tmp_path.iterdir()] == ["w.pt"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (nn.Conv2d(2, 4, 1), r"'weight' is \(4, 2, 1, 1\) in the file and \(3, 2, 1, 1\) in Conv2d"),
        (nn.Conv2d(2, 3, 1, bias=False), r"'bias' is absent in the file and \(3,\) in Conv2d"),
        (nn.Sequential(nn.Conv2d(2, 3, 1)), r"'weight' is absent in the file"),
    ],
)
def test_another_network_is_refused_with_the_first_differing_key(tmp_path: Path, other: nn.Module, said: str) -> None:
    save_weights(other.state_dict(), tmp_path / "w.pt")
    network = nn.Conv2d(2, 3, 1)
    before = network.weight.clone()
    with pytest.raises(ValueError, match=said):
        load_weights(network, tmp_path / "w.pt")
    assert torch.equal(network.weight, before)


def test_a_key_that_the_network_lacks_is_refused(tmp_path: Path) -> None:
    save_weights({**nn.Conv2d(2, 3, 1).state_dict(), "gate": torch.zeros(2)}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match=r"'gate' is \(2,\) in the file and absent"):
        load_weights(nn.Conv2d(2, 3, 1), tmp_path / "w.pt")


def test_the_reconstruction_alone_is_refused_as_what_it_is(tmp_path: Path) -> None:
    network = nn.ModuleDict({"reconstruction": nn.Conv2d(2, 3, 1), "segmentation": nn.Conv2d(2, 4, 1)})
    save_weights(network["reconstruction"].state_dict(), tmp_path / "reconstruction.pt")
    with pytest.raises(ValueError, match=r"reconstruction\.pt .*; name model\.pt beside it"):
        load_weights(network, tmp_path / "reconstruction.pt")
    save_weights(nn.Conv2d(2, 5, 1).state_dict(), tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"other\.pt .*: 'reconstruction\.weight' is absent"):
        load_weights(network, tmp_path / "other.pt")
    load_weights(network["reconstruction"], tmp_path / "reconstruction.pt")


def test_a_checkpoint_that_carries_code_is_not_executed(tmp_path: Path) -> None:
    torch.save({"weight": _Executed()}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match="not executed"):
        load_weights(nn.Conv2d(2, 3, 1), tmp_path / "w.pt")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"<html>not found</html>"])
def test_what_is_no_checkpoint_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(ValueError, match=r"w\.pt"):
        load_weights(nn.Conv2d(2, 3, 1), tmp_path / "w.pt")


def test_a_file_that_upsets_the_reader_is_refused_with_the_kind_of_its_error(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_bytes(b"hello")
    with pytest.raises(ValueError, match=r"text\.dcm cannot be read as a checkpoint: KeyError: 101;"):
        load_weights(nn.Conv2d(2, 3, 1), tmp_path / "text.dcm")


def test_missing_and_empty_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"model\.pt .*; train the network"):
        load_weights(nn.Conv2d(2, 3, 1), tmp_path / "model.pt")
    torch.save([1], tmp_path / "w.pt")
    with pytest.raises(ValueError, match=r"w\.pt holds a list; give a state dict"):
        load_weights(nn.Conv2d(2, 3, 1), tmp_path / "w.pt")
    torch.save({"weight": 1.0, "bias": 2}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match=r"w\.pt has a float at 'weight'"):
        load_weights(nn.Conv2d(2, 3, 1), tmp_path / "w.pt")


def test_weights_bring_the_temperature_they_were_trained_at(tmp_path: Path) -> None:
    trained, fresh = nn.Sequential(DyConv(16, 16)), nn.Sequential(DyConv(16, 16))
    assert "0.temperature" not in trained.state_dict()  # as built
    first = {key: value.clone() for key, value in trained.state_dict().items()}
    trained[0].temperature = 1.5
    save_weights(trained.state_dict(), tmp_path / "w.pt")
    load_weights(fresh, tmp_path / "w.pt")
    x = torch.randn(2, 16, 9, 9)
    assert fresh[0].temperature == 1.5
    torch.testing.assert_close(fresh(x), trained(x), rtol=0, atol=0)
    save_weights(first, tmp_path / "first.pt")
    load_weights(fresh, tmp_path / "first.pt")
    assert fresh[0].temperature == 30.0
    with pytest.raises(ValueError, match=r"'0.temperature' is \(\) in the file and absent in Sequential"):
        load_weights(nn.Sequential(CondConv(16, 16)), _with_temperature(tmp_path))


def _with_temperature(folder: Path) -> Path:
    state = nn.Sequential(CondConv(16, 16)).state_dict() | {"0.temperature": torch.tensor(2.0)}
    save_weights(state, folder / "condconv.pt")
    return folder / "condconv.pt"


def test_what_was_loaded_into_a_network_is_remembered(tmp_path: Path) -> None:
    trained, fresh = nn.Conv2d(2, 3, 1), nn.Conv2d(2, 3, 1)
    save_weights(trained.state_dict(), tmp_path / "w.pt")
    assert loaded_weights(fresh) is None
    load_weights(fresh, tmp_path / "w.pt")
    loaded = loaded_weights(fresh)
    assert loaded is not None
    assert loaded.path == tmp_path / "w.pt"
    assert loaded.sha256 == hashlib.sha256((tmp_path / "w.pt").read_bytes()).hexdigest()
    save_weights(nn.Conv2d(1, 1, 1).state_dict(), tmp_path / "other.pt")
    with pytest.raises(ValueError, match="in the file"):
        load_weights(fresh, tmp_path / "other.pt")
    assert loaded_weights(fresh) == loaded
    assert loaded_weights(place(fresh, "cpu", channels_last=True).double()) == loaded
    with torch.no_grad():
        fresh.weight.mul_(2)
    assert loaded_weights(fresh) is None, "these are other weights"


def test_a_flipped_bit_is_damage(tmp_path: Path) -> None:
    """PyTorch compares no checksums: it would load the changed number."""
    path = tmp_path / "w.pt"
    save_weights({"weight": torch.ones(64)}, path)
    whole = path.read_bytes()
    place = whole.index(torch.ones(64).numpy().tobytes()) + 99
    for bit in range(8):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        with pytest.raises(ValueError, match=r"w\.pt is damaged: the checksum of .*data/0 in it is wrong"):
            read_checkpoint(path)
        with pytest.raises(ValueError, match=r"w\.pt is damaged"):
            load_weights(nn.Conv2d(1, 1, 1), path)


def test_damage_anywhere_is_noticed_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    weights = {"weight": torch.arange(16.0), "bias": torch.zeros(3)}
    save_weights(weights, path)
    whole = path.read_bytes()
    for byte in range(0, len(whole), 7):
        path.write_bytes(whole[:byte] + bytes([whole[byte] ^ 16]) + whole[byte + 1 :])
        try:
            read = read_checkpoint(path)
        except ValueError:
            continue
        torch.testing.assert_close(read, weights, rtol=0, atol=0)  # padding between the parts of the archive


def test_files_of_old_versions_without_checksums_are_loaded(tmp_path: Path) -> None:
    network = nn.Conv2d(2, 3, 1)
    torch.save(network.state_dict(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert not zipfile.is_zipfile(tmp_path / "old.pt")
    fresh = load_weights(nn.Conv2d(2, 3, 1), tmp_path / "old.pt")
    torch.testing.assert_close(fresh.state_dict(), network.state_dict(), rtol=0, atol=0)


def test_no_bit_of_a_small_file_changes_weights_in_silence(tmp_path: Path) -> None:
    """Also not one of the archive's tables, such as the mark of a folder, which leaves PyTorch's memory as it was."""
    path, weights = tmp_path / "w.pt", {"weight": torch.arange(3.0)}
    save_weights(weights, path)
    whole = path.read_bytes()
    tables = whole.index(b"PK\x01\x02")
    for byte in range(tables, len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:byte] + bytes([whole[byte] ^ 1 << bit]) + whole[byte + 1 :])
            try:
                read = read_checkpoint(path)
            except ValueError:
                continue
            torch.testing.assert_close(read, weights, rtol=0, atol=0)


@pytest.mark.parametrize(
    "odd",
    [
        torch.ones(3, 2, 1, 1, dtype=torch.complex64),
        torch.ones(3, 2, 1, 1, dtype=torch.int8),
        torch.ones(3, 2, 1, 1).to_sparse(),
        torch.ones(3, 2, 1, 1, device="meta"),
    ],
    ids=["complex", "integers", "sparse", "meta"],
)
def test_tensors_of_another_kind_are_refused(tmp_path: Path, odd: torch.Tensor) -> None:
    torch.save({**nn.Conv2d(2, 3, 1).state_dict(), "weight": odd}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match=r"'weight' in .*w\.pt is torch"):
        load_weights(nn.Conv2d(2, 3, 1), tmp_path / "w.pt")


def test_half_precision_is_loaded(tmp_path: Path) -> None:
    save_weights(nn.Conv2d(2, 3, 1).half().state_dict(), tmp_path / "w.pt")
    assert load_weights(nn.Conv2d(2, 3, 1), tmp_path / "w.pt").weight.dtype == torch.float32

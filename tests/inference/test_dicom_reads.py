"""Each file of a flat folder is read twice, whatever the number of series in it: its header and its pixels."""

import json
from pathlib import Path

import pytest
import torch
from dicom_files import write_series
from reader_calls import ReaderCalls

from srs_monai.config.settings import PROVENANCE
from srs_monai.inference import predict
from srs_monai.inference.cases import pipeline
from srs_monai.weights import save_weights

SLICES = 20
OVERLAY_SLICES = 9  # of a volume


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a network that is one convolution of one pixel, so that reading takes most of the time."""
    path = tmp_path_factory.mktemp("weights") / "model.pt"
    save_weights({"weight": torch.full((1, 3, 1, 1), 9.0), "bias": torch.tensor([-12.0])}, path)
    network = {"_target_": "torch.nn.Conv2d", "in_channels": 3, "out_channels": 1, "kernel_size": 1}
    settings = {"network_def": network, "image_size": None, "intensity": "range"}
    path.with_suffix(".json").write_text(json.dumps({PROVENANCE: {}, **settings}))
    return path


@pytest.mark.parametrize("series", [8, 16])
@pytest.mark.parametrize(
    ("format", "intensity"), [("nifti", "percentile"), ("dicom-seg", "percentile"), ("dicom-seg", "window")]
)
def test_each_file_is_read_twice(
    tmp_path: Path, weights: Path, series: int, format: str, intensity: str, reader_calls: ReaderCalls
) -> None:
    along = [2.5 * number for number in range(SLICES)]
    files = [path for _ in range(series) for path in write_series(tmp_path / "flat", along=along, size=(6, 8)).files]
    results = predict(
        tmp_path / "flat", tmp_path / "out", weights=weights, trust_settings=True, format=format, intensity=intensity
    )
    assert [(result.status, result.format) for result in results] == [("segmented", format)] * series
    assert len(files) == series * SLICES
    assert reader_calls.headers == dict.fromkeys(files, 1)
    assert reader_calls.pixels == dict.fromkeys(files, 1)


def test_a_large_volume_reads_nine_slices_again_for_its_overlay(
    tmp_path: Path, weights: Path, reader_calls: ReaderCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_SMALL", 0)
    files = write_series(tmp_path / "ct", along=[2.5 * number for number in range(SLICES)], size=(6, 8)).files
    predict(tmp_path / "ct", tmp_path / "out", weights=weights, trust_settings=True, intensity="window")
    assert reader_calls.headers == dict.fromkeys(files, 1)
    assert sum(reader_calls.pixels.values()) == len(files) + OVERLAY_SLICES

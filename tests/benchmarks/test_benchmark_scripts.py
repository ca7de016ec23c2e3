"""The scripts run from a shell, and refuse what cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from measure.machine import ROOT
from measure.results import read_rows

SCRIPTS = {
    "inference": ["--runtimes", "channels_last"],
    "training_step": [],
    "dpconv_forms": [],
    "study": ["--runtime", "channels_last"],
    "flat_folder": [],
    "scaling": ["--runtime", "channels_last"],
}


def run(script: str, *arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / f"{script}.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cache,
        env={**os.environ, "OMP_NUM_THREADS": "1", "SRS_MONAI_CACHE": str(cache)},
    )


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_quick_run_measures_all(tmp_path: Path, script: str) -> None:
    output = tmp_path / f"{script}_cpu.csv"
    done = run(script, "--quick", "--output", str(output), *SCRIPTS[script], cache=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "is complete" in done.stderr
    _, rows = read_rows(output)
    assert rows
    assert not [row["note"] for row in rows if "Error" in row.get("note", "")]
    times = next(name for name in rows[0] if name.startswith(("times_", "network_seconds", "calls_per_file")))
    assert all(float(row[times]) > 0 for row in rows if row.get("kind") != "limit")
    before = output.read_bytes()
    assert run(script, "--quick", "--output", str(output), *SCRIPTS[script], cache=tmp_path).returncode == 0
    assert output.read_bytes() == before  # all was there


@pytest.mark.slow
def test_loss_curves(tmp_path: Path) -> None:
    output = tmp_path / "training_curve_cpu.csv"
    done = run("training_step", "--quick", "--curve", "3", "--output", str(output), cache=tmp_path)
    assert done.returncode == 0, done.stderr
    _, rows = read_rows(output)
    losses = {name: [float(row["loss"]) for row in rows if row["run"] == name] for name in {row["run"] for row in rows}}
    assert len(losses) == 4
    assert all(len(of_run) == 3 for of_run in losses.values())
    assert losses["float32"] != losses["bfloat16"] == pytest.approx(losses["float32"], abs=0.1)


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.parametrize("script", ["inference", "training_step", "dpconv_forms"])
def test_a_quick_run_on_a_gpu(tmp_path: Path, script: str) -> None:
    output = tmp_path / f"{script}_cuda.csv"
    done = run(script, "--quick", "--device", "cuda", "--output", str(output), *SCRIPTS[script], cache=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not [row["note"] for row in read_rows(output)[1] if "Error" in row.get("note", "")]


@pytest.mark.parametrize(
    ("script", "arguments", "reason"),
    [
        ("inference", ["--device", "tpu"], "got 'tpu'"),
        ("inference", ["--size", "100", "64"], "multiple of 8"),
        ("inference", ["--runtimes", "abacus"], "got abacus"),
        ("inference", ["--precisions", "tf32"], "a cpu has the precisions float32, bfloat16, got tf32"),
        ("inference", ["--quick"], "name its --output"),
        ("training_step", ["--images", "nowhere"], "a folder that is there, got nowhere"),
        ("dpconv_forms", ["--rounds", "0"], "a number of at least 1, got 0"),
        ("study", ["--set", "threshold"], "NAME=VALUE"),
        ("scaling", ["--processes", "5000"], "cores, got 5000"),
    ],
)
def test_bad_arguments_are_refused(
    script: str, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = __import__(script)
    with pytest.raises(SystemExit) as ended:
        module.main(arguments)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err

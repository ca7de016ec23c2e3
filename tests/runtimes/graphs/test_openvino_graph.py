"""OpenVINO sends nothing."""

import os
from pathlib import Path

from warm_python import WarmPython

PROGRAM = """
import socket, sys

def refuse(*args, **kwargs):
    raise AssertionError(f"something was to be sent: {args}")

socket.socket.connect = socket.getaddrinfo = refuse
import torch
from srs_monai.runtimes.graphs import load_openvino, openvino_graph

openvino_graph(torch.nn.Conv2d(1, 1, 1), sys.argv[1])
from openvino.tools.ovc import telemetry_utils

assert telemetry_utils.tm.__name__ == "openvino.tools.ovc.telemetry_stub", telemetry_utils.tm
assert not any(name.startswith("openvino_telemetry.") for name in sys.modules)
"""


def test_nothing_is_sent_and_no_identity_is_kept(warm_python: WarmPython, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    places = {"HOME": str(home), "USERPROFILE": str(home)}
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    (tmp_path / "program.py").write_text(PROGRAM)
    graph, log = str(tmp_path / "graph.xml"), tmp_path / "log.txt"
    status = warm_python.run("program", graph, folder=tmp_path, environment={**environment, **places}, log=log)
    assert status == 0, log.read_text()
    assert not [file for file in home.rglob("*") if "telemetry" in file.name or "intel" in file.name]
    assert (tmp_path / "graph.bin").is_file()

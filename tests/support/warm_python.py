"""Python programs in processes of their own that need not wait for torch's and MONAI's imports."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TIMEOUT = 300  # seconds, after which a program is killed

# imports once; each line asks for a program, which runs in a fork, and gets its exit status
SERVER = """
import gc, importlib, json, os, runpy, signal, sys

timeout, *modules = sys.argv[1:]
for module in modules:
    importlib.import_module(module)
gc.freeze()
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
signal.alarm(int(timeout))
signal.signal(signal.SIGINT, signal.default_int_handler)
os.chdir(asked["folder"])
os.environ.clear()
os.environ.update(asked["environment"])
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
for stream in (1, 2):
    os.dup2(os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
sys.argv = [asked["module"], *asked["arguments"]]
runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
"""


class WarmPython:
    """Runs `python -m MODULE ARGUMENTS` by forking a process that has imported what takes long.

    A program has its own exit status, folder, environment and streams. What is read when modules are imported, such as
    the compiler that torch takes from CXX, is this process's when the first program runs.

    Args:
        modules: imported before the first program runs.
    """

    def __init__(self, *modules: str) -> None:
        self.modules = modules
        self._server: subprocess.Popen[str] | None = None

    def run(self, module: str, *arguments: str, folder: Path, environment: Mapping[str, str], log: Path) -> int:
        """Run a program to its end; all that it prints is added to `log`. The exit status, or minus the signal."""
        if self._server is None:
            command = [sys.executable, "-c", SERVER, str(TIMEOUT), *self.modules]
            threads = {"OMP_NUM_THREADS": "1"}  # more would not outlive a fork
            self._server = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **threads}
            )
        asked = {"module": module, "arguments": arguments, "folder": str(folder), "log": str(log)}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps({**asked, "environment": dict(environment)}) + os.linesep)
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End the process."""
        if self._server is not None:
            self._server.kill()
            self._server.communicate()

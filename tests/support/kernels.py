"""Cells run in Jupyter kernels that start quickly: each is forked from a process that has imported torch already."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from html import unescape
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbclient import NotebookClient
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[2]


def run_cells(folder: Path, cells: Sequence[str]) -> list[str]:
    """Return what each cell shows, as text, after running them in one kernel; errors are shown too."""
    use_forked_kernels()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
        transport = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/k"}})
        resources = {"metadata": {"path": str(folder)}}
        client = NotebookClient(
            notebook, kernel_name="python3", allow_errors=True, config=transport, resources=resources
        )
        client.execute()
    return [" ".join(_text(output) for output in cell.get("outputs", [])) for cell in notebook.cells]


def _text(output: nbformat.NotebookNode) -> str:
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    if output.output_type == "stream":
        return str(output.text)
    html = output.data.get("text/html", output.data.get("text/plain", ""))
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def use_forked_kernels() -> None:
    """Let jupyter_client start all kernels of this process that way."""
    factory = KernelProvisionerFactory.instance()
    name = "gradlab-tests-forked"
    factory.provisioners[name] = EntryPoint(name, "tests.support.kernels:ForkedProvisioner", factory.GROUP_NAME)
    factory.default_provisioner_name = name


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel as a child of the kernel server."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        server = _server()
        arguments = cmd[cmd.index("-m") + 2 :]  # after `python -m ipykernel_launcher`
        order = {"arguments": arguments, "cwd": kwargs.get("cwd") or os.getcwd(), "env": dict(kwargs["env"])}
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        self.process = _Forked(int(server.stdout.readline()))
        self.pid = self.pgid = self.process.pid
        return self.connection_info


class _Forked:
    """What LocalProvisioner needs of a `Popen`, for a process that is not our child."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.02)
        return 0

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


@functools.cache
def _server() -> subprocess.Popen[str]:
    """The kernel server of this process; it ends when its input does."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.kernel_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={
            **os.environ,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # as ipykernel sets it
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else debugpy warns when it is imported
        },
    )

"""A real Dask cluster on loopback for the tests: a scheduler and worker processes, all of which end with the test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

SECONDS = 60.0


class Cluster:
    """A scheduler and workers with one thread each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        facts = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file", str(facts)]
        self.scheduler = self._start("dask_scheduler", options)
        end = time.monotonic() + SECONDS
        while not facts.exists() or not facts.read_text():
            assert time.monotonic() < end, self._log()
            time.sleep(0.05)
        self.address = json.loads(facts.read_text())["address"]

    def add(self, *options: str, nanny: bool = False, environment: Mapping[str, str] | None = None) -> int:
        """Start a worker; its process id. It is there some seconds later."""
        fixed = ["--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder)]
        arguments = [self.address, *fixed, "--nanny" if nanny else "--no-nanny", *options]
        self.workers.append(self._start("dask_worker", arguments, environment))
        return self.workers[-1].pid

    def need(self, count: int) -> None:
        """Have that many workers, the last one with a nanny, as on real clusters."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < count:
            self.add(nanny=len(self.workers) == count - 1)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9, and wait until it is gone."""
        process.kill()
        process.wait()

    def _start(self, module: str, arguments: list[str], environment: Mapping[str, str] | None = None):  # type: ignore[no-untyped-def]
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                cwd=self.folder,  # not ours: a worker has what is installed, or what its environment says
                start_new_session=True,
            )

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for process in (*self.workers, self.scheduler):
            try:
                os.killpg(process.pid, signal.SIGKILL)  # a nanny's worker is of its group
            except ProcessLookupError:
                continue
            process.wait()

"""A real Dask cluster on loopback: a scheduler and worker processes, which all end with the test."""

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
    """A scheduler and workers."""

    def __init__(self, folder: Path, *, encrypted: bool = False) -> None:
        self.folder = folder
        self.tls = certificate(folder) if encrypted else []
        self.workers: list[subprocess.Popen[bytes]] = []
        facts = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file", str(facts)]
        options += self._protocol()
        self.scheduler = self._start("dask_scheduler", options)
        end = time.monotonic() + SECONDS
        while not facts.exists() or not facts.read_text():
            assert time.monotonic() < end, self._log()
            time.sleep(0.05)
        self.address = json.loads(facts.read_text())["address"]

    def add(
        self, *options: str, threads: int = 1, nanny: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a worker. It is ready some seconds later."""
        fixed = ["--nthreads", str(threads), "--no-dashboard", "--local-directory", str(self.folder)]
        arguments = [self.address, *self._protocol(), *fixed, "--nanny" if nanny else "--no-nanny", *options]
        self.workers.append(self._start("dask_worker", arguments, environment))

    def need(self, count: int) -> None:
        """Start workers until there are ``count``; the first has two threads and a nanny, as on real clusters."""
        while len(self.workers) < count:
            self.add(threads=1 if self.workers else 2, nanny=not self.workers)

    def wait_for(self, count: int) -> None:
        """Wait until ``count`` workers have joined."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process and wait until it has ended."""
        process.kill()
        process.wait()

    def _protocol(self) -> list[str]:
        names = ("--tls-ca-file", "--tls-cert", "--tls-key")
        options = [part for pair in zip(names, self.tls, strict=True) for part in pair] if self.tls else []
        return ["--protocol", "tls", *options] if options else []

    def _start(
        self, module: str, arguments: list[str], environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                cwd=self.folder,  # not ours: a worker imports what is installed, or what its environment names
                start_new_session=True,
            )

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for process in (*self.workers, self.scheduler):
            try:
                os.killpg(process.pid, signal.SIGKILL)  # a nanny's worker is in its group
            except ProcessLookupError:
                continue
            process.wait()


def certificate(folder: Path) -> list[str]:
    """Make a self-signed certificate. Returns the files of the authority, the certificate and the key."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=gradlab", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return [str(cert), str(cert), str(key)]

"""`gradlab check --warm`: a process in the background that has imported torch answers the next check at once.

This is the side of the command; `cli/warm_server.py` is the process. It ends by itself. Both belong to one user: their
socket is in a folder that only its owner can open. Linux and macOS.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.core.errors import GradlabError
from autograder.core.installed import interpreter

MINUTES = 10  # without a check, after which the process ends
MESSAGE = 1 << 20  # bytes: arguments and environment fit
_PACKAGE = Path(__file__).resolve().parents[1]


class NotWarm(GradlabError):
    """There cannot be a warm process here. Written for the user who asked for one."""


def ask(arguments: list[str]) -> int | None:
    """Let the warm process run a command in this folder, with this terminal. Return its exit code; None without one."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(str(socket_path()))
            request = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
            socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], [0, 1, 2])
            return _outcome(connection)
    except (OSError, ValueError):  # none is there, or it ended before it began
        return None


def _outcome(connection: socket.socket) -> int | None:
    """Wait for the exit code, and pass Ctrl-C on to the process that runs the command."""
    with connection.makefile("rb") as answers:
        begun = json.loads(answers.readline() or "{}")
        if "pid" not in begun:
            return None
        while True:
            try:
                ended = json.loads(answers.readline() or "{}")
                if "code" not in ended:
                    print("The process that ran your code ended. Does your code end it?", file=sys.stderr)
                return int(ended.get("code", 2))
            except KeyboardInterrupt:
                with suppress(ProcessLookupError):
                    os.kill(begun["pid"], 2)


def start(folder: Path) -> None:
    """Start the process, which prepares to check the assignment in ``folder``, and do not wait for it."""
    subprocess.Popen(
        [interpreter(), "-m", "autograder.cli.warm_server", str(socket_path()), str(60 * MINUTES), str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def socket_path() -> Path:
    """Return where the process listens: one for each user, Python and installed gradlab. Raises NotWarm."""
    if not hasattr(socket, "AF_UNIX") or not hasattr(os, "fork"):
        raise NotWarm("--warm needs Linux or macOS. Omit it.")
    folder = Path(tempfile.gettempdir()) / f"gradlab-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise NotWarm(f"--warm needs the folder {folder}, which others can open. Remove the folder, or omit --warm.")
    return folder / f"{_key()}.sock"


def _key() -> str:
    """Return what tells two installations apart."""
    parts: list[Any] = [str(interpreter()), str(_PACKAGE), __version__]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def state_of_the_package() -> tuple[int, float]:
    """Return what changes when gradlab is updated or edited: a process that imported it before must end then."""
    times = [path.stat().st_mtime for path in _PACKAGE.rglob("*.py")]
    return len(times), max(times)

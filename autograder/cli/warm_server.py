"""The process behind `gradlab check --warm`: it imports what a check needs once, and forks a process for each command.

`python -m autograder.cli.warm_server SOCKET SECONDS FOLDER` prepares to check the assignment in FOLDER. It ends after
so many seconds without a command, or when gradlab's code has changed. Student code runs only in the forked processes.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograder.core.shell import write_any_text
from autograder.students.warm import MESSAGE, state_of_the_package

NEEDED = ("autograder.cli.app", "autograder.students.check", "autograder.render.terminal")


def main(path: str, seconds: float, folder: Path) -> None:
    """Serve until nobody has asked for so long."""
    gc.disable()
    known = state_of_the_package()
    with suppress(Exception):  # the command will say what is wrong or missing
        _prepare(folder)
    threads = _one_thread()
    gc.freeze()
    gc.enable()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        ours = _listen(listener, path)
        listener.settimeout(seconds)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forked processes
        with suppress(TimeoutError):
            while state_of_the_package() == known:
                _serve(listener.accept()[0], listener, threads, known)
        if os.path.exists(path) and os.stat(path).st_ino == ours:  # else another process has taken its place
            os.unlink(path)


def _prepare(folder: Path) -> None:
    """Import what the checks of an assignment need, by collecting them. Runs no code of a student."""
    from autograder.core.assignment import read_assignment
    from autograder.session.options import Options
    from autograder.session.session import with_checks

    assignment = read_assignment(folder)
    for name in (*NEEDED, *assignment.course.preload):
        importlib.import_module(name)
    with_checks(assignment, Options(), lambda checks: None, hidden=False)


def _listen(listener: socket.socket, path: str) -> int:
    """Listen at ``path``, in the place of a process that was there before. Return the socket's number on its disk."""
    temporary = f"{path}.{os.getpid()}"
    listener.bind(temporary)
    listener.listen()
    os.replace(temporary, path)
    return os.stat(path).st_ino


def _one_thread() -> int:
    """Keep torch to one thread, as its threads would be missing in forked processes. Return how many it had."""
    torch = sys.modules.get("torch")
    if torch is None:
        return 1
    before: int = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.randn(8, 8) @ torch.randn(8, 8)
    return before


def _serve(connection: socket.socket, listener: socket.socket, threads: int, known: tuple[int, float]) -> None:
    with connection:
        message, descriptors, _, _ = socket.recv_fds(connection, MESSAGE, 3)
        while message and not message.endswith(b"\n"):
            message += connection.recv(MESSAGE)
        try:
            if message and len(descriptors) == 3 and state_of_the_package() == known and os.fork() == 0:
                listener.close()
                _run(json.loads(message), descriptors, connection, threads)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


def _run(request: dict[str, Any], descriptors: list[int], connection: socket.socket, threads: int) -> None:
    """Run a command as a new process would: with the terminal, the folder and the environment of who asked."""
    code = 2
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        connection.sendall(json.dumps({"pid": os.getpid()}).encode() + b"\n")
        for target, descriptor in enumerate(descriptors):
            os.dup2(descriptor, target)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        write_any_text()
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or threads))
        from autograder.cli.app import main as command_line

        command_line(args=request["arguments"], prog_name="gradlab")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            connection.sendall(json.dumps({"code": code}).encode() + b"\n")
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))

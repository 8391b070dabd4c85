"""A lock that lets one grader at a time write a folder of results. The system releases it when its process ends."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from autograder.core.errors import GradlabError
from autograder.core.files import explain
from autograder.core.message import Message

NAME = ".lock"
SECONDS = 0.5  # between two tries


class Locked(GradlabError):
    """Another grader has locked these results. Written for staff."""


class Unwritable(GradlabError):
    """The folder of results cannot be written. Written for staff."""


@contextmanager
def hold(folder: Path, *, wait: bool = False, on_wait: Callable[[str], None] = lambda holder: None) -> Iterator[None]:
    """Lock ``folder``. If another process has the lock, raise Locked with its name, or with ``wait`` wait for it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Unwritable(
            Message("Results cannot be written to {folder}: {error}.", folder=folder, error=explain(error))
        ) from None
    try:
        waiting = False
        while not _try(descriptor, folder):
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or Message("another process")
            if not wait:
                raise Locked(
                    Message(
                        "{folder} is locked by {holder}. Run this again when it has finished, or pass --wait. "
                        "Nothing was changed.",
                        folder=folder,
                        holder=holder,
                    )
                )
            if not waiting:
                on_wait(holder)
                waiting = True
            time.sleep(SECONDS)
        _sign(descriptor, folder)
        yield
    finally:
        os.close(descriptor)  # the file stays: if it were removed, two processes could hold a lock


def _try(descriptor: int, folder: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows has no such lock; classes are not graded there
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise Unwritable(
            Message(
                "{folder} cannot be locked ({error}). Use a folder on this machine's disk.",
                folder=folder,
                error=explain(error),
            )
        ) from None
    return True


def _sign(descriptor: int, folder: Path) -> None:
    line = f"process {os.getpid()} on {socket.gethostname()} since {datetime.now():%Y-%m-%d %H:%M:%S}\n"
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, line.encode(), 0)
    except OSError as error:
        raise Unwritable(
            Message("Results cannot be written to {folder}: {error}.", folder=folder, error=explain(error))
        ) from None

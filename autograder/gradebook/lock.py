"""One grader at a time on a folder of results. The system frees the lock of a process that dies, however it dies."""

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

NAME = ".lock"
SECONDS = 0.5  # between two looks


class Locked(GradlabError):
    """Somebody else works on these results. Speaks to staff."""


class Unwritable(GradlabError):
    """The folder of results cannot be written. Speaks to staff."""


@contextmanager
def hold(folder: Path, *, wait: bool = False, on_wait: Callable[[str], None] = lambda holder: None) -> Iterator[None]:
    """Keep others off ``folder``. Raises Locked, naming who is there, unless told to wait for them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Unwritable(f"Results cannot be written to {folder}: {explain(error)}.") from None
    try:
        told = False
        while not _try(descriptor, folder):
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "another process"
            if not wait:
                raise Locked(
                    f"{folder} is being worked on by {holder}. Run this again when it has ended, or with --wait. "
                    "Nothing was changed."
                )
            if not told:
                on_wait(holder)
                told = True
            time.sleep(SECONDS)
        _sign(descriptor, folder)
        yield
    finally:
        os.close(descriptor)  # the file stays: removing it would let two in


def _try(descriptor: int, folder: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: nothing that is graded there is graded twice at once
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise Unwritable(
            f"{folder} cannot be locked ({explain(error)}). Use a folder on this machine's disk."
        ) from None
    return True


def _sign(descriptor: int, folder: Path) -> None:
    line = f"process {os.getpid()} on {socket.gethostname()} since {datetime.now():%Y-%m-%d %H:%M:%S}\n"
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, line.encode(), 0)
    except OSError as error:
        raise Unwritable(f"Results cannot be written to {folder}: {explain(error)}.") from None

"""Find the processes of a running `gradlab grade` by their kind, and which of them work for a check that runs now.

Reads /proc itself: psutil's search of all processes takes longer than a check of the tiny class.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

COMMAND, GRADER, SERVER, WORKER = "the command", "a grader process", "a fork server", "a worker"
BOX = "bubblewrap"
PROC = Path("/proc")
_MODULE = b"autograder.sandbox.inside.fork_server"


@dataclass(frozen=True)
class Member:
    """A process."""

    pid: int
    kind: str  # empty: none of those above
    above: tuple[int, ...]  # its parent, that one's parent and so on, up to the command


def family_of(command: int) -> list[Member]:
    """Return a command and all that it started, directly or not."""
    found = [Member(command, COMMAND, ())]
    kinds = {command: COMMAND}
    for member in found:  # it grows meanwhile
        for pid in _children(member.pid):
            kinds[pid] = _kind(_line(pid), kinds[member.pid])
            found.append(Member(pid, kinds[pid], (member.pid, *member.above)))
    return found


def working(family: list[Member], mark: str) -> set[int]:
    """Return the numbers of workers whose sandbox has the file ``mark``, and of all processes above them."""
    found: set[int] = set()
    for member in family:
        with suppress(OSError):  # it ended
            if member.kind == WORKER and (PROC / str(member.pid) / "root" / mark.lstrip("/")).exists():
                found.update((member.pid, *member.above))
    return found


def _kind(line: list[bytes], above: str) -> str:
    if _MODULE in line:
        if line[0].endswith(b"bwrap"):
            return BOX
        return WORKER if above == SERVER else SERVER
    return GRADER if any(b"spawn_main" in part for part in line) else ""


def _line(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in (PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found

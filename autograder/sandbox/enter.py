"""Isolate the fork server without bubblewrap: build a new root from read-only mounts and run the program in it.

isolation.py writes the command line: `python -m autograder.sandbox.enter --bind=SOURCE=TARGET ... -- PROGRAM ...`
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

from autograder.sandbox.inside import namespaces
from autograder.sandbox.view import PACKAGES

_DEVICES = ("null", "zero", "full", "random", "urandom")


def main(arguments: list[str]) -> None:
    """Enter new namespaces, build the root and run the program as the first process in them."""
    separator = arguments.index("--")
    options, program = arguments[:separator], arguments[separator + 1 :]
    namespaces.prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.geteuid() == 0:  # as with bubblewrap, the fork server becomes nobody, whose threads can be limited
        namespaces.unshare(namespaces.ALL_NAMESPACES)
    else:
        namespaces.unshare_user(namespaces.ALL_NAMESPACES, inside=1000)
    child = os.fork()  # the first process of the new pid namespace
    if child:
        _exit_like(child)
    namespaces.prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
    _build_root(options)
    os.environ["PYTHONPATH"] = PACKAGES
    os.execv(program[0], program)


def _exit_like(child: int) -> None:
    _, status = os.waitpid(child, 0)
    os._exit(max(0, os.waitstatus_to_exitcode(status)))


def _build_root(options: list[str]) -> None:
    root = "/tmp"
    namespaces.mount("none", "/", "", namespaces.MS_REC | namespaces.MS_PRIVATE)
    sources = [option.split("=")[1] for option in options if option.startswith("--bind=")]
    opened = {source: os.open(source, os.O_PATH) for source in sources}  # some may be below /tmp, which is hidden next
    namespaces.mount_tmpfs(root, size=16 << 20, mode="0755")
    Path(root, "tmp").mkdir()
    namespaces.mount_tmpfs(f"{root}/tmp", size=16 << 20)
    for option in options:
        kind, _, rest = option.partition("=")
        source, _, target = rest.partition("=")
        place = Path(root + (target or source))
        if kind == "--bind":
            _bind(opened[source], place)
        elif kind == "--link":
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(source)
        elif kind == "--folder":
            place.mkdir(parents=True, exist_ok=True)
        elif kind == "--blank":
            namespaces.bind(os.devnull, str(place))
        else:
            namespaces.mount_tmpfs(str(place), size=4096, flags=namespaces.MS_RDONLY)
    for name in ("proc", "dev/shm"):
        Path(root, name).mkdir(parents=True)
    for name in _DEVICES:
        place = Path(root, "dev", name)
        place.touch()
        namespaces.mount(f"/dev/{name}", str(place), "", namespaces.MS_BIND)
    namespaces.mount("proc", f"{root}/proc", "proc", namespaces.MS_NOSUID | namespaces.MS_NODEV)
    for fd in opened.values():
        os.close(fd)
    namespaces.pivot_root(root)
    flags = namespaces.MS_BIND | namespaces.MS_REMOUNT | namespaces.MS_RDONLY | namespaces.MS_NOSUID
    namespaces.mount("none", "/", "", flags | namespaces.MS_NODEV)
    os.chdir("/tmp")


def _bind(fd: int, place: Path) -> None:
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    namespaces.bind(f"/proc/self/fd/{fd}", str(place))


if __name__ == "__main__":
    main(sys.argv[1:])

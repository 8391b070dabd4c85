"""How the fork server is isolated: by bubblewrap, by namespaces that gradlab sets up itself, or with less.

"user" is for a container that holds one submission and refuses namespaces: the code runs as another user. "none" only
denies system calls.

One function per kind of isolation makes the command line. What a student's code can reach is decided here and in
fork_server.py's `_lock_down`. See docs/decisions/0003-the-box.md.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from autograder.core.errors import GradlabError

PACKAGES = "/gradlab"  # where the box sees MOUNTED
MOUNTED = ("autograder/sandbox/inside", "autograder/probes", "common")  # all of gradlab that enters the box
PRIVATE = ("autograder", "common", "solutions", "assignments", "tests", ".git")  # never shown at their own place
ISOLATIONS = ("bubblewrap", "namespaces", "user", "none")
_ROOT = Path(__file__).resolve().parent.parent.parent


class NoIsolation(GradlabError):
    """Students' code cannot be run safely on this machine. Written for staff."""


@dataclass(frozen=True)
class View:
    """What the box sees of the host, all of it read-only."""

    binds: tuple[tuple[str, str], ...]  # (source, target)
    links: tuple[tuple[str, str], ...]  # (text of the link, where)
    masks: tuple[str, ...]  # folders under a bind that are hidden again


def choose(wanted: str = "auto") -> str:
    """Return the kind of isolation to use, the strongest for "auto".

    Raises NoIsolation with the reasons when the one wanted, or with "auto" every kind, cannot be set up.
    """
    if wanted == "none":
        return "none"
    reasons = []
    for name in ("bubblewrap", "namespaces") if wanted == "auto" else (wanted,):
        reason = _why_not(name)
        if reason is None:
            return name
        reasons.append(f"{name}: {reason}")
    raise NoIsolation(
        "Students' code cannot be isolated on this machine, so it is not run. "
        + "; ".join(reasons)
        + ". Install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap), allow unprivileged user namespaces, or, "
        "if you wrote every hand-in yourself, pass --isolation none."
    )


@cache
def _why_not(name: str) -> str | None:
    if sys.platform != "linux":
        return "needs Linux"
    if name == "user":
        return None if os.geteuid() == 0 else "needs root, to become another user"
    if name == "bubblewrap" and shutil.which("bwrap") is None:
        return "the program bwrap is not installed"
    probe = "import os, sys; sys.exit(0 if not os.path.exists('/etc/shadow') else 1)"
    try:
        done = subprocess.run(
            command(name, [sys.executable, "-I", "-c", probe]), capture_output=True, timeout=20, env=environment(name)
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    return (done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def command(isolation: str, program: list[str], *, course: Path | None = None) -> list[str]:
    """Return the command line that runs ``program`` isolated. The folder ``course`` is hidden from it."""
    if isolation == "bubblewrap":
        return [*_bubblewrap(_view(course)), *program]
    if isolation == "namespaces":
        return [sys.executable, "-m", "autograder.sandbox.enter", *_enter_arguments(_view(course)), "--", *program]
    return program


def environment(isolation: str) -> dict[str, str]:
    """Return all environment variables of the fork server. None of the grader's own are passed on."""
    table = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "USER": "student",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPATH": PACKAGES if isolation == "bubblewrap" else str(_ROOT),
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    if gpu := os.environ.get("CUDA_VISIBLE_DEVICES"):
        table["CUDA_VISIBLE_DEVICES"] = gpu
    if isolation in ("bubblewrap", "user") and os.geteuid() == 0:
        table["GRADLAB_DROP_ROOT"] = "1"
    return table


def below_tmp(isolation: str) -> list[str]:
    """Return the mounts below /tmp, which a worker must still see when it gets a /tmp of its own."""
    if isolation not in ("bubblewrap", "namespaces"):
        return []
    return [target for _, target in _view().binds if target.startswith("/tmp/")]


def fallbacks_folder(isolation: str) -> str:
    """Return the folder in which the box finds common's versions of earlier assignments."""
    return f"{PACKAGES if isolation in ('bubblewrap', 'namespaces') else _ROOT}/common/fallbacks"


@cache
def _view(course: Path | None = None) -> View:
    binds, links = [], []
    for name in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        path = Path(name)
        if path.is_symlink():
            links.append((os.readlink(name), name))
        elif path.is_dir():
            binds.append((name, name))
    for file in ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/alternatives", "/etc/localtime"):
        if os.path.exists(file):
            binds.append((file, file))
    python = dict.fromkeys([sys.base_prefix, sys.prefix, *site.getsitepackages()])
    for folder in python:
        if not any(Path(folder).is_relative_to(source) for source, _ in binds):
            binds.append((folder, folder))
    masks = []
    for root in dict.fromkeys([_ROOT, *([course.resolve()] if course else [])]):
        for path in _private_folders(root, [Path(folder).resolve() for folder in python]):
            for source, target in binds:  # shown at a path that may lead through links
                if path.is_relative_to(shown := Path(source).resolve()):
                    masks.append(str(target / path.relative_to(shown)))
    binds += [(str(_ROOT / name), f"{PACKAGES}/{name}") for name in MOUNTED]
    return View(tuple(binds), tuple(links), tuple(masks))


def _private_folders(root: Path, python: Sequence[Path]) -> list[Path]:
    """Return what to hide of a folder that contains gradlab or a course: everything that Python does not need."""
    if root in python or root == root.parent or not (root / "assignments").is_dir():  # Python's own, or no course
        return [root / name for name in PRIVATE if (root / name).is_dir()]
    if not any(folder.is_relative_to(root) for folder in python):
        return [root]
    below = [path for path in sorted(root.iterdir()) if path.is_dir() and not path.is_symlink()]
    return [path for path in below if not any(folder.is_relative_to(path) for folder in python)]


def _bubblewrap(view: View) -> list[str]:
    shared = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    # As root, bubblewrap shows what root can read; then the fork server becomes nobody (see become_nobody).
    root = os.geteuid() == 0
    user = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if root else ["--unshare-user"]
    parents = dict.fromkeys(str(p) for _, target in view.binds for p in reversed(Path(target).parents) if str(p) != "/")
    folders = [part for path in parents for part in ("--perms", "0755", "--dir", path)]  # bwrap's default is 0700
    binds = [part for source, target in view.binds for part in ("--ro-bind", source, target)]
    links = [part for text, where in view.links for part in ("--symlink", text, where)]
    masks = [part for path in view.masks for part in ("--tmpfs", path, "--remount-ro", path)]
    return [
        *("bwrap", *shared, *user, "--die-with-parent", "--new-session"),
        *("--perms", "1777", "--tmpfs", "/tmp", *folders, *binds, *links, *masks, "--proc", "/proc", "--dev", "/dev"),
        *(*_cuda(), "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"),
    ]


def _cuda() -> list[str]:
    nodes = sorted(str(path) for path in Path("/dev").glob("nvidia*"))
    if not nodes:
        return []
    driver = ["--ro-bind-try", "/usr/local/nvidia", "/usr/local/nvidia", "--ro-bind", "/sys", "/sys"]
    return [*(part for node in nodes for part in ("--dev-bind", node, node)), *driver]


def _enter_arguments(view: View) -> list[str]:
    binds = [f"--bind={source}={target}" for source, target in view.binds]
    links = [f"--link={text}={where}" for text, where in view.links]
    return [*binds, *links, *(f"--mask={path}" for path in view.masks)]

"""How the fork server is isolated: by bubblewrap, by namespaces that gradlab sets up itself, or with less.

"user" is for a container that holds one submission and refuses namespaces: the code runs as another user. "none" only
denies system calls.

One function per kind of isolation makes the command line. What a student's code can reach is decided here and in
fork_server.py's `_lock_down`. See docs/decisions/0003-the-box.md.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from autograder.core.course_file import Course
from autograder.core.errors import GradlabError
from autograder.core.installed import interpreter
from autograder.sandbox.view import FALLBACKS, PACKAGES, ROOT, View, make_view

ISOLATIONS = ("bubblewrap", "namespaces", "user", "none")


class NoIsolation(GradlabError):
    """Students' code cannot be run safely on this machine. Written for staff."""


def choose(wanted: str = "auto", *, one_hand_in: bool = False) -> str:
    """Return the kind of isolation to use, the strongest for "auto".

    ``one_hand_in`` says that this is a container with one hand-in, whose private files no other user can read: only
    there "user" is possible. Raises NoIsolation with the reasons when the one wanted, or with "auto" every kind, cannot
    be set up.
    """
    if wanted == "none":
        return "none"
    if wanted == "user" and not one_hand_in:
        raise NoIsolation(
            "Isolation by another user does not hide solutions, hidden checks or other hand-ins, so it is only for "
            "Gradescope's containers, which hold one hand-in. Use --isolation auto."
        )
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
        return _why_not_nobody() if os.geteuid() == 0 else "needs root, to become another user"
    if name == "bubblewrap" and shutil.which("bwrap") is None:
        return "the program bwrap is not installed"
    probe = "import os, sys; sys.exit(0 if not os.path.exists('/etc/shadow') else 1)"
    program = [str(interpreter()), "-I", "-c", probe]
    try:
        done = subprocess.run(command(name, program), capture_output=True, timeout=20, env=environment(name))
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    return (done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def _why_not_nobody() -> str | None:
    """Return why the user nobody cannot run Python here: hand-ins would fail at imports, and lose points for it."""
    program = [str(interpreter()), "-c", "import numpy, autograder.sandbox.inside.worker"]
    from autograder.sandbox.inside.namespaces import NOBODY  # needs what only POSIX has

    nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
    try:
        done = subprocess.run(program, capture_output=True, timeout=60, env=environment("user"), cwd="/", **nobody)
        if done.returncode == 0:
            return None
    except (OSError, subprocess.TimeoutExpired):
        pass
    return (
        f"the user nobody, as whom hand-ins run, cannot read the folders of {interpreter().resolve()} or of its "
        "packages. Install both where every user may read them, for example Python in /usr and the packages in /opt"
    )


def command(
    isolation: str, program: list[str], *, private: tuple[Path, ...] = (), shared: tuple[tuple[str, str], ...] = ()
) -> list[str]:
    """Return the command line that runs ``program`` isolated.

    The folders ``private`` are hidden from it, and of the course only what is ``shared`` is shown (see view.py).
    """
    if isolation == "bubblewrap":
        return [*_bubblewrap(make_view(private, shared)), *program]
    if isolation == "namespaces":
        view = make_view(private, shared)
        return [str(interpreter()), "-m", "autograder.sandbox.enter", *_enter_arguments(view), "--", *program]
    return program


def environment(isolation: str, shared: tuple[tuple[str, str], ...] = ()) -> dict[str, str]:
    """Return all environment variables of the fork server. None of the grader's own are passed on."""
    roots = [str(ROOT), *(str(Path(folder).parent) for folder, place in shared if place != FALLBACKS)]
    table = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "USER": "student",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPATH": PACKAGES if isolation == "bubblewrap" else os.pathsep.join(dict.fromkeys(roots)),
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    if gpu := os.environ.get("CUDA_VISIBLE_DEVICES"):
        table["CUDA_VISIBLE_DEVICES"] = gpu
    if isolation in ("bubblewrap", "namespaces", "user") and os.geteuid() == 0:
        table["GRADLAB_DROP_ROOT"] = "1"
    return table


def below_tmp(isolation: str) -> list[str]:
    """Return the mounts below /tmp, which a worker must still see when it gets a /tmp of its own."""
    if isolation not in ("bubblewrap", "namespaces"):
        return []
    return [target for _, target in make_view().binds if target.startswith("/tmp/")]


def fallbacks_folder(isolation: str, course: Course) -> str:
    """Return the folder in which the box finds the course's modules of earlier assignments, or an empty text."""
    if course.fallbacks is None:
        return ""
    return FALLBACKS if isolation in ("bubblewrap", "namespaces") else str(course.fallbacks)


def _bubblewrap(view: View) -> list[str]:
    shared = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    # As root, bubblewrap shows what root can read; then the fork server becomes nobody (see become_nobody).
    root = os.geteuid() == 0
    user = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if root else ["--unshare-user"]
    made = [Path(place) for _, place in (*view.binds, *view.links)]
    parents = dict.fromkeys(str(p) for place in made for p in reversed(place.parents) if str(p) != "/")
    needed = dict.fromkeys([*parents, *view.folders])
    folders = [part for path in needed for part in ("--perms", "0755", "--dir", path)]  # bwrap's default is 0700
    binds = [part for source, target in view.binds for part in ("--ro-bind", source, target)]
    links = [part for text, where in view.links for part in ("--symlink", text, where)]
    masks = [part for path in view.masks for part in ("--tmpfs", path, "--remount-ro", path)]
    blanks = [part for path in view.blanks for part in ("--ro-bind", os.devnull, path)]
    return [
        *("bwrap", *shared, *user, "--die-with-parent", "--new-session"),
        *(
            "--perms",
            "1777",
            "--tmpfs",
            "/tmp",
            *folders,
            *binds,
            *links,
            *masks,
            *blanks,
            "--proc",
            "/proc",
            "--dev",
            "/dev",
        ),
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
    hidden = [*(f"--mask={path}" for path in view.masks), *(f"--blank={path}" for path in view.blanks)]
    folders = [f"--folder={folder}" for folder in view.folders]
    return [*binds, *links, *folders, *hidden]

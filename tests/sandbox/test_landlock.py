"""Landlock, the second layer: what a process may do with files after it restricted itself, whatever is mounted."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox.inside import landlock
from autograder.sandbox.pool import WorkerPool
from tests.support.box import in_box

needs_landlock = pytest.mark.skipif(
    not sys.platform.startswith("linux") or landlock.version() == 0, reason="this kernel has no Landlock"
)

PROGRAM = """
import os, sys
from autograder.sandbox.inside import landlock, namespaces

def attempt(name, action):
    try:
        action()
    except OSError as error:
        print(name, error.errno)
    else:
        print(name, "done")

own, other = sys.argv[1:]
parent = os.getppid()
namespaces.prctl(namespaces.PR_SET_NO_NEW_PRIVS, 1)
assert landlock.restrict([("/", landlock.READ), (own, landlock.READ | landlock.WRITE), ("/not/there", landlock.READ),
                          ("/dev/null", landlock.READ | landlock.USE)])
attempt("read", lambda: open(f"{other}/there").read())
attempt("write", lambda: open(f"{other}/there", "w"))
attempt("make", lambda: open(f"{other}/new", "w"))
attempt("remove", lambda: os.remove(f"{other}/there"))
attempt("truncate", lambda: os.truncate(f"{other}/there", 0))
attempt("folder", lambda: os.mkdir(f"{other}/folder"))
attempt("move", lambda: os.rename(f"{other}/there", f"{own}/there"))
attempt("run", lambda: os.execv("/bin/true", ["true"]))
attempt("null", lambda: open(os.devnull, "w"))
attempt("own", lambda: (os.mkdir(f"{own}/a"), open(f"{own}/a/b", "w"), os.rename(f"{own}/a/b", f"{own}/c")))
attempt("socket file", lambda: os.mknod(f"{own}/pipe", 0o10600))
attempt("signal", lambda: os.kill(parent, 0))
"""


@needs_landlock
def test_only_what_the_rules_name_may_be_changed(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "there").write_text("text")
    done = subprocess.run([sys.executable, "-c", PROGRAM, own, other], capture_output=True, text=True, cwd=Path.cwd())
    seen = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    allowed = [name for name, how in seen.items() if how == "done"]
    assert allowed == ["read", "null", "own"] + ["signal"] * (landlock.version() < 6), (seen, done.stderr)
    assert len(seen) == 12
    assert (other / "there").read_text() == "text"
    assert os.listdir(other) == ["there"]


WORK = """
    import os, tempfile

    def own():
        with tempfile.TemporaryDirectory() as folder, open(f"{folder}/file", "w") as file, open("/dev/null", "w"):
            return file.write("text")

    def terminal():
        try:
            os.open("/dev/ptmx", os.O_RDWR)
        except OSError as error:
            return error.errno
"""


@needs_landlock
@pytest.mark.slow
def test_workers_are_restricted(isolated: WorkerPool) -> None:
    with in_box(isolated, WORK) as (student, _):
        assert student.own() == 4
        if isolated.isolation == "bubblewrap":  # it shows this device, and the filter of system calls allows to open it
            assert student.terminal() == errno.EACCES

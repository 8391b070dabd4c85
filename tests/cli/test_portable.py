"""The commands of students work without what only Linux has, as on macOS and Windows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.authoring.release import release, write
from autograder.core import shell
from autograder.core.shell import quoted
from tests.support.course import make_course
from tests.support.vectors import HONEST, make_vectors

pytestmark = pytest.mark.slow

# Other packages may use what Linux has, so they are imported before it is removed.
BARE = """
    import sys
    import click, jupytext, matplotlib, nbformat, numpy, pooch, pytest, rich.console, torch, tqdm
    import asyncio, multiprocessing, os, pdb, select, signal, socket, subprocess, tempfile, warnings, zipfile

    # On Windows, a file without a named encoding is not UTF-8. Other packages may choose that.
    warnings.filterwarnings("ignore", category=EncodingWarning)
    warnings.filterwarnings("error", category=EncodingWarning, module="autograder|common")

    for name in ("fcntl", "resource", "termios", "pwd", "grp", "pty", "tty", "syslog", "readline"):
        sys.modules[name] = None
    for module, names in {
        select: ("poll", "epoll"),
        os: ("fork", "readv", "setsid", "geteuid", "getuid", "O_NOFOLLOW", "O_NONBLOCK", "statvfs"),
        signal: ("SIGALRM", "setitimer", "SIGKILL", "SIGXFSZ", "pthread_sigmask"),
        socket: ("send_fds", "recv_fds", "AF_UNIX", "socketpair"),
    }.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    sys.platform = "darwin"
"""

STRICT = ("-W", "error", "-W", "ignore::EncodingWarning", "-X", "warn_default_encoding")


def bare(code: str, cwd: Path) -> str:
    """Return what ``code`` prints in a Python without what only Linux has."""
    source = textwrap.dedent(BARE) + textwrap.dedent(code)
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, *STRICT, "-c", f"import sys\nsys.path.insert(0, {str(root)!r})\n{source}"],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (make_vectors(tmp_path).folder / "vectors.py").write_text(HONEST)
    return tmp_path


def test_the_commands_of_students_work_without_what_only_linux_has(course: Path) -> None:
    output = bare(
        """
        from importlib import import_module

        for name in ("students.check", "students.notebook_check", "students.start", "students.submit", "cli.app",
                     "session.plugin", "sandbox.local_link", "sandbox.inside.worker", "render.terminal",
                     "render.notebook_table", "submissions.submission"):
            import_module("autograder." + name)
        GRADER = ("autograder.sandbox.pool", "autograder.sandbox.isolation", "autograder.sandbox.inside.fork_server",
                  "autograder.runners", "autograder.gradebook", "autograder.intake")
        grader = [name for name in sys.modules if name.startswith(GRADER)]
        print("of the grader:", grader)

        from click.testing import CliRunner
        from autograder.cli.app import main

        def run(*arguments):
            result = CliRunner().invoke(main, arguments, catch_exceptions=False)
            print(result.exit_code, result.output.strip().splitlines()[-1])

        run("check", "t02_vectors")
        run("check", "t02_vectors", "--task", "Counter", "--json")
        run("submit", "t02_vectors")
        run("check", "t02_vectors", "--hand-in", "assignments/t02_vectors.zip", "--trust")
        run("start", "copy")

        from autograder import check
        exec(open("assignments/t02_vectors/vectors.py").read())
        shown = check("vectors")
        print(repr(shown))
        assert "<table" in shown._repr_html_()
        """,
        course,
    )  # fmt: skip
    lines = output.splitlines()
    assert lines[0] == "of the grader: []"
    assert lines[1].startswith("0 40/40 points here.")
    assert lines[2] == "0 }"
    assert lines[3].startswith("0 Created ")
    assert lines[4].startswith("0 40/40 points here.")
    assert lines[5] == "0 Next: cd copy, then gradlab status."
    assert lines[6] == "40 of 40 points"


def test_a_course_is_published_there(tmp_path: Path) -> None:
    write(release(make_course(tmp_path / "course")))
    output = bare(
        """
        from click.testing import CliRunner
        from autograder.cli.app import main

        for target in ("../published", "../published", "../published.zip"):
            result = CliRunner().invoke(main, ["publish", target], catch_exceptions=False)
            print(result.exit_code, result.output.strip().splitlines()[-1])
        """,
        tmp_path / "course",
    )  # fmt: skip
    first, again, zipped = output.splitlines()
    assert re.fullmatch(r"0 \.\./published: \d+ new files, 0 updated, 0 removed\.", first)
    assert again == "0 ../published: 0 new files, 0 updated, 0 removed."
    assert zipped == first.replace("published", "published.zip")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_output_escapes_what_its_encoding_lacks(encoding: str, course: Path) -> None:
    """On Windows, output to a file or a pipe has the encoding of the system's language."""
    vectors = course / "assignments" / "t02_vectors" / "vectors.py"
    vectors.write_text(HONEST.replace("return x * 2", 'print("中文"); return x + 2'), encoding="utf-8")
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "check", "t02_vectors"], capture_output=True, cwd=course, env=environment
    )
    assert done.returncode == 1, done.stderr
    assert rb"\u4e2d\u6587" in done.stdout
    assert b"points here." in done.stdout


def test_paths_are_quoted_as_the_shell_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert quoted(Path("my course"), "a01_knn") == "'my course' a01_knn"
    monkeypatch.setattr(shell, "os", SimpleNamespace(name="nt"))
    assert quoted(r"C:\ada\my course", r"C:\ada") == r'"C:\ada\my course" C:\ada'


def test_instructors_can_grade_their_own_code_there(course: Path) -> None:
    """Without isolation, in one process."""
    output = bare(
        """
        from pathlib import Path
        from autograder.sandbox.isolation import NoIsolation, choose
        from autograder.runners.grader_process import Job, grade_handin
        from autograder.sandbox.pool import open_pool
        from autograder.session.session import with_checks
        from autograder.core.assignment import read_assignment
        from autograder.session.options import Options

        try:
            choose("auto")
        except NoIsolation as reason:
            print("needs Linux" in str(reason))
        assignment = read_assignment(Path("assignments/t02_vectors"))
        with open_pool("none") as pool:
            job = Job("ada", assignment.folder / "vectors.py")
            print(with_checks(assignment, Options(), lambda checks: grade_handin(checks, job, pool)).points)
        """,
        course,
    )
    assert output == "True\n100\n"

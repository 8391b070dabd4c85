"""A command that another program ends says so, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.core.signals import signals_wait
from autograder.runners.dask_connection import require_dask
from autograder.students.start import start
from tests.support.box import descendants
from tests.support.vectors import make_vectors

SLOW = "import time\n\n\ndef double(x):\n    time.sleep(60)\n    return 2 * x\n"


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(1200):  # attempts, not seconds, as the whole machine may pause
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@pytest.fixture
def grading(tmp_path: Path, isolation: str) -> Iterator[subprocess.Popen[str]]:
    course = make_vectors(tmp_path / "course", seconds=60)
    (tmp_path / "handins").mkdir()
    (tmp_path / "handins" / "ada.py").write_text(SLOW)
    command = [sys.executable, "-m", "autograder", "grade", str(tmp_path / "handins")]
    command += ["--assignment", str(course.folder), "--out", str(tmp_path / "out"), "--isolation", isolation]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=notice_signals) as process:
        yield process
        process.kill()


def notice_signals() -> None:
    """Undo what `nohup`, under which these tests may run, tells the processes that it starts."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("SIGTERM", "Another program ended"),
        pytest.param("SIGHUP", "The terminal was", marks=pytest.mark.slow),  # the same way
    ],
)
def test_a_signal_ends_grading_with_a_sentence(grading: subprocess.Popen[str], number: str, reason: str) -> None:
    wait_until(lambda: len(descendants(grading.pid)) >= 3)  # the grader process, the fork server, a worker
    children = [int(line.split()[0]) for line in descendants(grading.pid)]
    grading.send_signal(signal.Signals[number])
    _, said = grading.communicate(timeout=60)
    assert grading.returncode == 128 + signal.Signals[number]
    assert reason in said
    assert f"({number}). Run the same command again to resume." in said
    assert "Traceback" not in said
    wait_until(lambda: not [pid for pid in children if os.path.exists(f"/proc/{pid}")])


def test_nothing_is_left_when_the_command_is_killed(grading: subprocess.Popen[str]) -> None:
    wait_until(lambda: len(descendants(grading.pid)) >= 3)
    children = [int(line.split()[0]) for line in descendants(grading.pid)]
    grading.kill()
    grading.wait()
    wait_until(lambda: not [pid for pid in children if os.path.exists(f"/proc/{pid}")])


def test_importing_dask_leaves_ctrl_c_alone() -> None:
    pytest.importorskip("dask")
    require_dask("dask_jobqueue")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


INTERRUPTED_IMPORT = """
import sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
sys.argv = ["gradlab", "status"]
from autograder.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "module", ["autograder.cli.app", "click", "autograder.core.editions", "autograder.core.course", "rich.console"]
)
def test_an_interrupt_while_something_is_imported_is_one_sentence(module: str, tmp_path: Path) -> None:
    code = INTERRUPTED_IMPORT.format(module=module)
    start(tmp_path / "work", make_vectors(tmp_path / "course").folder.parents[1])
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "work", capture_output=True, text=True)
    assert done.stderr == "Interrupted.\n"
    assert (done.returncode, done.stdout) == (130, "")


@pytest.mark.parametrize(
    ("number", "said"),
    [("SIGINT", "Interrupted."), ("SIGTERM", "Another program ended this one (SIGTERM).")],
)
@pytest.mark.parametrize("where", ["imports", "a check", "a function"])
def test_a_check_that_is_interrupted_says_only_that(number: str, said: str, where: str, tmp_path: Path) -> None:
    course = make_vectors(tmp_path / "course").folder
    ending = f"os.kill(os.getpid(), signal.{number})\n"
    checks = course / "check_vectors.py"
    if where == "imports":
        checks.write_text(f"import os, signal\n{ending}{checks.read_text()}")
    if where == "a check":
        checks.write_text(f"import os, signal\n{checks.read_text()}".replace("    x = rng", f"    {ending}    x = rng"))
    start(tmp_path / "work", course.parents[1])
    function = f"import os, signal\n\n\ndef double(x):\n    {ending if where == 'a function' else 'return 2 * x'}\n"
    (tmp_path / "work" / course.name / "vectors.py").write_text(function)
    command = [sys.executable, "-m", "autograder", "check", course.name]
    done = subprocess.run(command, cwd=tmp_path / "work", capture_output=True, text=True, preexec_fn=notice_signals)
    assert done.stderr.splitlines()[1:] == [said]
    assert (done.returncode, done.stdout) == (128 + signal.Signals[number], "")


@pytest.mark.parametrize(("signals", "ended"), [(1, ["import"]), (2, [])])
def test_an_import_ends_before_the_first_signal_is_handled(signals: int, ended: list[str]) -> None:
    done: list[str] = []

    def interrupted_import() -> None:
        with signals_wait():
            for _ in range(signals):
                signal.raise_signal(signal.SIGINT)
            done.append("import")

    with pytest.raises(KeyboardInterrupt):
        interrupted_import()
    assert done == ended
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_installed_program_is_the_one_that_ends_in_order() -> None:
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"gradlab": "autograder.__main__:main"}

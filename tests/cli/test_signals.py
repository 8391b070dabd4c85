"""A command that another program ends says so, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.runners.dask_connection import require_dask
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
    course = make_vectors(tmp_path / "course")
    manifest = course.folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("seconds = 2", "seconds = 60"))
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


@pytest.mark.parametrize(("number", "reason"), [("SIGTERM", "Another program ended"), ("SIGHUP", "The terminal was")])
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

"""A grader that is killed, fills the disk or meets another one loses nothing and runs nothing twice."""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.core.report import Report, read_report
from autograder.gradebook.journal import Journal, JournalError
from autograder.gradebook.lock import Locked, Unwritable, hold
from autograder.runners.grader_process import Job, Setup
from tests.support.classroom import HALF, Grader, hand_in, marks, run
from tests.support.vectors import HONEST, WRONG, make_vectors

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks, and mounts a small disk"),
]

STUDENTS = 24


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


@pytest.fixture
def handins(tmp_path: Path) -> Path:
    return hand_in(tmp_path / "in", **{f"s{n:02}": (HONEST if n % 2 else HALF) + f"# {n}\n" for n in range(STUDENTS)})


class Logging(Grader):
    """Logs the students it runs to a file that survives a kill."""

    def __init__(self, log: Path, seconds: float) -> None:
        super().__init__(seconds=seconds)
        self.log = log

    def report(self, job: Job, setup: Setup) -> Report:
        with open(self.log, "a") as file:
            file.write(f"{job.student}\n")
        return super().report(job, setup)


def child(work: Callable[[], object]) -> int:
    """Run ``work`` in a new process, which ends with 0, or with 3 if it raised an error that is written for people."""
    pid = os.fork()
    if pid:
        return pid
    code = 4
    try:
        work()
        code = 0
    except (JournalError, Unwritable, Locked):
        code = 3
    finally:
        os._exit(code)


def exit_code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def journaled(out: Path) -> set[str]:
    if not (out / "journal.db").exists():
        return set()
    with Journal(out) as journal:
        return {report.student for report in journal.reports()}


def ran(log: Path, start: int = 0) -> list[str]:
    return log.read_text().split()[start:] if log.exists() else []


def test_a_grader_killed_at_any_moment_can_be_resumed(course, handins, tmp_path):
    out, log = tmp_path / "out", tmp_path / "log"
    kills = 12
    for number in range(kills):
        known, before = journaled(out), len(ran(log))
        pid = child(lambda: run(course, handins, out, Logging(log, 0.01)))
        time.sleep(0.01 + 0.023 * number % 0.19)
        os.kill(pid, signal.SIGKILL)
        exit_code(pid)
        assert not known & set(ran(log, before)), "a report that was in the journal was made again"
        assert known <= journaled(out)
        for path in out.glob("*/report.json"):
            assert read_report(path).student == path.parent.name
            assert (path.parent / "staff.html").read_text().rstrip().endswith("</html>")
    known, before = journaled(out), len(ran(log))
    run(course, handins, out, Logging(log, 0))
    assert not known & set(ran(log, before))
    assert len(ran(log)) <= STUDENTS + kills
    run(course, handins, tmp_path / "fresh", Grader())
    assert (out / "gradebook.csv").read_bytes() == (tmp_path / "fresh" / "gradebook.csv").read_bytes()
    assert not list(out.rglob(".whole-*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 500 KB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def test_a_full_disk_stops_with_a_message_and_finished_reports_are_stored(course, handins, small_disk, tmp_path):
    out, log = small_disk / "out", tmp_path / "log"
    with pytest.raises((JournalError, Unwritable), match="run the same command again"):
        run(course, handins, out, Logging(log, 0))
    assert 0 < len(ran(log)) < STUDENTS
    remount(small_disk, "size=50m")
    known, before = journaled(out), len(ran(log))
    assert known
    run(course, handins, out, Logging(log, 0))
    assert not known & set(ran(log, before))
    assert len(marks(out)) == STUDENTS


def test_a_limit_on_the_size_of_files_stops_with_a_message_too(course, handins, tmp_path):
    out, log = tmp_path / "out", tmp_path / "log"

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        run(course, handins, out, Logging(log, 0))

    assert exit_code(child(limited)) == 3
    known, before = journaled(out), len(ran(log))
    run(course, handins, out, Logging(log, 0))
    assert not known & set(ran(log, before))
    assert len(marks(out)) == STUDENTS


def test_a_read_only_folder_of_results_is_refused(course, handins, small_disk):
    out = small_disk / "out"
    out.mkdir()
    remount(small_disk, "ro")
    with pytest.raises(Unwritable, match="read-only file system"):
        run(course, handins, out, Grader())


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    def refuse(*arguments: object, **options: object) -> int:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Unwritable, match="its permissions do not allow it"), hold(tmp_path):
        pass


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_second_grader_names_the_first_or_waits_and_then_runs_nothing_twice(course, handins, tmp_path):
    out, log = tmp_path / "out", tmp_path / "log"
    pid = child(lambda: run(course, handins, out, Logging(log, 0.05)))
    until(lambda: ran(log))
    with pytest.raises(Locked, match=f"process {pid} .*--wait"):
        run(course, handins, out, Grader())
    waited: list[str] = []
    with hold(out, wait=True, on_wait=waited.append):
        assert exit_code(pid) == 0
    assert f"process {pid} " in waited[0]
    grader = Grader()
    run(course, handins, out, grader)
    assert (grader.ran, len(ran(log))) == ([], STUDENTS)


def test_the_lock_of_a_killed_grader_is_released(course, handins, tmp_path):
    out, log = tmp_path / "out", tmp_path / "log"
    pid = child(lambda: run(course, handins, out, Logging(log, 0.05)))
    until(lambda: ran(log))
    os.kill(pid, signal.SIGKILL)
    exit_code(pid)
    with hold(out):
        pass


def bad_handins(folder: Path) -> None:
    """Add hand-ins that must each get a report that says what is wrong."""
    for name, member in (("dots", "../../vectors.py"), ("absolute", "/vectors.py")):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr(member, HONEST)
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.py", HONEST + "#" * 100_000_000)
    link = zipfile.ZipInfo("vectors.py")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(folder / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    (folder / "damaged.zip").write_bytes((folder / "dots.zip").read_bytes()[:-30])
    (folder / "symlink.py").symlink_to("/etc/passwd")
    (folder / "utf16.py").write_bytes(HONEST.encode("utf-16"))
    (folder / "latin.py").write_bytes(b"# caf\xe9\n" + HONEST.encode())
    (folder / "notebook.ipynb").write_text('{"cells": [' + "[" * 300)
    os.mkfifo(folder / "pipe.py")


def test_the_command_killed_and_run_again_marks_everyone_and_reports_bad_hand_ins(course, tmp_path, isolation):
    folder, out = (
        hand_in(tmp_path / "in", ada=HONEST, twin=HONEST, bob=WRONG, zoe=HONEST + "# late\n"),
        tmp_path / "out",
    )
    bad_handins(folder)
    command = [sys.executable, "-m", "autograder", "grade", str(folder), "--assignment", str(course.folder)]
    command += ["--out", str(out), "--workers", "1", "--isolation", isolation]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until(lambda: list(out.glob("*/report.json")) or process.poll() is not None)
        process.kill()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    points = marks(out)
    assert {name for name, value in points.items() if value == "100"} == {"ada", "twin", "zoe", "latin"}
    assert len(points) == 14
    for name in set(points) - {"ada", "twin", "zoe", "latin", "bob"}:
        report = read_report(out / name / "report.json")
        assert (report.points, report.needs_staff) == (0, False)
        assert report.notes, name
        assert all(check.message == report.notes[0] for check in report.checks)
    ran_again, known = re.search(r"(\d+) graded now, (\d+) skipped", done.stdout).groups()
    assert int(ran_again) + int(known) == 14
    assert int(known) >= 2  # a twin, and those that the first run graded

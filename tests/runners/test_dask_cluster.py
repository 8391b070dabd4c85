"""A Dask cluster gives the same marks as this machine, whatever dies; workers that would give others refuse."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("distributed", reason="Dask is not installed: pip install -e '.[cluster]'")

import psutil

from autograder.cli.app import main
from autograder.core.assignment import Assignment
from autograder.core.report import Report
from autograder.runners import dask_worker
from autograder.runners.compatibility import make_request
from autograder.runners.dask_cluster import grade_on
from autograder.runners.dask_connection import ClusterError
from autograder.runners.grader_process import Job, Setup
from autograder.runners.local_pool import grade_all
from autograder.session.options import Options
from tests.support.cluster import Cluster
from tests.support.vectors import HONEST, WRONG, make_vectors

pytestmark = pytest.mark.cluster

SLOW = HONEST.replace("return x * 2", "__import__('time').sleep(0.3)\n    return x * 2")
STORIES = {
    "ada": HONEST,
    "bob": WRONG,
    "exits": "import os\nos._exit(0)\n",
    "half": "def double(x:\n",
    "lone": HONEST + "\nprint('\\ud800 <b>')\n",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_vectors(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


def hand_in(folder: Path, stories: dict[str, str]) -> list[Job]:
    for name, source in stories.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "vectors.py").write_text(source)
    return [Job(name, folder / name) for name in stories]


def lost(reports: list[Report]) -> dict[str, list[str]]:
    """Return the messages of all checks that took points."""
    taken = {r.student: [check.message for check in r.checks if check.points < check.max_points] for r in reports}
    return {student: messages for student, messages in taken.items() if messages}


def comparable(reports: list[Report]) -> dict[str, Report]:
    """Return the reports by student, without the times, which differ from run to run."""
    return {r.student: replace(r, checks=tuple(replace(check, seconds=0.0) for check in r.checks)) for r in reports}


def test_a_cluster_gives_the_same_reports_as_this_machine(
    tmp_path: Path, course: Assignment, cluster: Cluster, isolation: str
) -> None:
    cluster.need(1)
    jobs = hand_in(tmp_path, STORIES)
    with zipfile.ZipFile(tmp_path / "eve.zip", "w") as archive:
        archive.writestr("work/vectors.py", HONEST + "\n# zipped\n")
    (tmp_path / "torn.zip").write_bytes((tmp_path / "eve.zip").read_bytes()[:-40])
    (tmp_path / "nothing").mkdir()
    jobs += [Job(name, tmp_path / path) for name, path in (("eve", "eve.zip"), ("torn", "torn.zip"), ("no", "nothing"))]
    setup = Setup(course.folder, Options(), isolation)
    remote: list[Report] = []
    grade_on(jobs, setup, address=cluster.address, on_report=remote.append)
    here = grade_all(jobs, setup)
    assert comparable(remote) == comparable(here)
    assert {report.student: report.points for report in remote}["ada"] == 100


def test_other_workers_take_the_jobs_of_a_killed_one_and_its_processes_end(
    tmp_path: Path, course: Assignment, cluster: Cluster, isolation: str
) -> None:
    cluster.need(2)
    victim = cluster.workers[1]
    cluster.wait_for(2)
    jobs = hand_in(tmp_path, {f"s{number}": SLOW + f"\n# {number}\n" for number in range(12)})
    done: list[Report] = []
    sentences: list[str] = []
    left: list[psutil.Process] = []

    def see(report: Report) -> None:
        done.append(report)
        if victim.poll() is None and len(done) >= 3:
            left.extend(psutil.Process(victim.pid).children(recursive=True))
            cluster.kill(victim)

    grade_on(
        jobs, Setup(course.folder, Options(), "auto"), address=cluster.address, on_report=see, say=sentences.append
    )
    assert sorted(report.student for report in done) == sorted(job.student for job in jobs)
    assert lost(done) == {}
    assert any("has left" in sentence for sentence in sentences)
    assert left
    assert psutil.wait_procs(left, timeout=20)[1] == []


KILLS = """
import os, signal
from pathlib import Path
from autograder.runners.grader_process import GraderProcess

TRIES, grade = Path({tries!r}), getattr(GraderProcess.grade, "real", GraderProcess.grade)  # it may be loaded twice

class Local(Exception):  # the submitting process has no such class
    def __init__(self, sentence, number):
        super().__init__(sentence)

    def __repr__(self):
        raise ValueError("no text")

def grade_or_be_killed(self, job):
    with (TRIES / job.student).open("a") as file:
        file.write("x")
    if job.student.endswith("always") or (TRIES / job.student).read_text() == "x":
        if job.student.startswith("worker"):
            os.kill(os.getpid(), signal.SIGKILL)
        if job.student.startswith("grader"):
            self._process.kill()
        if job.student.startswith("raises"):
            raise Local("a sentence", 1)
    return grade(self, job)

grade_or_be_killed.real = grade
GraderProcess.grade = grade_or_be_killed
"""


def test_a_hand_in_whose_processes_end_or_raise_is_tried_once_more_after_the_others_and_then_broken(
    tmp_path: Path, course: Assignment
) -> None:
    (tries := tmp_path / "tries").mkdir()
    (preload := tmp_path / "kills.py").write_text(KILLS.format(tries=str(tries)))
    (tmp_path / "dask").mkdir()
    stories = ("worker_once", "grader_always", "worker_always", "raises_always", "grader_once", "honest")
    jobs = hand_in(tmp_path / "in", {name: HONEST + f"\n# {name}\n" for name in stories})
    done: list[Report] = []
    with Cluster(tmp_path / "dask") as deadly:
        deadly.add("--preload", str(preload), nanny=True)
        deadly.wait_for(1)
        grade_on(jobs, Setup(course.folder, Options(), "auto"), address=deadly.address, on_report=done.append)
    assert sorted(lost(done)) == ["grader_always", "raises_always", "worker_always"], lost(done)
    assert {report.student for report in done if report.needs_staff} == set(lost(done))
    assert "The last reason: Local: a sentence" in lost(done)["raises_always"][0]  # no such class is known here
    tried = {name: len((tries / name).read_text()) for name in stories}
    # A worker that ends may take the result of another hand-in with it, which is then tried a third time.
    assert {tried[name] for name in ("grader_always", "grader_once", "worker_always", "raises_always")} <= {2, 3}
    assert done[0].student == "honest"


def test_the_jobs_of_a_paused_worker_go_to_others(tmp_path: Path, course: Assignment) -> None:
    jobs = hand_in(tmp_path / "in", {f"s{number}": HONEST + f"\n# {number}\n" for number in range(6)})
    done: list[Report] = []
    sentences: list[str] = []
    (tmp_path / "dask").mkdir()
    with Cluster(tmp_path / "dask") as pausing:
        pausing.add()
        pausing.add()
        pausing.wait_for(2)

        def pause(report: Report) -> None:
            if not done:
                pausing.workers[0].send_signal(signal.SIGSTOP)
            done.append(report)

        setup = Setup(course.folder, Options(), "auto")
        grade_on(jobs, setup, address=pausing.address, patience=5, on_report=pause, say=sentences.append)
    assert sorted(report.student for report in done) == sorted(job.student for job in jobs)
    assert not any(report.needs_staff for report in done)
    assert any("does not answer. Its hand-ins go to other workers." in sentence for sentence in sentences)


def grade(course: Assignment, handins: Path, out: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        main, ["grade", str(handins), "--assignment", str(course.folder), "--out", str(out), *options]
    )
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, " ".join(done.output.split())


def test_reports_made_before_the_scheduler_is_killed_are_stored_and_the_rest_is_run_later(
    tmp_path: Path, course: Assignment, isolation: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path / "out"

    def reports() -> list[str]:
        return sorted(path.parent.name for path in out.glob("s*/report.json"))

    with Cluster(tmp_path_factory.mktemp("short"), encrypted=bool(shutil.which("openssl"))) as short:
        short.add()
        hand_in(tmp_path / "in", {f"s{number}": SLOW + f"\n# {number}\n" for number in range(6)})
        there = ["--cluster", short.address]
        if short.tls:
            code, output = grade(course, tmp_path / "in", out, *there)
            assert (code, "No scheduler answers" in output) == (2, True)
            names = ("--tls-ca", "--tls-cert", "--tls-key")
            there += [part for pair in zip(names, short.tls, strict=True) for part in pair]
        command = [sys.executable, "-m", "autograder", "grade", str(tmp_path / "in"), "--out", str(out)]
        command += ["--assignment", str(course.folder), *there]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as grading:
            while len(reports()) < 2 and grading.poll() is None:
                time.sleep(0.02)
            short.kill(short.scheduler)
            output = " ".join(grading.communicate()[0].split())
    assert grading.returncode == 2, output
    assert "no longer answers. The reports made so far are stored" in output
    first = reports()
    assert 2 <= len(first) < 6
    code, output = grade(course, tmp_path / "in", out, "--workers", "1")
    assert code == 0, output
    assert f"{6 - len(first)} graded now, {len(first)} skipped" in output
    assert reports() == [f"s{number}" for number in range(6)]


def other_version(folder: Path) -> dict[str, str]:
    """Return the environment of a worker that has another version of gradlab."""
    root = Path(__file__).resolve().parents[2]
    for package in ("autograder", "common"):
        shutil.copytree(root / package, folder / package)  # with what is compiled
    init = folder / "autograder" / "__init__.py"
    init.write_text(init.read_text() + '\n__version__ = "0.0.9"\n')
    return {"PYTHONPATH": str(folder)}


def test_no_workers_are_reported_and_those_that_would_give_other_marks_or_cannot_isolate_refuse_with_the_reason(
    tmp_path: Path, course: Assignment
) -> None:
    preload = tmp_path / "no_isolation.py"
    preload.write_text(
        "import autograder.sandbox.isolation as wall\nwall._why_not = lambda name: 'it was taken away'\n"
    )
    (tmp_path / "dask").mkdir()
    elsewhere = shutil.copytree(course.folder.parent.parent, tmp_path / "elsewhere")
    check = elsewhere / "assignments" / course.name / "check_vectors.py"
    check.write_text(check.read_text() + "\nLAST_YEAR = True\n")
    jobs = hand_in(tmp_path / "in", {"ada": HONEST, "bob": WRONG})
    with Cluster(tmp_path / "dask") as odd:
        with pytest.raises(ClusterError, match=r"has no workers. Start some"):
            grade_on(jobs, Setup(course.folder, Options(), "none"), address=odd.address, patience=0.1)
        odd.add("--preload", str(preload))
        odd.add(environment=other_version(tmp_path / "other"))
        odd.add(environment={"GRADLAB_COURSE": str(elsewhere)})
        odd.wait_for(3)
        code, output = grade(course, tmp_path / "in", tmp_path / "out", "--cluster", odd.address)
        assert code == 2
        assert f"Every worker of {odd.address} refuses to grade {course.name}." in output
        assert (
            "Students' code cannot be isolated on this machine, so it is not run. bubblewrap: it was taken away"
            in output
        )
        assert "Its gradlab is 0.0.9 instead of 0.1.0." in output
        assert f"Its digest of {course.name}'s checks is" in output

        with pytest.raises(ClusterError, match=r"It announces no GPU. Start it with --resources GPU=1."):
            grade_on(jobs, Setup(course.folder, Options("cuda"), "none"), address=odd.address)

        done: list[Report] = []
        sentences: list[str] = []
        setup = Setup(course.folder, Options(), "none")
        grade_on(jobs, setup, address=odd.address, on_report=done.append, say=sentences.append)
    assert {report.student: (report.points, report.isolation) for report in done} == {
        "ada": (100, "none"),
        "bob": (0, "none"),
    }
    assert sum("refuses to grade" in sentence for sentence in sentences) == 2


def test_a_scheduler_that_does_not_answer_is_reported(
    tmp_path: Path, course: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.runners.dask_connection.CONNECT_SECONDS", 0.5)
    hand_in(tmp_path / "in", {"ada": HONEST})
    code, output = grade(course, tmp_path / "in", tmp_path / "out", "--cluster", "tcp://127.0.0.1:9")
    assert code == 2
    assert "No scheduler answers at tcp://127.0.0.1:9" in output
    assert grade(course, tmp_path / "in", tmp_path / "out", "--cluster", "nonsense", "--unencrypted")[0] == 2


def test_missing_dask_and_missing_options_are_reported(
    tmp_path: Path, course: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(tmp_path / "in", {"ada": HONEST})
    there = ("--cluster", "tcp://127.0.0.1:9")
    assert "together" in grade(course, tmp_path / "in", tmp_path / "out", *there, "--tls-ca", "ca.pem")[1]
    assert "choose --device cpu" in grade(course, tmp_path / "in", tmp_path / "out", *there, "--device", "auto")[1]
    for open_to_others in ("tcp://192.0.2.1:8786", "grader.example:8786"):
        code, output = grade(course, tmp_path / "in", tmp_path / "out", "--cluster", open_to_others)
        assert code == 2
        assert "is not encrypted" in output
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, output = grade(course, tmp_path / "in", tmp_path / "out", *there)
    assert code == 2
    assert "pip install -c constraints.txt -e '.[cluster]'" in output


@pytest.mark.parametrize(("visible", "names"), [(None, {"0", "1"}), ("3,5", {"3", "5"})])
def test_each_grader_process_has_its_own_gpu(
    visible: str | None, names: set[str], course: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FakeGrader:
        def __init__(self, setup: Setup) -> None:
            self.setup = setup

        def close(self) -> None: ...

    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    monkeypatch.setattr(dask_worker, "GraderProcess", FakeGrader)
    monkeypatch.setattr(dask_worker, "check_compatible", lambda *_: Setup(Path(os.sep), Options("cuda"), "none"))
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    setup = Setup(course.folder, Options("cuda"), "none")
    run, another = (make_request(setup, name).to_json() for name in ("a run", "another"))
    graders = dask_worker.GraderProcesses(2, tmp_path)
    one, two = graders.take(run), graders.take(run)
    assert {one.setup.gpu, two.setup.gpu} == names
    for grader in (one, two):
        graders.give_back(run, grader)
    assert {graders.take(another).setup.gpu, graders.take(another).setup.gpu} == names

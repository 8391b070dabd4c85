"""Grading on a Dask cluster: the same marks as here, whoever dies; and workers that would give others refuse."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'gradlab[cluster]'")

import psutil

from autograder.cli.app import main
from autograder.core.assignment import Assignment
from autograder.core.report import Report
from autograder.runners import dask_worker as cluster_worker
from autograder.runners.dask_cluster import grade_on
from autograder.runners.dask_connection import ClusterError
from autograder.runners.grader_process import Job, Setup
from autograder.runners.local_pool import grade_all
from autograder.session.options import Options
from tests.support.cluster import Cluster
from tests.support.vectors import HONEST, WRONG, make_vectors

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


def alike(reports: list[Report]) -> dict[str, Report]:
    """By student, without what no two runs share."""
    return {r.student: replace(r, checks=tuple(replace(check, seconds=0.0) for check in r.checks)) for r in reports}


def test_reports_from_a_cluster_equal_those_made_here(
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
    assert alike(remote) == alike(here)
    assert {report.student: report.points for report in remote}["ada"] == 100


def test_the_jobs_of_a_worker_that_is_killed_are_done_by_others_and_nothing_is_left_of_it(
    tmp_path: Path, course: Assignment, cluster: Cluster, isolation: str
) -> None:
    cluster.need(2)
    victim = cluster.workers[1]
    wait_for(cluster, 2)
    jobs = hand_in(tmp_path, {f"s{number}": SLOW + f"\n# {number}\n" for number in range(12)})
    done: list[Report] = []
    heard: list[str] = []
    left: list[psutil.Process] = []

    def see(report: Report) -> None:
        done.append(report)
        if victim.poll() is None and len(done) >= 3:
            left.extend(psutil.Process(victim.pid).children(recursive=True))
            cluster.kill(victim)

    grade_on(jobs, Setup(course.folder, Options(), "auto"), address=cluster.address, on_report=see, say=heard.append)
    assert sorted(report.student for report in done) == sorted(job.student for job in jobs)
    assert [report.points for report in done] == [100] * len(jobs)
    assert any("has left" in sentence for sentence in heard)
    assert left
    assert psutil.wait_procs(left, timeout=20)[1] == []


def grade(course: Assignment, handins: Path, out: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        main, ["grade", str(handins), "--assignment", str(course.folder), "--out", str(out), *options]
    )
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, " ".join(done.output.split())


def test_what_was_done_when_the_scheduler_is_killed_is_kept_and_the_rest_is_run_later(
    tmp_path: Path,
    course: Assignment,
    isolation: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    from autograder.gradebook import grade as grading

    with Cluster(tmp_path_factory.mktemp("short"), encrypted=bool(shutil.which("openssl"))) as short:
        short.need(1)
        hand_in(tmp_path / "in", {f"s{number}": SLOW + f"\n# {number}\n" for number in range(6)})
        write, written = grading.write_report, []

        def write_and_kill(report: Report, out: Path) -> None:
            write(report, out)
            written.append(report.student)
            if len(written) == 2:
                short.kill(short.scheduler)

        monkeypatch.setattr(grading, "write_report", write_and_kill)
        there = ["--cluster", short.address]
        if short.tls:
            code, said = grade(course, tmp_path / "in", tmp_path / "out", *there)
            assert (code, "No scheduler answers" in said) == (2, True)
            there += [
                part for pair in zip(("--tls-ca", "--tls-cert", "--tls-key"), short.tls, strict=True) for part in pair
            ]
        code, said = grade(course, tmp_path / "in", tmp_path / "out", *there)
    assert code == 2
    assert "no longer answers. What came back is kept" in said
    assert 2 <= len(written) < 6
    first = list(written)
    code, said = grade(course, tmp_path / "in", tmp_path / "out", "--workers", "1")
    assert code == 0
    assert f"{6 - len(first)} graded now, {len(first)} skipped" in said
    assert sorted(written) == [f"s{number}" for number in range(6)]


def other_version(folder: Path) -> dict[str, str]:
    """The environment of a worker that has another gradlab."""
    root = Path(__file__).resolve().parents[2]
    for package in ("autograder", "common"):
        shutil.copytree(root / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    init = folder / "autograder" / "__init__.py"
    init.write_text(init.read_text() + '\n__version__ = "0.0.9"\n')
    return {"PYTHONPATH": str(folder)}


def test_workers_that_would_give_other_marks_or_have_no_wall_refuse_and_say_why(
    tmp_path: Path, course: Assignment
) -> None:
    preload = tmp_path / "no_wall.py"
    preload.write_text(
        "import autograder.sandbox.isolation as wall\nwall._why_not = lambda name: 'it was taken away'\n"
    )
    (tmp_path / "dask").mkdir()
    elsewhere = shutil.copytree(course.folder.parent.parent, tmp_path / "elsewhere")
    check = elsewhere / "assignments" / course.name / "check_vectors.py"
    check.write_text(check.read_text() + "\n# of last year\n")
    jobs = hand_in(tmp_path / "in", {"ada": HONEST, "bob": WRONG})
    with Cluster(tmp_path / "dask") as odd:
        odd.add("--preload", str(preload))
        odd.add(environment=other_version(tmp_path / "other"))
        odd.add(environment={"GRADLAB_COURSE": str(elsewhere)})
        wait_for(odd, 3)
        code, said = grade(course, tmp_path / "in", tmp_path / "out", "--cluster", odd.address)
        assert code == 2
        assert f"No worker of {odd.address} will grade {course.name}." in said
        assert (
            "Students' code cannot be isolated on this machine, so it is not run. bubblewrap: it was taken away" in said
        )
        assert "Its gradlab is 0.0.9, 0.1.0 is wanted." in said
        assert f"Its digest of {course.name}'s checks is" in said

        with pytest.raises(ClusterError, match=r"It offers no GPU. Start it with --resources GPU=1."):
            grade_on(jobs, Setup(course.folder, Options("cuda"), "none"), address=odd.address)

        done: list[Report] = []
        heard: list[str] = []
        setup = Setup(course.folder, Options(), "none")
        grade_on(jobs, setup, address=odd.address, on_report=done.append, say=heard.append)
    assert {report.student: (report.points, report.isolation) for report in done} == {
        "ada": (100, "none"),
        "bob": (0, "none"),
    }
    assert sum("will not grade" in sentence for sentence in heard) == 2


def wait_for(cluster: Cluster, count: int) -> None:
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def test_a_scheduler_that_does_not_answer_or_has_no_workers_is_told_in_a_sentence(
    tmp_path: Path, course: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.runners.dask_connection.CONNECT_SECONDS", 0.5)
    jobs = hand_in(tmp_path / "in", {"ada": HONEST})
    code, said = grade(course, tmp_path / "in", tmp_path / "out", "--cluster", "tcp://127.0.0.1:9")
    assert code == 2
    assert "No scheduler answers at tcp://127.0.0.1:9" in said
    assert grade(course, tmp_path / "in", tmp_path / "out", "--cluster", "nonsense")[0] == 2
    monkeypatch.undo()
    (tmp_path / "dask").mkdir()
    with Cluster(tmp_path / "dask") as empty, pytest.raises(ClusterError, match=r"has no workers. Start some"):
        grade_on(jobs, Setup(course.folder, Options(), "none"), address=empty.address, patience=0.1)


def test_without_dask_and_with_half_of_the_options_there_is_a_sentence(
    tmp_path: Path, course: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(tmp_path / "in", {"ada": HONEST})
    there = ("--cluster", "tcp://127.0.0.1:9")
    assert "together" in grade(course, tmp_path / "in", tmp_path / "out", *there, "--tls-ca", "ca.pem")[1]
    assert "choose --device cpu" in grade(course, tmp_path / "in", tmp_path / "out", *there, "--device", "auto")[1]
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, said = grade(course, tmp_path / "in", tmp_path / "out", *there)
    assert code == 2
    assert "pip install 'gradlab[cluster]'" in said


@pytest.mark.parametrize(("visible", "names"), [(None, {"0", "1"}), ("3,5", {"3", "5"})])
def test_each_desk_has_a_gpu_of_its_own(visible: str | None, names: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class FakeDesk:
        def __init__(self, setup: Setup) -> None:
            self.setup = setup

        def close(self) -> None: ...

    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    monkeypatch.setattr(cluster_worker, "GraderProcess", FakeDesk)
    monkeypatch.setattr(
        cluster_worker, "check_compatible", lambda request: Setup(Path(os.sep), Options("cuda"), "none")
    )
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    graders = cluster_worker.Desks(2)
    one, two = graders.take(b"a run"), graders.take(b"a run")
    assert {one.setup.gpu, two.setup.gpu} == names
    for grader in (one, two):
        graders.give_back(b"a run", grader)
    assert {graders.take(b"another").setup.gpu, graders.take(b"another").setup.gpu} == names

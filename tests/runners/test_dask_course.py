"""The course travels to Dask workers: once, hidden from hand-ins as on this machine, and removed at the end."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is not installed: pip install -e '.[cluster]'")

from autograder.core.assignment import read_assignment
from autograder.core.report import Report
from autograder.runners.compatibility import Incompatible, NeedsCourse, make_request
from autograder.runners.course_files import CannotTravel, pack_course
from autograder.runners.dask_cluster import grade_on
from autograder.runners.dask_connection import ClusterError
from autograder.runners.dask_worker import GraderProcesses
from autograder.runners.grader_process import Job, Setup
from autograder.session.options import Options
from tests.support.cluster import Cluster

pytestmark = pytest.mark.cluster

COURSE = {
    "course.toml": 'title = "Prices"\nid = "prices"\nshared = ["kit_of_prices"]\nfallbacks = "earlier"\n',
    "kit_of_prices/__init__.py": "from pathlib import Path\nRATE = int(Path(__file__).with_name('rate').read_text())\n",
    "kit_of_prices/rate": "3",
    "earlier/older.py": "def old():\n    return 5\n",
    "assignments/t03_prices/assignment.toml": """
title = "Prices"
version = "1.0"
files = ["prices.py"]
imports = ["csv", "older"]
data = ["prices.csv"]

[[tasks]]
name = "total"
title = "The sum of all prices"
points = 60

[[tasks]]
name = "found"
title = "Private files that can be read"
points = 40
""",
    "assignments/t03_prices/prices.csv": "price\n2\n4\n",
    "solutions/t03_prices/oracles_prices.py": "from kit_of_prices import RATE\nEXPECTED = (2 + 4) * RATE\n",
    "solutions/t03_prices/check_prices_hidden.py": '''
from autograder import expect_equal, task
from oracles_prices import EXPECTED


@task("total")
def check_total(student):
    """All prices, times the rate."""
    expect_equal(student.total(), EXPECTED)


@task("found", seconds=60)
def check_found(student):
    """Nothing private can be read."""
    expect_equal(student.found(), [])
''',
}
PRIVATE = ("check_prices_hidden.py", "oracles_prices.py")
HANDIN = """
import csv
import os
import sys
from kit_of_prices import RATE
from older import old


def total():
    assert old() == 5
    with open("prices.csv") as file:
        return sum(int(row["price"]) for row in csv.DictReader(file)) * RATE


def found():
    here = os.path.dirname(sys.modules["kit_of_prices"].__file__)
    places = [{scratch!r}, os.path.dirname(here), "/fallbacks", "/tmp", *sys.path]
    names = {{name for place in places for _, _, files in os.walk(place) for name in files}}
    return sorted(names & {private!r})
"""
NOTES = """
import os
import autograder.runners.dask_worker as there

unpack = getattr(there.unpack_course, "real", there.unpack_course)  # this may be loaded several times

def noted(packed, folder):
    with open({file!r}, "a") as file:
        file.write(f"{{os.getpid()}} {{packed.digest}}\\n")
    return unpack(packed, folder)

noted.real = unpack
there.unpack_course = noted
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    for name, text in COURSE.items():
        path = tmp_path / "course" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "course"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster whose workers write into ``received`` which courses they unpack."""
    (tmp_path / "dask").mkdir()
    (tmp_path / "notes.py").write_text(NOTES.format(file=str(tmp_path / "received")))
    with Cluster(tmp_path / "dask") as cluster:
        yield cluster


def add(cluster: Cluster, **rest: int) -> None:
    cluster.add("--preload", str(cluster.folder.parent / "notes.py"), **rest)


def hand_in(folder: Path, scratch: Path, count: int) -> list[Job]:
    text = HANDIN.format(scratch=str(scratch), private=set(PRIVATE))
    for number in range(count):
        (folder / f"s{number}").mkdir(parents=True)
        (folder / f"s{number}" / "prices.py").write_text(f"{text}\n# {number}\n")
    return [Job(path.name, path) for path in sorted(folder.iterdir())]


def points(reports: list[Report]) -> dict[str, list[float]]:
    return {report.student: [check.points for check in report.checks] for report in reports}


def courses_left(cluster: Cluster) -> list[Path]:
    """Return what is left of courses on the workers; they have some time to remove it."""
    end = time.monotonic() + 20
    while (left := [path for name in PRIVATE for path in cluster.folder.rglob(name)]) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def test_workers_without_the_course_receive_it_once_and_remove_it(
    tmp_path: Path, course: Path, cluster: Cluster, isolation: str
) -> None:
    jobs = hand_in(tmp_path / "in", cluster.folder, 6)
    done: list[Report] = []
    there: list[Path] = []

    def start_without_the_course(sentence: str) -> None:
        if sentence.startswith("Waiting for workers"):  # what travels has been read
            shutil.rmtree(course)
            add(cluster, threads=2)
            add(cluster)

    def look(report: Report) -> None:
        done.append(report)
        there.extend(cluster.folder.rglob("check_prices_hidden.py"))

    setup = Setup(course / "assignments/t03_prices", Options(), isolation)
    grade_on(jobs, setup, address=cluster.address, on_report=look, say=start_without_the_course)
    assert points(done) == {f"s{number}": [60, 40] for number in range(6)}
    received = (tmp_path / "received").read_text().split()
    assert len(received) == len(set(received[::2])) * 2
    assert len(set(received[1::2])) == 1
    assert there
    assert courses_left(cluster) == []


def test_without_isolation_hand_ins_find_the_private_files(tmp_path: Path, course: Path, cluster: Cluster) -> None:
    """The other test looks in the right places."""
    add(cluster)
    cluster.wait_for(1)
    done: list[Report] = []
    jobs = hand_in(tmp_path / "in", cluster.folder, 1)
    setup = Setup(course / "assignments/t03_prices", Options(), "none")
    grade_on(jobs, setup, address=cluster.address, on_report=done.append)
    assert points(done) == {"s0": [60, 0]}
    assert all(name in done[0].checks[1].message for name in PRIVATE)


def test_a_later_worker_gets_the_course_and_removes_that_of_a_killed_one(
    tmp_path: Path, course: Path, cluster: Cluster
) -> None:
    add(cluster)
    cluster.wait_for(1)
    done: list[Report] = []

    def see(report: Report) -> None:
        if not done:
            cluster.kill(cluster.workers[0])
            assert [*cluster.folder.rglob("check_prices_hidden.py")]
            add(cluster)
        done.append(report)

    jobs = hand_in(tmp_path / "in", cluster.folder, 3)
    setup = Setup(course / "assignments/t03_prices", Options(), "auto")
    grade_on(jobs, setup, address=cluster.address, on_report=see)
    assert points(done) == {f"s{number}": [60, 40] for number in range(3)}
    assert len((tmp_path / "received").read_text().splitlines()) == 2
    assert courses_left(cluster) == []


@pytest.fixture
def requests(course: Path) -> dict[str, tuple[bytes, bytes]]:
    """Requests of runs with the content of their course: two of one course, one of a changed course."""
    assignment = read_assignment(course / "assignments/t03_prices")
    setup, made = Setup(assignment.folder, Options(), "none"), {}
    for run in ("first", "second", "changed"):
        if run == "changed":
            (course / "kit_of_prices/rate").write_text("4")
        packed = pack_course(assignment)
        made[run] = make_request(setup, run, course=packed.digest).to_json(), packed.content
    return made


def test_a_course_stays_while_a_run_uses_it(tmp_path: Path, requests: dict[str, tuple[bytes, bytes]]) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    graders = GraderProcesses(0, scratch)
    for run in requests:
        graders.receive(*requests[run])
        graders.examine(requests[run][0])
    assert len([*scratch.iterdir()]) == 2
    for run, left in (("first", 2), ("second", 1), ("changed", 0)):
        graders.dismiss(requests[run][0])
        assert len([*scratch.iterdir()]) == left
    with pytest.raises(NeedsCourse):
        graders.take(requests["first"][0])


def test_a_worker_that_refuses_after_all_or_gets_something_damaged_has_no_course(
    tmp_path: Path, requests: dict[str, tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    graders = GraderProcesses(0, scratch)
    request, content = requests["first"]
    with pytest.raises(CannotTravel, match="damaged"):
        graders.receive(request, content[:-1])
    graders.receive(request, content)
    monkeypatch.setattr("autograder.runners.compatibility._installed_instead", lambda course: ["Another is installed."])
    with pytest.raises(Incompatible, match="Another is installed"):
        graders.examine(request)
    assert [*scratch.iterdir()] == []


def test_the_oldest_course_makes_room_and_its_run_is_asked_for_it_again(
    tmp_path: Path, requests: dict[str, tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.runners.dask_worker.MOST_COURSES", 1)
    (scratch := tmp_path / "scratch").mkdir()
    graders = GraderProcesses(0, scratch)
    for run in ("first", "changed"):
        graders.receive(*requests[run])
        graders.examine(requests[run][0])
    assert len([*scratch.iterdir()]) == 1
    with pytest.raises(NeedsCourse):
        graders.take(requests["first"][0])
    graders.examine(requests["changed"][0])


def test_a_course_that_is_too_large_is_asked_for_on_the_worker_itself(
    tmp_path: Path, course: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.runners.course_files.MAX_BYTES", 100)
    jobs = hand_in(tmp_path / "in", cluster.folder, 1)
    setup = Setup(course / "assignments/t03_prices", Options(), "auto")
    add(cluster)
    cluster.wait_for(1)
    with pytest.raises(ClusterError, match=r"too large to be sent.* Copy the course to that machine, and set GRADLAB"):
        grade_on(jobs, setup, address=cluster.address)
    own = shutil.copytree(course, tmp_path / "own")
    cluster.add(environment={"GRADLAB_COURSE": str(own)})
    cluster.wait_for(2)
    done: list[Report] = []
    grade_on(jobs, setup, address=cluster.address, on_report=done.append)
    assert points(done) == {"s0": [60, 40]}
    assert not (tmp_path / "received").exists()
    assert read_assignment(own / "assignments/t03_prices").solutions.is_dir()  # a course of its own is not removed

"""No attack on reading and loading gains a point, takes long, or harms who comes next."""

from __future__ import annotations

import importlib
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Outcome, Report
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox import box_link
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import with_checks
from tests.attacks.loading import HAND_INS, SLOW_HAND_INS, Files
from tests.support.handins import write
from tests.support.vectors import TORCH_HONEST as HONEST
from tests.support.vectors import make_vectors

pytestmark = pytest.mark.slow

READING_SECONDS = 15.0  # of processor time


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_course(tmp_path_factory.mktemp("course"), seconds=2)


@pytest.fixture(scope="module")
def quick_course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The same, but a task that never ends is stopped earlier."""
    return make_course(tmp_path_factory.mktemp("course"), seconds=0.5)


def make_course(root: Path, *, seconds: float) -> Assignment:
    folder = make_vectors(root, torch=True, seconds=seconds).folder
    with (folder / "assignment.toml").open("a") as manifest:
        manifest.write('\n[[questions]]\nid = "q"\ntitle = "Why?"\npoints = 1\n')
    return read_assignment(folder)


@pytest.fixture(scope="module")
def pool(isolated_pool: WorkerPool) -> WorkerPool:
    return isolated_pool


def grade(course: Assignment, pool: WorkerPool, files: Files, folder: Path) -> tuple[Report, Report, float]:
    """The reports of an attack and of an honest hand-in after it, and the grader's processor seconds for the attack."""
    for name, data in files.items():
        write(folder / "attack" / name, data)
    honest = write(folder / "honest" / "vectors.py", HONEST)

    def both(grade_one: Callable[[Path], Report]) -> tuple[Report, Report, float]:
        begun = processor_seconds()
        attack = grade_one(folder / "attack")
        seconds = processor_seconds() - begun
        return attack, grade_one(honest), seconds

    return with_checks(
        course, Options(), lambda checks: both(lambda path: grade_handin(checks, Job("ada", path), pool))
    )


def processor_seconds() -> float:
    """What this process and its children that have ended have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@pytest.mark.parametrize("name", HAND_INS)
def test_an_attack_on_reading_gains_nothing(name: str, course: Assignment, pool: WorkerPool, tmp_path: Path) -> None:
    files = HAND_INS[name]()
    size = sum(map(len, files.values())) / 1e6
    importlib.import_module("torch")  # the checks need it, not the reading
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    attack, after, seconds = grade(course, pool, files, tmp_path)
    assert_harmless(attack, after)
    assert seconds < READING_SECONDS
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000 - before
    assert more < max(300, 3 * size)  # a large file is in memory three times while it is refused


@pytest.mark.parametrize("name", SLOW_HAND_INS)
def test_an_attack_on_time_gains_nothing(
    name: str, quick_course: Assignment, pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = {"TOP_LEVEL_SECONDS": 1.0, "ALL_LOADS_SECONDS": 1.5, "LOAD_SECONDS": 0.25, "IMPORT_SECONDS": 2.0}
    for limit, seconds in shorter.items():
        monkeypatch.setattr(box_link, limit, seconds)
    attack, after, _ = grade(quick_course, pool, SLOW_HAND_INS[name](), tmp_path)
    assert_harmless(attack, after)


def assert_harmless(attack: Report, after: Report) -> None:
    assert attack.points == 0, attack.checks
    assert all(check.outcome is Outcome.FAILED for check in attack.checks), attack.checks
    assert all(len(check.message) < 5000 for check in attack.checks)
    assert "hidden checks were read" not in str(attack)
    assert len(attack.notes) < 20
    assert all(len(note) < 1000 and note.isprintable() for note in attack.notes)
    assert after.points == 100, after.checks

"""In a class of two hundred with one attack in five, all other hand-ins get the marks that they get alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.report import Report
from autograder.runners.grader_process import Job, Setup
from autograder.runners.local_pool import grade_all
from autograder.session.options import Options
from tests.attacks import ATTACKS
from tests.support.vectors import TORCH_HONEST as HONEST
from tests.support.vectors import TORCH_WRONG as WRONG
from tests.support.vectors import make_vectors

pytestmark = pytest.mark.slow

SLOW = ("time", "hang", "silence", "clock", "absurd", "disk", "claims eight", "talking", "nested a hundred", "output")
HALF = HONEST.replace("return x.sum(1)", "return x.sum(0)")
LOUD = "import warnings\nwarnings.warn('a warning')\nprint('noise ' * 10_000)\n" + HONEST
GLOBAL = "import torch\ntorch.set_default_dtype(torch.float64)\ntorch.manual_seed(1)\n" + HONEST
SOURCES = {
    "honest": (HONEST, 100),
    "half": (HALF, 70),
    "loud": (LOUD, 100),
    "global": (GLOBAL, 100),
    "wrong": (WRONG, 0),
}


def test_a_class_of_two_hundred_with_forty_attacks_is_graded_completely(tmp_path: Path, isolation: str) -> None:
    assignment = make_vectors(tmp_path / "course", torch=True)
    attacks = [source for name, source in ATTACKS.items() if not any(word in name for word in SLOW)][:40]
    assert len(attacks) == 40
    kinds = list(SOURCES)
    jobs: list[Job] = []
    due: dict[str, int] = {}
    for number in range(200):
        kind = kinds[number % len(kinds)]
        source, points = (attacks[number // 5], 0) if number % 5 == 2 else SOURCES[kind]
        student = f"s{number:03}"
        path = tmp_path / f"{student}.py"
        path.write_text(f"{source}\n# {student}\n")
        due[student] = points
        jobs.append(Job(student, path))
    seen: list[str] = []

    def note(report: Report) -> None:
        seen.append(report.student)

    reports = grade_all(jobs, Setup(assignment.folder, Options(), isolation), workers=2, on_report=note)
    assert sorted(seen) == sorted(due)
    assert {report.student: report.points for report in reports} == due
    assert not any(report.needs_staff for report in reports)

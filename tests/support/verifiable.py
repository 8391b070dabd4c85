"""A small course in which everything holds, for the tests of verify and calibrate."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.release import release, write
from autograder.authoring.verify import Verification, verify
from autograder.authoring.verify_plan import Plan
from autograder.core.assignment import Assignment
from autograder.session.options import Options
from tests.support.course import make_course

MUTANTS = """
from autograder.authoring.mutants import Mutant

MUTANTS = [
    Mutant("adds x once", "tiny.py", "math.fsum([x, x])", "x", noticed_by="check_double", calibrates=True),
    Mutant("adds the width", "tiny.py", "x * WIDTH", "x + WIDTH", noticed_by="check_up"),
    Mutant("scales the wrong way", "tiny.py", "x / WIDTH", "x * WIDTH", noticed_by=("check_down",)),
]
"""

VARIANTS = """
from autograder.authoring.variants import body, variants_of

variant = variants_of("tiny.py")
VARIANTS = [
    variant("adds", ("math.fsum([x, x])", "x + x")),
    variant("another order, and a name", body("Scaler.up", '''
        for widened in [WIDTH * x]:
            pass
    ''')),
]
"""


def make_verifiable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    """Make the course. Its code runs in this process, because other tests cover the sandbox."""
    monkeypatch.setattr("autograder.authoring.verify.open_pool", lambda isolation, **rest: nullcontext())
    monkeypatch.setattr("autograder.authoring.calibrate.open_pool", lambda isolation, **rest: nullcontext())
    assignment = make_course(tmp_path)
    (assignment.solutions / "mutants.py").write_text(MUTANTS)
    (assignment.solutions / "variants.py").write_text(VARIANTS)
    write(release(assignment))
    return assignment


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def verified(course: Assignment, **options: Any) -> Verification:
    return verify(course, Options(), Plan(**{"seeds": 2, "notebook": False, **options}))


def problems(course: Assignment, **options: Any) -> dict[str, list[str]]:
    """Return what does not hold, by what was verified."""
    return {f.what: list(f.problems) for f in verified(course, **options).findings if not f.holds}

"""The zip for Gradescope grades as the course does, and contains no more of it than needed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.course import earlier_modules
from autograder.exports.gradescope import write_zip
from autograder.submissions.submission import open_submission
from tests.support import course as tiny
from tests.support.downloads import write
from tests.support.vectors import make_vectors

ROOT = Path(__file__).resolve().parents[2]


def invented(root: Path) -> Assignment:
    tiny.make_course(root)
    return make_vectors(root)


def real(root: Path) -> Assignment:
    return read_assignment(ROOT / "assignments" / "a10_detection")


def unpacked(assignment: Assignment, folder: Path) -> tuple[Assignment, list[str]]:
    """Return the assignment in its zip, and all names in the zip."""
    with zipfile.ZipFile(write_zip(assignment, folder / "autograder.zip")) as archive:
        archive.extractall(folder / "source")
        return read_assignment(folder / "source" / "assignments" / assignment.name), archive.namelist()


@pytest.mark.parametrize("make", [invented, real])
def test_the_zip_has_the_same_earlier_modules_as_the_course(make, tmp_path: Path) -> None:
    assignment = make(tmp_path / "course")
    expected = earlier_modules(assignment)
    assert expected
    there, names = unpacked(assignment, tmp_path)
    assert earlier_modules(there) == expected
    assert len({*names}) == len(names)
    others = {name for name in names if name.startswith(("assignments/", "solutions/"))}
    others = {name for name in others if name.split("/")[1] != assignment.name}
    assert {name.rpartition("/")[2] for name in others} == {"assignment.toml"}
    assert all(name.startswith("assignments/") for name in others)


def test_a_students_own_earlier_module_is_opened_from_the_zip_too(tmp_path: Path) -> None:
    assignment = invented(tmp_path / "course")
    there, _ = unpacked(assignment, tmp_path)
    for name in ("vectors", "tiny"):
        write(tmp_path / "submission" / f"{name}.py", f"{name} = 1\n")
    opened = [
        open_submission(tmp_path / "submission", a, earlier_modules=earlier_modules(a)) for a in (assignment, there)
    ]
    assert [{*submission.files} for submission in opened] == [{"vectors.py", "tiny.py"}] * 2
    assert opened[0].digest == opened[1].digest

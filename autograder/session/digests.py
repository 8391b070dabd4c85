"""The files that decide a mark, and digests of their content: equal digests give equal marks."""

from __future__ import annotations

import hashlib
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment

ORACLES = "oracles*.py"  # shared by check files: in the folder of the assignment or next to the hidden checks
MUTANTS = "mutants*.py"  # in the folder of the solutions; they test the checks, not students
VARIANTS = "variants*.py"  # likewise


def check_files(assignment: Assignment, *, hidden: bool = True) -> list[Path]:
    """Return the public check files of an assignment and, if they exist here, the hidden ones."""
    public = sorted(assignment.folder.glob("check_*.py"))
    return public + (sorted(assignment.solutions.glob("check_*.py")) if hidden else [])


def has_hidden_checks(assignment: Assignment) -> bool:
    """Return whether the assignment's hidden checks are here. Students do not have them."""
    return any(assignment.solutions.glob("check_*.py"))


def checks_digest(assignment: Assignment, *, hidden: bool = True) -> str:
    """Return the SHA-256 of all files that decide a mark: manifest, checks, oracles, calibration. Students see it."""
    return content_digest(assignment, hidden=hidden)


def content_digest(assignment: Assignment, *, purpose: str = "", hidden: bool = True) -> str:
    """Return another SHA-256 of the same files for each purpose: none can be computed from another."""
    digest = hashlib.sha256(purpose.encode())
    calibration = assignment.solutions / "calibration.json"
    extra = [calibration] if hidden and calibration.exists() else []
    for folder in _folders(assignment, hidden=hidden):
        extra += sorted(folder.glob(ORACLES))
    for path in [assignment.folder / MANIFEST, *check_files(assignment, hidden=hidden), *extra]:
        _add(digest, path)
    return digest.hexdigest()


def grading_digest(assignment: Assignment, *, hidden: bool = True) -> str:
    """Return the SHA-256 of the checks and of the other files that affect marks: stubs, references, calibration."""
    digest = hashlib.sha256(checks_digest(assignment, hidden=hidden).encode())
    for folder in _folders(assignment, hidden=hidden):
        for path in sorted(folder.glob("*.py")):
            if not path.match(MUTANTS) and not path.match(VARIANTS):
                _add(digest, path)
    return digest.hexdigest()


def _folders(assignment: Assignment, *, hidden: bool) -> list[Path]:
    return [assignment.folder, *([assignment.solutions] if hidden else [])]


def _add(digest: hashlib._Hash, path: Path) -> None:
    content = path.read_bytes()
    digest.update(f"{path.name}\0{len(content)}\0".encode() + content)

"""Which files decide a mark, and digests of their content: equal digests, equal marks."""

from __future__ import annotations

import hashlib
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment

ORACLES = "oracles*.py"  # what several check files of an assignment share, in its folder or beside the hidden checks
MUTANTS = "mutants*.py"  # in the solutions' folder; they judge the checks, not students


def check_files(assignment: Assignment, *, hidden: bool = True) -> list[Path]:
    """The public check files of an assignment and, where they are at hand, the hidden ones."""
    public = sorted(assignment.folder.glob("check_*.py"))
    return public + (sorted(assignment.solutions.glob("check_*.py")) if hidden else [])


def checks_digest(assignment: Assignment, *, hidden: bool = True) -> str:
    """sha256 of everything that decides a mark: manifest, checks, calibration."""
    digest = hashlib.sha256()
    calibration = assignment.solutions / "calibration.json"
    extra = [calibration] if hidden and calibration.exists() else []
    for folder in (assignment.folder, *([assignment.solutions] if hidden else [])):
        extra += sorted(folder.glob(ORACLES))
    for path in [assignment.folder / MANIFEST, *check_files(assignment, hidden=hidden), *extra]:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def digest_seed(assignment: Assignment) -> int:
    """A seed that equal checks share and that nobody without the hidden checks can compute."""
    return int(checks_digest(assignment)[:12], 16)


def judges_digest(assignment: Assignment, *, hidden: bool = True) -> str:
    """sha256 of the checks and of what they and hand-ins stand on: stubs, references, calibration."""
    digest = hashlib.sha256(checks_digest(assignment, hidden=hidden).encode())
    for folder in (assignment.folder, *([assignment.solutions] if hidden else [])):
        for path in sorted(folder.glob("*.py")):
            if not path.match(MUTANTS):  # they judge the checks, not students
                content = path.read_bytes()
                digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()

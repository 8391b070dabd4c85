"""The files that decide a mark, and digests of their content: equal digests give equal marks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from msgspec.structs import asdict

from autograder.core.assignment import MANIFEST, Assignment
from autograder.core.received import CHECKS, ORACLES
from autograder.session.deciding import deciding_forms

MUTANTS = "mutants*.py"  # in the folder of the solutions; they test the checks, not students
VARIANTS = "variants*.py"  # likewise


def check_files(assignment: Assignment, *, hidden: bool = True) -> list[Path]:
    """Return the public check files of an assignment and, if they exist here, the hidden ones."""
    public = sorted(assignment.folder.glob(CHECKS))
    return public + (sorted(assignment.solutions.glob(CHECKS)) if hidden else [])


def has_hidden_checks(assignment: Assignment) -> bool:
    """Return whether the assignment's hidden checks are here. Students do not have them."""
    return any(assignment.solutions.glob(CHECKS))


def checks_digest(assignment: Assignment, *, hidden: bool = True) -> str:
    """Return the SHA-256 of what decides a mark: manifest, checks, oracles, calibration, data. Students see it.

    Words for people do not count: comments, docstrings, hints and messages of checks, titles in the manifest.
    """
    return content_digest(assignment, hidden=hidden)


def content_digest(assignment: Assignment, *, purpose: str = "", hidden: bool = True) -> str:
    """Return another SHA-256 of the same files for each purpose: none can be computed from another."""
    digest = hashlib.sha256(purpose.encode())
    _add(digest, MANIFEST, _promise(assignment).encode())
    files = check_files(assignment, hidden=hidden)
    for folder in _folders(assignment, hidden=hidden):
        files += sorted(folder.glob(ORACLES))
    digest.update(_code_digest(_contents(files), True))
    calibration = assignment.solutions / "calibration.json"
    if hidden and calibration.exists():
        _add(digest, calibration.name, calibration.read_bytes())
    for name, path in sorted(assignment.data_files().items()):
        _add(digest, name, path.read_bytes())
    return digest.hexdigest()


def grading_digest(assignment: Assignment, *, hidden: bool = True) -> str:
    """Return the SHA-256 of the checks and of the other code that affects marks: stubs and references.

    The prose and the docstrings of a handout do not count.
    """
    digest = hashlib.sha256(checks_digest(assignment, hidden=hidden).encode())
    others = (MUTANTS, VARIANTS, CHECKS, ORACLES)
    files = [path for folder in _folders(assignment, hidden=hidden) for path in sorted(folder.glob("*.py"))]
    modules = [path for path in files if not any(path.match(pattern) for pattern in others)]
    digest.update(_code_digest(_contents(modules), False))
    return digest.hexdigest()


def _contents(paths: Sequence[Path]) -> tuple[tuple[str, str], ...]:
    return tuple((path.name, path.read_text(encoding="utf-8", errors="surrogateescape")) for path in paths)


@lru_cache(maxsize=32)  # of equal contents: every report states the digest
def _code_digest(files: tuple[tuple[str, str], ...], words: bool) -> bytes:
    """Return the digest of files that belong together; ``words``: without hints and messages of checks."""
    digest = hashlib.sha256()
    texts = {str(number): text for number, (_, text) in enumerate(files)}
    for (name, _), form in zip(files, deciding_forms(texts, words=words).values(), strict=True):
        _add(digest, name, form.encode("utf-8", "surrogateescape"))
    return digest.digest()


def _promise(assignment: Assignment) -> str:
    """Return the part of the manifest and of the course's settings that decides marks."""
    tasks = [(task.name, task.points, task.file) for task in assignment.tasks]
    limits = asdict(assignment.limits)
    return json.dumps([assignment.files, tasks, assignment.allowed, limits, dict(assignment.course.data)])


def _folders(assignment: Assignment, *, hidden: bool) -> list[Path]:
    return [assignment.folder, *([assignment.solutions] if hidden else [])]


def _add(digest: hashlib._Hash, name: str, content: bytes) -> None:
    digest.update(f"{name}\0{len(content)}\0".encode() + content)

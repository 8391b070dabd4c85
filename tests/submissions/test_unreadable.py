"""A file that the grader may not read is not called a mistake of the student."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.submissions.source import BadSubmission
from autograder.submissions.submission import open_submission
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


@pytest.mark.parametrize("name", ["ada.py", "ada/vectors.py"])
def test_permissions_are_for_whoever_runs_gradlab(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(HONEST)
    really = os.open

    def forbidden(target: os.PathLike[str] | str, flags: int, *rest: int, **options: int) -> int:
        if os.fspath(target).endswith(path.name):
            raise PermissionError(13, "Permission denied", os.fspath(target))
        return really(target, flags, *rest, **options)

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(
        BadSubmission, match=r"its permissions do not allow it. Whoever runs gradlab must be allowed to"
    ):
        open_submission(tmp_path / Path(name).parts[0], assignment)

"""Zips and files of a hand-in for the assignment `t01_tiny`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.submissions.submission import Submission
from tests.support.course import STUB, as_notebook, make_course


def tiny_assignment(tmp_path: Path) -> Assignment:
    course = make_course(tmp_path / "course")
    (course.folder / "tiny.py").write_text(STUB)
    (course.folder / "tiny.ipynb").write_bytes(as_notebook(STUB))
    return course


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def is_written(submission: Submission) -> bool:
    return list(submission.files) == ["tiny.py"] and submission.files["tiny.py"].count("NotImplementedError") == 1

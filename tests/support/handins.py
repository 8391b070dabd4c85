"""Zips and files of hand-ins: for the assignment `t01_tiny`, and those of tests/golden for `t02_vectors`."""

from __future__ import annotations

import io
import os
import shutil
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.submissions.submission import Submission
from tests.support.course import STUB, as_notebook, make_course

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
MOMENT = 1_700_000_000.0  # when files were saved, in seconds since 1970


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


def hand_in(
    folder: Path, files: Mapping[str, str | bytes], later: Mapping[str, float], *, packed: bool = False
) -> Path:
    """Write files that were saved at one moment, or ``later`` by some seconds; as a folder, or as a zip next to it."""
    moments = {name: MOMENT + later.get(name, 0.0) for name in files}
    if packed:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name, time.localtime(moments[name])[:6]), content)
        return write(folder.with_name(f"{folder.name}.zip"), buffer.getvalue())
    for name, content in files.items():
        os.utime(write(folder / name, content), (moments[name], moments[name]))
    return folder


def stories() -> list[str]:
    """Return the names of the hand-ins below tests/golden whose reports are stored next to them."""
    return sorted(path.parent.name for path in GOLDEN.glob("*/expected.json"))


def copy_story(story: str, folder: Path) -> Path:
    """Copy a hand-in of tests/golden into a folder, where all its files were saved at one moment."""
    shutil.copytree(GOLDEN / story / "handin", folder, dirs_exist_ok=True)
    for path in folder.rglob("*"):
        os.utime(path, (MOMENT, MOMENT))
    return folder


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def is_written(submission: Submission) -> bool:
    return list(submission.files) == ["tiny.py"] and submission.files["tiny.py"].count("NotImplementedError") == 1

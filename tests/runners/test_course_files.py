"""What of a course travels, how it is packed and unpacked, and what is refused."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.runners import course_files as travel
from autograder.runners.course_files import CannotTravel, PackedCourse, course_files, pack_course, unpack_course
from tests.support.vectors import MANIFEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    folder = make_vectors(tmp_path / "our course").folder
    root = folder.parent.parent
    (root / "course.toml").write_text('title = "C"\nid = "c"\nshared = ["kit"]\nfallbacks = "earlier/modules"\n')
    files = ["kit/__init__.py", "kit/deep/table.csv", "kit/.cache/x", "kit/__pycache__/x.pyc", "notes/private.txt"]
    files += ["earlier/modules/old.py", "assignments/t01_old/check_old.py", "solutions/t01_old/old.py"]
    files += [f"solutions/t02_vectors/{name}" for name in ("mutants.py", "variants_more.py", "calibration.json")]
    files += ["assignments/t02_vectors/days.csv"]
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("1\n")
    (root / "assignments/t01_old/assignment.toml").write_text(MANIFEST.replace("vectors.py", "old.py"))
    return read_assignment(folder)


PUBLIC = [
    "assignments/t01_old/assignment.toml",  # hand-ins may contain its modules
    "assignments/t02_vectors/assignment.toml",
    "assignments/t02_vectors/check_vectors.py",
    "assignments/t02_vectors/days.csv",
    "course.toml",
    "earlier/modules/old.py",
    "kit/__init__.py",
    "kit/deep/table.csv",
]
PRIVATE = [f"solutions/t02_vectors/{name}" for name in ("calibration.json", "check_vectors_hidden.py", "vectors.py")]


def test_only_what_the_assignment_needs_travels(course: Assignment) -> None:
    assert sorted(name for name, _ in course_files(course)) == PUBLIC + PRIVATE
    assert sorted(name for name, _ in course_files(course, hidden=False)) == PUBLIC


def test_what_was_packed_is_unpacked_for_this_user_alone(course: Assignment, tmp_path: Path) -> None:
    packed = pack_course(course)
    assert pack_course(course) == packed
    root = unpack_course(packed, tmp_path / "there")
    assert (root.name, stat.S_IMODE(root.parent.stat().st_mode)) == ("our course", 0o700)
    for name, path in course_files(course):
        assert (root / name).read_bytes() == path.read_bytes()
        assert stat.S_IMODE((root / name).stat().st_mode) == 0o644
    arrived = read_assignment(root / "assignments" / course.name)
    assert arrived.course.shared_folders() == {"kit": root / "kit"}
    assert arrived.course.fallbacks == root / "earlier/modules"


def test_a_course_without_settings_is_called_like_its_folder(tmp_path: Path) -> None:
    course = make_vectors(tmp_path / "our course")
    root = unpack_course(pack_course(course), tmp_path / "there")
    assert read_assignment(root / "assignments" / course.name).course.title == course.course.title == "our course"


def packed(*names: str) -> PackedCourse:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, b"123456")
    return PackedCourse(content.getvalue(), hashlib.sha256(content.getvalue()).hexdigest())


@pytest.mark.parametrize(
    ("arrives", "sentence"),
    [
        (PackedCourse(packed("c/a.py").content[:-1], packed("c/a.py").digest), "arrived damaged"),
        (packed("c/../../a.py"), "not a path in a course"),
        (packed("/c/a.py"), "not a path in a course"),
        (packed("a.py"), "not a path in a course"),
        (packed("c/a.py", "c/b/"), "not a path in a course"),
        (packed("c/a.py", "d/a.py"), "not of one course"),
        (packed(), "not of one course"),
        (packed("c/a", "c/b", "c/c", "c/d"), "too large"),
    ],
)
def test_other_contents_are_refused_and_leave_nothing(
    arrives: PackedCourse, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(travel, "MAX_BYTES", 20)
    with pytest.raises(CannotTravel, match=sentence):
        unpack_course(arrives, tmp_path / "there")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("bound", "value"), [("MAX_BYTES", 100), ("MAX_FILES", 10)])
def test_a_course_that_is_too_large_is_not_packed(
    bound: str, value: int, course: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(travel, bound, value)
    with pytest.raises(CannotTravel, match=r"for t02_vectors are too large to be sent: 11 files with 0 MB"):
        pack_course(course)

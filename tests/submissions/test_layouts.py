"""The same files give the same submission and the same report, however they are packed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from autograder.core.assignment import Assignment
from autograder.runners.grader_process import Job, grade_handin
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import open_submission
from tests.support.handins import write, zipped
from tests.support.notebooks import cell, notebook
from tests.support.vectors import HONEST, make_vectors

pytestmark = pytest.mark.slow

Files = Mapping[str, bytes]
Packing = Callable[[Path, Files], Path]  # writes files below a folder and returns what is handed in

WORK = {
    "vectors.ipynb": notebook(
        cell("# Vectors", kind="markdown"),
        "from my_utils import twice\n%matplotlib inline",
        HONEST.replace("x * 2", "twice(x)"),
        "double(torch.ones(3))\nplot(",
    ),
    "my_utils.py": b"def twice(x):\n    return x * 2\n",
}


def folder(root: Path, files: Files) -> Path:
    for name, data in files.items():
        write(root / "hand-in" / name, data)
    return root / "hand-in"


def zip_of(root: Path, files: Files) -> Path:
    return write(root / "hand-in.zip", zipped(files))


def nested(root: Path, files: Files, *, levels: int) -> Path:
    data = zipped(files)
    for _ in range(levels):
        data = zipped({"hand-in.zip": data, "notes.txt": b"see the zip"})
    return write(root / "hand-in.zip", data)


def zip_in_folder(root: Path, files: Files) -> Path:
    return folder(root, {"submissions/hand-in.zip": zipped(files), "notes.txt": b""})


def by_hand(root: Path, files: Files, change: Callable[[zipfile.ZipInfo], None], **options: Any) -> Path:
    """A zip whose entries were changed before they were written."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        archive.comment = b"made by hand"
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            change(info)
            archive.writestr(info, data)
    return write(root / "hand-in.zip", buffer.getvalue())


def without_change(info: zipfile.ZipInfo) -> None:
    """Leave it."""


def with_backslashes(info: zipfile.ZipInfo) -> None:
    info.filename = info.filename.replace("/", "\\")


def with_time(info: zipfile.ZipInfo) -> None:
    info.date_time = (2031, 2, 3, 4, 5, 6)


def from_unix(info: zipfile.ZipInfo) -> None:
    info.create_system, info.external_attr = 3, 0o100600 << 16


PACKINGS: dict[str, Packing] = {
    "a folder": folder,
    "a zip": zip_of,
    "a zip in a folder": zip_in_folder,
    "a zip in a zip": partial(nested, levels=1),
    "a zip in a zip in a zip": partial(nested, levels=2),
    "a zip without compression": partial(by_hand, change=without_change),
    "a zip of Windows": partial(by_hand, change=with_backslashes),
    "a zip with times": partial(by_hand, change=with_time),
    "a zip of Unix": partial(by_hand, change=from_unix, compression=zipfile.ZIP_DEFLATED),
}

PLACES = {
    "a name": "Ada Lovelace",
    "the assignment": "t02_vectors",
    "letters of other alphabets": "Übung 1 – ✓",
    "the suffix of a notebook": "vectors.ipynb.files",
    "folders 3 deep": "a/b/c",
    "folders 8 deep": "a/b/c/d/e/f/g/h",
    "folders of one name": "vectors/vectors/vectors",
}

OTHERS: dict[str, Files] = {
    "nothing else": {},
    "git": {".git/HEAD": b"ref", ".git/hooks/vectors.py": b"def double(x): pass", ".gitignore": b"*"},
    "a virtual environment": {
        "venv/pyvenv.cfg": b"home = /usr/bin",
        "venv/lib/python3.11/site-packages/vectors.py": b"def double(x):\n    return x",
        ".venv/lib/vectors.ipynb": b"{}",
    },
    "caches": {"__pycache__/vectors.cpython-311.pyc": b"\0", ".mypy_cache/vectors.py": b"x = 1"},
    "checkpoints": {".ipynb_checkpoints/vectors-checkpoint.ipynb": WORK["vectors.ipynb"]},
    "what Macs add": {"__MACOSX/._vectors.ipynb": b"\0\5\26\7", ".DS_Store": b"\0"},
    "data": {"data/images.npy": bytes(1_000_000), "model.pth": bytes(1000), "data/readme.txt": b""},
    "documents": {"report.pdf": b"%PDF", "notes.docx": b"PK\3\4", "answers.md": b"# 1", "photo.JPG": b"\xff"},
    "other notebooks": {"scratch.ipynb": notebook("x = 1"), "a01/knn.ipynb": notebook("def f(): pass"), "test.py": b""},
    "a damaged notebook": {"old.ipynb": b"{", "empty.ipynb": b"", "empty.py": b""},
    "a damaged zip": {"data.zip": b"PK\3\4 and no more"},
    "6,000 files": {f"data/{number}.txt": b"" for number in range(6000)},
    "packages of a page": {"node_modules/a/vectors.py": b"def double(x): pass", "out/index.html": b"<html>"},
    "an editor's settings": {".idea/workspace.xml": b"<x/>", ".vscode/settings.json": b"{}"},
    "a copy": {"backup/vectors.ipynb": WORK["vectors.ipynb"], "backup/my_utils.py": WORK["my_utils.py"]},
    "the handout": {},  # filled in by the test
}

LAYOUTS = [
    *((packing, "", others) for packing in ("a folder", "a zip") for others in OTHERS),
    *((packing, place, "nothing else") for packing in ("a folder", "a zip", "a zip of Windows") for place in PLACES),
    *((packing, "folders 3 deep", "caches") for packing in PACKINGS),
    *((packing, "", "nothing else") for packing in [*PACKINGS][2:]),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    assignment = make_vectors(tmp_path_factory.mktemp("course"))
    (assignment.folder / "vectors.py").write_text(
        re.sub(r"(?m)^( +)(return|self).*", r"\1raise NotImplementedError()", HONEST)
    )
    return assignment


def pack(layout: tuple[str, str, str], root: Path, course: Assignment) -> Path:
    packing, place, others = layout
    around = dict(OTHERS[others])
    if others == "the handout":
        around = {path.name: path.read_bytes() for path in course.folder.iterdir() if path.is_file()}
    inside = {f"{PLACES[place]}/{name}" if place else name: data for name, data in WORK.items()}
    return PACKINGS[packing](root, {**around, **inside})


def test_there_are_at_least_50_layouts() -> None:
    assert len(set(LAYOUTS)) >= 50


def test_every_layout_gives_the_same_submission_and_the_same_report(course: Assignment, tmp_path: Path) -> None:
    def grade(checks: Checks, layout: tuple[str, str, str], number: int) -> dict[str, Any]:
        root = tmp_path / str(number)
        path = pack(layout, root, course)
        report = asdict(grade_handin(checks, Job("ada", path), None))
        submission = open_submission(path, course)
        if layout[2] == "the handout":  # its script is one of the wanted files
            report["notes"] = tuple(n for n in report["notes"] if not n.startswith("Nothing is written in"))
            report["submission"] = ""
        for check in report["checks"]:
            check.pop("seconds")
        return {"code": submission.code, "report": report}

    all_of_them = with_checks(course, Options(), lambda checks: [grade(checks, *pair) for pair in numbered(LAYOUTS)])
    first = all_of_them[0]
    assert sum(check["points"] for check in first["report"]["checks"]) == 100
    assert [remark["kind"] for remark in first["report"]["remarks"]] == ["unreadable"]
    for layout, other in zip(LAYOUTS, all_of_them, strict=True):
        assert other["code"] == first["code"], layout
        digest = {"submission": other["report"]["submission"] or first["report"]["submission"]}
        assert {**other["report"], **digest} == first["report"], layout


def numbered(layouts: list[tuple[str, str, str]]) -> list[tuple[tuple[str, str, str], int]]:
    return [(layout, number) for number, layout in enumerate(layouts)]


def test_a_file_by_itself_gives_the_same_submission_as_in_a_folder(course: Assignment, tmp_path: Path) -> None:
    book = notebook(HONEST)
    alone = open_submission(write(tmp_path / "ada" / "vectors.ipynb", book), course)
    in_folder = open_submission(folder(tmp_path, {"vectors.ipynb": book, "notes.txt": b""}), course)
    in_zip = open_submission(zip_of(tmp_path, {"x/vectors.ipynb": book}), course)
    assert alone.code == in_folder.code == in_zip.code
    assert alone.digest == in_folder.digest == in_zip.digest
    assert alone.notes == in_folder.notes == in_zip.notes


def test_a_renamed_file_gives_the_same_code_however_it_is_packed(course: Assignment, tmp_path: Path) -> None:
    book = notebook(HONEST)
    ways = [
        write(tmp_path / "1" / "vectors (1).ipynb", book),
        folder(tmp_path / "2", {"vectors-Copy1.ipynb": book, "notes.txt": b""}),
        zip_of(tmp_path / "3", {"deep/er/Ada_vectors.ipynb": book}),
        nested(tmp_path / "4", {"Untitled.ipynb": book}, levels=1),
        folder(tmp_path / "5", {"work/VECTORS.IPYNB.txt": book}),
    ]
    opened = [open_submission(path, course) for path in ways]
    assert all(submission.code == opened[0].code for submission in opened)
    assert all([remark.kind for remark in submission.remarks] == ["renamed"] for submission in opened)

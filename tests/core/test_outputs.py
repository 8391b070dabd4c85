"""A command writes over nothing but its own earlier file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from autograder.core.outputs import WouldOverwrite, require_own_file, write_own_file


@pytest.mark.parametrize(
    ("there", "new", "ours"),
    [
        ("student,mark,a01\nada,1\n", "student,mark,a01,a02\n", True),
        ("\ufeffstudent,mark\n", "student,mark\n", True),
        ("", "student,mark\n", True),
        ("student,points,max_points\n", "student,mark\n", False),
        ("[late]\ndays = 3\n", "student,mark\n", False),
        ('"Student";"ID"\r\n', "Student,ID,a01\n", True),
        ("<?xml version='1.0' encoding='utf-8'?>\n<testsuites name='gradlab'>", "<testsuites />", True),
        ("<html>", "<testsuites />", False),
    ],
)
def test_an_existing_file_must_begin_like_the_new_one(there, new, ours, tmp_path):
    out = tmp_path / "out"
    out.write_text(there, encoding="utf-8")
    if ours:
        require_own_file(out, new)
    else:
        with pytest.raises(WouldOverwrite, match="this command did not write it"):
            require_own_file(out, new)


def test_an_input_is_refused_by_every_name(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("student,mark\n")
    (tmp_path / "link.csv").symlink_to(table)
    with pytest.raises(WouldOverwrite, match="a file that this command reads"):
        require_own_file(tmp_path / "link.csv", "student,mark\n", inputs=[None, tmp_path / "none", table])


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "")
    return file.getvalue()


def test_a_zip_must_have_a_file_of_the_new_one(tmp_path: Path) -> None:
    out = tmp_path / "a.zip"
    write_own_file(out, zipped("Ada_1_assignsubmission_file_/a01.py"))
    write_own_file(out, zipped("Ada_1_assignsubmission_file_/a01.py"))
    before = out.read_bytes()
    with pytest.raises(WouldOverwrite):
        write_own_file(out, zipped("Ada_1_assignsubmission_file_/a01.html"))
    assert out.read_bytes() == before
    out.write_text("student,mark\n")
    with pytest.raises(WouldOverwrite):
        write_own_file(out, zipped("a01.html"))

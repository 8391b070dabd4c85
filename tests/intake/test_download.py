"""Each hand-in is given to a student, and one of each student counts. Nothing is guessed."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.intake.download import BadHandins, safe_name
from tests.support.downloads import Read, gradescope, problems, reader, students, write, zipped
from tests.support.vectors import HONEST

NAME = "t02_vectors"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return reader(tmp_path)


# A folder.


def test_each_zip_folder_and_file_of_a_folder_is_one_students(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "ada" / "vectors.py")
    zipped(folder / "bob.zip", vectors__py=HONEST)
    write(folder / "Zoë O'Neil.ipynb")
    write(folder / "notes.pdf")
    write(folder / ".DS_Store")
    intake = read(folder)
    assert intake.platform == "folder"
    assert students(intake) == ["ada", "bob", "Zoë_O_Neil"]
    assert list(problems(intake, "ignored")) == ["notes.pdf"]


def test_the_latest_hand_in_counts_and_the_others_are_listed(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "ada.py", time=1_000)
    write(folder / "ada" / "vectors.py", time=3_000)
    write(folder / "ada.ipynb", time=2_000)
    intake = read(folder)
    assert [handin.path.name for handin in intake.handins] == ["ada"]
    assert [handin.path.name for handin in intake.superseded] == ["ada.ipynb", "ada.py"]
    assert problems(intake, "earlier") == {
        "ada": "ada counts: it is the latest by the file's own time. Not graded: ada.ipynb, ada.py."
    }
    assert (
        "3 hand-ins of this student were found. ada counts: it is the latest by the file's own time."
        in intake.handins[0].notes
    )
    assert intake.handins[0].handed_in == ""  # a student can choose the dates of files in a folder


def test_a_time_in_the_name_is_used_instead_of_the_files_own(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "ada_2026-11-20T10-00-00Z.py", time=9_000_000_000)
    write(folder / "ada_2026-11-21T10-00-00Z.py", time=1_000)
    write(folder / "group-2026-11.py")
    intake = read(folder)
    assert students(intake) == ["ada", "group-2026-11"]
    assert intake.handins[0].path.name == "ada_2026-11-21T10-00-00Z.py"
    assert (intake.handins[0].handed_in, intake.handins[0].time_source) == (
        "2026-11-21T10:00:00Z",
        "the time in its name",
    )


def test_equal_times_are_reported(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "ada.py", time=1_000)
    write(folder / "ada.ipynb", time=1_000)
    assert "the file's own time is equal, and it is the last by name" in problems(read(folder), "earlier")["ada"]


def test_two_names_with_the_same_folder_name_remain_two_students(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "ada b.py")
    write(folder / "ada_b.py")
    intake = read(folder)
    assert len(set(students(intake))) == 2
    assert all(student.startswith("ada_b_") for student in students(intake))
    assert len(problems(intake, "duplicate")) == 2


def test_a_source_without_hand_ins_is_refused_with_a_sentence(read, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadHandins, match="contains no hand-in for t02_vectors"):
        read(tmp_path / "empty")
    with pytest.raises(BadHandins, match="cannot be read"):
        read(tmp_path / "nowhere")
    with pytest.raises(BadHandins, match="neither a folder nor a zip"):
        read(write(tmp_path / "ada.py"))
    with pytest.raises(BadHandins, match="one student's hand-in"):
        read(zipped(tmp_path / "ada.zip", vectors__py=HONEST))


def test_links_are_listed_and_not_followed(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "ada.py")
    (folder / "eve.py").symlink_to("/etc/passwd")
    (folder / "mal.zip").symlink_to("/dev/zero")
    assert students(read(folder)) == ["ada", "eve", "mal"]


@given(st.text(max_size=300))
def test_every_id_gives_a_safe_folder_name(text):
    name = safe_name(text)
    assert name
    assert "/" not in name
    assert "\0" not in name
    assert not name.startswith(".")
    assert len(os.fsencode(name)) <= 200
    assert safe_name(name) == name or name.endswith("_")


OURS = (
    "index.html",
    "gradebook.csv",
    "similar.csv",
    "similar-copies.csv",
    "journal.db",
    "journal.db-wal",
    "secret.key",
)


@pytest.mark.parametrize("name", [*OURS, "SECRET.KEY", ".lock", ".handins"])
def test_no_student_has_the_name_of_a_file_of_the_results(name):
    assert safe_name(name).casefold() not in [ours.casefold() for ours in (*OURS, ".lock", ".handins")]


# nbgrader.


@pytest.mark.parametrize("inside", ["", "submitted"])
def test_students_and_times_are_read_from_nbgraders_tree(read, tmp_path, inside):
    folder = tmp_path / "in"
    write(folder / inside / "ada" / NAME / "vectors.ipynb")
    write(folder / inside / "ada" / NAME / "timestamp.txt", "2026-11-20 14:05:00.123456 UTC\n")
    write(folder / inside / "bob" / NAME / "vectors.py", time=1_000)
    write(folder / inside / "zoe" / "t01_other" / "other.py")
    intake = read(folder)
    assert intake.platform == "nbgrader"
    assert [(h.student, h.path.name, h.handed_in) for h in intake.handins] == [
        ("ada", NAME, "2026-11-20T14:05:00Z"),
        ("bob", NAME, ""),
    ]
    assert [handin.time_source for handin in intake.handins] == ["nbgrader's timestamp.txt", "the file's own time"]
    assert list(problems(intake, "missing")) == ["zoe"]


def test_other_files_in_nbgraders_tree_are_listed_and_change_nothing(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "ada" / NAME / "vectors.py", time=1_000)
    write(folder / "ada" / "notes.txt")
    write(folder / "ada" / "scratch.py")
    write(folder / "zoe" / "notes.txt")
    write(folder / "roster.csv")
    intake = read(folder)
    assert (intake.platform, students(intake), intake.handins[0].handed_in) == ("nbgrader", ["ada"], "")
    assert (list(problems(intake, "missing")), list(problems(intake, "ignored"))) == (["zoe"], ["roster.csv"])


def test_a_folder_with_one_deeper_hand_in_is_not_taken_for_nbgraders_tree(read, tmp_path):
    write(tmp_path / "in" / "ada" / NAME / "vectors.py")
    write(tmp_path / "in" / "bob" / "vectors.py")
    zipped(tmp_path / "in" / "eve.zip", vectors__py=HONEST)
    intake = read(tmp_path / "in")
    assert (intake.platform, students(intake)) == ("folder", ["ada", "bob", "eve"])


def test_a_timestamp_that_is_a_link_is_not_read(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "ada" / NAME / "vectors.py")
    (folder / "ada" / NAME / "timestamp.txt").symlink_to("/dev/zero")
    assert read(folder).handins[0].time_source == "the file's own time"


# Gradescope.


def test_everyone_in_a_gradescope_group_gets_the_hand_in(read, tmp_path):
    intake = read(gradescope(tmp_path / "in"))
    assert intake.platform == "Gradescope"
    assert [(h.student, h.path.name, h.handed_in) for h in intake.handins[:3]] == [
        ("007", "submission_1", "2026-11-20T14:05:00Z"),
        ("grace@x.edu", "submission_2", "2026-11-20T13:05:00Z"),
        ("no@x.edu", "submission_2", "2026-11-20T13:05:00Z"),
    ]
    assert list(problems(intake, "unknown")) == ["submission_3"]
    assert list(problems(intake, "ignored")) == ["submission_9"]


def test_a_roster_may_list_gradescope_students_by_any_of_their_names(read, tmp_path):
    intake = read(
        gradescope(tmp_path / "in"), "id,name,email,sid\nal,Ada Lovelace,,\ngh,,GRACE@x.edu,\nno,,no@x.edu,\n"
    )
    assert students(intake) == ["al", "gh", "no", "submission_3"]


@pytest.mark.parametrize(
    "text", ["[1, 2", "- a\n- b\n", "!!python/object/apply:os.system ['true']", "\x00", "a: " + "[" * 5000]
)
def test_invalid_metadata_is_refused_with_a_sentence(read, tmp_path, text):
    with pytest.raises(BadHandins, match=r"submission_metadata\.yml"):
        read(gradescope(tmp_path / "in", text))


def test_nested_aliases_in_the_metadata_are_not_expanded(read, tmp_path):
    bomb = "a: &b0 [x]\n"
    for number in range(1, 30):
        bomb += f"b{number}: &b{number} [{', '.join([f'*b{number - 1}'] * 9)}]\n"
    assert len(read(gradescope(tmp_path / "in", f"{bomb}submission_1:\n  :submitters: *b29\n")).handins) == 3


# Files that are not named after the assignment.


def test_a_file_that_a_mail_program_renamed_is_a_hand_in(read, tmp_path):
    for name in ("ada.ipynb.txt", "bob.PY.txt", "zoe.IPYNB", "j.r.py"):
        write(tmp_path / "in" / name)
    intake = read(tmp_path / "in")
    assert (students(intake), intake.problems) == (["ada", "bob", "j.r", "zoe"], ())


@pytest.mark.parametrize("name", ["vectors (1).ipynb", "Copy of vectors.ipynb", "VECTORS.py", "vectors.ipynb.txt"])
def test_a_zip_of_one_students_files_is_not_read_as_a_class(read, tmp_path, name):
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as archive:
        archive.writestr(f"ada/{name}", HONEST)
        archive.writestr("ada/my_utils.py", HONEST)
    with pytest.raises(BadHandins, match="one student's hand-in"):
        read(tmp_path / "ada.zip")


@pytest.mark.parametrize("folder", ["Ada_101_assignsubmission_file_/", f"Ada/{NAME}/"])
def test_the_only_students_folder_is_not_taken_for_the_one_around_the_download(read, tmp_path, folder):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr(f"{folder}Untitled.ipynb", HONEST)
        archive.writestr(f"{folder}my_utils.py", HONEST)
    assert students(read(tmp_path / "all.zip")) == ["Ada"]

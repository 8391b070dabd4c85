"""Names from Moodle and Canvas are matched with a roster or listed, never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.intake.download import read_handins
from autograder.intake.roster import BadRoster, read_roster
from tests.support.downloads import Read, problems, reader, students, write, zipped
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return reader(tmp_path)


# Moodle and Canvas.


def test_moodle_folders_and_loose_files_are_read(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "Ada Lovelace_101_assignsubmission_file_" / "vectors.py", time=1_000)
    write(folder / "Bob_102_assignsubmission_file_vectors.py")
    write(folder / "Bob_102_assignsubmission_file_vectors.ipynb")
    write(folder / "Bob_102_assignsubmission_onlinetext_onlinetext.html")
    write(folder / "Zoe_103_assignsubmission_onlinetext_" / "onlinetext.html")
    write(folder / "grades.csv")
    intake = read(folder)
    assert intake.platform == "Moodle"
    assert students(intake) == ["Ada_Lovelace", "Bob"]
    assert sorted(path.name for path in intake.handins[1].path.iterdir()) == ["vectors.ipynb", "vectors.py"]
    assert list(problems(intake, "missing")) == ["Zoe"]
    assert list(problems(intake, "ignored")) == ["grades.csv"]


def test_two_students_with_one_name_are_distinguished_by_moodles_number(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "Ada_101_assignsubmission_file_" / "vectors.py")
    write(folder / "Ada_102_assignsubmission_file_" / "vectors.py")
    intake = read(folder)
    assert students(intake) == ["Ada_101", "Ada_102"]
    assert list(problems(intake, "duplicate")) == ["Ada_101", "Ada_102"]


def test_a_file_name_cannot_impersonate_another_student(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "Eve_666_assignsubmission_file_Ada_101_assignsubmission_file_vectors.py")
    assert students(read(folder)) == ["Eve"]


def test_an_account_with_another_students_name_is_listed(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "Ada_101_assignsubmission_file_" / "vectors.py", time=1_000)
    write(folder / "Ada_666_assignsubmission_file_" / "vectors.py", time=2_000)
    intake = read(folder, "id,name\nada,Ada\n")
    assert students(intake) == ["ada"]
    assert "They came from 2 accounts or names." in problems(intake, "duplicate")["ada"]


def test_canvas_versions_and_late_marks_are_read(read, tmp_path):
    folder = tmp_path / "in"
    zipped(folder / "lovelaceada_12345_700_vectors.zip", vectors__py=HONEST)
    zipped(folder / "lovelaceada_12345_900_vectors-1.zip", vectors__py=HONEST)
    write(folder / "hoppergrace_LATE_23456_800_vectors.py")
    write(folder / "hoppergrace_LATE_23456_801_vectors.ipynb")
    write(folder / "textonly_34567_text.html")
    intake = read(folder)
    assert intake.platform == "Canvas"
    grace, ada = intake.handins
    assert (grace.student, ada.student) == ("hoppergrace", "lovelaceada")
    assert ada.path.name == "lovelaceada_12345_900_vectors-1.zip"
    assert [handin.path.name for handin in intake.superseded] == ["lovelaceada_12345_700_vectors.zip"]
    assert "by Canvas's file number" in problems(intake, "earlier")["lovelaceada"]
    assert ada.handed_in == ""
    assert grace.notes == ("Canvas marks it late.",)
    assert sorted(path.name for path in grace.path.iterdir()) == ["vectors.ipynb", "vectors.py"]


@pytest.mark.parametrize(
    "roster", ["id,name\nal,Ada Lovelace\n", 'Student;ID\n"Lovelace, Ada";12345\n', "id,canvas\nal,12345\n"]
)
def test_canvas_names_and_numbers_are_found_in_a_roster(read, tmp_path, roster):
    write(tmp_path / "in" / "lovelaceada_12345_700_vectors.py")
    assert students(read(tmp_path / "in", roster)) in (["al"], ["12345"])


def test_other_files_next_to_canvas_files_are_listed_and_change_nothing(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "lovelaceada_12345_700_vectors.py")
    write(folder / "hoppergrace_23456_800_vectors.py")
    zipped(folder / "submissions.zip", vectors__py=HONEST)
    intake = read(folder)
    assert (intake.platform, students(intake)) == ("Canvas", ["hoppergrace", "lovelaceada"])
    assert list(problems(intake, "ignored")) == ["submissions.zip"]


def test_names_with_dates_are_not_taken_for_canvas_files(read, tmp_path):
    for name in ("ada_2026_11_20", "bob_2026_11_21"):
        zipped(tmp_path / "in" / f"{name}.zip", vectors__py=HONEST)
    intake = read(tmp_path / "in")
    assert (intake.platform, students(intake)) == ("folder", ["ada_2026_11_20", "bob_2026_11_21"])


@pytest.mark.parametrize(
    ("name", "heading"),
    [("Ada Lovelace_1500_assignsubmission_file_vectors.py", "id,name"), ("lovelaceada_1500_9_vectors.py", "id,name")],
)
def test_a_platforms_number_does_not_match_an_id_in_the_roster(read, tmp_path, name, heading):
    write(tmp_path / "in" / name)
    intake = read(tmp_path / "in", f"{heading}\n1500,Bob\n1501,Augusta Ada King\n")
    assert list(problems(intake, "unknown")) == students(intake)
    assert list(problems(intake, "missing")) == ["1500", "1501"]


@pytest.mark.parametrize(
    ("name", "roster"),
    [
        ("lovelaceada_1500_9_vectors.py", 'Student,ID,SIS Login ID\n    Points Possible,,\n"King, A",1500,ak\n'),
        ("Ada_1500_assignsubmission_file_x.py", "Identifier,Email address\nParticipant 1500,ak@x\n"),
        ("Ada_1500_assignsubmission_file_x.py", "id,moodle\nak,1500\n"),
    ],
)
def test_a_platforms_number_matches_its_column_in_the_roster(read, tmp_path, name, roster):
    write(tmp_path / "in" / name)
    intake = read(tmp_path / "in", roster)
    assert students(intake)[0] in ("1500", "ak@x", "ak")
    assert not intake.problems


# Rosters.


def test_unknown_missing_and_duplicate_ids_are_listed(read, tmp_path):
    folder = tmp_path / "in"
    for name in ("ada", "who", "BOB"):
        write(folder / f"{name}.py")
    intake = read(folder, "id,name\nada,Ada\nbob,Bob\nbob,Bobby\nzoe,Zoë\n,Nobody\n")
    assert students(intake) == ["ada", "bob", "who"]
    assert list(problems(intake, "unknown")) == ["who"]
    assert list(problems(intake, "missing")) == ["zoe"]
    assert (list(problems(intake, "duplicate")), list(problems(intake, "ignored"))) == (["bob"], ["Nobody"])
    assert "lines 3 and 4" in problems(intake, "duplicate")["bob"]


def test_a_name_that_matches_two_students_is_given_to_neither(read, tmp_path):
    write(tmp_path / "in" / "Kim Lee.py")
    intake = read(tmp_path / "in", "id,name\nk1,Kim Lee\nk2,Kim Lee\n")
    assert students(intake) == ["Kim_Lee"]
    assert "matches k1 and k2" in problems(intake, "unknown")["Kim_Lee"]
    assert sorted(problems(intake, "missing")) == ["k1", "k2"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b"", "must name the columns"),
        (b"when,what\n1,2\n", "one of them 'id'"),
        (b"id\n", "lists no student"),
        (b"id\n\xff\xfe\xfa\n", "UTF-8"),
        (b"id\na b\na_b\n", "Change one of them"),
    ],
)
def test_an_unusable_roster_is_refused_with_a_sentence(tmp_path, text, match):
    (tmp_path / "roster.csv").write_bytes(text)
    write(tmp_path / "in" / "x.py")
    with pytest.raises(BadRoster, match=match):
        read_handins(
            tmp_path / "in",
            make_vectors(tmp_path / "course"),
            store=tmp_path,
            roster=read_roster(tmp_path / "roster.csv"),
        )


def test_a_roster_saved_by_a_spreadsheet_is_read(tmp_path):
    (tmp_path / "roster.csv").write_bytes("\ufeffFirst name;Surname;ID number\r\nZoë;Ünal;17\r\n".encode())
    roster = read_roster(tmp_path / "roster.csv")
    assert roster.ids == ("17",)
    assert roster.find_students(["zoë ünal"]) == ("17",)

"""Names from Moodle and Canvas are matched with a roster or listed, never guessed."""

from __future__ import annotations

import unicodedata
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
        (
            b"when,what\n1,2\n",
            "one of these names: id, student_id, .*, username, .*, email, identifier. It names when, what.",
        ),
        (b"id\n", "lists no student"),
        (
            b"id\n\xff\xfe\xfa\n",
            r"line 2: this is not UTF-8. It seems to be .* Save the file as UTF-8; in Excel, as CSV",
        ),
        (b"id\ns1\ns\x002\n", "line 3: a NUL character, which no CSV file contains."),
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


# Names of files.


@pytest.mark.parametrize(
    ("name", "student", "notes"),
    [
        ("lovelaceada_123_456_knn.py", "lovelaceada", ()),
        ("lovelaceada_LATE_123_456_knn-1.ipynb", "lovelaceada", ("Canvas marks it late.",)),
        ("van_der_berg_ann_123_456_a_1_2_b.py", "van_der_berg_ann", ()),
        ("o.neil-öst_j.r._LATE_123_456_knn.v2.py", "o.neil-öst_j.r", ("Canvas marks it late.",)),
        ("anon_aB3xY_101_knn.py", "aB3xY", ()),
        ("LATE_anon_aB3xY_101_knn.py", "aB3xY", ("Canvas marks it late.",)),
        ("anon_aB3xY_LATE_101_anon_Zz9zZ_102_knn.py", "aB3xY", ("Canvas marks it late.",)),
        ("anon_12345_101_7_8_knn.py", "12345", ()),
    ],
)
def test_the_student_is_read_from_the_start_of_canvass_names(read, tmp_path, name, student, notes):
    write(tmp_path / "in" / name)
    intake = read(tmp_path / "in")
    assert intake.platform == "Canvas"
    assert [(handin.student, handin.notes) for handin in intake.handins] == [(student, notes)]
    assert intake.problems == ()


def test_texts_and_links_typed_into_canvas_are_not_files(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "lovelaceada_123_456_knn.py")
    for name in ("lovelaceada_123_text.html", "hopper_grace_LATE_7_link.html", "anon_aB3xY_text.html"):
        write(folder / name)
    write(folder / "berg_ann_8_9_knn.py")
    write(folder / "LATE_anon_Zz9zZ_link.html")
    intake = read(folder)
    assert students(intake) == ["berg_ann", "lovelaceada"]
    assert list(problems(intake, "ignored")) == ["lovelaceada_123_text.html"]
    assert list(problems(intake, "missing")) == ["aB3xY", "hopper_grace", "Zz9zZ"]


def test_canvass_prefix_and_suffix_are_not_part_of_a_files_name(read, tmp_path):
    folder = tmp_path / "in"
    for name, time in (("9_knn-1.ipynb", 1_000), ("10_my_utils-2.py", 2_000), ("11_notes-2026.txt", 3_000)):
        write(folder / f"berg_ann_7_{name}", time=time)
    write(folder / "lovelaceada_8_12_knn.py", time=4_000)
    ann, ada = read(folder).handins
    assert {path.name: path.stat().st_mtime for path in ann.path.iterdir()} == {
        "knn.ipynb": 1_000,
        "my_utils.py": 2_000,
        "notes-2026.txt": 3_000,
    }
    assert ann.path.name == "berg_ann_7_11"
    assert ada.path.name == "lovelaceada_8_12_knn.py"
    assert [path.name for path in ada.path.iterdir()] == ["knn.py"]


def test_only_names_that_canvas_can_have_given_are_versions_of_one_file(read, tmp_path):
    folder = tmp_path / "in"
    for name in ("1_7_9_part-1.py", "1_7_10_part-2.py", "2_8_9_knn-1.py", "2_8_10_knn.py", "3_6_9_-1", "3_6_10_-1.py"):
        write(folder / f"ada{name}")
    for name in ("10_knn.py", "11_knn-1.py", "12_knn-3.py", "13_..", "14_x.zip", "15_x-1.zip"):
        write(folder / f"eve_4_{name}")
    intake = read(folder)
    assert {handin.student: {path.name for path in handin.path.iterdir()} for handin in intake.handins} == {
        "ada1": {"part-1.py", "part-2.py"},
        "ada2": {"knn.py", "knn-1.py"},
        "ada3": {"-1", "-1.py"},
        "eve": {"knn.py", "eve_4_13_..", "x.zip"},
    }
    assert {handin.path.name for handin in intake.superseded} == {
        "eve_4_10_knn.py",
        "eve_4_11_knn-1.py",
        "eve_4_14_x.zip",
    }


def test_participants_of_a_blind_moodle_download_keep_their_numbers(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "Participant_12345_assignsubmission_file_" / "knn.py")
    write(folder / "Participant 12346_678_assignsubmission_file_" / "knn.py")
    write(folder / "Group A-Participant_12347_assignsubmission_file_" / "knn.py")
    write(folder / "Participant_12348_assignsubmission_onlinetext_" / "onlinetext.html")
    intake = read(folder)
    assert students(intake) == ["Group_A-Participant_12347", "Participant_12345", "Participant_12346"]
    assert [problem.kind for problem in intake.problems] == ["missing"]
    intake = read(folder, "anon,id\n12345,ada\nParticipant 12346,bob\n12347,zoe\n678,eve\n12348,kim\n")
    assert students(intake) == ["ada", "bob", "zoe"]


def test_the_word_for_participant_may_be_in_any_language(read, tmp_path):
    folder = tmp_path / "in"
    for number in (1, 2, 3):
        write(folder / f"Teilnehmerin_{number}_assignsubmission_file_knn.py")
    intake = read(folder)
    assert (students(intake), intake.problems) == (["Teilnehmerin_1", "Teilnehmerin_2", "Teilnehmerin_3"], ())


def test_moodle_files_with_similar_names_are_all_there(read, tmp_path):
    folder = tmp_path / "in"
    for name in ("_knn.py", "knn.py", "_knn (1).py", "_.."):
        write(folder / f"Ada_1_assignsubmission_file{name}")
    (handin,) = read(folder).handins
    assert len(list(handin.path.iterdir())) == 4


def test_gradescopes_submissions_without_names_are_found_by_their_number(read, tmp_path):
    folder = tmp_path / "in"
    for number in (12, 13, 14):
        write(folder / f"submission_{number}" / "vectors.py")
    write(
        folder / "submission_metadata.yml",
        "submission_12:\n  :submitters: []\nsubmission_13:\n  :submitters:\n  - :name: Anonymous\n"
        "submission_14:\n  :submitters:\n  - :name: Anonymous\n",
    )
    assert students(read(folder)) == ["Anonymous_submission_13", "Anonymous_submission_14", "submission_12"]
    assert students(read(folder, "anon,id\nsubmission_12,ada\nsubmission_13,bob\nsubmission_14,zoe\n")) == [
        "ada",
        "bob",
        "zoe",
    ]
    assert students(read(folder, "SID,Submission ID\nada,12\nbob,13\nzoe,14\n")) == ["ada", "bob", "zoe"]


# Anonymous ids.


def test_anonymous_ids_are_compared_letter_by_letter(read, tmp_path):
    folder = tmp_path / "in"
    for name in ("aB3xY", "Ab3Xy", "Zz9zZ"):
        write(folder / f"anon_{name}_101_knn.py")
    intake = read(folder, "id,anon\nada,aB3xY\nab3xy,none\nzz9zz,other\nbob,anon_Zz9zZ\n")
    assert students(intake) == ["Ab3Xy", "ada", "bob"]
    assert list(problems(intake, "unknown")) == ["Ab3Xy"]


def test_a_name_cannot_be_taken_for_a_number_or_an_anonymous_id(read, tmp_path):
    folder = tmp_path / "in"
    write(folder / "submission_1" / "vectors.py")
    write(folder / "submission_2" / "vectors.py")
    write(
        folder / "submission_metadata.yml",
        "submission_1:\n  :submitters:\n  - :name: 'Canvas number:1500'\n"
        "submission_2:\n  :submitters:\n  - :name: aB3xY\n",
    )
    assert list(problems(read(folder, "id,canvas,anon\nada,1500,aB3xY\n"), "unknown")) == [
        "aB3xY",
        "Canvas_number_1500",
    ]


def test_a_roster_of_anonymous_ids_is_a_roster(read, tmp_path):
    write(tmp_path / "in" / "anon_aB3xY_101_knn.py")
    intake = read(tmp_path / "in", "id\naB3xY\n")
    assert (students(intake), intake.problems) == (["aB3xY"], ())


def test_accents_may_be_stored_in_two_ways(read, tmp_path):
    write(tmp_path / "in" / f"{unicodedata.normalize('NFD', 'ünalzoë')}_7_9_knn.py")
    assert students(read(tmp_path / "in", "id,name\nzu,Zoë Ünal\n")) == ["zu"]


def test_the_dates_of_files_in_a_folder_do_not_say_when_it_was_handed_in(read, tmp_path):
    """They may come from an archive of the student, with any dates. Of two folders, they still tell the newer."""
    folder = tmp_path / "in"
    write(folder / "ada" / "vectors.py", time=1_000)
    write(folder / "bob.py", time=1_000)
    known = {handin.student: (handin.handed_in, handin.time_source) for handin in read(folder).handins}
    assert known["ada"] == ("", "the file's own time")
    assert known["bob"][0].startswith("1970-01-01T00:16:40")

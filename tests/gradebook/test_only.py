"""`--only` grades the named students; everything about others stays as it is. Names come from the roster."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.core.report import read_report
from autograder.gradebook.grade import NeedsRegrade
from autograder.gradebook.identity import UnknownStudent, find_students
from autograder.gradebook.journal import Journal
from autograder.intake.download import Intake, read_handins
from autograder.intake.roster import Roster, read_roster
from tests.support.classroom import HALF, Grader, change_the_checks, hand_in, marks, rows, run
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


def roster(folder: Path, text: str) -> Roster:
    (folder / "roster.csv").write_text(text, encoding="utf-8")
    return read_roster(folder / "roster.csv")


def problems(out: Path) -> list[tuple[str, str]]:
    with Journal(out) as journal:
        return [(problem.kind, problem.who) for problem in journal.problems()]


def test_only_the_named_students_are_graded(course, tmp_path):
    handins, out, grader = hand_in(tmp_path / "in", ada=HALF, bob=HALF, eve=HALF), tmp_path / "out", Grader()
    ids = roster(tmp_path, "id\nada\nbob\nzoe\n")
    run(course, handins, out, grader, roster=ids)
    before = {path: path.stat().st_mtime_ns for path in out.glob("bob/*")}
    found = problems(out)
    hand_in(handins, ada=HONEST, bob=HONEST + "# better\n", eve=HONEST + "# best\n")
    done = run(course, handins, out, grader, roster=ids, only=["ada"])
    assert (grader.ran[1:], done.reused) == (["ada"], 0)
    assert marks(out) == {"ada": "100", "bob": "50", "eve": "50", "zoe": ""}
    assert {path: path.stat().st_mtime_ns for path in out.glob("bob/*")} == before
    assert problems(out) == found == [("unknown", "eve"), ("missing", "zoe")]


def test_nobody_else_is_missing_if_the_folder_contains_only_one_hand_in(course, tmp_path):
    out, grader = tmp_path / "out", Grader()
    ids = roster(tmp_path, "id\nada\nbob\nzoe\n")
    run(course, hand_in(tmp_path / "in", ada=HALF, bob=HALF), out, grader, roster=ids)
    found = problems(out)
    late = hand_in(tmp_path / "late", zoe=HONEST)
    run(course, late, out, grader, roster=ids, only=["zoe"])
    assert marks(out) == {"ada": "50", "bob": "50", "zoe": "100"}
    assert (found, problems(out)) == ([("missing", "zoe")], [])
    other = hand_in(tmp_path / "other", bob=HONEST)
    run(course, other, tmp_path / "new", grader, roster=ids, only=["bob"])
    assert problems(tmp_path / "new") == []


def test_changed_checks_are_refused_for_the_named_students_only(course, tmp_path):
    handins, out, grader = hand_in(tmp_path / "in", ada=HONEST, bob=HALF), tmp_path / "out", Grader()
    run(course, handins, out, grader)
    change_the_checks(course)
    with pytest.raises(NeedsRegrade, match="1 of these students has a mark"):
        run(course, handins, out, grader, only=["ada"])
    done = run(course, handins, out, Grader(worth=2), regrade=True, only=["ada"])
    assert [change.student for change in done.changes] == ["ada"]
    assert marks(out) == {"ada": "50", "bob": "50"}


def test_other_students_keep_their_ids_when_a_roster_renames_them(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF), tmp_path / "out"
    run(course, handins, out, Grader())
    ids = roster(tmp_path, "id,name\ns1,ada\ns2,bob\n")
    run(course, handins, out, Grader(), roster=ids, only=["s1"])
    assert marks(out) == {"s1": "100", "bob": "50"}
    run(course, handins, out, Grader(), roster=ids)
    assert marks(out) == {"s1": "100", "s2": "50"}


@pytest.fixture
def taken_in(course: Assignment, tmp_path: Path) -> tuple[Intake, Roster]:
    handins = hand_in(tmp_path / "in", lovelaceada=HONEST, hopper=HONEST, twin=HALF, double=HALF)
    ids = roster(
        tmp_path,
        "id,name,alias,email\ns1,Ada Lovelace,lovelaceada,ada@x.org\ns2,Grace Hopper,hopper,g@x.org\n"
        "s3,Kim,twin,\ns4,Kim,double,\ns5,Zoë,,\n",
    )
    return read_handins(handins, course, store=tmp_path / "store", roster=ids), ids


@pytest.mark.parametrize("name", ["s1", "Ada Lovelace", "ada  lovelace", "ADA_LOVELACE", "lovelaceada", "ada@x.org"])
def test_a_student_is_found_by_id_or_by_any_name(name, taken_in):
    intake, ids = taken_in
    assert find_students(intake, [name], ids) == {"s1"}
    assert find_students(intake, [name, "Grace Hopper"], ids) == {"s1", "s2"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Ada Lovelase", "These hand-ins contain none of 'Ada Lovelase'. The nearest names: Ada Lovelace, "),
        ("s9", "These hand-ins contain none of 's9'. The nearest names: s"),
        ("", "These hand-ins contain none of ''."),
        ("Kim", "'Kim' may mean s3 or s4. Choose one of these ids."),
        ("Zoë", "'Zoë' is in the roster, but these hand-ins contain none of this student."),
        ("$$$$$$$$$$", "These hand-ins contain none of '$$$$$$$$$$'."),
    ],
)
def test_a_name_that_does_not_mean_one_student_is_refused_with_one_sentence(name, sentence, taken_in):
    intake, ids = taken_in
    with pytest.raises(UnknownStudent) as error:
        find_students(intake, [name], ids)
    assert str(error.value).startswith(sentence)


def test_names_from_the_roster_are_in_every_report_and_in_the_gradebook(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF, eve=HALF), tmp_path / "out"
    run(course, handins, out, Grader())
    assert "name" not in rows(out)[0]
    run(course, handins, out, Grader(), roster=roster(tmp_path, "id,full name\nada,Ada Lovelace\nbob,\nzoe,Zoë\n"))
    assert [(row["student"], row["name"]) for row in rows(out)] == [
        ("ada", "Ada Lovelace"),
        ("bob", ""),
        ("eve", ""),
        ("zoe", "Zoë"),
    ]
    assert "<title>Ada Lovelace (ada): Vectors</title>" in (out / "ada" / "report.html").read_text()
    assert "<bdi>Zoë</bdi>" in (out / "index.html").read_text()  # handed nothing in
    assert [read_report(out / student / "report.json").name for student in ("ada", "bob")] == ["Ada Lovelace", ""]
    run(course, handins, out, Grader(), roster=roster(tmp_path, "id,full name\nada,Ada King\nbob,\n"))
    assert read_report(out / "ada" / "report.json").name == "Ada King"
    run(course, handins, out, Grader(), roster=roster(tmp_path, "id\nada\nbob\nzoe\n"))
    assert read_report(out / "ada" / "report.json").name == ""

"""A student stays the same student whatever roster is added later, and no student with a mark is forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.gradebook.identity import NeedsRoster
from autograder.gradebook.journal import Journal
from autograder.gradebook.marks import BadMark, GivenMark, give_marks
from autograder.intake.roster import Roster, read_roster
from tests.support.classroom import HALF, Grader, change_the_checks, hand_in, marks, rows, run
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


def roster(folder: Path, text: str) -> Roster:
    (folder / "roster.csv").write_text(text)
    return read_roster(folder / "roster.csv")


def problems(out: Path, kind: str) -> dict[str, str]:
    with Journal(out) as journal:
        return {problem.who: problem.what for problem in journal.problems() if problem.kind == kind}


def mark(out: Path, student: str, item: str, points: int) -> None:
    with Journal(out) as journal:
        give_marks(journal, out, [GivenMark(student, item, points, "Seen by a person.")], by="kim")


def test_a_roster_added_later_moves_reports_and_marks_to_its_ids(course, tmp_path):
    folder, out, grader = hand_in(tmp_path / "in", ada=HONEST, bob=HALF, eve=HALF), tmp_path / "out", Grader()
    run(course, folder, out, grader)
    mark(out, "ada", "double", 40)
    mark(out, "bob", "total", 10)
    ids = roster(tmp_path, "id,name\ns1,ada\ns2,bob\n")
    again = tmp_path / "download"  # the same hand-ins, downloaded again
    shutil.copytree(folder, again)
    run(course, again, out, grader, roster=ids)
    assert marks(out) == {"s1": "90", "s2": "60", "eve": "50"}
    assert sorted(path.parent.name for path in out.glob("*/report.json")) == ["eve", "s1", "s2"]
    assert not (out / "ada").exists()
    assert problems(out, "renamed")["s1"] == (
        "Was graded as ada before the roster gave this id; its report and 1 mark by hand moved here."
    )
    mark(out, "ada", "double", 40)  # a name of s1
    with Journal(out) as journal:
        journal.set_fact("moved", {"a1": "s1"})
    with pytest.raises(BadMark, match="The roster changed this id to 's1': use that one"):
        mark(out, "a1", "double", 40)
    assert grader.ran == ["ada", "bob"]  # eve's files are bob's, and nothing was run again
    with Journal(out) as journal:
        assert [(name, held.points) for name, held in journal.all_marks()] == [("s1", 40), ("s2", 10)]


def test_files_that_somebody_put_next_to_an_old_report_stay(course, tmp_path):
    folder, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, folder, out, Grader())
    (out / "ada" / "letter.txt").write_text("Dear Ada")
    run(course, folder, out, Grader(), roster=roster(tmp_path, "id,name\ns1,ada\n"))
    assert [path.name for path in (out / "ada").iterdir()] == ["letter.txt"]


def test_marks_move_along_when_the_roster_corrects_an_id(course, tmp_path):
    folder, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, folder, out, Grader(), roster=roster(tmp_path, "id,name\ns1,ada\n"))
    mark(out, "s1", "double", 40)
    run(course, folder, out, Grader(), roster=roster(tmp_path, "id,name\ns01,ada\n"))
    assert marks(out) == {"s01": "90"}


def test_the_last_mark_applies_if_both_ids_had_one(course, tmp_path):
    folder, out, ids = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out", roster(tmp_path, "id,name\ns1,ada\n")
    run(course, folder, out, Grader())
    mark(out, "ada", "double", 10)
    other = hand_in(tmp_path / "other", s1=HONEST)
    run(course, other, out, Grader())
    mark(out, "s1", "double", 20)
    run(course, folder, out, Grader(), roster=ids)
    assert marks(out) == {"s1": "70"}


def test_nothing_moves_if_two_students_may_have_had_a_name(course, tmp_path):
    folder, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, folder, out, Grader())
    ids = roster(tmp_path, "id,name\nada,somebody else\ns1,x\n")
    run(course, hand_in(tmp_path / "new", x=HALF), out, Grader(), roster=ids)
    assert marks(out) == {"ada": "100", "s1": "50"}
    assert problems(out, "renamed") == {}


def test_results_graded_with_a_roster_need_it_again(course, tmp_path):
    folder, out, grader = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out", Grader()
    run(course, folder, out, grader, roster=roster(tmp_path, "id,name\ns1,ada\n"))
    with pytest.raises(NeedsRoster, match="1 student would appear a second time"):
        run(course, folder, out, grader)
    assert marks(out) == {"s1": "100"}


def test_changed_checks_are_noticed_under_the_old_id(course, tmp_path):
    folder, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, folder, out, Grader())
    change_the_checks(course)
    ids = roster(tmp_path, "id,name\ns1,ada\n")
    with pytest.raises(Exception, match="--regrade"):
        run(course, folder, out, Grader(), roster=ids)
    assert marks(out) == {"ada": "100"}
    done = run(course, folder, out, Grader(worth=2), roster=ids, regrade=True)
    assert [(change.student, change.before, change.after) for change in done.changes] == [("s1", 100, 50)]


def test_a_hand_in_that_disappeared_is_reported_and_its_results_stay(course, tmp_path):
    folder, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF), tmp_path / "out"
    run(course, folder, out, Grader())
    (folder / "bob.py").unlink()
    graded = run(course, folder, out, Grader(), roster=roster(tmp_path, "id\nada\nbob\n"))
    assert [(p.kind, p.who) for p in graded.problems] == [("kept", "bob")]
    assert marks(out) == {"ada": "100", "bob": "50"}
    assert (out / "bob" / "report.html").exists()
    assert "No hand-in came this time" in rows(out)[1]["intake"]


@pytest.mark.parametrize(
    ("name", "anonymous", "old"),
    [
        ("anon_aB3xY_101_vectors.py", "aB3xY", "aB3xY"),
        ("LATE_anon_aB3xY_101_vectors-1.py", "anon_aB3xY", "aB3xY"),
        ("Participant_12345_assignsubmission_file_vectors.py", "12345", "Participant_12345"),
        ("Participant 12345_678_assignsubmission_file_vectors.py", "Participant 12345", "Participant_12345"),
    ],
)
def test_a_table_of_anonymous_ids_moves_reports_and_marks_to_the_real_ids(course, tmp_path, name, anonymous, old):
    folder, out, grader = tmp_path / "in", tmp_path / "out", Grader()
    folder.mkdir()
    (folder / name).write_text(HONEST)
    run(course, folder, out, grader)
    assert marks(out) == {old: "100"}
    mark(out, old, "double", 40)
    run(course, folder, out, grader, roster=roster(tmp_path, f"anon,id\n{anonymous},ada\n"))
    assert marks(out) == {"ada": "90"}
    assert list(problems(out, "renamed")) == ["ada"]
    assert not (out / old).exists()
    assert grader.ran == [old]

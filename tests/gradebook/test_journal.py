"""Nothing is run twice, no decision is lost, and no mark changes without being shown."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.class_records import MarkChange
from autograder.core.course_file import Course
from autograder.core.report import Cause, read_report
from autograder.gradebook.grade import NeedsRegrade
from autograder.gradebook.journal import Journal, JournalError
from autograder.runners.compatibility import code_facts
from tests.support.classroom import HALF, Grader, change_the_checks, hand_in, marks, rows, run
from tests.support.downloads import zipped
from tests.support.vectors import HONEST, WRONG, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


def test_a_second_run_runs_nothing_and_writes_the_same(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF, eve="def x(:"), tmp_path / "out"
    first = Grader()
    assert run(course, handins, out, first).ran == 3
    assert first.ran == ["ada", "bob", "eve"]
    before = {p: p.read_bytes() for p in out.rglob("*") if p.suffix in (".json", ".html", ".csv")}
    again = Grader()
    done = run(course, handins, out, again)
    assert (again.ran, done.ran, done.reused) == ([], 0, 3)
    assert {p: p.read_bytes() for p in before} == before
    assert marks(out) == {"ada": "100", "bob": "50", "eve": "0"}


def test_an_empty_hand_in_that_replaced_another_is_reported_first(course, tmp_path):
    class Blank(Grader):
        def report(self, job, setup):
            report = super().report(job, setup)
            checks = [replace(c, cause=Cause.NOT_WRITTEN) if c.cause is Cause.WRONG else c for c in report.checks]
            return replace(report, checks=tuple(checks))

    handins, out = hand_in(tmp_path / "in", ada="", bob=HONEST), tmp_path / "out"
    for student, order in (("ada", 1), ("bob", 3)):
        zipped(handins / f"{student}.zip", vectors__py=HONEST)
        os.utime(handins / f"{student}.zip", (order, order))
        os.utime(handins / f"{student}.py", (2, 2))
    done = run(course, handins, out, Blank())
    assert [(p.kind, p.who) for p in done.problems] == [("doubtful", "ada"), ("earlier", "ada"), ("earlier", "bob")]
    assert done.problems[0].what.endswith("Look at the earlier ones, which were not graded: ada.zip.")
    assert "doubtful: The hand-in that counts has nothing written in it." in rows(out)[0]["intake"]
    assert [p.kind for p in run(course, handins, out, Blank()).problems] == ["doubtful", "earlier", "earlier"]


def test_a_hand_in_that_disappears_before_it_is_graded_gets_no_mark_until_it_is_back(course, tmp_path):
    class Unplugged(Grader):
        def report(self, job, setup):
            job.path.rename(job.path.with_suffix(".gone"))
            return super().report(job, setup)

    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    (report,) = run(course, handins, out, Unplugged()).reports
    assert report.needs_staff
    assert "changed or disappeared before it was graded" in report.checks[0].message
    (handins / "ada.gone").rename(handins / "ada.py")
    again = Grader()
    assert not run(course, handins, out, again).reports[0].needs_staff
    assert (again.ran, marks(out)) == (["ada"], {"ada": "100"})


def test_equal_files_are_run_once_for_all_students_who_handed_them_in(course, tmp_path):
    grader = Grader()
    done = run(course, hand_in(tmp_path / "in", ada=HONEST, twin=HONEST), tmp_path / "out", grader)
    assert (grader.ran, done.reused) == (["ada"], 1)
    assert read_report(tmp_path / "out" / "twin" / "report.json").student == "twin"


def test_each_student_reads_about_the_own_files_although_equal_files_are_run_once(course, tmp_path):
    names = {"ada": "vectors.py", "bob": "vectors (1).py", "eve": "vectors-Copy1.py"}
    for student, name in names.items():
        path = tmp_path / "in" / student / name
        path.parent.mkdir(parents=True)
        path.write_text(HONEST)
    hand_in(tmp_path / "in", fay=HONEST)  # a file in the folder itself is named after its student
    grader, out = Grader(), tmp_path / "out"
    for handins in ("in", "again"):  # the second time from another folder; nothing is run
        run(course, tmp_path / handins, out, grader)
        assert grader.ran == ["ada"]
        reports = {student: read_report(out / student / "report.json") for student in (*names, "fay")}
        assert {student: [r.text for r in report.remarks] for student, report in reports.items()} == {
            "ada": [],
            "bob": ["vectors (1).py counts as vectors.py."],
            "eve": ["vectors-Copy1.py counts as vectors.py."],
            "fay": [],
        }
        assert reports["bob"].notes[-1].startswith("vectors (1).py counts as vectors.py. ")
        assert not any("counts as" in note for student in ("ada", "fay") for note in reports[student].notes)
        look_at = {row["student"]: row["look_at"].partition(".")[0] for row in rows(out)}
        assert look_at == {"ada": "", "bob": "renamed: vectors (1)", "eve": "renamed: vectors-Copy1", "fay": ""}
        (tmp_path / handins).rename(tmp_path / "again")


def test_only_new_or_changed_hand_ins_are_run(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF), tmp_path / "out"
    run(course, handins, out, Grader())
    hand_in(handins, bob=HONEST + "# better\n", zoe=WRONG)
    grader = Grader()
    run(course, handins, out, grader)
    assert grader.ran == ["bob", "zoe"]
    assert marks(out)["bob"] == "100"


def test_students_who_are_no_longer_in_the_folder_keep_their_report(course, tmp_path):
    out = tmp_path / "out"
    run(course, hand_in(tmp_path / "monday", ada=HONEST), out, Grader())
    run(course, hand_in(tmp_path / "tuesday", bob=HALF), out, Grader())
    assert marks(out) == {"ada": "100", "bob": "50"}


def test_a_lost_or_changed_file_is_generated_again_from_the_journal(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF), tmp_path / "out"
    run(course, handins, out, Grader())
    (out / "ada" / "staff.html").unlink()
    (out / "bob" / "report.json").write_text("{")
    (out / "bob" / ".whole-left").write_text("half")
    grader = Grader()
    run(course, handins, out, grader)
    assert grader.ran == []
    assert (out / "ada" / "staff.html").exists()
    assert read_report(out / "bob" / "report.json").points == 50
    assert not list(out.rglob(".whole-*"))


def test_a_broken_report_is_shown_and_graded_again(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF), tmp_path / "out"
    run(course, handins, out, Grader(broken=frozenset({"bob"})))
    assert [row["needs_staff"] for row in rows(out)] == ["no", "yes"]
    grader = Grader()
    run(course, handins, out, grader)
    assert grader.ran == ["bob"]
    assert marks(out)["bob"] == "50"


def test_changed_checks_are_refused_without_regrade(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, handins, out, Grader())
    change_the_checks(course)
    grader = Grader()
    with pytest.raises(NeedsRegrade, match=r"1 of these students has.*before the checks.*--regrade"):
        run(course, handins, out, grader)
    assert grader.ran == []


@pytest.mark.parametrize("yes", [True, False])
def test_a_regrade_shows_the_marks_that_change_before_it_writes_them(course, tmp_path, yes):
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF, eve=""), tmp_path / "out"
    run(course, handins, out, Grader())
    change_the_checks(course)
    seen: list[MarkChange] = []

    def approve(changes):  # type: ignore[no-untyped-def]
        seen.extend(changes)
        assert marks(out) == {"ada": "100", "bob": "50", "eve": "0"}
        return yes

    stricter = Grader(worth=2)
    assert run(course, handins, out, stricter, regrade=True, approve=approve).written == yes
    assert [(c.student, c.before, c.after) for c in seen] == [("ada", 100, 50), ("bob", 50, 25)]
    assert seen[0].tasks == (("double", 50, 25), ("total", 30, 15), ("Counter", 20, 10))
    assert marks(out)["ada"] == ("50" if yes else "100")
    later = Grader()
    run(course, handins, out, later, regrade=True)
    assert later.ran == []
    assert marks(out)["ada"] == "50"


def test_a_regrade_that_changes_no_mark_asks_nothing(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, handins, out, Grader())
    change_the_checks(course)
    done = run(course, handins, out, Grader(), regrade=True, approve=lambda changes: pytest.fail("asked"))
    assert (done.ran, done.changes, done.written) == (1, (), True)


def test_a_changed_check_touches_its_own_assignment_only(course, tmp_path):
    other = course.folder.parent / "t03_other"
    other.mkdir()
    (other / "assignment.toml").write_text((course.folder / "assignment.toml").read_text())
    (other / "check_vectors.py").write_text((course.folder / "check_vectors.py").read_text())
    handins = hand_in(tmp_path / "in", ada=HONEST)
    run(course, handins, tmp_path / "one", Grader())
    run(read_assignment(other), handins, tmp_path / "two", Grader())
    change_the_checks(course)
    grader = Grader()
    run(read_assignment(other), handins, tmp_path / "two", grader)
    assert grader.ran == []
    with pytest.raises(NeedsRegrade, match="contains the results of t02_vectors"):
        run(read_assignment(other), handins, tmp_path / "one", grader)


@pytest.mark.parametrize("name", ["mutants.py", "README.md"])
def test_files_that_decide_no_mark_change_no_key(course, tmp_path, name):
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, handins, out, Grader())
    (course.solutions / name).write_text("MUTANTS = []\n")
    grader = Grader()
    run(course, handins, out, grader)
    assert grader.ran == []


def test_problems_of_the_intake_are_in_gradebook_and_overview(course, tmp_path):
    from autograder.intake.roster import read_roster

    (tmp_path / "roster.csv").write_text("id\nada\nzoe\n")
    handins, out = hand_in(tmp_path / "in", ada=HONEST, who=HALF), tmp_path / "out"
    run(course, handins, out, Grader(), roster=read_roster(tmp_path / "roster.csv"))
    table = {row["student"]: row for row in rows(out)}
    assert table["zoe"]["intake"].startswith("missing:")
    assert table["zoe"]["points"] == ""
    assert table["who"]["intake"].startswith("unknown:")
    assert "matches nobody in the roster" in (out / "index.html").read_text()


# The file itself.


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 50, b""])
def test_a_file_that_is_not_a_journal_is_refused(tmp_path, content):
    (tmp_path / "journal.db").write_bytes(content)
    if content:
        with pytest.raises(JournalError, match="Restore it from a backup"):
            Journal(tmp_path)
    else:
        Journal(tmp_path).close()
    with pytest.raises(JournalError, match="contains no results"):
        Journal(tmp_path / "elsewhere")


def test_text_that_utf8_cannot_encode_is_stored(course, tmp_path):
    class Odd(Grader):
        def report(self, job, setup):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            report = super().report(job, setup)
            return replace(report, notes=("\ud800 \x00",))

    out = tmp_path / "out"
    run(course, hand_in(tmp_path / "in", ada=HONEST), out, Odd())
    assert json.loads((out / "ada" / "report.json").read_bytes())["notes"] == ["\ud800 \x00"]


def test_changed_code_or_packages_are_named_and_nothing_is_graded_again_unasked(course, tmp_path, monkeypatch):
    """As after a `git pull` in the middle of the term: the version number may be the same."""
    facts = {"gradlab": "1.0", "torch": "2.12.1", "Python": "3.11", "gradlab code": "aaaa"}
    monkeypatch.setattr("autograder.gradebook.cache_keys.code_facts", lambda assignment: facts)
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, handins, out, Grader())
    before = (out / "ada" / "report.json").read_bytes()
    facts |= {"torch": "2.13.0", "gradlab code": "bbbb"}
    grader = Grader()
    with pytest.raises(NeedsRegrade) as refusal:
        run(course, handins, out, grader)
    assert "before torch (2.12.1, now 2.13.0) and gradlab code (aaaa, now bbbb) changed." in str(refusal.value)
    assert (grader.ran, (out / "ada" / "report.json").read_bytes()) == ([], before)
    assert run(course, hand_in(tmp_path / "late", bob=HALF), out, grader).ran == 1  # a new hand-in needs no regrade
    run(course, handins, out, grader, regrade=True)
    assert grader.ran == ["bob", "ada"]


def test_the_code_that_decides_marks_is_part_of_the_key(course, monkeypatch, tmp_path):
    before = code_facts(course)
    shares = {f"shared package {name}" for name in course.course.shared}
    assert {"gradlab", "numpy", "Python", "gradlab code"} | shares == {*before}
    assert "torch" in code_facts(replace(course, imports=("numpy", "torch")))
    shared = replace(course, course=Course(root=tmp_path, shared=("tools",)))
    for package in ("autograder/core", "tools"):
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "a.py").write_text("x = 1\n")
    monkeypatch.setattr("autograder.runners.compatibility._PACKAGES", tmp_path)
    for package, name in (("autograder/core", "gradlab code"), ("tools", "shared package tools")):
        first = code_facts(shared)[name]
        (tmp_path / package / "a.py").write_text("x = 2\n")
        assert code_facts(shared)[name] != first


@pytest.mark.parametrize("damage", ["empty", "missing"])
def test_a_lost_journal_next_to_reports_is_not_replaced_by_a_new_one(course, tmp_path, damage):
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, handins, out, Grader())
    for file in out.glob("journal.db*"):
        file.unlink()
    if damage == "empty":
        (out / "journal.db").touch()
    grader = Grader()
    with pytest.raises(JournalError, match=r"contains reports, but its journal\.db is missing or empty"):
        run(course, handins, out, grader)
    assert grader.ran == []
    assert marks(out) == {"ada": "100"}


def test_a_stored_report_of_another_schema_is_refused_with_a_sentence(course, tmp_path, monkeypatch):
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, handins, out, Grader())
    monkeypatch.setattr("autograder.core.report.SCHEMA", 2)
    with pytest.raises(
        JournalError, match=r"has schema 1, but this version of gradlab reads schema 2.*Use the version"
    ):
        run(course, handins, out, Grader())

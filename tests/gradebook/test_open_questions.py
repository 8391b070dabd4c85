"""Questions that people mark and that nobody has marked yet: every view says so."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from autograder.cli.app import main
from autograder.core.assignment import read_assignment
from autograder.core.report import AskedQuestion, Remark, Report, read_report
from autograder.gradebook.journal import Journal
from autograder.gradebook.marks import GivenMark, give_marks
from autograder.render.terminal import print_class_summary, print_report
from autograder.runners.grader_process import Job, Setup
from tests.support.classroom import Grader, hand_in, rows, run
from tests.support.vectors import HONEST, make_vectors

QUESTIONS = """
[[questions]]
id = "v-q1"
title = "Why it grows"
points = 4

[[questions]]
id = "v-q2"
title = "A plot"
points = 1
"""
ANSWERED = (
    HONEST
    + """
# %% [markdown] answer="v-q1"
# It doubles.

# %% [markdown] answer="v-q2"
# A line.
"""
)
WHY = "Why it grows: not marked yet, worth up to 4 points."
PLOT = "A plot: not marked yet, worth up to 1 point."


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The results of two students; one question of ada's is marked."""
    course = make_vectors(tmp_path / "course")
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + QUESTIONS)
    handins = hand_in(tmp_path / "in", ada=ANSWERED, bob=ANSWERED)
    run(read_assignment(course.folder), handins, tmp_path / "out", Grader(broken=frozenset({"none"})))
    give(tmp_path / "out", "ada", "v-q1")
    return tmp_path / "out"


def give(results: Path, *items: str) -> None:
    student, *names = items
    with Journal(results) as journal:
        give_marks(journal, results, [GivenMark(student, name, 1, "") for name in names], by="kim")


def printed(results: Path, *, of: str = "") -> str:
    console = Console(width=200, record=True, file=StringIO())
    if of:
        print_report(read_report(results / of / "report.json"), console)
    else:
        print_class_summary([read_report(path) for path in sorted(results.glob("*/report.json"))], console)
    return console.export_text()


def test_a_report_lists_the_questions_that_nobody_has_marked(results: Path) -> None:
    ada, bob = (read_report(results / student / "report.json") for student in ("ada", "bob"))
    assert ada.unmarked == (AskedQuestion("v-q2", "A plot", 1),)
    assert [question.id for question in bob.unmarked] == ["v-q1", "v-q2"]


def test_students_read_what_is_not_marked_yet_and_what_it_is_worth(results: Path) -> None:
    ada, bob = ((results / student / "report.html").read_text() for student in ("ada", "bob"))
    assert (WHY in ada, PLOT in ada) == (False, True)
    assert (WHY in bob, PLOT in bob) == (True, True)
    assert PLOT in printed(results, of="ada")
    give(results, "ada", "v-q2")
    assert "not marked yet" not in (results / "ada" / "report.html").read_text()


def test_the_gradebook_says_how_many_questions_are_not_marked_yet(results: Path) -> None:
    column = {row["student"]: row["needs_staff"] for row in rows(results)}
    assert column == {"ada": "1 question is not marked yet", "bob": "2 questions are not marked yet"}
    give(results, "ada", "v-q2")
    give(results, "bob", "v-q1", "v-q2")
    assert {row["needs_staff"] for row in rows(results)} == {"no"}


def test_a_broken_check_is_more_urgent_than_an_open_question(tmp_path: Path) -> None:
    course = make_vectors(tmp_path / "course")
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + QUESTIONS)
    broken = Grader(broken=frozenset({"ada"}))
    run(read_assignment(course.folder), hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out", broken)
    assert rows(tmp_path / "out")[0]["needs_staff"] == "yes"


def test_the_overview_lists_the_open_questions_and_whose_they_are(results: Path) -> None:
    page = " ".join((results / "index.html").read_text().split())
    assert "<dt>Not marked yet</dt><dd>2</dd>" in page
    assert (
        'Why it grows<small><code>v-q1</code></small></th> <td class="number">4 points</td><td class="number">1</td>'
        in page
    )
    assert (
        'A plot<small><code>v-q2</code></small></th> <td class="number">1 point</td><td class="number">2</td>' in page
    )
    assert 'data-state="all passed|not marked yet"' in page
    assert "all passed; 2 questions are not marked yet" in page
    assert '<option value="not marked yet">' in page


def test_the_terminal_says_how_many_answers_wait(results: Path) -> None:
    assert "3 questions are not marked yet, in 2 hand-ins. Give the points with gradlab mark." in printed(results)


def test_feedback_goes_out_and_says_what_is_not_marked_yet(results: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["export", "feedback", str(results), "--out", str(tmp_path / "pages")])
    assert done.exit_code == 0, done.output
    assert "2 students: 3 questions are not marked yet. Their pages say so." in done.output
    assert WHY in (tmp_path / "pages" / "bob.html").read_text()


def test_a_draft_of_an_e_mail_says_it_too(results: Path, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("student,email\nada,ada@example.org\nbob,bob@example.org\n")
    options = ["--for", "mail", "--roster", str(roster), "--out", str(tmp_path / "mails")]
    done = CliRunner().invoke(main, ["export", "feedback", str(results), *options])
    assert done.exit_code == 0, done.output
    draft = message_from_bytes((tmp_path / "mails" / "ada.eml").read_bytes())
    text = next(part for part in draft.walk() if part.get_content_type() == "text/plain").get_payload()
    assert PLOT in text
    assert "Why it grows: 1 of 4 points" in text


class Refusing(Grader):
    """Says in each check why a hand-in could not be opened, as the grader process does."""

    def report(self, job: Job, setup: Setup) -> Report:
        made = super().report(job, setup)
        if made.submission:
            return made
        return replace(made, checks=tuple(replace(check, message=made.notes[0]) for check in made.checks))


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    """The results of three students: one question answered, none answered, and a zip that cannot be opened."""
    course = make_vectors(tmp_path / "course")
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + QUESTIONS)
    one = ANSWERED.replace("# A line.", "# YOUR ANSWER HERE")
    handins = hand_in(tmp_path / "in", ada=one, bob=HONEST)
    (handins / "zoe.zip").write_bytes(b"no zip")
    run(read_assignment(course.folder), handins, tmp_path / "out", Refusing())
    return tmp_path / "out"


def test_what_is_not_answered_earns_nothing_and_waits_for_nobody(blank: Path) -> None:
    ada, bob, zoe = (read_report(blank / student / "report.json") for student in ("ada", "bob", "zoe"))
    assert zoe.refusal
    assert [[question.id for question in one.unmarked] for one in (ada, bob, zoe)] == [["v-q1"], [], []]
    assert [len(one.unanswered) for one in (ada, bob, zoe)] == [1, 2, 2]
    table = {row["student"]: (row["v-q1"], row["v-q2"], row["needs_staff"]) for row in rows(blank)}
    assert table == {
        "ada": ("", "0", "1 question is not marked yet"),
        "bob": ("0", "0", "no"),
        "zoe": ("0", "0", "no"),
    }
    assert "1 question is not marked yet, in 1 hand-in. Give the points" in printed(blank)
    assert "<dt>Not marked yet</dt><dd>1</dd>" in " ".join((blank / "index.html").read_text().split())


def test_students_read_what_they_did_not_answer(blank: Path) -> None:
    ada, bob, zoe = ((blank / student / "report.html").read_text() for student in ("ada", "bob", "zoe"))
    assert (WHY in ada, "A plot: not answered, 0 of 1 point." in ada) == (True, True)
    assert ("not marked yet" in bob, "Why it grows: not answered, 0 of 4 points." in bob) == (False, True)
    assert ("not marked yet" in zoe, "not answered" in zoe) == (False, False)
    assert "Why it grows: not answered, 0 of 4 points." in printed(blank, of="bob")


def test_a_person_may_mark_what_is_not_answered(blank: Path) -> None:
    give(blank, "bob", "v-q1")
    assert [question.id for question in read_report(blank / "bob" / "report.json").unanswered] == ["v-q2"]
    assert {row["student"]: row["v-q1"] for row in rows(blank)}["bob"] == "1"


def test_the_answer_may_be_in_a_file_that_cannot_be_read(blank: Path) -> None:
    bob = read_report(blank / "bob" / "report.json")
    damaged = replace(bob, remarks=(Remark("unreadable", "vectors.ipynb cannot be read."),))
    assert [question.id for question in damaged.unmarked] == ["v-q1", "v-q2"]

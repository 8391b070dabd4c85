"""The files of `gradlab policy` are checked: each mistake gets one sentence, and ids match however they are written."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.course import find_assignment
from autograder.core.report import Mark, Report
from autograder.gradebook.journal import Journal
from autograder.gradebook.marks import GivenMark, give_marks
from autograder.gradebook.results import write_results
from autograder.intake.download import Problem
from autograder.policy.final_marks import compute_final_marks, read_gradebooks
from autograder.policy.policy_file import BadPolicy, read_policy
from autograder.render.gradebook_csv import gradebook_csv
from tests.support.classroom import Grader, hand_in, run
from tests.support.sample_reports import perfect
from tests.support.vectors import make_vectors

ROOT = Path(__file__).parents[2]
TEXT = "[assignments.a01]\nweight = 1\ndue = 2026-11-20T23:59:00Z\n"
ROW = '[[extensions]]\nstudent = "ada"\nassignment = "a01"\ndays = 2\nreason = "illness"\n'
AT = "2026-11-20T12:00:00Z"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return path


def book(tmp_path: Path, *reports: Report, **options: object) -> Path:
    path = tmp_path / "gradebook.csv"
    ours = [replace(report, assignment="a01", handed_in=AT) for report in reports]
    path.write_text(gradebook_csv(ours, **options))  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (
            TEXT + ROW.replace("[[extensions]]", "[extensions]"),
            r"extensions must be a list of tables, each under a heading \[\[extensions\]\]",
        ),
        (
            'extensions = ["ada"]\n' + TEXT,
            "entry 1 of extensions must be a table with student, assignment, days, reason, not 'ada'",
        ),
        ("assignments = 5\n", "assignments must be a table, not 5"),
        ('assignments = ["a01"]\n', "assignments must be a table, not a list"),
        ("late = 5\n" + TEXT, "late must be a table, not 5"),
        (
            TEXT + ROW.replace('"a01"', '["a01"]'),
            r"\[\[extensions\]\] 'ada': assignment must be a text or a whole number, not a list",
        ),
        (
            TEXT + ROW.replace('"ada"', '["ada"]'),
            r"\[\[extensions\]\] number 1: student must be a text or a whole number, not a list",
        ),
        (TEXT + ROW.replace("days = 2", "days = 99999999999"), "days must be a whole number"),
        (f"[late]\ngrace_minutes = {10**18}\n{TEXT}", "grace_minutes must be a whole number"),
        (TEXT.replace("2026", "9999"), r"due is in the year 9999\. Allowed: 1970 to 2999"),
        (TEXT + ROW + ROW, "'ada': a01 is extended twice"),
        (TEXT + ROW + ROW.replace("ada", "a d a") + ROW.replace("ada", "a_d_a"), "'a_d_a': a01 is extended twice"),
    ],
)
def test_a_wrong_entry_of_the_policy_gets_one_sentence(text: str, match: str, tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match=match):
        read_policy(write(tmp_path, text))


def test_the_largest_allowed_times_can_be_used(tmp_path: Path) -> None:
    text = "[late]\ngrace_minutes = 1000000\n" + TEXT.replace("2026", "2999") + ROW.replace("2\n", "1000000\n")
    rules = read_policy(write(tmp_path, text))
    assert compute_final_marks(rules, read_gradebooks([book(tmp_path, perfect("ada"))], rules))[0].mark == 100


def test_a_policy_saved_by_notepad_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert list(read_policy(path).rules) == ["a01"]


def test_the_policy_in_the_docs_for_instructors_is_valid_and_agrees_with_the_manifests(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "instructors.md").read_text()
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    for name, rule in read_policy(write(tmp_path, block)).rules.items():
        assert rule.questions == {question.id: question.points for question in find_assignment(name).questions}


def test_a_question_with_more_points_than_the_policy_knows_is_refused(tmp_path: Path) -> None:
    given = Mark("q1", "Why", 3, 3, True, "", "kim", AT)
    rules = read_policy(write(tmp_path, TEXT + "questions = { q1 = 2 }\n"))
    with pytest.raises(BadPolicy, match=r"line 2: q1 has 3 points, but in the policy it is worth 2"):
        read_gradebooks([book(tmp_path, perfect("ada").with_marks([given]), questions=["q1"])], rules)


@pytest.mark.parametrize("student", ["@ada", "+ada", "-ada"])
def test_an_id_that_begins_like_a_formula_is_the_same_student_everywhere(student: str, tmp_path: Path) -> None:
    path = write(tmp_path, TEXT + ROW.replace('"ada"', f'"{student}"'))
    out = tmp_path / "final.csv"
    command = ["policy", str(book(tmp_path, perfect(student))), "--policy", str(path), "--out", str(out)]
    done = CliRunner().invoke(main, [*command, "--explain", str(tmp_path / "why")])
    assert done.exit_code == 0, done.output
    (row,) = csv.DictReader(io.StringIO(out.read_text()))
    assert row["student"] == f"'{student}"
    assert (tmp_path / "why" / f"{student}.txt").read_text().startswith(f"{student}: 100")


def test_an_extension_finds_its_student_however_the_id_is_written(tmp_path: Path) -> None:
    rules = read_policy(write(tmp_path, TEXT + ROW.replace('"ada"', '"Ada O\'Neil"')))
    rows = read_gradebooks([book(tmp_path, perfect("Ada_O_Neil"))], rules)
    assert "by an extension (illness)" in compute_final_marks(rules, rows)[0].explanation


def test_a_doubtful_hand_in_is_open_until_a_person_decides(tmp_path: Path) -> None:
    course = make_vectors(tmp_path / "course")
    out = tmp_path / "out"
    run(course, hand_in(tmp_path / "in", ada=""), out, Grader())
    with Journal(out) as journal:
        with journal.writing():
            journal.set_problems([Problem("doubtful", "ada", "The hand-in that counts has nothing written in it.")])
        write_results(journal, out)
    text = f"[assignments.{course.name}]\nweight = 1\n"
    rules = read_policy(write(tmp_path, text))
    (final,) = compute_final_marks(rules, read_gradebooks([out / "gradebook.csv"], rules))
    assert (final.mark, final.provisional) == (Fraction(0), True)
    assert "an earlier one was not graded: a person must look" in final.explanation
    assert "The hand-in that counts has nothing written in it." in (out / "index.html").read_text()
    with Journal(out) as journal:
        give_marks(journal, out, [GivenMark("ada", "double", 0, "The last one counts.")], by="kim")
    assert not compute_final_marks(rules, read_gradebooks([out / "gradebook.csv"], rules))[0].provisional
    assert "The hand-in that counts has nothing written in it." not in (out / "index.html").read_text()

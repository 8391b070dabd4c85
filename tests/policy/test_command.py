"""`gradlab policy` turns gradebooks into final marks and explains them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.report import Mark
from autograder.policy.final_marks import compute_final_marks, read_gradebooks
from autograder.policy.policy_file import BadPolicy, read_policy
from autograder.render.gradebook_csv import gradebook_csv
from tests.policy.test_final_marks import TEXT, write
from tests.support.sample_reports import perfect


def gradebook(
    tmp_path: Path, assignment: str, *students: str, at: str = "2026-12-04T12:00:00Z", q1: float | None = 0
) -> Path:
    reports = [replace(perfect(student), assignment=assignment, handed_in=at) for student in students]
    if q1 is not None:
        given = Mark("q1", "Why", q1, 4, True, "", "kim", at)
        reports = [report.with_marks([given]) for report in reports]
    path = tmp_path / f"{assignment}.csv"
    path.write_text(gradebook_csv(reports, questions=["q1"]))
    return path


def test_the_command_reads_gradebooks_and_explains_each_mark(tmp_path):
    books = [
        gradebook(tmp_path, "a01", "ada", "bob", at="2026-11-22T08:00:00Z"),
        gradebook(tmp_path, "a02", "ada"),
    ]
    out, explain = tmp_path / "final.csv", tmp_path / "why"
    command = ["policy", *map(str, books), "--policy", str(write(tmp_path, TEXT)), "--out", str(out), "--explain"]
    done = CliRunner().invoke(main, [*command, str(explain)])
    assert done.exit_code == 0, done.output
    ada, bob = csv.DictReader(io.StringIO(out.read_text()))
    assert (ada["student"], ada["mark"], ada["a01"], ada["a02"]) == ("ada", "97.12", "100", "96.15")
    assert (bob["mark"], bob["a02"], bob["late_days"]) == ("25", "0", "2")
    assert "2 of them free" in (explain / "bob.txt").read_text()
    first = out.read_bytes()
    assert ada["open"] == "no"
    CliRunner().invoke(main, [*command, str(explain)])
    assert out.read_bytes() == first


def test_half_points_count_exactly(tmp_path):
    rules = read_policy(write(tmp_path, TEXT.partition("[[extensions]]")[0]))
    rows = read_gradebooks([gradebook(tmp_path, "a02", "ada", q1=1.5)], rules)
    (final,) = compute_final_marks(rules, rows)
    assert final.mark == 100 * Fraction(203, 208)
    assert "101.5 points of 104, 97.6 %." in final.explanation


def test_marks_are_provisional_while_questions_are_not_marked(tmp_path):
    books = [gradebook(tmp_path, "a02", "ada", "bob", q1=None)]
    out = tmp_path / "final.csv"
    command = ["policy", *map(str, books), "--policy", str(write(tmp_path, TEXT.partition("[[extensions]]")[0]))]
    done = CliRunner().invoke(main, [*command, "--out", str(out)])
    assert done.exit_code == 2
    assert "2 marks are provisional: see the columns" in done.output
    ada, _ = csv.DictReader(io.StringIO(out.read_text()))
    assert (ada["mark"], ada["open"]) == ("100", "yes")


def test_gradebooks_that_do_not_match_the_policy_are_refused(tmp_path):
    rules = read_policy(write(tmp_path, TEXT))
    with pytest.raises(BadPolicy, match=r"no \[assignments.a07\]"):
        read_gradebooks([gradebook(tmp_path, "a07", "ada")], rules)
    book = gradebook(tmp_path, "a01", "ada")
    with pytest.raises(BadPolicy, match="ada already has a row for a01"):
        read_gradebooks([book, book], rules)
    with pytest.raises(BadPolicy, match="grants 'ada' an extension for a02, but no gradebook lists 'ada'"):
        read_gradebooks([gradebook(tmp_path, "a01", "bob")], rules)
    with pytest.raises(BadPolicy, match="counts the question 'q9', but the gradebook has no such column"):
        read_gradebooks(
            [book], read_policy(write(tmp_path, TEXT.replace("weight = 1", "weight = 1\nquestions = {q9 = 1}")))
        )
    with pytest.raises(BadPolicy, match=r"none.csv cannot be read: there is no such file or folder\."):
        read_gradebooks([tmp_path / "none.csv"], rules)
    (tmp_path / "latin.csv").write_bytes(b"student\n\xe9\n")
    with pytest.raises(BadPolicy, match=r"line 2: this is not UTF-8. It seems to be Windows-1252"):
        read_gradebooks([tmp_path / "latin.csv"], rules)
    with pytest.raises(BadPolicy, match="cannot be read: it is a folder, not a file"):
        read_policy(tmp_path)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadPolicy, match="line 2: this is not a row of a gradebook: it has no column 'student'"):
        read_gradebooks([tmp_path / "x.csv"], rules)

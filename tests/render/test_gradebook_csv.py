"""The gradebook as CSV, and the documented schema of a report."""

import csv
import dataclasses
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from autograder.core.report import (
    JSON_NAMES,
    Answer,
    AskedQuestion,
    Cause,
    CheckResult,
    Mark,
    Remark,
    Report,
    TaskResult,
    read_report,
)
from autograder.render.gradebook_csv import AFTER, BEFORE, NAME, cell, gradebook_csv
from tests.support.sample_reports import classroom, hostile, mixed, perfect, stub

DOCS = Path(__file__).parents[2] / "docs"
DERIVED = {"points", "max_points", "needs_staff", "messages"}
OPTIONAL = {"answers", "questions", "hidden_checks", "name", "open_points", "messages"}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_has_the_points_of_every_task_and_whether_it_needs_staff():
    grace, zoe = rows(gradebook_csv([perfect("Zoë"), mixed()]))
    assert (grace["student"], grace["points"], grace["needs_staff"]) == ("Grace Hopper", "38", "yes")
    assert (zoe["student"], zoe["points"], zoe["max_points"], zoe["needs_staff"]) == ("Zoë", "100", "100", "no")
    assert zoe["predict_labels"] == "25"
    assert zoe["submission"].startswith("5f1d7a84")
    assert grace["notes"].startswith("knn.py equals the released file")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "\u200b=1",
        "\x1b[1m=1",
        "＝1",
        "\n@x",
        "\tx",
    ],
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert cell(text).startswith("'")
    assert rows(gradebook_csv([perfect(text)]))[0]["student"].startswith("'")


def test_a_formula_after_a_semicolon_gets_an_apostrophe_too():
    assert cell("x;=HYPERLINK(1)") == "x;'=HYPERLINK(1)"


@pytest.mark.parametrize("text", ["Ada", "42", "-3", "+4.5", "", "a=b", "jean-luc@x.org"])
def test_numbers_and_ordinary_text_are_not_changed(text):
    assert cell(text) == text


def test_points_are_numbers_and_never_quoted():
    assert "\nada,100,100,15,25,25,15,20,no," in gradebook_csv([perfect("ada")])


def test_hostile_text_stays_in_its_cell():
    table = list(csv.reader(io.StringIO(gradebook_csv([hostile(), perfect()]))))
    assert {len(row) for row in table} == {len(BEFORE) + 5 + len(AFTER)}
    assert len(table) == 3


def test_a_hand_in_that_could_not_be_opened_has_a_row_without_points():
    row = rows(gradebook_csv([perfect()], unopened=[("=bomb.zip", "Unpacks to 9 GB.")]))[0]
    assert row["student"] == "'=bomb.zip"
    assert (row["points"], row["needs_staff"], row["notes"]) == ("", "yes", "Unpacks to 9 GB.")


def test_a_task_named_like_a_column_does_not_hide_it():
    report = perfect()
    task = replace(report.tasks[0], name="notes")
    assert "notes (task)" in rows(gradebook_csv([replace(report, tasks=(task, *report.tasks[1:]))]))[0]


def test_an_empty_class_has_a_header():
    assert gradebook_csv([]) == ",".join(BEFORE + AFTER) + "\n"


def test_names_have_a_column_if_a_roster_gives_any():
    named = [replace(perfect("s2"), name="=Zoë"), perfect("s1")]
    table = rows(gradebook_csv(named, intake={"s3": "missing: nothing"}, names={"s3": "Åsa"}, unopened=[("s4", "x")]))
    assert [(row["student"], row["name"]) for row in table] == [("s1", ""), ("s2", "'=Zoë"), ("s3", "Åsa"), ("s4", "")]
    assert [*table[0]][:3] == ["student", "name", "points"]
    assert "name" not in rows(gradebook_csv([perfect()]))[0]
    task = replace(perfect().tasks[0], name="name")
    assert "name (task)" in rows(gradebook_csv([replace(perfect(), tasks=(task,))]))[0]


def test_a_report_from_before_names_can_be_read(tmp_path):
    table = json.loads(perfect().to_json())
    del table["name"]
    jsonschema.validate(table, json.loads((DOCS / "report.schema.json").read_text()))
    (tmp_path / "report.json").write_text(json.dumps(table), encoding="utf-8")
    assert read_report(tmp_path / "report.json") == perfect()


def documented(heading: str) -> set[str]:
    section = (DOCS / "report.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = section[section.index("\n|") :].split("\n\n")[0]
    return set(re.findall(r"^\| `([a-z_ ]+)` \|", table, re.M))


@pytest.mark.parametrize("kind", [Report, CheckResult, TaskResult, Answer, AskedQuestion, Mark, Remark])
def test_the_documented_fields_are_those_of_the_dataclass(kind):
    fields = {JSON_NAMES.get(field.name, field.name) for field in dataclasses.fields(kind)} | (
        DERIVED if kind is Report else set()
    )
    schema = json.loads((DOCS / "report.schema.json").read_text())
    part = schema if kind is Report else schema["$defs"][kind.__name__]
    assert documented(kind.__name__) == fields
    assert set(part["properties"]) == fields
    assert set(part["required"]) == fields - {Report: OPTIONAL, CheckResult: {"code", "scores", "pictures"}}.get(
        kind, set()
    )


def test_the_documented_causes_are_those_of_the_code():
    text = (DOCS / "report.md").read_text().split("| cause | meaning |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z ]+)` \|", text, re.M)) == set(Cause)


def test_the_documented_columns_are_those_of_the_gradebook():
    assert documented("gradebook.csv") == {*BEFORE, NAME, *AFTER}


@pytest.mark.parametrize("report", [perfect(), mixed(), stub(), *classroom(3)], ids=lambda report: report.student)
def test_reports_fit_their_schema_and_survive_writing_and_reading(report, tmp_path):
    schema = json.loads((DOCS / "report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(report.to_json()), schema)
    (tmp_path / "report.json").write_text(report.to_json(), encoding="utf-8")
    assert read_report(tmp_path / "report.json") == report

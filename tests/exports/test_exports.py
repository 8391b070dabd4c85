"""Marks reach other platforms unchanged, and no text that students wrote breaks a file."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.files import write_atomically
from autograder.core.report import Cause, CheckResult, Outcome, Report, TaskResult
from autograder.exports import gradescope
from autograder.exports.canvas import canvas_csv
from autograder.exports.gradescope import results_json, write_zip
from autograder.exports.junit import junit_xml
from autograder.exports.moodle import moodle_csv
from autograder.exports.reports import BadResults, read_results
from autograder.sandbox.isolation import NoIsolation
from tests.support.vectors import HONEST, WRONG, make_vectors

pytestmark = pytest.mark.slow

EVIL = "</script>\x00\x1b[2J\ud800]]>=cmd|'/c calc'!A1"


def check(name: str, points: int, outcome: Outcome = Outcome.FAILED, **rest: object) -> CheckResult:
    earned = points if outcome is Outcome.PASSED else 0
    cause = None if outcome is Outcome.PASSED else Cause.WRONG
    table = {"task": "double", "title": f"It {name}s.", "hidden": False, "message": EVIL, "seconds": 0.25, **rest}
    return CheckResult(
        id=f"check_v.py::check_{name}", points=earned, max_points=points, outcome=outcome, cause=cause, **table
    )  # type: ignore[arg-type]


def report(student: str = "ada", *checks: CheckResult) -> Report:
    rows = checks or (check("double", 20, Outcome.PASSED), check("secret", 30, hidden=True, hint="Look at the shape."))
    earned = sum(row.points for row in rows)
    return Report(
        assignment="t02_vectors",
        title="Vectors",
        version="1.0",
        grader="0.1.0",
        student=student,
        submission="0" * 64,
        checks_digest="1" * 64,
        device="cpu",
        data="scenes",
        seed=3,
        isolation="bubblewrap",
        checks=rows,
        tasks=(TaskResult("double", "Double a tensor", earned, 50),),
        notes=(EVIL,),
    )


def test_gradescope_shows_only_title_and_hint_of_a_hidden_check() -> None:
    table = json.loads(results_json(report()))
    shown, hidden = table["tests"]
    assert table["score"] == 20
    assert (shown["score"], shown["max_score"], shown["status"], shown["number"]) == (20, 20, "passed", "1.1")
    assert (hidden["score"], hidden["max_score"], hidden["status"]) == (0, 30, "failed")
    assert "Look at the shape." in hidden["output"]
    assert "calc" not in hidden["output"]
    assert table["stdout_visibility"] == "hidden"
    assert "\x1b" not in table["output"]


def test_gradescope_reports_that_staff_must_look() -> None:
    table = json.loads(results_json(report("ada", check("break", 50, Outcome.BROKEN))))
    assert "not your fault" in table["output"]
    assert table["extra_data"]["needs_staff"] is True


def test_junit_distinguishes_failures_and_errors_and_accepts_any_text() -> None:
    rows = (check("pass", 10, Outcome.PASSED), check("fail", 20), check("break", 20, Outcome.BROKEN))
    root = ElementTree.fromstring(junit_xml([report(EVIL, *rows)]).encode("utf-8"))
    (suite,) = root
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
    assert [child.tag for case in suite for child in case] == ["failure", "error"]


CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,a01 (77)
    Points Possible,,,,,50
"Lovelace, Ada",1,u1,ada,A,
"Hopper, Grace",2,u2,grace@navy.mil,A,5
"Nobody, N",3,u3,nobody,A,
"""


def test_canvas_gets_its_own_file_back_with_one_column_filled_in() -> None:
    filled = canvas_csv([report("ada"), report("grace"), report("eve")], CANVAS, column="a01 (77)")
    rows = list(csv.DictReader(io.StringIO(filled.text)))
    assert [row["a01 (77)"] for row in rows] == ["50", "20", "20", ""]
    assert filled.without_mark == ("nobody",)
    assert filled.without_row == ("eve",)
    assert filled.notices == (
        "1 student matched only by the part before the @: grace (grace@navy.mil). Check that the rows are theirs.",
    )


def test_a_missing_column_of_canvas_is_refused_and_the_nearest_are_named() -> None:
    with pytest.raises(BadResults, match=r"no column \"a01 \(78\)\"\. The nearest: 'a01 \(77\)'.*--new-column"):
        canvas_csv([report("ada")], CANVAS, column="a01 (78)")
    with pytest.raises(BadResults, match="already has a column"):
        canvas_csv([report("ada")], CANVAS, column="a01 (77)", new=True)
    rows = list(csv.DictReader(io.StringIO(canvas_csv([report("ada")], CANVAS, column="a02", new=True).text)))
    assert [row["a02"] for row in rows] == ["", "20", "", ""]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_all_other_cells_are_the_same_byte_for_byte(end: str) -> None:
    rows = [
        '\ufeff"Student",ID,SIS Login ID,"a01 (77)"',
        "    Points Possible,,,50.00",
        '"Ångstro\u0308m, ""Åsa""",1,ada,7',
        "=Éva \u202eZoë  ,2,'bob ,5",
        "",
        '"two\nlines",3,x',
    ]
    template = end.join(rows)
    filled = canvas_csv([report("ada")], template, column="a01 (77)").text
    assert filled == template.replace("ada,7", "ada,20")
    assert canvas_csv([], template, column="a01 (77)").text == template


def test_moodle_gets_grade_and_feedback() -> None:
    worksheet = "Identifier,Full name,Email address,Grade,Feedback comments\nParticipant 7,Ada L,ada@x.org,,\n"
    (row,) = csv.DictReader(io.StringIO(moodle_csv([report("ada")], worksheet).text))
    assert row["Grade"] == "20"
    assert row["Feedback comments"] == "Double a tensor: 20 of 50"


@pytest.mark.parametrize(("maximum", "grade"), [("50.00", "20"), ("10.00", "4"), ('"7,50"', "3"), ("33", "13.2")])
def test_grades_are_scaled_to_moodles_maximum_grade(maximum: str, grade: str) -> None:
    worksheet = f"Identifier,Full name,Email address,Grade,Maximum Grade\nP 7,Zoë,ada@x.org,,{maximum}\n"
    filled = moodle_csv([report("ada")], worksheet)
    (row,) = csv.DictReader(io.StringIO(filled.text))
    assert row["Grade"] == grade
    assert any("were scaled" in sentence for sentence in filled.notices) == (maximum != "50.00")


def test_a_moodle_worksheet_without_one_maximum_is_refused() -> None:
    for maxima in (("50", "100"), ("Good", "Good")):
        rows = "".join(f"P{number},a{number}@x,,{maximum}\n" for number, maximum in enumerate(maxima))
        with pytest.raises(BadResults, match="one number of points is needed"):
            moodle_csv([report("a0")], f"Identifier,Email address,Grade,Maximum Grade\n{rows}")


def test_a_name_with_accents_matches_the_folder_it_was_graded_under() -> None:
    worksheet = "Identifier,Full name,Grade\nP 7,Åsa O'Neil,\n"
    (row,) = csv.DictReader(io.StringIO(moodle_csv([report("Åsa_O_Neil")], worksheet).text))
    assert row["Grade"] == "20"


@pytest.mark.parametrize("template", ["", "a,b\n1,2\n", 'Student\n"open'])
def test_a_file_of_another_kind_is_refused(template: str) -> None:
    with pytest.raises(BadResults, match="The file from"):
        canvas_csv([report()], template, column="x")


def test_results_that_are_missing_mixed_or_damaged_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadResults, match="gradlab grade"):
        read_results(tmp_path)
    for name, text in {
        "ada": report().to_json(),
        "bob": replace(report("bob"), assignment="other").to_json(),
    }.items():
        (tmp_path / name).mkdir()
        write_atomically(tmp_path / name / "report.json", text)
    with pytest.raises(BadResults, match="several assignments"):
        read_results(tmp_path)
    (tmp_path / "bob" / "report.json").write_text("{")
    with pytest.raises(BadResults, match="not a gradlab report"):
        read_results(tmp_path)


def test_the_command_line_writes_each_format(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "ada"
    folder.mkdir(parents=True)
    write_atomically(folder / "report.json", report().to_json())
    (tmp_path / "canvas.csv").write_text(CANVAS)
    (tmp_path / "moodle.csv").write_text("Username,Grade\nada,\n")
    results = str(tmp_path / "results")
    for arguments in (
        ["junit", results],
        ["canvas", results, str(tmp_path / "canvas.csv"), "--column", "a01 (77)"],
        ["moodle", results, str(tmp_path / "moodle.csv")],
    ):
        out = tmp_path / arguments[0]
        done = CliRunner().invoke(main, ["export", *arguments, "--out", str(out)])
        assert done.exit_code == 0, done.output
        assert "20" in out.read_text() or "double" in out.read_text()
        assert str(out) in done.output


@pytest.mark.parametrize(("source", "points"), [(HONEST, 100), (WRONG, 0), ("import os\nos._exit(0)\n", 0)])
def test_the_zip_for_gradescope_grades_in_the_folders_that_gradescope_documents(
    source: str, points: int, tmp_path: Path
) -> None:
    assignment = make_vectors(tmp_path / "course")
    root = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    archive = write_zip(assignment, tmp_path / "autograder.zip")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(root / "source")
        assert opened.getinfo("setup.sh").external_attr >> 16 & 0o111
    run = root / "run_autograder"
    shutil.copy(root / "source" / "run_autograder", run)
    run.chmod(0o755)
    (root / "submission" / "vectors.py").write_text(source)
    environment = {**os.environ, "GRADLAB_PYTHON": sys.executable}
    done = subprocess.run([str(run)], env=environment, capture_output=True, text=True, timeout=180, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = json.loads((root / "results" / "results.json").read_text())
    assert table["score"] == points
    assert sum(test["score"] for test in table["tests"]) == points
    assert sum(test["max_score"] for test in table["tests"]) == 100


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_in_a_container_without_namespaces_the_code_runs_as_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(wanted: str = "auto", *, one_hand_in: bool = False) -> str:
        if wanted == "auto" or not one_hand_in:
            raise NoIsolation("no namespaces here")
        return wanted

    monkeypatch.setattr(gradescope, "choose", refuse)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    # This Python may be in a folder that another user cannot read, so torch is imported before the user changes.
    (tmp_path / "course.toml").write_text('title = "T"\nid = "t"\npreload = ["torch"]\n')
    assignment = make_vectors(tmp_path)
    hidden = assignment.solutions / "check_vectors_hidden.py"
    look = f"import os\n    assert os.geteuid() != 0, 'still root'\n    open({str(hidden)!r}).read()\n    return x * 2"
    spy = HONEST.replace("return x * 2", look)
    for source, points, reason in ((HONEST, 100, ""), (spy, 50, "PermissionError")):
        (tmp_path / "vectors.py").write_text(source)
        results = tmp_path / "results" / "results.json"
        assert gradescope.grade_submission(assignment, tmp_path / "vectors.py", results)
        table = json.loads(results.read_text())
        assert table["score"] == points, table
        assert reason in json.dumps(table["tests"])


def test_gradescope_gets_a_message_even_if_grading_is_impossible(tmp_path: Path) -> None:
    assignment = make_vectors(tmp_path)
    (assignment.folder / "check_vectors.py").write_text("this is not Python")
    results = tmp_path / "results.json"
    arguments = ["gradescope", str(assignment.folder), "--submission", str(tmp_path), "--results", str(results)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    table = json.loads(results.read_text())
    jsonschema.validate(table, json.loads((Path(__file__).parent / "gradescope.schema.json").read_text()))
    assert table["score"] == 0
    assert "not your fault" in table["output"]

"""A student's page is in the student's language, the pages for staff in the staff's; marks and files stay the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.catalogue_pseudo import PSEUDO, pseudo
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.files import for_spreadsheets
from autograder.core.language import speaking, translator
from autograder.core.report import Cause, Outcome, read_report
from autograder.core.zips import make_zip
from autograder.gradebook.journal import Journal
from autograder.gradebook.readers import STAFF, unknown_languages
from autograder.gradebook.results import write_results
from autograder.intake.roster import read_roster
from autograder.render.html import report_html
from autograder.render.translated import translated
from tests.support.classroom import Grader, hand_in, run
from tests.support.command import run_command
from tests.support.sample_reports import perfect, with_checks
from tests.support.translated_course import make_translated_course
from tests.support.vectors import HONEST, make_vectors

CODE = "def double(x):\n    return 2 * x\n"
TITLE = "Twice the number"  # of a task


@pytest.fixture
def tiny(tmp_path: Path) -> Assignment:
    (tmp_path / "course").mkdir()
    return make_translated_course(tmp_path / "course")


def grade(tiny: Assignment, folder: Path, roster: str) -> Path:
    (folder / "roster.csv").write_text(roster)
    handins = hand_in(folder / "in", ada=CODE, bob=CODE + "# mine\n", eve=CODE + "# too\n")
    run(tiny, handins, folder / "out", Grader(), roster=read_roster(folder / "roster.csv"))
    return folder / "out"


def page(out: Path, name: str) -> str:
    return (out / name).read_text(encoding="utf-8")


def test_each_student_reads_the_language_in_the_roster(tiny: Assignment, tmp_path: Path) -> None:
    out = grade(tiny, tmp_path, f"id,language\nada,{PSEUDO}\nbob,en\neve,\n")
    assert '<html lang="eo">' in page(out, "ada/report.html")
    assert pseudo(TITLE) in page(out, "ada/report.html")
    for name in ("bob/report.html", "eve/report.html", "ada/staff.html", "index.html"):
        assert '<html lang="en">' in page(out, name)
    assert TITLE in page(out, "bob/report.html")
    assert pseudo(TITLE) not in page(out, "ada/report.json")
    succeed = run_command("export", "feedback", str(out), "--out", str(tmp_path / "pages"))
    assert succeed.exit_code == 0, succeed.output
    assert pseudo(TITLE) in page(tmp_path / "pages", "ada.html")
    assert pseudo(TITLE) not in page(tmp_path / "pages", "bob.html")
    reports = {name: page(out, f"{name}/report.json").replace(name, "") for name in ("ada", "bob")}
    assert reports["ada"].partition('"submission"')[0] == reports["bob"].partition('"submission"')[0]


def notebook(language: str) -> bytes:
    """Return a notebook of the edition in a language, larger than those that are read whole."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"{CODE}# {language}")])
    made.cells[0].outputs = [nbformat.v4.new_output("stream", text="x" * 1_100_000)]
    made.metadata["gradlab"] = {"language": language}
    return nbformat.writes(made).encode()


@pytest.mark.parametrize("courses", ["", PSEUDO])
def test_without_a_roster_the_edition_handed_in_decides(tiny: Assignment, tmp_path: Path, courses: str) -> None:
    if courses:
        with (tiny.folder.parents[1] / "course.toml").open("a") as file:
            file.write(f'language = "{courses}"\n')
    handins = hand_in(tmp_path / "in", eve=CODE)
    for student, language in {"ada": PSEUDO, "bob": "en"}.items():
        (handins / f"{student}.zip").write_bytes(make_zip({"tiny.ipynb": notebook(language)}))
    out = tmp_path / "out"
    run(tiny, handins, out, Grader())
    languages = {"ada": PSEUDO, "bob": "en", "eve": courses or "en"}
    for student, language in languages.items():
        assert f'<html lang="{language}">' in page(out, f"{student}/report.html")
    (tmp_path / "roster.csv").write_text(f"id,language\nada,en\nbob,{PSEUDO}\neve,\n")
    run(tiny, handins, out, Grader(), roster=read_roster(tmp_path / "roster.csv"))
    for student, language in (languages | {"ada": "en", "bob": PSEUDO}).items():
        assert f'<html lang="{language}">' in page(out, f"{student}/report.html")


def test_a_new_roster_and_a_new_choice_of_staff_change_the_pages_alone(tiny: Assignment, tmp_path: Path) -> None:
    out = grade(tiny, tmp_path, f"id,language\nada,{PSEUDO}\nbob,en\neve,\n")
    grade(tiny, tmp_path, f"id,language\nada,en\nbob,{PSEUDO}\neve,\n")
    assert '<html lang="en">' in page(out, "ada/report.html")
    assert '<html lang="eo">' in page(out, "bob/report.html")
    with Journal(out) as journal:
        with journal.writing():
            journal.set_fact(STAFF, PSEUDO)
        write_results(journal, out)
    assert '<html lang="eo">' in page(out, "ada/staff.html")
    assert '<html lang="eo">' in page(out, "index.html")
    assert '<html lang="en">' in page(out, "ada/report.html")


def test_the_courses_language_is_that_of_students_without_one(tiny: Assignment, tmp_path: Path) -> None:
    with (tiny.folder.parents[1] / "course.toml").open("a") as file:
        file.write(f'language = "{PSEUDO}"\n')
    out = grade(tiny, tmp_path, "id,language\nada,en\nbob,Klingon\neve,\n")
    assert '<html lang="en">' in page(out, "ada/report.html")
    assert '<html lang="eo">' in page(out, "bob/report.html")
    assert '<html lang="eo">' in page(out, "eve/report.html")


def test_a_language_that_is_not_there_is_named_with_the_students(tiny: Assignment) -> None:
    (sentence,) = unknown_languages({"ada": "fr", "bob": "en", "eve": "fr", "zoe": ""}, tiny.course)
    assert sentence.startswith("The roster gives the language 'fr' to ada, eve, which is not there")
    assert f"There are en, {PSEUDO}" in sentence


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("knn.ipynb, cell 7 from the top, line 3\n> 3  x", "knn.ipynb，从上往下第 7 个单元格，第 3 行\n> 3  x"),
        ("knn.py, line 3\n> 3  x", "knn.py，第 3 行\n> 3  x"),
        ("", ""),
    ],
)
def test_the_place_of_an_excerpt_is_translated_and_the_code_stays(code: str, place: str) -> None:
    report = perfect()
    wrong = replace(report.checks[0], outcome=Outcome.FAILED, cause=Cause.WRONG, points=0)
    report = with_checks(report, (replace(wrong, code=code, output="one\ntwo\n"),))
    assert [check.code for check in translated(report, translator("zh_CN")).checks] == [place]
    with speaking(translator("zh_CN")):
        page = report_html(report, staff=True)
    assert "2 行" in page
    assert place.partition("\n")[0] in page


def test_excel_sees_that_a_table_with_chinese_names_is_utf8() -> None:
    assert for_spreadsheets("name,points\n李雷,3\n").encode().startswith(b"\xef\xbb\xbf")
    assert for_spreadsheets("name,points\nAda,3\n") == "name,points\nAda,3\n"


def test_the_roster_names_the_column_as_people_do(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("ID;Preferred Language\nada;zh_CN\n")
    assert read_roster(tmp_path / "roster.csv").languages == {"ada": "zh_CN"}


def test_a_new_setting_about_hidden_checks_changes_the_reports_and_runs_nothing(tmp_path: Path) -> None:
    course, grader = make_vectors(tmp_path / "course"), Grader()
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, handins, out, grader)
    assert read_report(out / "ada" / "report.json").hidden_checks == "titles"
    text = 'title = "Vectors"\nid = "v"\n\n[reports]\nhidden_checks = "messages"\n'
    (course.folder.parent.parent / "course.toml").write_text(text)
    run(read_assignment(course.folder), handins, out, grader)
    assert (grader.ran, read_report(out / "ada" / "report.json").hidden_checks) == (["ada"], "messages")

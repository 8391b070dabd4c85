"""A hand-in gets the same report whichever edition it was made from: only words differ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.authoring.catalogue_pseudo import PSEUDO
from autograder.core.assignment import Assignment
from autograder.core.editions import edition_folder
from autograder.core.report import Report
from autograder.gradebook.similarity import find_similar
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import open_submission
from tests.support.course import NAME
from tests.support.translated_course import make_translated_course

STUB = re.compile(r"# YOUR CODE HERE\n(\s+)raise NotImplementedError\(\)")
RIGHT = ("return math.fsum([x, x])", "widened = x * WIDTH", "return x / WIDTH")
STORIES = {
    "honest": RIGHT,
    "wrong": ("return x", *RIGHT[1:]),
    "crashes": ("return x.twice", *RIGHT[1:]),
    "exits": ("exit()", *RIGHT[1:]),
    "does not parse": ("return (", *RIGHT[1:]),
    "returns nothing": ("pass", *RIGHT[1:]),
    "begun": (RIGHT[0], "raise NotImplementedError()", "raise NotImplementedError()"),
    "not written": ("raise NotImplementedError()",) * 3,
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_translated_course(tmp_path_factory.mktemp("course"))


def edition(tiny: Assignment, language: str) -> Path:
    root = tiny.folder.parents[1]
    return tiny.folder if language == "en" else edition_folder(root, language) / "assignments" / NAME


def solved(text: str, lines: Iterator[str]) -> str:
    return STUB.sub(lambda match: next(lines), text)


def make_handin(released: Path, story: str, form: str, folder: Path) -> Path:
    """Write the lines of a story into the stubs of an edition: of its script, of its notebook, or of both."""
    folder.mkdir(parents=True)
    if form != "notebook":
        script = (released / "tiny.py").read_text()
        (folder / "tiny.py").write_text(script if form == "notebook and stub" else solved(script, iter(STORIES[story])))
    if form != "script":
        notebook, lines = nbformat.read(released / "tiny.ipynb", 4), iter(STORIES[story])
        for cell in notebook.cells:
            cell.source = solved(cell.source, lines)
        nbformat.write(notebook, folder / "tiny.ipynb")
    return folder


FORMS = ("script", "notebook", "notebook and stub")
CASES = [(story, form) for story in STORIES for form in FORMS]


@pytest.fixture(scope="module")
def reports(
    tiny: Assignment, isolated_pool: WorkerPool, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str, str], Report]:
    """The report of every story from every edition, graded as one class."""
    jobs = {
        (story, form, language): make_handin(
            edition(tiny, language), story, form, tmp_path_factory.mktemp("in") / "student"
        )
        for story, form in CASES
        for language in ("en", PSEUDO)
    }

    def grade(checks: Checks) -> dict[tuple[str, str, str], Report]:
        return {case: grade_handin(checks, Job("student", path), isolated_pool) for case, path in jobs.items()}

    return with_checks(tiny, Options(seed=20), grade)


def comparable(report: Report) -> dict[str, Any]:
    """Return all of a report but times, and what depends on words: digest of the files, line numbers, docstrings."""
    checks = tuple(
        replace(check, seconds=0.0, code=re.sub(r'""".*?"""', "", check.code, flags=re.DOTALL))
        for check in report.checks
    )
    table = json.loads(replace(report, submission="", checks=checks).to_json())
    return json.loads(re.sub(r"line \d+", "line N", json.dumps(table)))


@pytest.mark.slow
@pytest.mark.parametrize(("story", "form"), CASES)
def test_a_hand_in_from_either_edition_gets_the_same_report(
    story: str, form: str, reports: dict[tuple[str, str, str], Report]
) -> None:
    english, other = reports[story, form, "en"], reports[story, form, PSEUDO]
    assert comparable(other) == comparable(english)
    assert (english.points == english.max_points) == (story == "honest")


@pytest.mark.parametrize("language", ["en", PSEUDO])
def test_the_untouched_files_of_either_edition_are_not_written(tiny: Assignment, language: str, tmp_path: Path) -> None:
    notes = open_submission(edition(tiny, language), tiny).notes
    assert notes == ("Nothing is written yet in tiny.ipynb and tiny.py.",)
    one = make_handin(edition(tiny, language), "honest", "notebook and stub", tmp_path / "one")
    assert open_submission(one, tiny).notes == ("Nothing is written in tiny.py, so it was ignored.",)


def test_experiments_of_the_handout_are_no_work(tiny: Assignment, tmp_path: Path) -> None:
    folder = make_handin(edition(tiny, "en"), "not written", "both", tmp_path / "both")
    notebook = nbformat.read(folder / "tiny.ipynb", 4)
    notebook.cells.append(nbformat.v4.new_code_cell("x = widened = 3\nprint(double(x))"))  # names that tasks use
    nbformat.write(notebook, folder / "tiny.ipynb")
    assert open_submission(folder, tiny).notes == ("Nothing is written yet in tiny.ipynb and tiny.py.",)


def test_files_of_two_editions_may_be_handed_in_together(tiny: Assignment, tmp_path: Path) -> None:
    folder = make_handin(edition(tiny, PSEUDO), "honest", "notebook", tmp_path / "both")
    (folder / "tiny.py").write_bytes((tiny.folder / "tiny.py").read_bytes())
    assert open_submission(folder, tiny).notes == ("Nothing is written in tiny.py, so it was ignored.",)
    make_handin(edition(tiny, "en"), "honest", "script", tmp_path / "script")
    (folder / "tiny.py").write_bytes((tmp_path / "script" / "tiny.py").read_bytes())
    assert open_submission(folder, tiny).notes == ()


@pytest.mark.parametrize("language", ["en", PSEUDO])
def test_the_handout_of_either_edition_is_no_similarity(tiny: Assignment, language: str, tmp_path: Path) -> None:
    pytest.importorskip("copydetect")
    handins = {
        name: make_handin(edition(tiny, language), story, "script", tmp_path / name)
        for name, story in (("ada", "not written"), ("bob", "begun"), ("eve", "returns nothing"))
    }
    found = find_similar(handins, tiny)
    assert (found.pairs, found.copies) == ((), ())

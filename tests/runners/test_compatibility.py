"""A machine that grades for another one uses the same options, and the request shows no secret when it is printed."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from pathlib import Path

import pytest

from autograder.runners.compatibility import Incompatible, NeedsCourse, Request, check_compatible, make_request
from autograder.runners.grader_process import Setup
from autograder.session.options import Options
from autograder.session.seeds import input_key
from tests.support.vectors import make_vectors

SECRET = "5" * 64
OPTIONS = [
    Options(secret=SECRET),
    Options(secret=SECRET, seed=4, data="glyphs", skip_scored=True),
]


@pytest.mark.parametrize("options", OPTIONS)
def test_the_options_arrive_unchanged(tmp_path: Path, options: Options) -> None:
    course = make_vectors(tmp_path)
    setup = Setup(course.folder, options, "none", cores=3, hidden=False, private=(tmp_path / "results",))
    arrived = check_compatible(make_request(setup, "run").to_json(), tmp_path)
    assert arrived == replace(setup, private=(tmp_path, *setup.private))  # the course is hidden where it is, too
    assert input_key(course, arrived.options) == input_key(course, options)


def test_every_option_that_decides_marks_is_in_the_request() -> None:
    left_out = {"task", "debugging", "evidence"}  # of `gradlab check`
    assert {field.name for field in fields(Options)} - left_out <= {field.name for field in fields(Request)}


def test_a_printed_request_shows_no_secret(tmp_path: Path) -> None:
    setup = Setup(make_vectors(tmp_path).folder, OPTIONS[0], "none")
    assert SECRET not in repr(make_request(setup, "run")) + repr(setup)


def test_other_code_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = make_request(Setup(make_vectors(tmp_path).folder, OPTIONS[0], "none"), "run").to_json()
    with pytest.raises(NeedsCourse, match=r"It lacks the course of t02_vectors\."):
        check_compatible(request)
    monkeypatch.setattr("autograder.runners.compatibility._code", lambda: iter(()))
    with pytest.raises(Incompatible, match=r"Its gradlab code is e3b0c44298fc instead of [0-9a-f]{12}\."):
        check_compatible(request)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("other data", r"Its shared package kit_of_course is [0-9a-f]{12} instead of [0-9a-f]{12}\."),
        ("other fallbacks", r"Its shared package earlier is [0-9a-f]{12} instead of [0-9a-f]{12}\."),
        ("missing", r"the package 'kit_of_course' of `shared` was not found.* Its GRADLAB_COURSE must name"),
        ("installed", r"site/kit_of_course has another version of the shared package kit_of_course\. Remove it there"),
    ],
)
def test_a_machine_with_other_shared_files_is_refused(
    damage: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hand-ins may read every file of a shared package, not only its code."""
    here, there = tmp_path / "here", tmp_path / "there"
    folder = make_vectors(here).folder
    (here / "course.toml").write_text('title = "C"\nid = "c"\nshared = ["kit_of_course"]\nfallbacks = "earlier"\n')
    for name in ("kit_of_course/table.csv", "kit_of_course/__init__.py", "earlier/vectors.py"):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text("1\n")
    request = make_request(Setup(folder, OPTIONS[0], "none"), "run").to_json()
    shutil.copytree(here, there)
    monkeypatch.setenv("GRADLAB_COURSE", str(there))
    assert check_compatible(request).folder == there / "assignments" / folder.name
    if damage == "missing":
        shutil.rmtree(there / "kit_of_course")
    elif damage == "installed":
        site = shutil.copytree(there / "kit_of_course", tmp_path / "site/kit_of_course").parent
        monkeypatch.syspath_prepend(str(site))
        assert check_compatible(request)  # an equal one does no harm
        (site / "kit_of_course/table.csv").write_text("3\n")
    else:
        (there / ("kit_of_course/table.csv" if damage == "other data" else "earlier/vectors.py")).write_text("2\n")
    with pytest.raises(Incompatible, match=sentence):
        check_compatible(request)

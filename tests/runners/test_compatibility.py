"""A machine that grades for another one uses the same options, and the request shows no secret when it is printed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from autograder.runners.compatibility import Incompatible, Request, check_compatible, make_request
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
    setup = Setup(course.folder, options, "none", cores=3, hidden=False)
    arrived = check_compatible(make_request(setup, "run").to_json())
    assert arrived == setup
    assert input_key(course, arrived.options) == input_key(course, options)


def test_every_option_that_decides_marks_is_in_the_request() -> None:
    left_out = {"task", "debugging", "evidence"}  # of `gradlab check`
    assert {field.name for field in fields(Options)} - left_out <= {field.name for field in fields(Request)}


def test_a_printed_request_shows_no_secret(tmp_path: Path) -> None:
    setup = Setup(make_vectors(tmp_path).folder, OPTIONS[0], "none")
    assert SECRET not in repr(make_request(setup, "run")) + repr(setup)


def test_other_code_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = make_request(Setup(make_vectors(tmp_path).folder, OPTIONS[0], "none"), "run").to_json()
    monkeypatch.setattr("autograder.runners.compatibility._code_digest", lambda course: "f" * 64)
    with pytest.raises(Incompatible, match=r"Its gradlab code is ffffffffffff instead of [0-9a-f]{12}\."):
        check_compatible(request)

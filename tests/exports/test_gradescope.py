"""The zip for Gradescope grades as the course does, and contains no more of it than needed."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.course import earlier_modules
from autograder.core.errors import GradlabError
from autograder.core.language import speaking, translator
from autograder.core.report import Measured, Outcome
from autograder.exports.gradescope import results_json, write_zip
from autograder.submissions.submission import open_submission
from tests.exports.test_exports import check, report
from tests.support import course as tiny
from tests.support.downloads import write
from tests.support.vectors import make_vectors

SCHEMA = json.loads((Path(__file__).parent / "gradescope.schema.json").read_text(encoding="utf-8"))
ROOT = Path(__file__).resolve().parents[2]


def invented(root: Path) -> Assignment:
    tiny.make_course(root)
    return make_vectors(root)


def real(root: Path) -> Assignment:
    return read_assignment(ROOT / "assignments" / "a10_detection")


def unpacked(assignment: Assignment, folder: Path) -> tuple[Assignment, list[str]]:
    """Return the assignment in its zip, and all names in the zip."""
    with zipfile.ZipFile(write_zip(assignment, folder / "autograder.zip")) as archive:
        archive.extractall(folder / "source")
        return read_assignment(folder / "source" / "assignments" / assignment.name), archive.namelist()


@pytest.mark.parametrize("make", [invented, real])
def test_the_zip_has_the_same_earlier_modules_as_the_course(make, tmp_path: Path) -> None:
    assignment = make(tmp_path / "course")
    expected = earlier_modules(assignment)
    assert expected
    there, names = unpacked(assignment, tmp_path)
    assert earlier_modules(there) == expected
    assert len({*names}) == len(names)
    others = {name for name in names if name.startswith(("assignments/", "solutions/"))}
    others = {name for name in others if name.split("/")[1] != assignment.name}
    catalogues = {name for name in others if name.endswith(".mo")}
    assert {name.rpartition("/")[2] for name in others - catalogues} == {"assignment.toml"}
    assert all(name.startswith("assignments/") for name in others - catalogues)
    assert catalogues <= {f"solutions/locale/zh_CN/LC_MESSAGES/{assignment.name}.mo"}
    for name in (*catalogues, "autograder/locale/zh_CN/LC_MESSAGES/gradlab.mo"):
        assert name in names
        assert name.replace("solutions/", "") in names


@pytest.mark.parametrize("leaderboard", [False, True])
def test_results_json_is_as_gradescope_documents_it(leaderboard: bool) -> None:
    scores = (Measured("loss", 0.5, higher_is_better=False), Measured("accuracy", 0.9))
    scored = replace(check("train", 30, Outcome.PASSED, hidden=True), scores=scores)
    reports = [
        report(),
        report("ada", check("break", 50, Outcome.BROKEN), scored),
        report("bob", *(check(name, 5) for name in "xyz")),
        replace(report(), checks=(), tasks=()),
    ]
    for each in reports:
        jsonschema.validate(json.loads(results_json(each, leaderboard=leaderboard)), SCHEMA)
    if leaderboard:
        columns = json.loads(results_json(reports[1], leaderboard=True))["leaderboard"]
        assert [(column["value"], column.get("order")) for column in columns[1:]] == [(0.5, "asc"), (0.9, None)]


def test_the_schema_refuses_what_gradescope_does_not_know() -> None:
    table = json.loads(results_json(report()))
    for wrong in ({**table, "marks": []}, {**table, "score": "20"}, {**table, "visibility": "shown"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)


def test_results_json_is_in_the_readers_language_with_the_same_keys() -> None:
    scores = (Measured("loss", 0.5),)
    reports = [
        report(
            "ada", check("x", 50, Outcome.BROKEN), replace(check("y", 30, Outcome.FAILED, hidden=True), scores=scores)
        ),
        report("bob", *(replace(check(name, 5, Outcome.FAILED), message="Lost.", hint="Look.") for name in "xyz")),
    ]
    for each in reports:
        english = json.loads(results_json(each, leaderboard=True))
        with speaking(translator("zh_CN")):
            chinese = json.loads(results_json(each, leaderboard=True))
        jsonschema.validate(chinese, SCHEMA)
        assert chinese["leaderboard"][0] == {**english["leaderboard"][0], "name": "分值"}
        for ours, theirs in zip(chinese["tests"], english["tests"], strict=True):
            assert {**ours, "output": ""} == {**theirs, "output": ""}
            assert ours["output"].isascii() == (not theirs["output"])
            assert theirs["output"].isascii()
    assert "提示：Look." in chinese["output"]


def test_the_zip_has_nothing_that_only_authors_and_this_computer_need(tmp_path: Path) -> None:
    assignment = invented(tmp_path / "course")
    for path in (
        assignment.folder / ".gradlab" / "last_check.json",
        assignment.folder / ".ipynb_checkpoints" / "vectors-checkpoint.ipynb",
        assignment.solutions / "mutants_of_double.py",
        assignment.solutions / "variants.py",
        assignment.solutions / "equivalent.toml",
    ):
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    _, names = unpacked(assignment, tmp_path)
    own = {name.rpartition("/")[2] for name in names if name.split("/")[1:2] == [assignment.name]}
    assert own == {"assignment.toml", "check_vectors.py", "check_vectors_hidden.py", "vectors.py"}


def test_the_zip_asks_for_a_language_only_if_staff_do(tmp_path: Path) -> None:
    assignment = invented(tmp_path / "course")
    for language in ("", "zh_CN"):
        with zipfile.ZipFile(write_zip(assignment, tmp_path / "a.zip", language=language)) as archive:
            assert (b"--language zh_CN" in archive.read("run_autograder")) == bool(language)


def test_the_zip_asks_for_a_leaderboard_only_if_staff_do(tmp_path: Path) -> None:
    assignment = invented(tmp_path / "course")
    for leaderboard in (False, True):
        with zipfile.ZipFile(write_zip(assignment, tmp_path / "a.zip", leaderboard=leaderboard)) as archive:
            assert (b"--leaderboard" in archive.read("run_autograder")) == leaderboard


def test_a_students_own_earlier_module_is_opened_from_the_zip_too(tmp_path: Path) -> None:
    assignment = invented(tmp_path / "course")
    there, _ = unpacked(assignment, tmp_path)
    for name in ("vectors", "tiny"):
        write(tmp_path / "submission" / f"{name}.py", f"{name} = 1\n")
    opened = [
        open_submission(tmp_path / "submission", a, earlier_modules=earlier_modules(a)) for a in (assignment, there)
    ]
    assert [{*submission.files} for submission in opened] == [{"vectors.py", "tiny.py"}] * 2
    assert opened[0].digest == opened[1].digest


def test_a_students_copy_has_no_checks_for_gradescope(tmp_path: Path) -> None:
    assignment = invented(tmp_path / "course")
    for path in assignment.solutions.glob("check_*"):
        path.unlink()
    with pytest.raises(GradlabError, match="has no hidden checks, as in a student's copy"):
        write_zip(assignment, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()
    assert write_zip(assignment, tmp_path / "a.zip", public_only=True).exists()

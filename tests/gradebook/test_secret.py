"""The secret of a folder of results decides the checks' inputs, and nothing that a student sees depends on it."""

from __future__ import annotations

import os
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from rich.console import Console

from autograder.checks.rng import Rng
from autograder.cli.app import main
from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.report import Report
from autograder.exports.gradescope import results_json, write_zip
from autograder.gradebook.results import write_report
from autograder.gradebook.secret import NAME, BadSecret, folder_secret, new_secret
from autograder.render.terminal import print_report
from autograder.sandbox.local_link import LocalLink
from autograder.session.options import Options
from autograder.session.seeds import fingerprint, input_key
from autograder.session.session import Checks, ReportHeader, with_checks
from tests.support.vectors import HONEST, WRONG, make_vectors

NO_TIME = 0.0


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_vectors(tmp_path_factory.mktemp("course"))


def judged(course: Assignment, source: str, options: Options) -> Report:
    code = Code({"vectors.py": source})

    def body(checks: Checks) -> Report:
        link = LocalLink(code)
        try:
            results = checks.judge(link, code)
        finally:
            link.close()
        report = checks.report(ReportHeader("ada", "0" * 64), results, isolation="bubblewrap")
        return replace(report, checks=tuple(replace(check, seconds=NO_TIME) for check in report.checks))

    return with_checks(course, options, body)


def seen_by_students(report: Report, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return everything that a student may receive: the page, Gradescope's results, and what commands print."""
    folder.mkdir()
    write_report(report, folder)
    print_report(report, Console())
    return "\n".join([(folder / "ada" / "report.html").read_text(), results_json(report), capsys.readouterr().out])


def test_nothing_that_a_student_sees_depends_on_the_secret(course, tmp_path, capsys) -> None:
    """So no secret, key or seed can be computed from it, by any formula."""
    pages = []
    for number in range(2):
        report = judged(course, HONEST, Options(secret=new_secret()))
        assert report.points == report.max_points
        pages.append(seen_by_students(report, tmp_path / str(number), capsys))
    assert len(pages[0]) > 1000
    assert pages[0] == pages[1]


def test_failed_checks_show_inputs_but_no_part_of_a_key(course, tmp_path, capsys) -> None:
    options = Options(secret=new_secret())
    report = judged(course, WRONG, options)
    page = seen_by_students(report, tmp_path / "wrong", capsys)
    assert "differ" in page
    for hidden in (options.secret, input_key(course, options), fingerprint(course, options)):
        parts = {hidden[at : at + 8] for at in range(len(hidden) - 7)}
        assert not {part for part in parts if part in page}
        assert str(int(hidden[:12], 16)) not in page
    assert options.secret not in report.to_json() + repr(options)


def test_the_digest_on_the_page_is_not_the_key_without_a_secret(course) -> None:
    shown = judged(course, HONEST, Options()).checks_digest
    key = input_key(course, Options())
    assert key != shown
    guesses = [shown, shown[:12], int(shown[:12], 16), int(shown, 16), f"seed {int(shown[:12], 16)}"]
    real = Rng(key, "check_double_of_a_matrix").normal(3)
    assert not any(torch.equal(Rng(guess, "check_double_of_a_matrix").normal(3), real) for guess in guesses)


def test_secret_assignment_and_seed_each_change_the_key(course) -> None:
    other = replace(course, name="other")
    base = Options(secret="1" * 64)
    keys = [input_key(course, base), input_key(other, base), input_key(course, replace(base, secret="2" * 64))]
    keys += [input_key(course, replace(base, seed=seed)) for seed in (0, 1)]
    keys += [input_key(course, Options()), input_key(course, Options(seed=0))]
    assert len({*keys}) == len(keys)
    assert all(len(key) == 64 for key in keys)
    assert input_key(course, base) == keys[0]


def test_the_secret_of_a_folder_is_made_once_and_only_its_owner_reads_it(tmp_path) -> None:
    made = folder_secret(tmp_path)
    assert len(made) == 64
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert folder_secret(tmp_path) == made
    (tmp_path / "other").mkdir()
    assert folder_secret(tmp_path / "other") != made


@pytest.mark.parametrize("text", ["", "abc", "z" * 64, "1" * 65])
def test_a_damaged_secret_is_refused_with_a_sentence(tmp_path, text) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(BadSecret, match="does not contain a secret of 64 hexadecimal digits"):
        folder_secret(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_secret_is_refused_with_a_sentence(tmp_path) -> None:
    folder_secret(tmp_path)
    (tmp_path / NAME).chmod(0)
    with pytest.raises(BadSecret, match="its permissions do not allow it"):
        folder_secret(tmp_path)


def test_a_new_zip_for_gradescope_takes_over_the_secret_of_the_old_one(course, tmp_path) -> None:
    def secret(path: Path) -> bytes:
        return zipfile.ZipFile(write_zip(course, path)).read(NAME)

    first = secret(tmp_path / "a.zip")
    assert secret(tmp_path / "a.zip") == first
    assert secret(tmp_path / "b.zip") != first


@pytest.mark.slow
def test_grading_again_uses_the_same_inputs_and_another_folder_others(course, tmp_path) -> None:
    (tmp_path / "handins").mkdir()
    (tmp_path / "handins" / "ada.py").write_text(WRONG)

    def graded(out: str) -> str:
        command = ["grade", str(tmp_path / "handins"), "--assignment", str(course.folder), "--isolation", "none"]
        done = CliRunner().invoke(main, [*command, "--out", str(tmp_path / out)])
        assert done.exit_code == 1, done.output
        return (tmp_path / out / "ada" / "report.json").read_text()

    def messages(text: str) -> list[str]:
        return [line for line in text.splitlines() if '"message"' in line]

    first, other = graded("first"), graded("other")
    assert messages(first) != messages(other)
    (tmp_path / "appeal").mkdir()
    (tmp_path / "appeal" / NAME).write_bytes((tmp_path / "first" / NAME).read_bytes())
    assert messages(graded("appeal")) == messages(first)
    secret = (tmp_path / "first" / NAME).read_text().strip()
    for path in (tmp_path / "first").rglob("*"):
        if path.is_file() and path.name != NAME:
            assert secret.encode() not in path.read_bytes(), path

"""Students get back their own page, under the names that platforms know, and nothing of hidden checks but the hint."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli.app import main
from autograder.core.assignment import Assignment
from autograder.core.language import translator
from autograder.core.report import Cause, CheckResult, Outcome, Report, parse_report
from autograder.exports.feedback import as_mails, for_canvas, for_moodle, for_nbgrader, in_a_folder
from autograder.intake.platforms import canvas_prefix, moodle_prefix
from tests.support.classroom import Grader, run
from tests.support.downloads import write
from tests.support.vectors import make_vectors

SECRET = "the inputs of the hidden check"


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_vectors(tmp_path_factory.mktemp("course"))


def graded(folder: Path, assignment: Assignment, *names: str, broken: frozenset[str] = frozenset()) -> Path:
    """Grade a download that contains files with these names."""
    for name in names:
        write(folder / "handins" / name, f"# {name}\ndef double(x):\n    return 2 * x\n")
    run(assignment, folder / "handins", folder / "results", Grader(broken=broken))
    return folder / "results"


def export(results: Path, *options: object) -> Result:
    return CliRunner().invoke(main, ["export", "feedback", str(results), *map(str, options)])


def with_a_secret(report: Report) -> Report:
    rest = {"points": 0, "max_points": 5, "outcome": Outcome.FAILED, "cause": Cause.WRONG}
    hidden = CheckResult("c.py::check_x", "double", "It doubles.", True, message=SECRET, hint="Look here.", **rest)
    return replace(report, checks=(*report.checks, hidden))


def test_moodle_gets_each_page_under_the_name_that_it_gave_to_the_hand_in(
    assignment: Assignment, tmp_path: Path
) -> None:
    names = (
        "Ada Lovelace_101_assignsubmission_file_/vectors.py",
        "Zoë de l'Été_102_assignsubmission_file_vectors.py",
        "Grace Hopper_103_assignsubmission_file_handin.py",
    )
    results = graded(tmp_path, assignment, *names)
    out = tmp_path / "feedback.zip"
    assert export(results, "--for", "moodle", "--out", out).output == f"Wrote 3 files to {out}.\n"
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == sorted(
            f"{name.partition('_file_')[0]}_file_/{assignment.name}.html" for name in names
        )
        assert b"<html" in archive.read(archive.namelist()[0])


def test_canvas_gets_each_page_with_its_numbers_of_student_and_file(assignment: Assignment, tmp_path: Path) -> None:
    names = ("lovelaceada_7_70_vectors.py", "hoppergrace_LATE_8_80_vectors.py", "bergann_9_90_vectors.py")
    results = graded(tmp_path, assignment, *names, "bergann_9_91_my_utils.py")
    done = export(results, "--for", "canvas", "--out", tmp_path / "feedback.zip")
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        expected = {"lovelaceada_7_70", "hoppergrace_LATE_8_80", "bergann_9_91"}
        assert set(archive.namelist()) == {f"{name}_{assignment.name}.html" for name in expected}


@pytest.mark.parametrize(
    ("name", "canvas", "moodle"),
    [
        ("anon_aB3xY_70_knn.zip", "anon_aB3xY_70", ""),
        ("LATE_anon_aB3xY_70_knn.zip", "LATE_anon_aB3xY_70", ""),
        ("lovelaceada_7_70", "lovelaceada_7_70", ""),
        ("Participant_12_assignsubmission_file_knn.py", "", "Participant_12_assignsubmission_file_"),
        ("A_B_12_assignsubmission_onlinetext_", "", ""),
        ("ada.zip", "", ""),
    ],
)
def test_a_platforms_part_of_a_name(name: str, canvas: str, moodle: str) -> None:
    assert (canvas_prefix(name), moodle_prefix(name)) == (canvas, moodle)


def test_students_whose_mark_is_open_get_nothing_and_are_named(assignment: Assignment, tmp_path: Path) -> None:
    results = graded(tmp_path, assignment, "ada.py", "bob.py", broken=frozenset({"bob"}))
    done = export(results, "--out", tmp_path / "pages")
    assert done.exit_code == 2
    assert "bob: a check could not be graded, so a person must look first." in done.stderr
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["ada.html"]
    done = export(results, "--for", "moodle", "--out", tmp_path / "x.zip")
    assert done.exit_code == 2
    assert "ada: not handed in through Moodle, or renamed. Grade Moodle's own download as it is." in done.stderr
    assert not (tmp_path / "x.zip").exists()


def test_students_with_the_same_reason_are_named_in_one_line(assignment: Assignment, tmp_path: Path) -> None:
    results = graded(tmp_path, assignment, "ada.py", "bob.py")
    done = export(results, "--for", "canvas", "--out", tmp_path / "x.zip")
    assert "ada, bob: not handed in through Canvas, or renamed." in done.stderr
    assert done.stderr.count("not handed in") == 1


def test_of_hidden_checks_only_title_and_hint_are_handed_back(assignment: Assignment, tmp_path: Path) -> None:
    results = graded(tmp_path, assignment, "Ada_1_assignsubmission_file_/vectors.py")
    stored = next(results.glob("*/report.json"))
    report = with_a_secret(parse_report(stored.read_bytes(), "report.json"))
    paths = {report.student: Path("Ada_1_assignsubmission_file_")}
    found = [
        in_a_folder([report]),
        for_moodle([report], paths),
        for_canvas([report], {report.student: Path("ada_1_2_vectors.py")}),
        for_nbgrader([report], assignment.files),
    ]
    pages = [page.decode() for feedback in found for page in feedback.files.values()]
    (mail,) = as_mails([report], {report.student: "ada@example.org"}).files.values()
    message = BytesParser(policy=policy.default).parsebytes(mail)
    pages += [part.get_content() for part in message.walk() if not part.is_multipart()]
    assert len(pages) == 6
    assert not [page for page in pages if SECRET in page]
    assert all("It doubles." in page and "Look here." in page for page in pages if "<html" in page)


def test_nbgraders_folder_has_a_page_for_each_notebook(assignment: Assignment, tmp_path: Path) -> None:
    results = graded(tmp_path, assignment, "ada.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)  # results know their course
        done = export(results, "--for", "nbgrader", "--out", tmp_path / "course")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "course" / "feedback" / "ada" / assignment.name / "vectors.html").is_file()


def test_a_mail_is_a_draft_to_the_address_in_the_roster(assignment: Assignment, tmp_path: Path) -> None:
    results = graded(tmp_path, assignment, "ada.py", "bob.py", "eve.py")
    roster = tmp_path / "roster.csv"
    roster.write_text('id,email\nada,ada@example.org\nbob,\neve,"e@x.org\nBcc: all@x.org"\n')
    done = export(results, "--for", "mail", "--roster", roster, "--out", tmp_path / "mails")
    assert done.exit_code == 2
    assert "bob: the roster gives no e-mail address." in done.stderr
    assert "eve: 'e@x.org Bcc: all@x.org' is not an e-mail address." in done.stderr
    (path,) = (tmp_path / "mails").iterdir()
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert (message["To"], message["X-Unsent"]) == ("ada@example.org", "1")
    assert message["Subject"].startswith("Feedback: ")
    body, page = message.get_body(("plain",)), next(message.iter_attachments())
    assert body is not None
    assert "points" in body.get_content()
    assert (page.get_content_type(), page.get_filename()) == ("text/html", f"{assignment.name}.html")


def test_without_a_roster_mails_go_to_the_one_person_of_that_name(assignment: Assignment, tmp_path: Path) -> None:
    names = ("Zoë de l'Été", "王小明", "Bo Li")
    folders = [f"{name}_{number}_assignsubmission_file_/vectors.py" for number, name in enumerate(names, start=1)]
    results = graded(tmp_path, assignment, *folders)
    roster = tmp_path / "roster.csv"
    rows = ["id,name,email", *(f"s{number},{name},s{number}@x.org" for number, name in enumerate(names, start=1))]
    roster.write_text("\n".join([*rows, "s4,Bo Li,s4@x.org"]), encoding="utf-8")
    done = export(results, "--for", "mail", "--roster", roster, "--out", tmp_path / "mails")
    assert "Bo_Li: the roster gives no e-mail address." in done.stderr
    mails = [
        BytesParser(policy=policy.default).parsebytes(path.read_bytes()) for path in (tmp_path / "mails").iterdir()
    ]
    assert sorted(mail["To"] for mail in mails) == ["s1@x.org", "s2@x.org"]


def test_a_mail_is_in_the_students_language(assignment: Assignment, tmp_path: Path) -> None:
    results = graded(tmp_path, assignment, "ada.py")
    report = parse_report((results / "ada" / "report.json").read_bytes(), "report.json")
    chinese = translator("zh_CN")
    (mail,) = as_mails([report], {"ada": "ada@example.org"}, lambda student: chinese).files.values()
    message = BytesParser(policy=policy.default).parsebytes(mail)
    body = message.get_body(("plain",))
    assert body is not None
    assert str(message["Subject"]) == f"反馈：{report.title}"
    assert f"{report.title}：100 分中的 50 分" in body.get_content()
    assert not re.search("points|attached", body.get_content())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--for", "moodle", "--out", "x"], "Name a file that ends in .zip"),
        (["--for", "folder", "--out", "x.zip"], "Name a folder"),
        (["--for", "mail", "--out", "x"], "Give --roster together with --for mail"),
    ],
)
def test_wrong_options_are_explained(options: list[str], sentence: str, tmp_path: Path) -> None:
    done = export(tmp_path, *options)
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())

"""In a pseudo-language with accents, each word that students and staff read has one, or it cannot be translated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.authoring.catalogue import save
from autograder.authoring.catalogue_pseudo import PSEUDO, pseudo_catalogue
from autograder.authoring.catalogue_sources import engine_entries
from autograder.cli import app
from autograder.cli.app import main
from autograder.core import language, reader_language
from autograder.core.assignment import read_assignment
from autograder.core.language import ENGINE_DOMAIN, Translator, catalogue_path, speaking, translator
from autograder.core.report import Report
from autograder.core.zips import make_zip
from autograder.render.class_page import index_html
from autograder.render.html import report_html
from autograder.render.notebook_table import report_table_html
from autograder.session.options import Options
from autograder.students.check import check_folder
from autograder.students.start import start
from tests.cli.test_help import ALL
from tests.support.classroom import Grader, hand_in
from tests.support.course import NAME, WRITTEN
from tests.support.translated_course import make_translated_course

pytestmark = pytest.mark.slow

# Words that are the same in every language: names, code, and Python's own words about a syntax error.
_NAMES = """gradlab tiny double Scaler down ipynb none you ValueError raise
README cpu default printed invalid syntax cuda auto"""
NAMES = {*_NAMES.split()}

WRONG = WRITTEN.replace("return x + x", 'print("printed")\n    return 3 * x')
RAISING = WRITTEN.replace("return x + x", 'raise ValueError("x")')
UNREADABLE = WRITTEN.replace("return x + x", "return x +")
BLANK = WRITTEN.replace("return x + x", "raise NotImplementedError()")
OWN = {
    *["ada", "bob", "eve", "zoe", "kim", "lee", "notes", "xyz", "zip", "scenes", "txt"]
}  # names of people, files and data


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of gradlab's own catalogue in the pseudo-language."""
    folder = tmp_path_factory.mktemp("engine")
    save(catalogue_path(folder, PSEUDO, ENGINE_DOMAIN, suffix=".po"), pseudo_catalogue(engine_entries()))
    return folder


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Path) -> Path:
    """A student's copy of a course in the pseudo-language, which gradlab speaks, too."""
    monkeypatch.setattr(language, "ENGINE_LOCALE", engine)
    (tmp_path / "course").mkdir()
    assignment = make_translated_course(tmp_path / "course")
    start(tmp_path / "work", assignment.folder.parents[1], language=PSEUDO)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work" / NAME


@pytest.fixture
def to(work: Path) -> Translator:
    return translator(PSEUDO, course=work.parent, domains=[NAME])


def english_words(page: str) -> list[str]:
    """Return the words that have no accent, though the pseudo-language would give them one."""
    text = re.sub(
        r"(?s)<(style|script|code|pre)\b.*?</\1>|<[^<>]*>|/[\w./-]+|\b[\w-]+\.(?:py|ipynb|zip|md|html|csv|db|json|toml)\b",
        " ",
        page,
    )
    words = re.findall(r"[^\W\d_]{3,}", re.sub(r"`[^`]*`|--[\w-]+|\d+s\b|\[\w+(?:\|\w+)+\]", " ", text))
    return sorted({word for word in words if word.isascii() and re.search("[aceinosuy]", word)} - NAMES)


def report_of(work: Path, code: str) -> Report:
    (work / "tiny.ipynb").unlink(missing_ok=True)
    (work / "tiny.py").write_text(code)
    return check_folder(read_assignment(work), Options())


@pytest.mark.parametrize(
    "code", [WRITTEN, WRONG, RAISING, UNREADABLE, BLANK], ids=["right", "wrong", "raises", "unreadable", "blank"]
)
def test_no_word_of_a_report_is_english(work: Path, to: Translator, code: str) -> None:
    report = report_of(work, code)
    with speaking(to):
        pages = {
            "report": report_html(report, staff=False),
            "staff": report_html(report, staff=True),
            "table": report_table_html(report),
            "class": index_html([report], title="Tiny"),
        }
    assert {name: words for name, page in pages.items() if (words := english_words(page))} == {}


@pytest.mark.parametrize("code", [WRITTEN, WRONG, BLANK], ids=["right", "wrong", "blank"])
def test_no_word_in_the_terminal_is_english(work: Path, code: str) -> None:
    (work / "tiny.ipynb").unlink()
    (work / "tiny.py").write_text(code)
    shown = {
        arguments: english_words(CliRunner().invoke(main, [*arguments.split(), "--language", PSEUDO]).output)
        for arguments in (f"check {NAME}", "status", f"hint {NAME} double", f"hint {NAME} nothing", f"submit {NAME}")
    }
    assert {arguments: words for arguments, words in shown.items() if words} == {}


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch, engine: Path) -> None:
    """The computer's language is the pseudo-language."""
    for module in (app, language, reader_language):
        monkeypatch.setattr(module, "ENGINE_LOCALE", engine)
    monkeypatch.setenv("LANGUAGE", PSEUDO)


def english_of(*arguments: object) -> list[str]:
    """Return the English words that a command prints, but for its own name and arguments."""
    result = CliRunner().invoke(main, [str(a) for a in arguments], prog_name="gradlab")
    own = re.findall(r"\w+", " ".join([*ALL, *map(str, arguments)]))
    return sorted({*english_words(result.output)} - {*own})


@pytest.mark.usefixtures("spoken")
def test_no_word_of_help_is_english() -> None:
    defaults = {"folder", "first", "numpy"}
    words = {path: {*english_of(*path.removeprefix("gradlab").split(), "--help")} - defaults for path in ALL}
    assert {path: found for path, found in words.items() if found} == {}


REFUSED = """frobnicate
check --nope
start
check a b c
grade x
check tiny --watch --json
check --device gpu
status nowhere
hint a b c
mark nowhere
rerun nowhere ada
export junit nowhere --out x.xml
policy none.csv --policy none.toml --out x.csv
export feedback nowhere --out x.zip
similar nowhere --assignment x --threshold 7
"""


@pytest.mark.usefixtures("spoken")
def test_no_word_of_a_refusal_is_english() -> None:
    words = {line: english_of(*line.split()) for line in REFUSED.splitlines()}
    assert {line: found for line, found in words.items() if found} == {}


@pytest.mark.usefixtures("spoken", "work")
def test_no_word_that_staff_read_is_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def grade(jobs: object, setup: object, *, workers: int, on_report: object) -> None:
        Grader(broken=frozenset({"eve"}))(jobs, setup, on_report=on_report)  # type: ignore[arg-type]

    monkeypatch.setattr("autograder.runners.local_pool.grade_all", grade)
    handins = hand_in(tmp_path / "in", ada=WRITTEN, bob=WRONG, eve=WRITTEN, zoe=BLANK, kim="")
    (handins / "kim.zip").write_bytes(make_zip({"notes.txt": b"nothing"}))
    (handins / "notes.xyz").write_text("x")
    (tmp_path / "roster.csv").write_text("id,name\nada,A\nbob,B\neve,E\nlee,L\n")
    (tmp_path / "canvas.csv").write_text("Student,ID,SIS User ID,SIS Login ID,Section,a (1)\nA,1,ada,ada,s,\n")
    (tmp_path / "policy.toml").write_text(f"[assignments.{NAME}]\nweight = 1\n")
    out, course = tmp_path / "out", tmp_path / "course"
    asked = (
        "grade",
        handins,
        "--assignment",
        NAME,
        "--out",
        out,
        "--course",
        course,
        "--isolation",
        "none",
        "--language",
        PSEUDO,
    )
    results = tmp_path / "out"
    runs = {
        "grade": (*asked, "--roster", tmp_path / "roster.csv"),
        "grade again": (*asked, "--roster", tmp_path / "roster.csv", "--only", "ada"),
        "without roster": asked,
        "mark": ("mark", results, "ada", "double", "3", "--reason", "2", "--by", "B"),
        "too many": ("mark", results, "ada", "double", "300", "--reason", "2"),
        "list": ("mark", results),
        "similar": ("similar", results, "--assignment", course / "assignments" / NAME),
        "feedback": ("export", "feedback", results, "--out", tmp_path / "pages"),
        "canvas": ("export", "canvas", results, tmp_path / "canvas.csv", "--column", "a (1)", "--out", tmp_path / "c"),
        "junit": ("export", "junit", results, "--out", tmp_path / "j.xml"),
        "policy": ("policy", out / "gradebook.csv", "--policy", tmp_path / "policy.toml", "--out", tmp_path / "p.csv"),
    }
    words = {name: sorted({*english_of(*arguments)} - OWN) for name, arguments in runs.items()}
    pages = ("index.html", "eve/staff.html", "ada/staff.html")
    words |= {name: sorted({*english_words((out / name).read_text())} - OWN) for name in pages}
    assert {name: found for name, found in words.items() if found} == {}

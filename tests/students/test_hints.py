"""`hint("f")` and `gradlab hint` show one step more at each call."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli.app import main
from autograder.core import course
from autograder.core.hints import Effort, Hints
from autograder.render.notebook_hints import hint_html
from autograder.students import hints
from tests.support.course import NAME, make_course

HINTS = Hints((Effort(5, "easy", ("double",)),), {"double": ("Add `x < y`.", "Twice.")})


COURSE = Path(__file__).resolve().parents[2] / "assignments"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's folder of an assignment with a hint, and the current folder; nothing was shown before."""
    folder = make_course(tmp_path).folder
    (folder / "hints.json").write_bytes(HINTS.to_json())
    monkeypatch.chdir(folder)
    monkeypatch.setattr(hints, "_shown", {})
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["hint", *arguments], catch_exceptions=False)


def test_the_terminal_unfolds_one_step_more_each_time(folder: Path) -> None:
    first, second, third = (run(NAME, "double").stdout for _ in range(3))
    assert first == "double: about 5 minutes, easy.\n1. Add `x < y`.\n1 more step: ask again.\n"
    assert second == "double: about 5 minutes, easy.\n1. Add `x < y`.\n2. Twice.\nThat was the last step.\n"
    assert third == second
    assert run("double", "--again").stdout == first  # in the assignment's folder
    assert run("a", "b", "c").exit_code == 2


def test_a_notebook_unfolds_one_step_more_at_each_call(folder: Path) -> None:
    first, second = (hints.hint("double")._repr_html_() for _ in range(2))
    assert first.count("<details") == 1
    assert second.count("<details") == 2
    assert second.count(" open>") == 1  # the newest
    assert "x &lt; y</code>" in first
    assert "<style" not in second  # VS Code and Colab remove it
    assert not (folder / ".gradlab").exists()  # after a restart of the kernel, the first step comes first


def test_emphasis_is_shown_outside_of_code_and_formulas() -> None:
    shown = hint_html("f:", ["Keep *all* of **them**, not `a ** b ** c` or $a * b * c$; 2 * 3 * 4."], "")
    assert "Keep <em>all</em> of <strong>them</strong>, not <code" in shown
    assert "a ** b ** c</code> or $a * b * c$; 2 * 3 * 4." in shown


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ("doubel", f"{NAME} has no task 'doubel'. Did you mean 'double'?"),
        ("Scaler.up", "Scaler.up has no hint yet."),
        (3, 'hint takes the name of a task as text, for example hint("predict_labels").'),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(task: str, sentence: str, folder: Path) -> None:
    shown = hints.hint(task)
    assert sentence in repr(shown)
    assert shown._repr_html_().startswith("<p")


LISTED = f"""\
{NAME}
  double       5 minutes, easy  2 steps
  Scaler.up                     no hint yet
  Scaler.down                   no hint yet
Ask for the hint of one task, for example """


def test_without_a_task_the_tasks_are_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = f"{LISTED}gradlab hint {NAME} double.\n"
    assert run().stdout == run(NAME).stdout == run("t01").stdout == run("tiny").stdout == listed
    shown = hints.hint()
    assert repr(shown) == f'{LISTED}hint("double").'
    page = shown._repr_html_()
    assert page.count("<tr ") == 4
    assert "double</code>" in page
    monkeypatch.chdir(folder.parent)
    assert run().stdout == run("t01").stdout == listed


def test_outside_of_an_assignment_those_of_the_course_are_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = folder.parent / "t02_other"
    shutil.copytree(folder, other)
    monkeypatch.chdir(folder.parent)
    shown = run().stdout
    assert [line for line in shown.split("\n") if line.startswith("t0")] == [NAME, "t02_other"]
    assert shown.count("5 minutes, easy") == 2


def test_outside_of_a_course_one_sentence_says_where_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(course, "_roots", lambda *, installed=True: [tmp_path])  # other tests' folders lie above
    assert run().stderr == (
        "gradlab: No assignment was found here or above. Run this in the folder that gradlab start created.\n"
    )


def test_a_task_of_another_assignment_is_found(folder: Path) -> None:
    other = folder.parent / "t02_other"
    shutil.copytree(folder, other)
    manifest = other / "assignment.toml"
    manifest.write_text(manifest.read_text().replace('"double"', '"treble"'))
    (other / "hints.json").write_text((folder / "hints.json").read_text().replace("double", "treble"))
    assert run("treble").stdout.startswith("treble: ")


@pytest.mark.parametrize("notebook", sorted(COURSE.glob("*/*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_that_offers_hints_imports_hint(notebook: Path) -> None:
    cells = [
        "".join(cell["source"]) for cell in json.loads(notebook.read_bytes())["cells"] if cell["cell_type"] == "code"
    ]
    offers = next(number for number, cell in enumerate(cells) if "hint(" in cell)
    assert any(cell.startswith("from autograder import check, hint") for cell in "\n".join(cells[:offers]).split("\n"))


def test_a_notebook_on_its_own_finds_the_installed_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert repr(hints.hint("knn_get_best_k")).startswith("knn_get_best_k: about ")
    assert "No assignment has a task 'x'." in repr(hints.hint("x"))


def test_damaged_hints_and_records_are_no_traceback(folder: Path) -> None:
    (folder / ".gradlab").mkdir()
    (folder / ".gradlab" / "hints.json").write_text("[1")
    assert run(NAME, "double").stdout.count("\n") == 3
    (folder / "hints.json").write_text('{"steps": 3}')
    assert "hints.json cannot be read" in run(NAME, "double").stderr
    assert "run gradlab start again" in repr(hints.hint("double"))
    (folder / "hints.json").unlink()
    assert run(NAME, "double").stderr.startswith("gradlab: double has no hint yet.")

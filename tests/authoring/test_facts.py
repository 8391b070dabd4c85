"""A fact of a task is written once, in `assignment.toml`; READMEs and notebooks state it, and cannot drift."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from autograder.authoring.facts import BadSource, fill_readme, limits_phrase, part_table, question_sentences, task_table
from autograder.authoring.release import release, stale, write
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.language import speaking, translator
from tests.support.course import MANIFEST, README, SOURCE, make_course
from tests.support.verifiable import change

ROOT = Path(__file__).resolve().parents[2]

PARTS = """\
# %% [markdown]
# # Tiny
#
# <!-- parts -->
#
# All <!-- points tiny.py --> points are here.
#
# ## 1 Twice
"""


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_course(tmp_path)


def test_the_readme_gets_the_table_of_tasks_the_questions_and_the_limits(course: Assignment) -> None:
    write(release(course))
    assert (course.folder / "README.md").read_text() == (
        "# Tiny\n\nWrite `double` first.\n\n"
        "<!-- tasks -->\n"
        "| # | you write | points | watch out for |\n|---|---|---|---|\n"
        "| 1 | `double` | 40 | halves |\n| 2 | `Scaler.up` | 35 | |\n| 3 | `Scaler.down` | 25 | |\n"
        "| | | **100** | |\n"
        "<!-- /tasks -->\n\n"
        "<!-- questions -->\n"
        "The notebook also asks one question, worth 2 more points. A person marks your answers.\n"
        "<!-- /questions -->\n\n"
        "A check may take <!-- limits -->10 seconds and 2 GB<!-- /limits --> of memory.\n"
    )


def test_prose_outside_the_markers_stays_as_written(course: Assignment) -> None:
    write(release(course))
    change(course.folder / "README.md", "Write `double` first.", "Write `double` last.")
    assert stale(release(course)) == []


def test_a_point_that_changes_makes_the_readme_and_the_notebook_stale(course: Assignment) -> None:
    source = course.solutions / "tiny.py"
    source.write_text(SOURCE.replace("# %% [markdown]\n# # Tiny\n", PARTS, 1))
    write(release(course))
    change(course.folder / "assignment.toml", "points = 40", "points = 41")
    names = {line.partition(" is stale; run ")[0] for line in stale(release(read_assignment(course.folder)))}
    assert names == {str(course.folder / name) for name in ("README.md", "tiny.ipynb", "tiny.py")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a01_knn", "a04_cnn"])
def test_a_point_that_changes_in_the_real_course_is_found(name: str, tmp_path: Path) -> None:
    for part in (f"assignments/{name}", f"solutions/{name}", "solutions/locale", "locale"):
        shutil.copytree(ROOT / part, tmp_path / part)
    folder = tmp_path / "assignments" / name
    assert stale(release(read_assignment(folder))) == []
    manifest = folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("points = 5\n", "points = 6\n", 1))
    found = " ".join(stale(release(read_assignment(folder))))
    assert "README.md is stale" in found
    assert ".ipynb is stale" in found


def test_the_notebook_has_a_table_of_its_parts_and_the_cells_that_grade(course: Assignment) -> None:
    (course.solutions / "tiny.py").write_text(SOURCE.replace("# %% [markdown]\n# # Tiny\n", PARTS, 1))
    notebook = release(course).files[course.folder / "tiny.ipynb"]
    cells = json.loads(notebook)["cells"]
    assert "".join(cells[0]["source"]).startswith(
        "# Tiny\n\n"
        "| part | you write | points |\n|---|---|---|\n"
        "| 1 Twice | `double`, `Scaler.up`, `.down` | 100 |\n\n"
        "All 100 points are here."
    )
    ids = [cell["id"] for cell in cells if "nbgrader" in cell["metadata"]]
    assert ids[:5] == [
        "task-double",
        "check-double",
        "task-Scaler-up-Scaler-down",
        "check-Scaler-up",
        "check-Scaler-down",
    ]


def two_modules(course: Assignment) -> Assignment:
    manifest = MANIFEST.replace('files = ["tiny.py"]', 'files = ["tiny.py", "more.py"]')
    manifest += '\n[[tasks]]\nname = "g"\ntitle = "G"\npoints = 1\nfile = "more.py"\n'
    manifest += '\n[[questions]]\nid = "more-q1"\ntitle = "Q"\npoints = 3\nfile = "more.py"\n'
    manifest += "\n[limits]\nseconds = 2.5\nmemory_mb = 1500\n"
    (course.folder / "assignment.toml").write_text(manifest)
    return read_assignment(course.folder)


def test_numbers_of_tasks_go_on_in_the_next_module(course: Assignment) -> None:
    course = two_modules(course)
    assert task_table(course, "more.py") == "\n".join(
        ["| # | you write | points |", "|---|---|---|", "| 4 | `g` | 1 |", "| | | **1** |"]
    )
    assert task_table(course).count("\n") == 6


def test_sentences_agree_in_number(course: Assignment) -> None:
    course = two_modules(course)
    assert question_sentences(course).startswith("The notebooks also ask two questions, worth 5 more points.")
    assert question_sentences(course, "more.py").startswith("The notebook also asks one question, worth 3 more points.")
    assert limits_phrase(course) == "2.5 seconds and 1500 MB"


def test_a_method_after_another_of_its_class_is_shortened(course: Assignment) -> None:
    table = part_table(course, {"1 All": ["Scaler.up", "Scaler.down", "double"], "2 One": ["Scaler.down"]})
    assert table.splitlines()[2:] == [
        "| 1 All | `Scaler.up`, `.down`, `double` | 100 |",
        "| 2 One | `Scaler.down` | 25 |",
    ]
    assert "<span" not in table


def test_jupyter_does_not_break_the_chinese_heads_of_narrow_columns(course: Assignment) -> None:
    with speaking(translator("zh_CN")):
        head = part_table(course, {"1 All": ["double"]}).splitlines()[0]
    assert head == '| 部分 | 你来写 | <span style="white-space: nowrap">分值</span> |'


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("<!-- /tasks -->", "", "README.md:5: <!-- tasks --> needs <!-- /tasks --> after"),
        ("<!-- tasks -->\n<!-- /tasks -->", "", "<!-- tasks --> and <!-- /tasks --> are missing for tiny.py."),
        ("<!-- limits --><!-- /limits -->", "10 seconds", "<!-- limits --> and <!-- /limits --> are missing"),
        ("<!-- questions -->\n<!-- /questions -->", "", "<!-- questions --> and <!-- /questions --> are missing"),
        (
            "<!-- questions -->",
            "<!-- quests -->",
            "README.md:8: unknown marker <!-- quests -->. Allowed here: limits, ",
        ),
        ("<!-- tasks -->", "<!-- tasks more.py -->", "names a module that `files` does not list: tiny.py."),
    ],
)
def test_a_readme_without_a_place_for_a_fact_is_refused(old: str, new: str, sentence: str, course: Assignment) -> None:
    text = README.replace(old, new)
    assert text != README
    with pytest.raises(BadSource) as caught:
        fill_readme(text, course.folder / "README.md", course)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_readme_without_questions_needs_no_place_for_them(course: Assignment) -> None:
    (course.folder / "assignment.toml").write_text(MANIFEST[: MANIFEST.index("[[questions]]")])
    text = README.replace("<!-- questions -->\n<!-- /questions -->\n", "")
    assert "question" not in fill_readme(text, Path("README.md"), read_assignment(course.folder))
    text = README.replace("<!-- questions -->\n<!-- /questions -->", "<!-- questions --><!-- /questions -->")
    assert "<!-- questions --><!-- /questions -->" in fill_readme(text, Path("R.md"), read_assignment(course.folder))


def test_a_missing_readme_is_named(course: Assignment) -> None:
    (course.folder / "README.md").unlink()
    with pytest.raises(BadSource, match=r"README\.md does not exist\."):
        release(course)

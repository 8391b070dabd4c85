"""Questions that people mark: lines of a rubric, half points, and answers that are code or plots."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.authoring.cells import to_notebook
from autograder.authoring.facts import BadSource
from autograder.authoring.release import clear
from autograder.cli.app import main
from autograder.core.assignment import Assignment, BadManifest, read_assignment
from autograder.core.report import read_report
from autograder.gradebook.journal import Journal
from autograder.gradebook.marks import BadMark, give_marks, read_marks
from autograder.students.questions import open_questions
from autograder.students.submit import submit
from autograder.submissions.answers import find_answers
from autograder.submissions.submission import open_submission
from tests.support.classroom import Grader, hand_in, rows, run
from tests.support.handins import write, zipped
from tests.support.vectors import HONEST, make_vectors

QUESTION = """
[[questions]]
id = "v-q1"
title = "Why"
points = 4

[[questions.rubric]]
text = "names the axis"
points = 1.5

[[questions.rubric]]
text = "explains the trend"
points = 2.5
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rubrics")
    course = make_vectors(folder / "course")
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + QUESTION)
    run(read_assignment(course.folder), hand_in(folder / "in", ada=HONEST, bob=HONEST), folder / "out", Grader())
    return folder / "out"


def test_the_lines_that_hold_give_the_points_and_the_reason(graded: Path) -> None:
    done = CliRunner().invoke(main, ["mark", str(graded), "ada", "v-q1", "--line", "1", "--reason", "Say more."])
    assert done.exit_code == 0, done.output
    (mark,) = read_report(graded / "ada" / "report.json").marks
    assert (mark.points, mark.max_points) == (1.5, 4)
    assert mark.reason == "1.5/1.5 names the axis; 0/2.5 explains the trend; Say more."
    assert "explains the trend" in (graded / "ada" / "report.html").read_text()
    assert {row["student"]: row["v-q1"] for row in rows(graded)}["ada"] == "1.5"


def test_a_table_may_have_lines_instead_of_points(graded: Path, tmp_path: Path) -> None:
    table = tmp_path / "marks.csv"
    table.write_text("student,item,points,reason,lines\nbob,v-q1,,,1 2\nada,v-q1,,,0\n")
    with Journal(graded) as journal:
        give_marks(journal, graded, read_marks(table), by="kim")
    points = [read_report(graded / student / "report.json").marks[0].points for student in ("ada", "bob")]
    assert points == [0, 4]


def test_without_points_the_rubric_is_shown(graded: Path) -> None:
    done = CliRunner().invoke(main, ["mark", str(graded), "ada", "v-q1"])
    assert done.exit_code == 2
    assert "1: names the axis (1.5); 2: explains the trend (2.5)" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("ada,v-q1,,,3", "line 2: The rubric of v-q1 has the lines 1 to 2, not 3. Its lines are 1: names the axis"),
     ("ada,double,,,1", "line 2: double has no rubric, so give it points instead of lines."),
     ("ada,v-q1,,,first", "line 2: 'first' does not list lines of a rubric. Write, for example, 1 3, or 0.")],
)  # fmt: skip
def test_a_wrong_line_has_a_sentence(graded: Path, tmp_path: Path, text: str, sentence: str) -> None:
    table = tmp_path / "marks.csv"
    table.write_text(f"student,item,points,reason,lines\n{text}\n")
    with Journal(graded) as journal, pytest.raises(BadMark) as caught:
        give_marks(journal, graded, read_marks(table), by="kim")
    assert sentence in str(caught.value)


def test_a_rubric_adds_up_to_the_question(tmp_path: Path) -> None:
    course = make_vectors(tmp_path)
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + QUESTION.replace("points = 4", "points = 5"))
    with pytest.raises(BadManifest, match="'v-q1' is worth 5 points, but the lines of its rubric add up to 4"):
        read_assignment(course.folder)


SOURCE = """\
# %% task="double total Counter"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% [markdown] question="v-q1"
# Plot it.

# %% answer="v-q1" tags=["active-ipynb"]
# ### BEGIN SOLUTION
# plot([1, 2])
# ### END SOLUTION
"""


@pytest.fixture
def plotted(tmp_path: Path) -> Assignment:
    course = make_vectors(tmp_path)
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + QUESTION + "XX")
    path.write_text(path.read_text().replace('title = "Why"', 'title = "Why"\nkind = "plot"').replace("XX", ""))
    return read_assignment(course.folder)


def test_a_plot_is_answered_in_a_code_cell_that_a_person_grades(plotted: Assignment) -> None:
    path = plotted.solutions / "vectors.py"
    notebook = clear(to_notebook(SOURCE, path, plotted))
    (cell,) = [c for c in notebook.cells if "answer" in c.metadata]
    assert cell.source == "# YOUR CODE HERE\nraise NotImplementedError()"
    marks = cell.metadata.nbgrader
    assert (cell.cell_type, marks["grade"], marks["solution"], marks["points"]) == ("code", True, True, 4)


def test_a_plot_in_a_text_cell_is_refused(plotted: Assignment) -> None:
    text = SOURCE.replace('# %% answer="v-q1"', '# %% [markdown] answer="v-q1"')
    with pytest.raises(BadSource, match="an answer cell must be a code cell, not markdown"):
        to_notebook(text, plotted.solutions / "vectors.py", plotted)


def test_a_code_cell_of_the_handout_is_an_open_question(plotted: Assignment) -> None:
    blank = b'# %% answer="v-q1" tags=["active-ipynb"]\n# # YOUR CODE HERE\n# raise NotImplementedError()\n'
    assert [q.id for q in open_questions(find_answers({"vectors.py": blank}, {}, plotted), plotted)] == ["v-q1"]
    written = blank.replace(b"raise NotImplementedError()", b"plt.plot(x)")
    assert open_questions(find_answers({"vectors.py": written}, {}, plotted), plotted) == []


FILE = QUESTION.replace('title = "Why"', 'title = "Why"\nkind = "file"\nhand_in = ["poster.*"]')
ANSWER = '\n# %% [markdown] answer="v-q1"\n# See <b>page 2</b>.\n'


@pytest.fixture
def postered(tmp_path: Path) -> Assignment:
    course = make_vectors(tmp_path / "course")
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + FILE)
    return read_assignment(course.folder)


def test_a_file_that_answers_a_question_is_next_to_the_page_for_staff(postered: Assignment, tmp_path: Path) -> None:
    handins, out, grader = tmp_path / "in", tmp_path / "out", Grader()
    (handins / "ada").mkdir(parents=True)
    (handins / "ada" / "vectors.py").write_text(HONEST + ANSWER)
    (handins / "ada" / "Poster.PDF").write_bytes(b"one")
    hand_in(handins, bob=HONEST)
    run(postered, handins, out, grader)
    assert (out / "ada" / "answers" / "Poster.PDF").read_bytes() == b"one"
    staff, student = ((out / "ada" / name).read_text() for name in ("staff.html", "report.html"))
    for text in ('href="./answers/Poster.PDF" download', "See &lt;b&gt;page 2&lt;/b&gt;."):
        assert text in staff
        assert text not in student
    assert "Not answered." in (out / "bob" / "staff.html").read_text()
    (handins / "ada" / "Poster.PDF").unlink()
    (handins / "ada" / "poster.png").write_bytes(b"two")
    run(postered, handins, out, grader)
    assert [path.read_bytes() for path in (out / "ada" / "answers").iterdir()] == [b"two"]
    assert grader.ran == ["ada", "bob", "ada"]


def test_a_zip_carries_the_file_and_a_missing_one_is_an_open_question(postered: Assignment, tmp_path: Path) -> None:
    work = postered.folder
    (work / "vectors.py").write_text(HONEST + ANSWER)
    assert [question.id for question in submit(work, tmp_path).unanswered] == ["v-q1"]
    (work / "poster.pdf").write_bytes(b"one")
    packed = submit(work, tmp_path)
    assert (packed.unanswered, packed.others) == ((), ("poster.pdf",))
    (answer,) = open_submission(packed.path, postered).answers
    assert (answer.text, answer.files) == ("See <b>page 2</b>.\n", ("poster.pdf",))


def test_a_name_that_no_disk_stores_costs_the_class_nothing(postered: Assignment, tmp_path: Path) -> None:
    files = {"vectors.py": HONEST, f"poster.{'長' * 70}": b"one", "poster.pdf": b"two"}
    write(tmp_path / "in" / "ada.zip", zipped(files))
    run(postered, hand_in(tmp_path / "in", bob=HONEST), tmp_path / "out", Grader())
    assert [path.name for path in (tmp_path / "out" / "ada" / "answers").iterdir()] == ["poster.pdf"]
    notes = open_submission(tmp_path / "in" / "ada.zip", postered).notes
    assert any("its name has more than 200 bytes" in note for note in notes)
    assert (tmp_path / "out" / "bob" / "staff.html").exists()


@pytest.mark.parametrize("entry", ['kind = "file"', 'hand_in = ["a.pdf"]', 'kind = "file"\nhand_in = ["vectors.PY"]'])
def test_a_question_says_which_file_it_wants(tmp_path: Path, entry: str) -> None:
    course = make_vectors(tmp_path)
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + QUESTION.replace('title = "Why"', f'title = "Why"\n{entry}'))
    with pytest.raises(BadManifest, match=r"v-q1.*belong together|no notebook, script or zip"):
        read_assignment(course.folder)

"""An nbgrader course becomes a gradlab course: the reference earns all points, wrong answers lose the right ones."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.authoring.import_nbgrader import BadImport, Module, _add, import_nbgrader
from autograder.authoring.nbgrader_files import other_files
from autograder.authoring.nbgrader_tests import convert, split_hidden
from autograder.authoring.reference import read_reference
from autograder.authoring.verify import verify
from autograder.authoring.verify_plan import Plan
from autograder.cli.app import main
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Cause
from autograder.session.options import Options
from autograder.session.session import with_checks
from autograder.submissions.submission import code_of_scripts
from tests.support.nbgrader_source import write_course

FILES = ("figure [1].png", "tables/prices.csv", ".hidden", "README.md", "helper.py", "old/problem1.ipynb")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("import")
    (root / "ours").mkdir()
    (root / "ours" / "course.toml").write_text('title = "Ours"\nid = "ours"\n')
    write_course(root)
    for name in FILES:
        path = root / "course" / "source" / "ps1" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x89 1\n")
    return root / "ours"


@pytest.fixture(scope="module")
def printed(course: Path) -> Result:
    """What the command printed."""
    return CliRunner().invoke(main, ["import", "nbgrader", str(course.parent / "course"), "--course", str(course)])


@pytest.fixture(scope="module")
def assignment(course: Path, printed: Result) -> Assignment:
    assert printed.exit_code == 0, printed.output
    return read_assignment(course / "assignments" / "ps1")


def test_points_tasks_and_questions_are_carried_over(assignment: Assignment) -> None:
    assert {task.name: task.points for task in assignment.tasks} == {"squares": 5, "mean_square": 2}
    assert [(q.id, q.points, q.kind) for q in assignment.questions] == [
        ("problem1-why", 2, "text"),
        ("problem1-plot", 3, "code"),
        ("problem2-part_a", 1, "text"),
    ]
    assert assignment.questions[-1].title == "Part A"
    assert assignment.imports == ("math", "numpy")


def test_files_next_to_the_notebooks_are_data(assignment: Assignment) -> None:
    assert sorted(assignment.data_files()) == ["figure [1].png", "tables/prices.csv"]
    assert (assignment.folder / "tables/prices.csv").read_bytes() == b"\x89 1\n"
    assert (assignment.folder / "README.md").read_text().startswith("# ps1")
    assert not (assignment.folder / "helper.py").exists()


def test_files_that_are_too_large_together_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.authoring.nbgrader_files.MAX_DATA_BYTES", 5)
    (tmp_path / "a.csv").write_text("1234")
    (tmp_path / "b.csv").write_text("1234")
    (tmp_path / "c.csv").symlink_to(Path(__file__))
    found, left = other_files(tmp_path)
    assert [*found] == ["a.csv"]
    assert [name for name, _ in left] == ["b.csv", "c.csv"]
    assert "more than 0 MB" in left[0][1]
    assert "a link" in left[1][1]


def test_what_was_not_carried_over_is_in_a_table(printed: Result) -> None:
    text = " ".join(printed.output.split())
    for sentence in (
        "ps1/problem1.ipynb, cell 15 Python alone cannot read it, so it is in the notebook only",
        "cell 5 its 4 points are paid half by the public tests, half by all of them",
        "cell 8 its points, 1.5, became 2: checks pay whole points",
        "cell 8 line 2 of the tests is computed next to the student's code, which can read it",
        "cell 14 Python cannot read these tests",
        "ps1/README.md gradlab writes a file of this name",
        "ps1/helper.py a module was left out: if notebooks import it, put it into a package that is `shared`",
        "ps1/old/problem1.ipynb a notebook in a folder of its own was left out",
    ):
        assert sentence in text


def test_the_reference_earns_everything_and_the_handout_nothing(
    assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.authoring.verify.open_pool", lambda isolation, **rest: nullcontext())
    found = verify(assignment, Options(), Plan(seeds=1, notebook=False, parts=("reference", "mistakes", "files")))
    problems = {f.what: f.problems for f in found.findings if not f.holds}
    assert problems.keys() <= {"mutants"}  # the author has still to write them
    script = (assignment.folder / "problem1.py").read_text()
    assert "mean_square = ..." in script
    assert "385" not in script + (assignment.folder / "check_problem1.py").read_text()


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [("i ** 2", "i * 3", {"squares": 4, "mean_square": 2}), ("if n < 1", "if False", {"squares": 1}),
     ("/ 10", "/ 9", {"mean_square": 2}),
     ("range(1, n + 1)", "range(1, min(n, 5) + 1)", {"squares": 2, "mean_square": 2})],
)  # fmt: skip
def test_a_wrong_answer_loses_the_points_of_its_tests(
    assignment: Assignment, old: str, new: str, lost: dict[str, int]
) -> None:
    from autograder.sandbox.local_link import LocalLink

    sources = {name: text.replace(old, new) for name, text in read_reference(assignment).items()}
    code = code_of_scripts(sources, assignment)

    def body(checks):
        link = LocalLink(code)
        try:
            return checks.judge(link, code)
        finally:
            link.close()

    results = with_checks(assignment, Options(), body)
    found: dict[str, int] = {}
    for result in results:
        if result.points < result.max_points:
            assert result.cause in (Cause.WRONG, Cause.ERROR)
            found[result.task] = found.get(result.task, 0) + result.max_points
    assert found == lost


def test_an_assignment_is_not_written_twice(course: Path, assignment: Assignment, tmp_path: Path) -> None:
    with pytest.raises(BadImport, match="has an assignment ps1 already"):
        import_nbgrader(course.parent / "course", course)
    with pytest.raises(BadImport, match="has no source notebooks"):
        import_nbgrader(tmp_path, course)


MARKED = """Name a use.
=== BEGIN MARK SCHEME ===
2 points for cooking
=== END MARK SCHEME ==="""


@pytest.mark.parametrize(
    ("cells", "question", "answer"),
    [
        (["Text.", (MARKED, {"task": True})], "# Name a use.", "# 2 points for cooking"),
        ([("Why?\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION", {})], "# Why?", "# Because."),
        (["Read.", ("Why?\n### BEGIN SOLUTION\nSo.\n### END SOLUTION", {})], "# Read.\n#\n# Why?", "# So."),
        (["Why?", ("Because.", {})], "# Why?", "# Because."),
        ([("Because.", {})], "# m-q", "# Because."),
    ],
)
def test_only_staff_see_answers_and_mark_schemes(cells: list, question: str, answer: str) -> None:
    module = Module("m")
    for cell in cells:
        source, marks = (cell, {}) if isinstance(cell, str) else cell
        graded = {"grade": True, "solution": True, "grade_id": "q", "points": 1, **marks}
        _add(module, "markdown", source, {} if isinstance(cell, str) else graded, "here", [])
    assert module.cells[-2:] == [
        f'# %% [markdown] question="m-q"\n{question}',
        f'# %% [markdown] answer="m-q"\n# ### BEGIN SOLUTION\n{answer}\n# ### END SOLUTION',
    ]
    assert module.questions[0]["title"] == question.split("\n")[0].removeprefix("# ")


TESTS = {
    "assert f(2) == 4": ("yield f(2)", "expect_equal(next(values), 4)", []),
    "assert 4 == f(2)": ("yield f(2)", "expect_equal(next(values), 4)", []),
    "assert abs(f(2) - 4.0) < 1e-6": ("yield f(2)", "expect_close(next(values), 4.0, rtol=0, atol=1e-06)", []),
    "assert np.allclose(f(x), [1, 2], atol=0.1)": ("yield f(x)", "expect_close(next(values), [1, 2], atol=0.1)", []),
    "np.testing.assert_allclose(f(x), 3)": ("yield f(x)", "expect_close(next(values), 3)", []),
    "assert f(2) == pytest.approx(4)": ("yield f(2)", "expect_close(next(values), 4)", []),
    "assert f(2) == g(2)": ("yield (f(2), g(2))", "expect_equal(*next(values))", [1]),
    "assert callable(f)": ("yield bool(callable(f))", "expect(next(values), 'This does not hold: callable(f)')", [1]),
    "assert_true(f(2) > 1)": ("yield bool(f(2) > 1)", "expect(next(values), 'This does not hold: f(2) > 1')", [1]),
}


@pytest.mark.parametrize("source", TESTS)
def test_an_assertion_becomes_an_expectation(source: str) -> None:
    cell = convert(source)
    assert (cell.body, cell.compares, cell.inside) == ([TESTS[source][0]], [TESTS[source][1]], TESTS[source][2])


def test_a_name_that_the_tests_delete_is_deleted_in_the_students_module() -> None:
    cell = convert("old = f\ndel f\ng(2)\nf = old", {"f", "g"})
    assert cell.body == ["old = student.f", "del student.f", "g(2)", "student.f = old"]


def test_hidden_tests_are_split_off() -> None:
    public, everything = split_hidden("a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc")
    assert (public, everything) == ("a\nc", "a\nb\nc")
    assert split_hidden("a") == ("a", "")

"""The reference as mutants and variants see it, without hints, which quote its code; and its notebooks as they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.reference import execute_reference, without_hints
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.course_file import COURSE_FILE
from tests.support.course import MANIFEST, make_course
from tests.support.kernels import use_forked_kernels

CODE = """# %% task="f"{effort}
def f(x):
    ### BEGIN SOLUTION
    return x + 1
    ### END SOLUTION


{hint}# %% [markdown]
# Next.
"""
HINT = """# %% [markdown] hint="f"
# 1. Write `return x + 1`.
# 2. That is all.

"""


def test_hints_and_estimates_are_left_out():
    plain = CODE.format(effort="", hint="")
    assert without_hints(CODE.format(effort=' minutes=5 difficulty="easy"', hint=HINT)) == plain
    assert without_hints(CODE.format(effort=" minutes=5", hint=HINT + HINT)) == plain
    assert without_hints(plain) == plain


def test_a_hint_at_the_end_is_left_out():
    assert without_hints(f"x = 1\n\n{HINT}") == "x = 1\n\n"


WIDE = """# %% tags=["active-ipynb"]
# from autograder import check

# %%
from pathlib import Path

from tiny import double
from tools import one

# %% tags=["active-ipynb"]
# assert not Path("tiny.py").exists()
# assert double(one()) == float(Path("wide.csv").read_text()), "the last cell"
"""


def wide_course(root: Path, number: str, source: str) -> Assignment:
    """Make a course whose notebook imports another one and a shared package, and reads a data file."""
    public = make_course(root).folder
    (root / COURSE_FILE).write_text('title = "Small"\nid = "small"\nshared = ["tools"]\n')
    (root / "tools").mkdir()
    (root / "tools" / "__init__.py").write_text("def one():\n    return 1.0\n")
    files = 'files = ["tiny.py", "wide.py"]\ndata = ["wide.csv"]'
    (public / "assignment.toml").write_text(MANIFEST.replace('files = ["tiny.py"]', files))
    (public / "wide.csv").write_text(number)
    (public / "wide.py").write_text("def double(x): ...")
    (root / "solutions" / public.name / "wide.py").write_text(source)
    use_forked_kernels()
    return read_assignment(public)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "expected"), [("2", []), ("3", ["the last cell"])])
def test_notebooks_run_from_notebooks_alone(tmp_path: Path, number: str, expected: list[str]) -> None:
    """No script is there."""
    problems = execute_reference(wide_course(tmp_path, number, WIDE))
    assert len(problems) == len(expected), problems
    assert all(sentence in problem for sentence, problem in zip(expected, problems, strict=True))


@pytest.mark.slow
def test_a_shared_package_that_is_imported_before_the_grader_has_advice(tmp_path: Path) -> None:
    source = '# %%\nfrom tools import one\n\n# %% tags=["active-ipynb"]\n# from autograder import check\n'
    (problem,) = execute_reference(wide_course(tmp_path, "2", source))
    assert "Write the cell with `from autograder import check` above the one that imports tools:" in problem

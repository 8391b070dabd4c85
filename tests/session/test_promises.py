"""Points that do not add up are found from the text of the check files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, BadManifest
from autograder.core.course import find_assignments
from autograder.session.promises import verify_promises
from tests.support.vectors import make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_points_that_add_up_are_accepted(course: Assignment) -> None:
    verify_promises(course)


@pytest.mark.parametrize("assignment", find_assignments(()), ids=lambda assignment: assignment.name)
def test_the_points_of_the_course_add_up(assignment: Assignment) -> None:
    verify_promises(assignment)


def test_all_tasks_are_named_at_once(course: Assignment) -> None:
    change(course.folder / "check_vectors.py", '"double", share=40', '"double", share=41')
    change(course.solutions / "check_vectors_hidden.py", '@task("total")', '@task("total", share="1/3")')
    with pytest.raises(BadManifest) as caught:
        verify_promises(course)
    assert str(caught.value) == (
        "The shares of 'double' add up to 101 %, not 100 %: check_double_of_a_matrix 41 %, "
        "check_double_of_other_shapes 60 %. Change the shares. "
        "The shares of 'total' add up to 1/3, not 100 %: check_total 1/3. Change the shares."
    )


@pytest.mark.parametrize(
    "text",
    [
        "from autograder import task\nN = 3\n@task('double', share=N)\ndef check_x(student): 'X.'\n",
        "from autograder import task\n@task(*['double'], share=3)\ndef check_x(student): 'X.'\n",
        "from autograder import task\n@task('double', share='3/2')\ndef check_x(student): 'X.'\n",
        "def check_x(student): 'X.'\n",
        "def check_x(",
    ],
)
def test_what_the_text_does_not_say_is_left_to_the_session(text: str, course: Assignment) -> None:
    (course.folder / "check_more.py").write_text(text)
    verify_promises(course)


def test_a_student_without_hidden_checks_may_have_fewer_points(course: Assignment) -> None:
    (course.solutions / "check_vectors_hidden.py").unlink()
    verify_promises(course)


def test_no_library_is_imported_for_it(course: Assignment) -> None:
    """`gradlab grade` asks before it imports torch, which takes seconds."""
    program = (
        "import sys; from pathlib import Path\n"
        "from autograder.core.assignment import read_assignment\n"
        "from autograder.session.promises import verify_promises\n"
        f"verify_promises(read_assignment(Path({str(course.folder)!r})))\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

"""A file that was not graded but holds more work is named."""

from __future__ import annotations

from pathlib import Path

from autograder.submissions.submission import open_submission
from tests.support.course import STUB, WRITTEN
from tests.support.handins import tiny_assignment, write

HALF_WRITTEN = STUB.replace("# YOUR CODE HERE\n    raise NotImplementedError()", "return x + x", 1)


def test_a_copy_with_more_tasks_written_is_doubtful_next_to_the_file_of_the_right_name(tmp_path: Path) -> None:
    assignment = tiny_assignment(tmp_path)
    write(tmp_path / "ada" / "tiny.py", HALF_WRITTEN)
    write(tmp_path / "ada" / "tiny (1).py", WRITTEN)
    (remark,) = open_submission(tmp_path / "ada", assignment).remarks
    assert remark.kind == "doubtful"
    assert remark.text == ("tiny (1).py has more tasks written than tiny.py, which was graded because of its name.")


def test_a_copy_with_less_work_is_not_mentioned(tmp_path: Path) -> None:
    assignment = tiny_assignment(tmp_path)
    write(tmp_path / "ada" / "tiny.py", WRITTEN)
    write(tmp_path / "ada" / "tiny (1).py", STUB)
    assert not open_submission(tmp_path / "ada", assignment).remarks

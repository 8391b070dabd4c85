"""What the student's process says about its operations becomes one note for staff, whatever it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from autograder.sandbox.recorded import Recorded, parse_recorded
from autograder.session.ran_operations import MOST, RanOperations
from autograder.source_rules.analysis import Rules

CONV = ("F.conv*",)


class Link:
    """A link whose process says what the test wants."""

    def __init__(self, rows: list[Recorded]) -> None:
        self.rows, self.asked = rows, 0

    def record(self, function: str, apart: Sequence[str] = ()) -> None:
        """Take the request."""

    def recorded(self) -> list[Recorded]:
        self.asked += 1
        return self.rows


def ran(rows: list[Recorded], *rules: Rules) -> tuple[RanOperations, Link]:
    operations, link = RanOperations(), Link(rows)
    analyse = operations.recording(link, lambda source, rules: [])
    for one in rules:
        assert analyse("", one) == []
    operations.read()
    return operations, link


def conv(function: str, line: int = 7) -> Recorded:
    return Recorded(function, "aten::convolution", "", "conv.py", line)


def test_a_forbidden_operation_is_named_with_its_place() -> None:
    operations, _ = ran([conv("Conv.forward"), conv("Other")], Rules("Conv.forward", CONV))
    (remark,) = operations.remarks()
    assert remark.kind == "unusual"
    assert remark.text == (
        "While it was graded, the code ran operations that its tasks do not allow: "
        "Conv.forward ran torch.nn.functional.conv1d (conv.py, line 7)."
    )


def test_an_operation_without_a_line_of_the_student_has_no_place() -> None:
    operations, _ = ran([conv("f", 0)], Rules("f", CONV))
    assert operations.remarks()[0].text.endswith(": f ran torch.nn.functional.conv1d.")


def test_many_operations_are_counted() -> None:
    names = [f"f{number}" for number in range(MOST + 2)]
    operations, _ = ran([conv(name) for name in names], *(Rules(name, CONV) for name in names))
    assert operations.remarks()[0].text.endswith(" and 2 more.")


@pytest.mark.parametrize(
    "rules", [Rules("Conv.forward", ("torch.cdist",)), Rules("Conv.forward", loops=True), Rules("Pool.forward", CONV)]
)
def test_other_rules_give_no_note(rules: Rules) -> None:
    operations, link = ran([conv("Conv.forward")], rules)
    assert operations.remarks() == ()
    assert link.asked == bool(rules.calls)


@pytest.mark.parametrize("answer", [None, {}, "x", [[]], [["f", "aten::mm"]], [["f", "aten::mm", "", "a.py", True]]])
def test_an_answer_of_another_form_says_nothing(answer: Any) -> None:
    assert parse_recorded(answer) == []


def test_the_rows_of_an_answer_that_have_the_right_form_are_used() -> None:
    assert parse_recorded([["f", "aten::mm", "", "a.py", 3], ["f"], 4]) == [Recorded("f", "aten::mm", "", "a.py", 3)]

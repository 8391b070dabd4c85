"""Which checks can notice an edit: those that execute the code that it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.executed import changed_places, executed_places
from autograder.authoring.reference import read_reference
from autograder.session.options import Options
from autograder.session.session import with_checks
from autograder.submissions.submission import code_of_scripts
from tests.support.verifiable import make_verifiable

BEFORE = """
import math
SIZE = 3

def helper(x):
    return x + 1

def f(x):
    def inner(y):
        return helper(y)
    return inner(x)

class Net(Base):
    def __init__(self):
        self.size = SIZE

    def forward(self, x):
        return f(x)
"""


@pytest.mark.parametrize(
    ("text", "by", "places"),
    [
        ("import math", "import math, os", set()),
        ("x + 1", "x + 2", {"helper"}),
        ("helper(y)", "helper(2 * y)", {"f"}),
        ("return f(x)", "return f(x) + 0", {"Net.forward"}),
        ("def helper(x)", "def helper(x, z=0)", {"helper"}),
        ("def helper(x)", "def another(x)", {"helper"}),
        ("\nclass", "\ndef new():\n    pass\n\nclass", set()),
        (
            "    def forward",
            "    def extra(self):\n        pass\n\n    def forward",
            {"Net", "Net.__init__", "Net.forward"},
        ),
        ("(Base)", "(Other)", {"Net", "Net.__init__", "Net.forward"}),
        ("SIZE = 3", "SIZE = 4", None),
    ],
)
def test_changed_functions_are_named(text: str, by: str, places: set[str] | None) -> None:
    found = changed_places({"a.py": BEFORE, "b.py": BEFORE}, {"a.py": BEFORE, "b.py": BEFORE.replace(text, by)})
    assert found == (None if places is None else {("b.py", place) for place in places})


def test_each_check_names_what_it_executes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_verifiable(tmp_path, monkeypatch)
    code = code_of_scripts(read_reference(course), course)
    found = with_checks(
        course, Options(seed=0), lambda checks: executed_places(checks, code, checks.items), growing=True
    )
    named = {check: {name for _, name in places if name != "<module>"} for check, places in found.items()}
    assert named == {
        "check_double": {"Scaler", "double"},
        "check_up": {"Scaler", "Scaler.up"},
        "check_down": {"Scaler", "Scaler.down"},
    }

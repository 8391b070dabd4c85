"""Files of which `-m "not slow and ..."` leaves out every test are not imported: some take a second.

A file says so in one line, `pytestmark = pytest.mark.slow`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_MARK = re.compile(r"^pytestmark = pytest\.mark\.(\w+)$", re.MULTILINE)
_NOT = re.compile(r"not (\w+)")


def is_left_out(path: Path, config: pytest.Config) -> bool:
    """Return whether no test of a file would be run. A file that the command names is collected as always."""
    marks = marks_left_out(config.getoption("markexpr"))
    if not marks or path.suffix != ".py" or path in {Path(arg.partition("::")[0]).resolve() for arg in config.args}:
        return False
    return not marks.isdisjoint(_MARK.findall(path.read_text(encoding="utf-8")))


def marks_left_out(expression: str) -> frozenset[str]:
    """Return the marks of which none is selected: all those of `not a and not b`, none of other expressions."""
    parts = [_NOT.fullmatch(part.strip()) for part in expression.split(" and ")]
    return frozenset(part[1] for part in parts if part) if all(parts) else frozenset()

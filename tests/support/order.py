"""How tests are handed to the processes of pytest-xdist: file by file, those that take longest first.

A file's tests share a process, because they share what its fixtures make. Begun last, a long file would leave the other
processes idle at the end. `make test ARGS=--record-durations` writes `RECORD` again.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

RECORD = Path(__file__).resolve().parents[1] / "durations.json"
LEAST = 3.0  # seconds; shorter files may come in any order


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests by how long their files took when they were recorded."""
    seconds: dict[str, float] = json.loads(RECORD.read_text())
    items.sort(key=lambda item: -seconds.get(file_of(item.nodeid), 0.0))  # stable: a file's tests stay together


def file_of(test: str) -> str:
    """Return the file of a test from its name."""
    return test.partition("::")[0]


class Recorder:
    """A plugin that writes how long each file took."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[file_of(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        longest = {file: round(seconds, 1) for file, seconds in self.seconds.most_common() if seconds >= LEAST}
        RECORD.write_text(json.dumps(longest, indent=2) + "\n")

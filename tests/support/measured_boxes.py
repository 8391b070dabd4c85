"""Which lines run inside the sandbox: coverage.py cannot know, because the sandbox clears the environment.

Only `make coverage` uses this. A fork server then starts with a few lines that trace it and its workers. They mark each
line in memory that is shared with the tests. So nothing is written to a file, which a worker may not do, and nothing is
lost when a worker is killed.

Where code runs in the process of the tests, gradlab sets no deadlines under a debugger, and coverage.py is none.
"""

from __future__ import annotations

import mmap
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from autograder.sandbox import pool
from autograder.sandbox.view import ROOT

ROOMS = ("autograder/sandbox", "autograder/probes", "common")  # what runs in the box, and enter.py, which builds it
MOST_LINES = 1024  # of a file
_TRACER = """
import mmap, runpy, sys
marks, places, known = mmap.mmap({fd}, 0), {places!r}, {{}}
def begin(frame, event, argument):
    name = frame.f_code.co_filename
    if name not in known:
        known[name] = next((line(start) for end, start in places.items() if name.endswith("/" + end)), None)
    return known[name]
def line(start):
    def mark(frame, event, argument):
        marks[start + frame.f_lineno] = 1
        return mark
    return mark
sys.settrace(begin)
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def is_measured() -> bool:
    """Return whether coverage.py measures this process."""
    coverage = sys.modules.get("coverage")
    return coverage is not None and coverage.Coverage.current() is not None


@contextmanager
def measured_boxes() -> Iterator[None]:
    """Trace all fork servers that this process starts, and add the lines to coverage's data at the end."""
    files = [str(path.relative_to(ROOT)) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    places = {name: number * MOST_LINES for number, name in enumerate(files)}
    with tempfile.TemporaryFile() as file:
        file.truncate(MOST_LINES * len(files))
        tracer = _TRACER.format(fd=file.fileno(), places=places)

        class Popen(subprocess.Popen[bytes]):
            def __init__(self, args: list[str], *, pass_fds: list[int], **options: Any) -> None:
                super().__init__(_traced(args, tracer), pass_fds=[*pass_fds, file.fileno()], **options)

        before, find_tracer = pool.subprocess, sys.gettrace
        pool.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": Popen})  # type: ignore[assignment]
        sys.gettrace = lambda: None if _is_coverage(found := find_tracer()) else found
        try:
            yield
        finally:
            pool.subprocess, sys.gettrace = before, find_tracer
            with mmap.mmap(file.fileno(), 0) as marks:
                _save({name: marks[start : start + MOST_LINES] for name, start in places.items()})


def _is_coverage(tracer: object) -> bool:
    return type(tracer).__module__.partition(".")[0] == "coverage"


def _traced(args: list[str], tracer: str) -> list[str]:
    """Return a command line in which each `-m MODULE` of ours is `-c TRACER MODULE`."""
    replaced = list(args)
    for place in reversed(range(1, len(args))):
        if args[place - 1] == "-m" and args[place].startswith("autograder."):
            replaced[place - 1 : place] = ["-c", tracer]
    return replaced


def _save(marked: dict[str, bytes]) -> None:
    from coverage import Coverage, CoverageData

    current = Coverage.current()
    assert current is not None
    data = CoverageData(basename=current.config.data_file, suffix=True)
    lines = {str(ROOT / name): [line for line, mark in enumerate(marks) if mark] for name, marks in marked.items()}
    data.add_lines({name: found for name, found in lines.items() if found})
    data.write()

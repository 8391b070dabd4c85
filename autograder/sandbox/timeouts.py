"""What a report says about code that took too long: the limit, and the line that was running when it was stopped."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable
from types import FrameType

from autograder.core.code import Code
from autograder.core.message import Message
from autograder.core.notebooks import describe_line
from autograder.core.report import Cause
from autograder.sandbox.proxy import StudentFault

_FRAME = re.compile(r'^  File "([^"\n]{1,200})", line (\d{1,7}) in ', re.MULTILINE)  # as faulthandler writes them
LINE = 120  # characters of a line of code


def places_in(dump: str) -> list[tuple[str, int]]:
    """Return files and lines of a stack, the innermost first. The student's process wrote it, so it may be anything."""
    return [(file, int(line)) for file, line in _FRAME.findall(dump)]


def places_of(frame: FrameType | None) -> list[tuple[str, int]]:
    """Return files and lines of a frame and of its callers, the innermost first; line 0 where Python knows none."""
    return [(caller.f_code.co_filename, caller.f_lineno or 0) for caller, _ in traceback.walk_stack(frame)]


def too_long(seconds: float, places: Iterable[tuple[str, int]], code: Code) -> StudentFault:
    """Return the fault of code that used up its ``seconds``; ``places`` are those of its stack, innermost first."""
    for file, line in places:
        lines = code.files.get(file, "").splitlines()
        if 0 < line <= len(lines):
            place = describe_line(code.cells.get(file, ()), line, file=file)
            message = Message(
                "Your code took longer than {seconds:g} s, its limit, and was stopped in {place}: `{code}`",
                seconds=seconds,
                place=place,
                code=lines[line - 1].strip()[:LINE],
            )
            return StudentFault(Cause.TIMEOUT, message)
    return StudentFault(
        Cause.TIMEOUT, Message("Your code took longer than {seconds:g} s, its limit, and was stopped.", seconds=seconds)
    )

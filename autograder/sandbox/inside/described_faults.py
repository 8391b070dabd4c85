"""An exception of the student's code as plain values, which can be sent."""

from __future__ import annotations

import sys
import traceback
from typing import Any

from autograder.sandbox.inside.modules import SubmissionFinder
from autograder.sandbox.inside.similar_names import similar_name
from autograder.sandbox.inside.wire import WireError

MAX_FRAMES = 12  # of a traceback
MAX_KINDS = 50  # classes that an exception inherits from


class NotLoaded(Exception):
    """A name is missing because the code that defines it did not run."""


def describe_fault(
    error: BaseException, files: dict[str, str], finder: SubmissionFinder | None = None
) -> dict[str, Any]:
    """Return a fault as plain values: its cause, type, message and the student's lines of the traceback.

    If a name is missing because the code that defines it did not run, "not_run" has its file, line and reason. If that
    code lacked a name for the same reason, those of the first cause follow.
    """
    frames = []
    steps = zip(traceback.extract_tb(error.__traceback__), traceback.walk_tb(error.__traceback__), strict=True)
    for place, (frame, line) in steps:
        if place.filename in files:  # "Conv.forward", where the name alone would say "forward"
            name = frame.f_code.co_qualname[:200]
            frames.append([files[place.filename], line or 0, name, (place.line or "")[:200]])
    if isinstance(error, SyntaxError) and error.filename in files:
        frames.append([files[error.filename], error.lineno or 0, "", (error.text or "").strip()[:200]])
    try:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
    except BaseException:
        message = "(the text of this exception could not be created)"
    missing = finder.explain(_missing_name(error)) if finder else None
    parts = [missing, finder.first_cause(missing[1])] if finder and missing else []
    innermost = [frame.filename for frame in traceback.extract_tb(error.__traceback__)][-1:]
    return {
        "cause": "not loaded" if missing else _cause(error, own=innermost and innermost[0] in files),
        "type": "" if isinstance(error, WireError | NotLoaded) else str(type(error).__name__)[:100],
        "message": (str(message) + similar_name(error))[:1000],
        "frames": frames[-MAX_FRAMES:],
        "kinds": [str(kind.__name__)[:100] for kind in type(error).__mro__[:MAX_KINDS]],
        "not_run": [value for part in parts if part for value in (part[0], part[1].line, part[1].reason[:300])],
    }


def _missing_name(error: BaseException) -> str:
    """Return the name that was not found, "f" or, for an attribute of a class, "Net.forward"; or an empty string."""
    if isinstance(error, NotLoaded):
        return str(error.args[0])
    if isinstance(error, AttributeError):
        owner = error.obj if isinstance(error.obj, type) else type(error.obj)
        return f"{owner.__name__}.{error.name}"
    return str(getattr(error, "name", "")) if isinstance(error, NameError) else ""


def _cause(error: BaseException, *, own: object) -> str:
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch and isinstance(error, torch.OutOfMemoryError)):
        return "memory"
    if isinstance(error, RuntimeError) and "allocate memory" in str(error)[:2000]:
        return "memory"
    if isinstance(error, NotImplementedError) and own:
        return "not written"
    return "error"

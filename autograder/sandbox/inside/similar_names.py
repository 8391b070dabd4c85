"""What the text of an exception leaves out: names that are like one that is missing, and shapes.

Python itself asks for a similar name only where it prints a traceback.
"""

from __future__ import annotations

import difflib
import traceback

from autograder.sandbox.inside.line_shapes import shapes_in_line

ALIKE = 0.75  # as difflib measures it: one wrong letter of four, two swapped ones of six


def similar_name(error: BaseException) -> str:
    """Return Python's question "Did you mean: 'x'?" for a name or attribute that is missing.

    For an exception about shapes, return those of what its line names. Return an empty string for all others.
    """
    try:
        found = _similar(error)
    except Exception:  # of an object of the student, whose attributes may do anything
        return ""
    return f". Did you mean: '{found}'?" if found else shapes_in_line(error)


def _similar(error: BaseException) -> str:
    name = getattr(error, "name", None)
    if type(name) is not str:
        return ""
    if isinstance(error, AttributeError):
        known = [attribute for attribute in dir(error.obj) if not attribute.startswith("_")]
    elif isinstance(error, NameError) and error.__traceback__:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        if hasattr(frame.f_locals.get("self"), name):
            return f"self.{name}"
        known = [*frame.f_locals, *frame.f_globals]
    else:
        return ""
    return "".join(difflib.get_close_matches(name, [other for other in known if other != name], n=1, cutoff=ALIKE))

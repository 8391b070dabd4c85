"""What students may ask to see of failed checks: their input as code, and pictures of what they compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from autograder.render.extras import Extra
from autograder.session.evidence import Evidence

STORE = Path(".gradlab") / "inputs"  # in the assignment's folder: inputs with many numbers


def extras_of(
    evidence: Mapping[str, Evidence], folder: Path, *, show_input: bool, picture: bool, notebook: bool = False
) -> dict[str, Extra]:
    """Return what was asked for, by the ids of the checks. In a ``notebook``, the code runs in its kernel."""
    extras = {}
    for check, found in evidence.items():
        code, png = "", b""
        if show_input:
            from autograder.students.paste import code_of

            store = folder / STORE / f"{re.sub(r'[^0-9A-Za-z]+', '_', check.partition('::')[2])}.pkl"
            module = "__main__" if notebook else found.module
            notebooks = folder if found.from_notebook and not notebook else None
            code = code_of(found.log, found.call, module, found.source, store, notebooks)
        if picture and found.difference is not None:
            from autograder.render.picture import draw

            png = draw(found.difference.actual, found.difference.expected)
        extras[check] = Extra(code, png)
    return extras

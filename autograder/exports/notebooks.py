"""The notebooks and scripts of a class's hand-ins, as bytes, for systems that show them to people."""

from __future__ import annotations

import tempfile
from pathlib import Path

from autograder.classroom.intake import read_handins
from autograder.handins.find import find
from autograder.handins.source import BadSubmission
from autograder.manifest import Assignment


def read_notebooks(folder: Path, assignment: Assignment) -> dict[str, dict[str, bytes]]:
    """Student -> file name -> bytes, for every hand-in of ``folder`` that can be opened. Raises BadHandins."""
    wanted = [name for file in assignment.files for name in (file.replace(".py", ".ipynb"), file)]
    found: dict[str, dict[str, bytes]] = {}
    with tempfile.TemporaryDirectory() as store:
        for handin in read_handins(folder, assignment, store=Path(store)).handins:
            try:
                found[handin.student] = find(handin.path, wanted).files
            except BadSubmission:
                continue
    return found

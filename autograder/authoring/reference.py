"""The reference: its files, and its notebooks executed from top to bottom in a kernel, as by `jupyter execute`."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from autograder.authoring.cells import read_source, to_notebook
from autograder.core.assignment import Assignment
from autograder.core.copies import shared_files
from autograder.core.extras import require
from autograder.core.files import read_utf8
from autograder.core.jupyter import load_package
from autograder.core.notebooks import notebook_name

CELL_SECONDS = 300

_HINT_CELL = re.compile(r"^# %%[^\n]*\bhint=.*?(?=^# %%|\Z)", re.MULTILINE | re.DOTALL)
_ESTIMATE = re.compile(r"^(# %%[^\n]*?) minutes=\S+(?: difficulty=\S+)?$", re.MULTILINE)


def read_reference(assignment: Assignment) -> dict[str, str]:
    """Return the reference's sources by file name, without hints and estimates.

    Hints quote code, and mutants and variants replace texts that occur once: they mean the code.
    """
    return {name: without_hints(read_utf8(assignment.solutions / name)) for name in assignment.files}


def without_hints(text: str) -> str:
    """Return a percent script without its cells of hints, and without what its tasks' headers say about the effort."""
    return _ESTIMATE.sub(r"\1", _HINT_CELL.sub("", text))


def execute_reference(assignment: Assignment) -> list[str]:
    """Return a sentence for each notebook that stopped with an error.

    They run as in a student's copy where all code is in the notebooks: there is no script.
    """
    with tempfile.TemporaryDirectory(prefix="kernel-") as temporary:
        return _execute(assignment, Path(temporary), _student_copy(assignment, Path(temporary)))


def _student_copy(assignment: Assignment, temporary: Path) -> Path:
    """Return a folder with what students get, their scripts removed and the reference in their notebooks."""
    nbformat = load_package("nbformat")
    copy = temporary / "work"
    for name, content in shared_files(assignment.course).items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)
    folder = copy / assignment.name
    shutil.copytree(assignment.folder, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for name in assignment.files:
        (folder / name).unlink(missing_ok=True)
        nbformat.write(_notebook(assignment, name), folder / notebook_name(name))
    return folder


def _notebook(assignment: Assignment, name: str) -> Any:
    source = assignment.solutions / name
    return to_notebook(read_source(source), source, assignment)


def _execute(assignment: Assignment, sockets: Path, folder: Path) -> list[str]:
    require("nbclient", "staff")
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    # Over TCP, every user of this machine could connect, and the kernel warns of it on stderr. Windows has only TCP.
    private = {} if sys.platform == "win32" else {"KernelManager": {"transport": "ipc", "ip": str(sockets / "k")}}
    problems = []
    for name in assignment.files:
        notebook = _notebook(assignment, name)
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            config=Config(private),
            resources={"metadata": {"path": str(folder)}},
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            advice = _advice(assignment, str(error))
            problems.append(f"{assignment.solutions / name}: the notebook stopped. {advice}{str(error)[-1500:]}")
    return problems


def _advice(assignment: Assignment, error: str) -> str:
    """Return what to do about a shared package that a cell imports too early; else an empty text."""
    for name in assignment.course.shared:
        if f"No module named '{name}'" in error:
            return (
                f"Write the cell with `from autograder import check` above the one that imports {name}: in a notebook, "
                "it makes the course's packages importable. "
            )
    return ""

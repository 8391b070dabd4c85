"""The reference: its files, and its notebooks executed from top to bottom in a kernel, as by `jupyter execute`."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from autograder.authoring.cells import read_source, to_notebook
from autograder.core.assignment import Assignment
from autograder.core.course_file import COURSE_FILE
from autograder.core.extras import require
from autograder.core.files import read_utf8
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


def execute_reference(assignment: Assignment, *, save_to: Path | None = None) -> list[str]:
    """Return a sentence for each notebook that stopped with an error. ``save_to`` stores the executed notebooks."""
    with tempfile.TemporaryDirectory(prefix="kernel-") as temporary:
        folder = _with_data(assignment, Path(temporary)) if assignment.data else assignment.solutions
        return _execute(assignment, Path(temporary), folder, save_to)


def _with_data(assignment: Assignment, temporary: Path) -> Path:
    """Return a copy of the reference with the data files next to it, as students have them."""
    folder = temporary / "solutions" / assignment.name
    shutil.copytree(assignment.solutions, folder)
    (temporary / "assignments").symlink_to(assignment.folder.parent)
    if assignment.course.root:
        for path in assignment.course.root.glob(COURSE_FILE):
            shutil.copy(path, temporary)
    for name, path in assignment.data_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / name)
    return folder


def _execute(assignment: Assignment, sockets: Path, folder: Path, save_to: Path | None) -> list[str]:
    import nbformat

    require("nbclient", "staff")
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    # Over TCP, every user of this machine could connect, and the kernel warns of it on stderr. Windows has only TCP.
    private = {} if sys.platform == "win32" else {"KernelManager": {"transport": "ipc", "ip": str(sockets / "k")}}
    problems = []
    for name in assignment.files:
        source = assignment.solutions / name
        notebook = to_notebook(read_source(source), source, assignment)
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
            problems.append(f"{source}: the notebook stopped. {str(error)[-1500:]}")
        if save_to is not None:
            nbformat.write(notebook, save_to / notebook_name(source.name))
    return problems

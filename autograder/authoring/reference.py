"""The reference: its files, and its notebooks executed from top to bottom in a kernel, as by `jupyter execute`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from autograder.authoring.cells import read_source, to_notebook
from autograder.core.assignment import Assignment
from autograder.core.notebooks import notebook_name

CELL_SECONDS = 300


def read_reference(assignment: Assignment) -> dict[str, str]:
    """Return the reference's sources by file name."""
    return {name: (assignment.solutions / name).read_text(encoding="utf-8") for name in assignment.files}


def execute_reference(assignment: Assignment, *, save_to: Path | None = None) -> list[str]:
    """Return a sentence for each notebook that stopped with an error. ``save_to`` stores the executed notebooks."""
    with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
        return _execute(assignment, Path(sockets), save_to)


def _execute(assignment: Assignment, sockets: Path, save_to: Path | None) -> list[str]:
    import nbformat
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
            resources={"metadata": {"path": str(assignment.solutions)}},
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            problems.append(f"{source}: the notebook stopped. {str(error)[-1500:]}")
        if save_to is not None:
            nbformat.write(notebook, save_to / notebook_name(source.name))
    return problems

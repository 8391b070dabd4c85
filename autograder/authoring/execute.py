"""Run the reference's notebooks from top to bottom, as `jupyter execute` would, in a kernel of their own."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from autograder.core.assignment import Assignment

CELL_SECONDS = 300


def execute_reference(assignment: Assignment, *, save_to: Path | None = None) -> list[str]:
    """What went wrong, a sentence per notebook; nothing when all ran. ``save_to`` keeps the executed notebooks."""
    with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
        return _execute(assignment, Path(sockets), save_to)


def _execute(assignment: Assignment, sockets: Path, save_to: Path | None) -> list[str]:
    import jupytext
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    # Over TCP anybody on this machine could listen, of which a kernel warns on stderr. Windows has no other way.
    private = {} if sys.platform == "win32" else {"KernelManager": {"transport": "ipc", "ip": str(sockets / "k")}}
    problems = []
    for name in assignment.files:
        source = assignment.solutions / name
        notebook = jupytext.read(source)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
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
            nbformat.write(notebook, save_to / source.with_suffix(".ipynb").name)
    return problems

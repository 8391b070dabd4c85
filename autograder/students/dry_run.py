"""Grade the zip that a student hands in as the grader does: in a process of its own, which starts in an empty folder.

`python -m autograder.students.dry_run FOLDER ZIP OUT` writes the report of the public checks to the file OUT.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.errors import GradlabError
from autograder.core.installed import interpreter
from autograder.core.message import Message
from autograder.core.report import Report, parse_report

_ROOT = Path(__file__).resolve().parents[2]


class DryRunFailed(GradlabError):
    """The public checks could not be run. Written for students."""


def dry_run(hand_in: Path, assignment: Assignment) -> Report:
    """Return the report of the public checks on a zip. Raises DryRunFailed."""
    path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with TemporaryDirectory() as folder:
        empty, out = Path(folder) / "empty", Path(folder) / "report.json"
        empty.mkdir()
        command = [str(interpreter()), "-P", "-m", __name__, str(assignment.folder), str(hand_in.resolve()), str(out)]
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8:backslashreplace"}
        done = subprocess.run(command, cwd=empty, env=environment, capture_output=True)
        try:
            return parse_report(out.read_bytes(), str(out))
        except (OSError, ValueError):
            words = done.stderr.decode(errors="replace").strip().splitlines()
            reason = words[-1] if words else Message("the process ended with exit code {code}", code=done.returncode)
            raise DryRunFailed(Message("The public checks could not be run on it: {reason}", reason=reason)) from None


def _grade(folder: Path, hand_in: Path) -> Report:
    from autograder.runners.grader_process import Job, grade_handin
    from autograder.sandbox.pool import BoxError, open_pool
    from autograder.session.options import Options
    from autograder.session.session import with_checks

    assignment = read_assignment(folder)
    try:
        opened = open_pool("none", course=assignment.course)
    except (BoxError, OSError):  # a system that lacks what the fork server needs
        opened = nullcontext()
    with opened as pool:
        job = Job("you", hand_in)
        return with_checks(assignment, Options(), lambda checks: grade_handin(checks, job, pool), hidden=False)


def main(folder: str, hand_in: str, out: str) -> None:
    """Write the report, or end with an error whose last line says why."""
    try:
        with redirect_stdout(sys.stderr):
            report = _grade(Path(folder), Path(hand_in))
    except GradlabError as error:
        sys.exit(str(error))
    Path(out).write_text(report.to_json(), encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    main(*sys.argv[1:])

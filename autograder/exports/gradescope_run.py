"""Grade the one submission in a Gradescope container. Whatever happens, results.json is written."""

from __future__ import annotations

import json
import os
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.files import write_atomically
from autograder.exports.gradescope_results import results_json
from autograder.runners.grader_process import GraderProcess, Job, Setup
from autograder.sandbox.isolation import NoIsolation, choose
from autograder.session.options import Options


def grade_submission(assignment: Assignment, submission: Path, results: Path, *, isolation: str = "auto") -> bool:
    """Grade ``submission`` and write ``results``; False when staff must look.

    A container often may not make namespaces. As root it can still run the hand-in as another user, who may read
    neither the solutions nor the results: the wall "user".
    """
    results.parent.mkdir(parents=True, exist_ok=True)
    try:
        chosen = _choose(isolation, assignment, results)
        grader = GraderProcess(Setup(assignment.folder, Options(), chosen))
        try:
            report = grader.grade(Job("submission", submission))
        finally:
            grader.close()
    except Exception as error:  # Gradescope shows students a stack trace when there is no results.json
        sentence = "This could not be graded. That is not your fault; staff have been told."
        table = {"score": 0, "output": sentence, "stdout_visibility": "hidden", "extra_data": {"error": str(error)}}
        write_atomically(results, json.dumps(table))
        return False
    write_atomically(results, results_json(report))
    return not report.needs_staff


def _choose(isolation: str, assignment: Assignment, results: Path) -> str:
    try:
        return choose(isolation)
    except NoIsolation:
        if isolation != "auto" or os.geteuid() != 0:
            raise
    for private in (assignment.solutions.parent, results.parent):
        private.chmod(0o700)
    return choose("user")

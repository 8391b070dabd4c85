"""A report as Gradescope's results.json (its documented format: tests[] with score, status, visibility, output)."""

from __future__ import annotations

import json

from autograder.core.report import Outcome, Report
from autograder.render.text import clean
from autograder.render.view import one_reason, student_view, without_repetition
from autograder.render.words import ONE_REASON, REFUSED
from autograder.session.verdict import show

MOST = 10_000  # characters of one check's output
SEE_ABOVE = "See the reason above, which is the same for all checks."


def results_json(report: Report) -> str:
    """What `/autograder/results/results.json` must hold. Hidden checks show their title and hint only."""
    full = student_view(report)
    one = full.checks[0] if one_reason(report) and full.checks[0].message else None
    view = without_repetition(full, one)
    numbers = {task.name: index for index, task in enumerate(view.tasks, start=1)}
    counts = dict.fromkeys(numbers, 0)
    tests = []
    for check in view.checks:
        counts[check.task] += 1
        passed = check.outcome is Outcome.PASSED
        tests.append(
            {
                "name": clean(check.title),
                "number": f"{numbers[check.task]}.{counts[check.task]}",
                "score": check.points,
                "max_score": check.max_points,
                "status": "passed" if passed else "failed",
                "output": "" if passed else SEE_ABOVE if one else clean(show(check), limit=MOST),
                "output_format": "text",
                "tags": [check.task],
                "visibility": "visible",
            }
        )
    notes = [clean(note) for note in view.notes]
    if one:
        words = "\n".join([one.message, *([f"Hint: {one.hint}"] if one.hint else [])])
        notes.append(f"{REFUSED if report.refusal else ONE_REASON}\n{clean(words, limit=MOST)}")
    if report.needs_staff:
        notes.append("Part of this could not be graded. That is not your fault; staff have been told.")
    table = {
        "score": report.points,
        "output": "\n".join(notes),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(sum(check.seconds for check in report.checks)),
        "extra_data": {
            "assignment_version": report.version,
            "grader": report.grader,
            "checks": report.checks_digest,
            "wall": report.isolation,
            "needs_staff": report.needs_staff,
        },
        "tests": tests,
    }
    return json.dumps(table, indent=1, ensure_ascii=False) + "\n"

"""A short `gradlab verify` of the course: one seed, each fifteenth variant, without training and notebooks."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.authoring.verify import Verification
from autograder.authoring.verify_plan import Plan
from autograder.core.course import find_assignments

ASSIGNMENTS = find_assignments(())
SHORT = Plan(seeds=1, variants_step=15, notebook=False, training=False)


def problems(results: Iterable[Verification]) -> str:
    """Return what does not hold, a line for each problem."""
    return "\n".join(
        f"{result.assignment}, {finding.what}: {problem}"
        for result in results
        for finding in result.findings
        for problem in finding.problems
    )

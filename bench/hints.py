"""How many of the planted mistakes get a hint?

    python bench/hints.py [a11_autograd ...] [--list] [--pairs 20]

Each mutant is judged by the checks of the tasks that it belongs to, without those that train. It has a hint if one of
the checks that fail gives one. Forbidden operations get a message that says what to do, and count as mistakes without a
hint. ``--list`` prints the mutants without one, with the first message. ``--pairs`` prints some of the others, always
the same, each with its first hint: a reader can judge whether it is right.
"""

from __future__ import annotations

import argparse
import random

from autograder.authoring.mutants import Mutant, read_mutants
from autograder.authoring.reference import read_reference
from autograder.core.assignment import Assignment
from autograder.core.course import find_assignments
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.open_link import open_link
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts


def judged(assignment: Assignment) -> list[tuple[Mutant, list[CheckResult]]]:
    """Return the mutants, each with the checks that fail."""

    def body(checks: Checks) -> list[tuple[Mutant, list[CheckResult]]]:
        sources, tasks = read_reference(assignment), {item.name: item.spec.task for item in checks.items}
        rows = []
        for mutant in read_mutants(assignment):
            own = {tasks[name] for name in mutant.checks}
            code = code_of_scripts(mutant.plant(sources), assignment)
            with open_link(None, code, assignment) as link:
                results = checks.judge(link, code, only=lambda c, own=own: c.spec.task in own and not c.scored)
            rows.append((mutant, [result for result in results if result.outcome is not Outcome.PASSED]))
        return rows

    return with_checks(assignment, Options(seed=0), body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--list", action="store_true", help="print the mutants without a hint")
    parser.add_argument("--pairs", type=int, default=0, help="print this many mutants with their first hint")
    options = parser.parse_args()
    for assignment in find_assignments(options.assignments):
        rows = judged(assignment)
        without = [(mutant, failed) for mutant, failed in rows if not any(result.hint for result in failed)]
        share = 1 - len(without) / max(1, len(rows))
        print(f"{assignment.name}: {len(rows)} mutants, {share:.1%} with a hint", flush=True)
        for mutant, failed in without if options.list else []:
            message = failed[0].message.replace("\n", " ") if failed else "only a check that trains notices it"
            print(f"  {mutant.story}: {message[:200]}")
        hinted = [(mutant, hints) for mutant, failed in rows if (hints := [r.hint for r in failed if r.hint])]
        for mutant, hints in random.Random(0).sample(hinted, min(options.pairs, len(hinted))):
            print(f"  {mutant.story} -> {hints[0]}")


if __name__ == "__main__":
    main()

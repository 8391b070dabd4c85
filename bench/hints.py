"""How many of the planted mistakes get a hint?

    python bench/hints.py [a11_autograd ...] [--list] [--pairs 20 [--seed 1]]

Each mutant is judged by the checks of the tasks that it belongs to, without those that train. It has a hint if one of
the checks that fail gives one. Forbidden operations get a message that says what to do, and count as mistakes without a
hint. ``--list`` prints the mutants without one, with the first message. ``--pairs`` takes the mutants in a random order
and stops at so many with a hint, which it prints, each with its first hint: a reader can judge whether it is right. The
same ``--seed`` prints the same pairs.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator
from itertools import islice

from autograder.authoring.mutants import Mutant, read_mutants
from autograder.authoring.reference import read_reference
from autograder.core.course import find_assignments
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.open_link import open_link
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts

Row = tuple[Mutant, list[CheckResult]]  # a mutant, and the checks that fail


def judged(checks: Checks, mutants: Iterable[Mutant]) -> Iterator[Row]:
    """Yield each mutant with the checks of its tasks that fail."""
    assignment, tasks = checks.assignment, {item.name: item.spec.task for item in checks.items}
    sources = read_reference(assignment)
    for mutant in mutants:
        own = {tasks[name] for name in mutant.checks}
        code = code_of_scripts(mutant.plant(sources), assignment)
        with open_link(None, code, assignment) as link:
            results = checks.judge(link, code, only=lambda c, own=own: c.spec.task in own and not c.scored)
        yield mutant, [result for result in results if result.outcome is not Outcome.PASSED]


def hints_of(row: Row) -> list[str]:
    """Return the hints that a mutant gets, in the order of the checks."""
    return [result.hint for result in row[1] if result.hint]


def print_pairs(checks: Checks, count: int, seed: int) -> None:
    """Print ``count`` mutants with their first hints."""
    mutants = read_mutants(checks.assignment)
    random.Random(seed).shuffle(mutants)
    for row in islice(filter(hints_of, judged(checks, mutants)), count):
        print(f"  {row[0].story} -> {hints_of(row)[0]}", flush=True)


def print_shares(checks: Checks, listed: bool) -> None:
    """Print the share of mutants with a hint, and those without one if ``listed``."""
    rows = list(judged(checks, read_mutants(checks.assignment)))
    without = [row for row in rows if not hints_of(row)]
    share = 1 - len(without) / max(1, len(rows))
    print(f"{checks.assignment.name}: {len(rows)} mutants, {share:.1%} with a hint", flush=True)
    for mutant, failed in without if listed else []:
        message = failed[0].message.replace("\n", " ") if failed else "only a check that trains notices it"
        print(f"  {mutant.story}: {message[:200]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--list", action="store_true", help="print the mutants without a hint")
    parser.add_argument("--pairs", type=int, default=0, help="print so many mutants with their first hint, no shares")
    parser.add_argument("--seed", type=int, default=0, help="for the choice of the pairs")
    options = parser.parse_args()
    for assignment in find_assignments(options.assignments):

        def body(checks: Checks) -> None:
            if options.pairs:
                print(checks.assignment.name, flush=True)
                print_pairs(checks, options.pairs, options.seed)
            else:
                print_shares(checks, options.list)

        with_checks(assignment, Options(seed=0), body)


if __name__ == "__main__":
    main()

"""Do right solutions keep all points whatever the seed? The checks that do not train, or those that do, on many seeds.

    python bench/seeds.py a01_knn a02_linear_classifier --seeds 200
    python bench/seeds.py a01_knn --variants --seeds 20 [--first 20] [--story loop] [--at-most 0.2] [--together]
    python bench/seeds.py a01_knn a06_attention --scored --seeds 20  # the reference's checks that train

Everything runs in one process. The reference runs all checks on each seed. A variant runs only the checks that execute
code which it changes, and those of the task that it changes, because the rest of its code is the reference's. Which
code a check executes is recorded on the reference, with the first seed. `gradlab verify` runs all checks on each
variant, with one seed. Limits of time are set aside, so that a busy machine takes no points. Each lost check is printed
with its seed, and the dearest checks with their processor time on one seed. ``--at-most`` leaves out the checks that
take more seconds. ``--together`` writes variants that change different functions into one solution, which saves half of
the time; if it loses a check, its variants are judged one by one. Use it on many seeds, after the variants
passed alone on one: together, the code of one may be bypassed by that of another.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from autograder.authoring.executed import Place, Witnesses, changed_places  # noqa: E402
from autograder.authoring.reference import read_reference  # noqa: E402
from autograder.authoring.variants import Variant, read_variants  # noqa: E402
from autograder.checks.task import BadCheck  # noqa: E402
from autograder.core.assignment import Assignment  # noqa: E402
from autograder.core.course import find_assignments  # noqa: E402
from autograder.core.report import CheckResult, Outcome  # noqa: E402
from autograder.sandbox.open_link import open_link  # noqa: E402
from autograder.session.options import Options  # noqa: E402
from autograder.session.session import Checks, with_checks  # noqa: E402
from autograder.submissions.submission import code_of_scripts  # noqa: E402

PATIENCE = 3600.0  # seconds that a check may take


class Bench:
    """The checks of one assignment that do not train, or those that do."""

    def __init__(self, checks: Checks, *, scored: bool = False) -> None:
        self.checks, self.assignment = checks, checks.assignment
        self.sources = read_reference(checks.assignment)
        self.items = [item for item in checks.items if item.scored == scored]
        self.seconds: dict[str, float] = {}  # of processor time on the reference, by check
        for item in self.items:
            item.spec = replace(item.spec, seconds=PATIENCE)

    def leave_out(self, seed: int, at_most: float) -> str:
        """Measure the checks on the reference, drop those that take longer, and say which are the dearest."""
        before = time.process_time()

        def note(result: CheckResult) -> None:
            nonlocal before
            now = time.process_time()
            self.seconds[result.id.partition("::")[2]] = now - before
            before = now

        self.lost(self.sources, {item.name for item in self.items}, seed, note)
        dear = sorted(self.items, key=lambda item: -self.seconds[item.name])
        self.items = [item for item in self.items if self.seconds[item.name] <= at_most]
        kept = {item.name for item in self.items}
        shown = [f"{item.name} {self.seconds[item.name]:.2f} s" for item in dear if item.name not in kept]
        shown = [f"left out: {', '.join(shown)}"] if shown else []
        rest = [f"{item.name} {self.seconds[item.name]:.2f} s" for item in dear if item.name in kept]
        return "; ".join([*shown, f"dearest: {', '.join(rest[:4])}"])

    def lost(
        self,
        sources: Mapping[str, str],
        names: Collection[str],
        seed: int,
        progress: Callable[[CheckResult], None] = lambda result: None,
    ) -> list[CheckResult]:
        """Run the checks of these names with a seed. Return the results that are not passed."""
        self.checks.state.options = replace(self.checks.state.options, seed=seed)
        code = code_of_scripts(sources, self.assignment)
        with open_link(None, code, self.assignment) as link:
            results = self.checks.judge(link, code, only=lambda check: check.name in names, progress=progress)
        return [result for result in results if result.outcome is not Outcome.PASSED]


@dataclass
class Group:
    """Variants that change different functions, and the solution that has all of them."""

    variants: list[Variant]
    places: set[Place] | None  # what they change; None: more than functions
    sources: Mapping[str, str]

    @classmethod
    def of(cls, sources: Mapping[str, str], variant: Variant) -> Group:
        written = variant.write(dict(sources))
        return cls([variant], changed_places(sources, written), written)

    @property
    def name(self) -> str:
        """The stories."""
        return "variant " + " + ".join(repr(variant.story) for variant in self.variants)

    def join(self, other: Group, sources: Mapping[str, str]) -> bool:
        """Take the variant of another group in, if both can be written together."""
        if self.places is None or other.places is None or any(overlap(a, b) for a in self.places for b in other.places):
            return False
        (variant,) = other.variants
        try:
            written = variant.write(dict(self.sources))
        except BadCheck:  # it edits a text that the others have changed
            return False
        if changed_places(sources, written) != self.places | other.places:
            return False
        self.variants.append(variant)
        self.places |= other.places
        self.sources = written
        return True


def overlap(a: Place, b: Place) -> bool:
    """Return whether two places are one, or one is in the other."""
    return a[0] == b[0] and (f"{a[1]}.".startswith(f"{b[1]}.") or f"{b[1]}.".startswith(f"{a[1]}."))


def grouped(sources: Mapping[str, str], variants: Collection[Variant]) -> list[Group]:
    """Return the variants in few groups."""
    groups: list[Group] = []
    for variant in variants:
        alone = Group.of(sources, variant)
        if not any(group.join(alone, sources) for group in groups):
            groups.append(alone)
    return groups


def run(assignment: Assignment, options: argparse.Namespace) -> None:
    """Run the reference or the variants of one assignment, and print what is lost."""
    begun, seeds = time.process_time(), range(options.first, options.first + options.seeds)
    losses = 0

    def show(who: str, seed: int, results: list[CheckResult]) -> None:
        nonlocal losses
        losses += len(results)
        for result in results:
            message = result.message.replace("\n", " ")[:400]
            print(f"  LOST {who}, seed {seed}, {result.id} ({result.outcome}): {message}", flush=True)

    def reference(checks: Checks) -> str:
        bench = Bench(checks, scored=options.scored)
        print(f"  {bench.leave_out(options.first, options.at_most)}", flush=True)
        names = {item.name for item in bench.items}
        for seed in seeds:
            show("reference", seed, bench.lost(bench.sources, names, seed))
        return f"reference, {len(names)} checks"

    def variants(checks: Checks) -> str:
        bench = Bench(checks)
        print(f"  {bench.leave_out(options.first, options.at_most)}", flush=True)
        chosen = [v for v in read_variants(assignment) if options.story in v.story]
        witnesses, runs, every = Witnesses(checks, bench.sources), 0, {item.name for item in bench.items}
        groups = grouped(bench.sources, chosen) if options.together else [Group.of(bench.sources, v) for v in chosen]
        for group in groups:
            names = witnesses.of(group.sources) & every
            if not names:
                print(f"  no check executes what {group.name} changes", flush=True)
            runs += len(names)
            for seed in seeds if names else ():
                results = bench.lost(group.sources, names, seed)
                if results and len(group.variants) > 1:
                    groups += [Group.of(bench.sources, variant) for variant in group.variants]  # on all seeds
                    print(f"  alone, because they do not fit together: {group.name}", flush=True)
                    break
                show(group.name, seed, results)
        return f"{len(chosen)} variants in {len(groups)} solutions, {runs} checks of them, {len(bench.items)} in all"

    detail = with_checks(assignment, Options(seed=0), variants if options.variants else reference)
    seconds = time.process_time() - begun
    print(f"{assignment.name}: {detail}, seeds {seeds[0]} to {seeds[-1]}, {losses} lost, {seconds:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--variants", action="store_true", help="the variants in place of the reference")
    parser.add_argument("--scored", action="store_true", help="the reference's checks that train")
    parser.add_argument("--together", action="store_true", help="variants of different functions in one solution")
    parser.add_argument("--at-most", type=float, default=math.inf, help="leave out checks that take more seconds")
    parser.add_argument("--story", default="", help="only variants whose story contains this text")
    options = parser.parse_args()
    for assignment in find_assignments(options.assignments):
        run(assignment, options)


if __name__ == "__main__":
    main()

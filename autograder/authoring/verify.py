"""Proof that an assignment is sound: `gradlab verify`.

The reference earns all points on every seed and the blank stub none. No variant loses a point; a variant is a right
solution in another style. The check that a mutant names notices it, and some mutant names every check. A mutant
that shows a habit loses at most half of its task. Where one task is not written, no other one loses points, unless the
manifest says that it needs the first. The reference's notebooks run, and generated files are fresh.

A check that only took too long has not noticed a mutant, unless the mutant says that it is endless.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property

from autograder.authoring.borrowing import judge_loans, judge_needs
from autograder.authoring.executed import Witnesses
from autograder.authoring.losses import by_cause, check_name, follows, show_group
from autograder.authoring.mutants import Mutant, read_mutants
from autograder.authoring.one_core import begin_process, fresh_processes
from autograder.authoring.placeholders import find_placeholders
from autograder.authoring.reference import execute_reference, read_reference
from autograder.authoring.variants import read_variants
from autograder.authoring.verify_plan import SCORED_SEEDS, USUAL, Plan, shared_out
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.core.collector import collecting_rarely
from autograder.core.errors import GradlabError
from autograder.core.files import read_utf8, sentence
from autograder.core.report import Cause, CheckResult, Outcome
from autograder.render.words import count
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import WorkerPool, open_pool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts

PATIENCE = 10.0  # times its limit: what a check gets to notice a mutant in another way than by taking too long


@dataclass(frozen=True)
class Finding:
    """One thing that was verified."""

    what: str
    problems: tuple[str, ...]
    detail: str
    seconds: float
    notes: tuple[str, ...] = ()  # what an author should know, although it holds

    @property
    def holds(self) -> bool:
        return not self.problems


@dataclass
class Verification:
    """All that was verified of one assignment."""

    assignment: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return all(finding.holds for finding in self.findings)


def verify_all(
    assignments: Sequence[Assignment],
    options: Options,
    plan: Plan = USUAL,
    *,
    jobs: int = 1,
    done: Callable[[Verification], None] = lambda result: None,
) -> list[Verification]:
    """Verify with ``jobs`` processes at a time; the results are in the order of ``assignments``.

    A process verifies one part of one assignment, on one core. ``done`` is called after each assignment.
    """
    plans = [replace(plan, parts=parts) for parts in shared_out(plan)]
    with ProcessPoolExecutor(jobs, fresh_processes(assignments), begin_process, max_tasks_per_child=1) as pool:
        running = [[pool.submit(verify, assignment, options, part) for part in plans] for assignment in assignments]
        left = {future: parts for parts in running for future in parts}
        try:
            for future in as_completed(list(left)):
                future.result()
                parts = left.pop(future)
                if not any(other in left for other in parts):
                    done(_join([part.result() for part in parts]))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [_join([part.result() for part in parts]) for parts in running]


def verify(assignment: Assignment, options: Options, plan: Plan = USUAL) -> Verification:
    """Verify one assignment as ``plan`` says."""
    result = Verification(assignment.name)
    parts = plan.parts

    def note(what: str, work: Callable[[], tuple[list[str], str]]) -> None:
        result.findings.append(_find(what, work))

    @collecting_rarely()  # reading so many solutions makes many objects that are in use
    def body(checks: Checks) -> None:
        if checks.state.unpaid:
            result.findings.append(Finding("points", tuple(checks.state.unpaid), "", 0.0))
        bench = _Bench(checks, pool, read_reference(assignment), plan)
        if "reference" in parts:
            note("reference", lambda: bench.reference(bench.judged - bench.scored, plan.seeds))
        if "training" in parts and plan.training and bench.scored:
            note("training", lambda: bench.reference(bench.scored, min(plan.seeds, SCORED_SEEDS)))
        if "variants" in parts:
            note("variants", bench.variants)
        if "mistakes" in parts:
            if not plan.story:
                note("blank stub", bench.stub)
            note("mutants", bench.mutants)
        if "loans" in parts:
            if borrowers := [item for item in checks.items if item.spec.lent and not item.scored]:
                note("loans", lambda: judge_loans(bench, borrowers))
            if len(assignment.tasks) > 1:
                note("needs", lambda: judge_needs(bench))
        if "habits" in parts:
            note("habits", bench.habits)

    if set(parts) - {"files"}:
        with open_pool(plan.isolation, course=assignment.course) if plan.fork else nullcontext() as pool:
            try:
                with_checks(assignment, options, body, growing=True)
            except (GradlabError, OSError) as error:
                problem = sentence(error) if isinstance(error, OSError) else str(error)
                result.findings.append(Finding("checks", (problem,), "", 0.0))
    if "files" in parts:
        note("generated files", lambda: _fresh(assignment))
        if notes := find_placeholders(assignment):
            result.findings.append(Finding("texts", (), count(len(notes), "placeholder"), 0.0, tuple(notes)))
        if plan.notebook:
            note("notebook", lambda: _notebooks(assignment))
    return result


class _Bench:
    """The checks, the reference, and where code runs."""

    def __init__(self, checks: Checks, pool: WorkerPool | None, sources: dict[str, str], plan: Plan) -> None:
        self.checks, self.pool, self.sources, self.plan = checks, pool, sources, plan
        self.names = {item.name for item in checks.items}
        self.scored = {item.name for item in checks.items if item.scored}
        self.judged = self.names if plan.training else self.names - self.scored
        self._lost: dict[tuple[str, int], bool] = {}  # by check and seed: whether the reference loses points

    @cached_property
    def witnesses(self) -> Witnesses:
        """The checks that can notice an edit. All checks run once on the reference to find them."""
        return Witnesses(self.checks, self.sources)

    def _may_notice(self, sources: Mapping[str, str]) -> set[str]:
        """Return the checks to run on an edited reference, without the scored ones."""
        return self.witnesses.of(sources) if self.plan.narrow else self.names - self.scored

    def reference(self, names: Collection[str], seeds: int) -> tuple[list[str], str]:
        """Run the checks of these names on the reference, with every seed."""
        lost_with: dict[str, list[int]] = {}  # by check: the seeds
        losses = []
        for seed in range(seeds):
            for result in self.losses(self.sources, names, seed):
                lost_with.setdefault(result.id, []).append(seed)
                losses.append(result)
        problems = []
        for group in by_cause(losses):
            seed, *more = sorted({seed for result in group for seed in lost_with[result.id]})
            others = f" and {count(len(more), 'other seed')}" if more else ""
            problems.append(f"seed {seed}{others}: {show_group(group)}")
        points = sum(item.spec.points for item in self.checks.items if item.name in names)
        return problems, f"{count(points, 'point')}, {count(seeds, 'seed')}, {count(len(names), 'check')}"

    def variants(self) -> tuple[list[str], str]:
        """Run all checks but the scored ones on each variant; the seeds rotate."""
        problems = []
        variants = read_variants(self.checks.assignment)
        chosen = [(n, variant) for n, variant in enumerate(variants) if self.plan.story in variant.story]
        chosen = chosen[:: self.plan.variants_step]
        following: dict[str, set[str]] = {}  # by check that the reference fails, too: the stories
        for number, variant in chosen:
            try:
                sources = variant.write(self.sources)
            except BadCheck as error:  # it no longer applies
                problems.append(str(error))
                continue
            names = self._may_notice(sources)
            for seed in range(number, number + self.plan.variant_seeds):
                losses = self.losses(sources, names, seed)
                for name in self.lost_by_reference(map(check_name, losses), seed):
                    following.setdefault(name, set()).add(variant.story)
                problems += [
                    f"The variant {variant.story!r} loses points. Seed {seed}, {group[0].id}: {show_group(group)}"
                    for group in by_cause(r for r in losses if check_name(r) not in following)
                ]
        if following:
            stories = set().union(*following.values())
            problems.append(follows(count(len(stories), "variant"), following))
        return problems, f"{count(len(chosen), 'variant')}, {count(len(self.names - self.scored), 'check')}"

    def habits(self) -> tuple[list[str], str]:
        """Run all checks but the scored ones on the mutants that show a habit: one habit, one loss."""
        problems = []
        following: dict[str, set[str]] = {}  # by check that the reference fails, too: the stories
        chosen = [m for m in read_mutants(self.checks.assignment) if m.habit and self.plan.story in m.story]
        own = {item.name: item.spec.task for item in self.checks.items}
        for mutant in chosen:
            try:
                sources = mutant.plant(self.sources)
            except BadCheck as error:  # it no longer applies
                problems.append(str(error))
                continue
            results = self._run(sources, self._may_notice(sources))
            lost = [check_name(r) for r in results if r.points < r.max_points]
            for name in self.lost_by_reference(lost, self.checks.state.options.seed or 0):
                following.setdefault(name, set()).add(mutant.story)
            results = tuple(r for r in results if check_name(r) not in following)
            mine = {own[name] for name in mutant.checks if name in own}
            problems += [f"The habit {mutant.habit!r} ({mutant.story}) {loss}" for loss in self._excess(results, mine)]
        if following:
            stories = set().union(*following.values())
            problems.append(follows(count(len(stories), "mutant"), following))
        return problems, f"{count(len(chosen), 'mutant')} of {count(len({m.habit for m in chosen}), 'habit')}"

    def _excess(self, results: Sequence[CheckResult], own: Collection[str]) -> list[str]:
        """Say where a habit costs more than half of its own task, or points of another one."""
        losses = []
        for task in self.checks.assignment.tasks:
            failed = [r for r in results if r.task == task.name and r.points < r.max_points]
            lost = sum(r.max_points - r.points for r in failed)
            checks = ", ".join(r.id.partition("::")[2] for r in failed)
            if lost and task.name not in own:
                losses.append(f"costs {count(lost, 'point')} of another task, {task.name} ({checks}).")
            elif 2 * lost > task.points:
                losses.append(
                    f"costs {lost} of {count(task.points, 'point')} of {task.name}, more than half ({checks})."
                )
        return losses

    def losses(self, sources: Mapping[str, str], names: Collection[str], seed: int) -> list[CheckResult]:
        """Run the checks of these names with a seed. Return the results that are not passed."""
        before = self.checks.state.options
        self.checks.state.options = replace(before, seed=seed)
        try:
            return [r for r in self._run(sources, names) if r.outcome is not Outcome.PASSED]
        finally:
            self.checks.state.options = before

    def lost_by_reference(self, names: Iterable[str], seed: int) -> set[str]:
        """Return those of these checks that the reference fails, too, with this seed."""
        names = set(names)
        if unknown := {name for name in names if (name, seed) not in self._lost}:
            lost = {check_name(result) for result in self.losses(self.sources, unknown, seed)}
            self._lost |= {(name, seed): name in lost for name in unknown}
        return {name for name in names if self._lost[name, seed]}

    def stub(self) -> tuple[list[str], str]:
        """Run all checks on the released scripts; each task must be reported as not written."""
        assignment = self.checks.assignment
        if missing := [name for name in assignment.files if not (assignment.folder / name).exists()]:
            return [f"{missing[0]} was not released yet. Run `gradlab release {assignment.name}`."], ""
        sources = {name: read_utf8(assignment.folder / name) for name in assignment.files}
        results = self._run(sources, self.names)
        problems = [f"{r.id} gives the blank stub {count(r.points, 'point')}." for r in results if r.points]
        broken = [r for r in results if r.outcome is Outcome.BROKEN]
        following = self.lost_by_reference(map(check_name, broken), self.checks.state.options.seed or 0)
        problems += [
            f"{r.id} is broken by the blank stub: {r.message}" for r in broken if check_name(r) not in following
        ]
        if following:
            problems.append(follows("The blank stub", following))
        unnamed = []
        for task in assignment.tasks:
            own = [r for r in results if r.task == task.name]
            named = any(r.cause is Cause.NOT_WRITTEN and _mentions(r, task.name) for r in own)
            if not named and not all(check_name(r) in following for r in own):  # else the points say that it has none
                unnamed.append(f"no check says that {task.name} is not written")
        problems += unnamed and (_fresh(assignment)[0] or unnamed)  # an old handout is the cause of all of them
        return problems, f"0 points, {count(len(assignment.tasks), 'task')} named"

    def mutants(self) -> tuple[list[str], str]:
        """Run the checks that a mutant names; each must fail."""
        mutants = [m for m in read_mutants(self.checks.assignment) if self.plan.story in m.story]
        problems: list[str] = []
        used: set[str] = set()
        following: dict[str, set[str]] = {}  # by check that the reference fails, too: the stories
        for mutant in mutants:
            unknown = sorted(set(mutant.checks) - self.names)
            problems += [f"The mutant {mutant.story!r} names {name}, but no check has this name." for name in unknown]
            try:
                sources = mutant.plant(self.sources)
            except BadCheck as error:  # it no longer applies
                problems.append(str(error))
                used.update(mutant.checks)
                continue
            for result in self._noticed(mutant, sources):
                name = check_name(result)
                used.add(name)
                if result.cause is Cause.TIMEOUT and not mutant.endless:
                    problems.append(
                        f"The mutant {mutant.story!r} is noticed by {name} only because it takes too long. Give the "
                        "check smaller inputs; or, if the mutant never ends, say so with endless=True."
                    )
                elif result.outcome is Outcome.FAILED:
                    continue
                elif self.lost_by_reference([name], self.checks.state.options.seed or 0):
                    following.setdefault(name, set()).add(mutant.story)
                else:
                    problems.append(
                        f"The mutant {mutant.story!r} is not noticed by {name} ({result.outcome}). {result.message}"
                    )
        if following:
            problems.append(follows(count(len(set().union(*following.values())), "mutant"), following))
        if not self.plan.story:
            problems += [f"No mutant names {name}." for name in sorted(self.judged - used)]
        return problems, f"{len(mutants)} noticed, {count(len(used), 'check')} used"

    def _noticed(self, mutant: Mutant, sources: Mapping[str, str]) -> list[CheckResult]:
        """Run the checks that a mutant names: those of an endless one for a tenth of their limits.

        A check that takes too long runs again with more time, which it needs where many processes share the cores.
        """
        names = self.judged.intersection(mutant.checks)
        if mutant.endless:
            return list(self._run(sources, names, patience=1 / PATIENCE))
        results = list(self._run(sources, names))
        late = {check_name(result) for result in results if result.cause is Cause.TIMEOUT}
        again = self._run(sources, late, patience=PATIENCE)
        return [*(result for result in results if check_name(result) not in late), *again]

    def _run(
        self, sources: Mapping[str, str], names: Collection[str], *, patience: float = 1.0
    ) -> tuple[CheckResult, ...]:
        if not names:
            return ()
        code, usual = code_of_scripts(sources, self.checks.assignment), self.checks.assignment.limits.seconds
        items = {item: item.spec for item in self.checks.items if item.name in names}
        for item, spec in items.items():
            item.spec = replace(spec, seconds=patience * (spec.seconds or usual))
        try:
            with open_link(self.pool, code, self.checks.assignment) as link:
                return self.checks.judge(link, code, only=items.__contains__)
        finally:
            for item, spec in items.items():
                item.spec = spec


def _find(what: str, work: Callable[[], tuple[list[str], str]]) -> Finding:
    """Do the work and time it. A finding with problems has no detail."""
    begun = time.monotonic()
    try:
        problems, detail = work()
    except GradlabError as error:
        problems, detail = [str(error)], ""
    except OSError as error:
        problems, detail = [sentence(error)], ""
    return Finding(what, tuple(problems), "" if problems else detail, round(time.monotonic() - begun, 2))


def _mentions(result: CheckResult, task: str) -> bool:
    """Say whether the message has the task's name, or a part of it: "forward" of "Conv.forward"."""
    return task.rpartition(".")[2] in result.message or task.partition(".")[0] in result.message


def _fresh(assignment: Assignment) -> tuple[list[str], str]:
    from autograder.authoring.release import BadSource, release, stale  # nbgrader, which it needs, is slow to import

    try:
        made = release(assignment)
    except BadSource as error:
        return [str(error)], ""
    return stale(made), count(len(made.files), "file")


def _notebooks(assignment: Assignment) -> tuple[list[str], str]:
    return execute_reference(assignment), f"{count(len(assignment.files), 'notebook')} executed"


def _join(parts: Sequence[Verification]) -> Verification:
    """Return the findings of all parts; a finding that two parts share appears once."""
    findings = {finding: None for part in parts for finding in part.findings}
    return Verification(parts[0].assignment, list(findings))

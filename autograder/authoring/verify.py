"""Proof that an assignment has not rotted: `gradlab verify`.

The reference earns everything on every seed, the blank stub nothing, every mutant is noticed by the check it names,
every check is failed by some mutant, the reference's notebook runs, generated files are fresh.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from autograder.authoring.mutants import read_mutants
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.core.report import Cause, CheckResult, Outcome
from autograder.render.words import count
from autograder.sandbox.box_link import BoxLink, WorkerPool
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.pool import open_pool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.session.verdict import show

SCORED_SEEDS = 5  # at most so many for checks that train
PARTS = (
    "training",
    "reference",
    "mistakes",
    "files",
)  # longest first; the stub is a mistake, too; the notebook is one of the files


@dataclass(frozen=True)
class Finding:
    """One thing that was verified."""

    what: str
    problems: tuple[str, ...]
    detail: str
    seconds: float

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


def verify(
    assignment: Assignment,
    options: Options,
    *,
    seeds: int = 20,
    isolation: str = "none",
    notebook: bool = True,
    training: bool = True,
    parts: Collection[str] = PARTS,
) -> Verification:
    """Verify one assignment, or some PARTS of it. Without ``training`` the scored checks are left out."""
    result = Verification(assignment.name)

    def note(what: str, work: Callable[[], tuple[list[str], str]]) -> None:
        result.findings.append(_finding(what, work))

    def body(checks: Checks) -> None:
        bench = _Bench(checks, pool, read_sources(assignment), training)
        if "reference" in parts:
            note("reference", lambda: bench.reference(bench.judged - bench.scored, seeds, options))
        if "training" in parts and training and bench.scored:
            note("training", lambda: bench.reference(bench.scored, min(seeds, SCORED_SEEDS), options))
        if "mistakes" in parts:
            note("blank stub", bench.stub)
            note("mutants", bench.mutants)

    if set(parts) - {"files"}:
        with open_pool(isolation) as pool:
            try:
                with_checks(assignment, options, body)
            except (BadCheck, OSError) as error:
                result.findings.append(Finding("checks", (str(error),), "", 0.0))
    if "files" in parts:
        note("generated files", lambda: _fresh(assignment))
        if notebook:
            note("notebook", lambda: _notebooks(assignment))
    return result


def _finding(what: str, work: Callable[[], tuple[list[str], str]]) -> Finding:
    """Do the work and time it. Where there are problems, they stand instead of what would have been true."""
    begun = time.monotonic()
    try:
        problems, detail = work()
    except (BadCheck, OSError) as error:
        problems, detail = [str(error)], ""
    return Finding(what, tuple(problems), "" if problems else detail, round(time.monotonic() - begun, 2))


def read_sources(assignment: Assignment) -> dict[str, str]:
    """The reference's files, by name."""
    return {name: (assignment.solutions / name).read_text(encoding="utf-8") for name in assignment.files}


class _Bench:
    """The checks, the place where code runs, and the reference."""

    def __init__(self, checks: Checks, pool: WorkerPool | None, sources: dict[str, str], training: bool) -> None:
        self.checks, self.pool, self.sources, self.training = checks, pool, sources, training
        self.names = {item.name for item in checks.items}
        self.scored = {item.name for item in checks.items if item.scored}
        self.judged = self.names if training else self.names - self.scored

    @contextmanager
    def _link(self, sources: Mapping[str, str]) -> Iterator[BoxLink | LocalLink]:
        limits = self.checks.assignment.limits
        link = BoxLink(self.pool, sources, limits, {}) if self.pool else LocalLink(sources)
        try:
            yield link
        finally:
            link.close()

    def reference(self, names: Collection[str], seeds: int, options: Options) -> tuple[list[str], str]:
        problems = []
        for seed in range(seeds):
            self.checks.run.options = replace(options, seed=seed)
            results = self._run(self.sources, names)
            problems += [f"seed {seed}: {show(r)}" for r in results if r.outcome is not Outcome.PASSED]
        self.checks.run.options = options
        points = sum(item.spec.points for item in self.checks.items if item.name in names)
        return problems, f"{points} points, {count(seeds, 'seed')}, {count(len(names), 'check')}"

    def stub(self) -> tuple[list[str], str]:
        assignment = self.checks.assignment
        sources = {name: (assignment.folder / name).read_text(encoding="utf-8") for name in assignment.files}
        results = self._run(sources, self.names)
        problems = [f"{r.id} gives the blank stub {r.points} points." for r in results if r.points]
        problems += [f"{r.id} is broken by the blank stub: {r.message}" for r in results if r.outcome is Outcome.BROKEN]
        for task in assignment.tasks:
            own = [r for r in results if r.task == task.name and r.cause is Cause.NOT_WRITTEN]
            if not any(_names(r, task.name) for r in own):
                problems.append(f"no check says that {task.name} is not written")
        return problems, f"0 points, {len(assignment.tasks)} tasks named"

    def mutants(self) -> tuple[list[str], str]:
        mutants = read_mutants(self.checks.assignment)
        problems: list[str] = []
        used: set[str] = set()
        for mutant in mutants:
            unknown = sorted(set(mutant.checks) - self.names)
            problems += [f"The mutant {mutant.story!r} names {name}, which is no check." for name in unknown]
            try:
                sources = mutant.plant(self.sources)
            except BadCheck as error:  # it no longer applies
                problems.append(str(error))
                continue
            for result in self._run(sources, self.judged.intersection(mutant.checks)):
                name = result.id.partition("::")[2]
                used.add(name)
                if result.outcome is not Outcome.FAILED:
                    problems.append(
                        f"The mutant {mutant.story!r} is not noticed by {name} ({result.outcome}). {result.message}"
                    )
        problems += [f"No mutant fails {name}." for name in sorted(self.judged - used)]
        return problems, f"{len(mutants)} noticed, {len(self.judged)} checks used"

    def _run(self, sources: Mapping[str, str], names: Collection[str]) -> tuple[CheckResult, ...]:
        if not names:
            return ()
        with self._link(sources) as link:
            return self.checks.judge(link, sources, only=lambda check: check.name in names)


def _names(result: CheckResult, task: str) -> bool:
    """Does the report name the task, if only by its last part: "forward" of "Conv.forward"?"""
    return task.rpartition(".")[2] in result.message or task.partition(".")[0] in result.message


def _fresh(assignment: Assignment) -> tuple[list[str], str]:
    from autograder.authoring.release import BadSource, release, stale

    try:
        made = release(assignment)
    except BadSource as error:
        return [str(error)], ""
    return stale(made), f"{len(made.files)} files"


def _notebooks(assignment: Assignment) -> tuple[list[str], str]:
    from autograder.authoring.execute import execute_reference

    return execute_reference(assignment), f"{count(len(assignment.files), 'notebook')} executed"

"""Generated mutants: one small mistake at a time in the reference, and whether a check notices it.

A mistake that no check notices is a hole in the checks, or equivalent: it changes nothing that a student must do.
``solutions/<a>/equivalent.toml`` lists the latter, with reasons.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from operator import is_

from msgspec import Struct, structs

from autograder.authoring.one_core import begin_process, fresh_processes
from autograder.authoring.operators import Change, changes_of
from autograder.authoring.reference import read_reference
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment, Task
from autograder.core.notebooks import import_name
from autograder.core.report import CheckResult, Outcome
from autograder.core.toml_file import read_toml
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import WorkerPool, open_pool
from autograder.session.check_items import Check
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.session.verdict import show
from autograder.source_rules.call_graph import call_graph_of
from autograder.source_rules.resolve import ModuleNames
from autograder.submissions.submission import code_of_scripts

EQUIVALENT = "equivalent.toml"
SEED = 0  # of the sample, and of the checks
PATIENCE = 10  # a mistake may make a check this much slower
CHUNK = 40  # mistakes that one process tries


class Equivalent(Struct, frozen=True, forbid_unknown_fields=True):
    """A change that breaks nothing that a student must do."""

    file: str
    before: str  # the line, without indentation
    after: str | tuple[str, ...]  # one changed line, or several
    reason: str
    function: str = ""  # where the same line is in several functions

    @property
    def each(self) -> tuple[Equivalent, ...]:
        """Return an entry for each changed line."""
        lines = (self.after,) if isinstance(self.after, str) else self.after
        return tuple(structs.replace(self, after=line) for line in lines)

    def covers(self, change: Change) -> bool:
        same = (self.file, self.before, self.after) == (change.file, change.before, change.after)
        return same and self.function in ("", change.function)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    equivalent: tuple[Equivalent, ...] = ()


@dataclass(frozen=True)
class Trial:
    """One change, and the check that noticed it, if one did."""

    change: Change
    noticed_by: str = ""
    broken: str = ""  # the report of a check that broke


@dataclass(frozen=True)
class Generated:
    """What became of the generated mutants of one assignment."""

    assignment: str
    made: int
    equivalent: int
    trials: tuple[Trial, ...]
    problems: tuple[str, ...] = ()

    @property
    def survivors(self) -> list[Change]:
        return [trial.change for trial in self.trials if not trial.noticed_by and not trial.broken]

    @property
    def share(self) -> float:
        """The share of the tried mutants that a check noticed."""
        return sum(bool(trial.noticed_by) for trial in self.trials) / max(1, len(self.trials))

    @property
    def holds(self) -> bool:
        return not self.problems and all(trial.noticed_by for trial in self.trials)


def verify_generated(
    assignments: Sequence[Assignment],
    options: Options,
    *,
    jobs: int = 1,
    isolation: str = "none",
    sample: int | None = None,
    task: str = "",
    done: Callable[[Generated], None] = lambda result: None,
) -> list[Generated]:
    """Try the generated mutants of each assignment, or a ``sample``, or those in one ``task``'s code."""
    results = []
    with ProcessPoolExecutor(jobs, fresh_processes(assignments), begin_process, max_tasks_per_child=1) as pool:
        for assignment in assignments:
            made, equivalent, problems = _plan(assignment, task)
            chosen = made if sample is None or sample >= len(made) else random.Random(SEED).sample(made, sample)
            chunks = [chosen[start : start + CHUNK] for start in range(0, len(chosen), CHUNK)]
            running = [pool.submit(try_changes, assignment, options, isolation, chunk) for chunk in chunks]
            trials: list[Trial] = []
            for future in running:
                try:
                    trials += future.result()
                except (BadCheck, OSError) as error:
                    problems.append(str(error))
            trials.sort(key=lambda trial: (trial.change.file, trial.change.line))
            result = Generated(assignment.name, len(made), equivalent, tuple(trials), tuple(dict.fromkeys(problems)))
            results.append(result)
            done(result)
    return results


def _plan(assignment: Assignment, task: str) -> tuple[list[Change], int, list[str]]:
    """Return the changes that are not known as equivalent, the number of the others, and what is wrong."""
    sources = read_reference(assignment)
    changes = [change for file, text in sources.items() for change in changes_of(text, file)]
    path = assignment.solutions / EQUIVALENT
    entries = read_toml(path, _File, error=BadCheck).equivalent if path.exists() else ()
    known = [one for entry in entries for one in entry.each]
    problems = [
        f"{path}: `{entry.before}` -> `{entry.after}` in {entry.file} no longer applies. Delete the entry."
        for entry in known
        if not any(entry.covers(change) for change in changes)
    ]
    left = [change for change in changes if not any(entry.covers(change) for entry in known)]
    if task:
        users = _Users(assignment, sources)
        left = [change for change in left if assignment.task(task) in users.own(change)]
    return left, len(changes) - len(left) if not task else 0, problems


def try_changes(assignment: Assignment, options: Options, isolation: str, changes: Sequence[Change]) -> list[Trial]:
    """Try each change with the checks of the tasks that it touches, until one fails."""

    def body(checks: Checks) -> list[Trial]:
        bench = _Bench(checks, pool)
        return [bench.attempt(change) for change in changes]

    with open_pool(isolation, course=assignment.course) as pool:
        return with_checks(assignment, replace(options, seed=SEED), body)


class _Users:
    """Which tasks a function belongs to, and which tasks use it."""

    def __init__(self, assignment: Assignment, sources: dict[str, str]) -> None:
        self.assignment = assignment
        self.code: dict[str, set[str]] = {}
        for task in assignment.tasks:
            graph = call_graph_of(ModuleNames(sources[task.file]), task.name)
            self.code[task.name] = {visit.definition.name for visit in graph.visits}
        self.imports = {
            file: {other for other in sources if f"from {import_name(other)} import" in text}
            for file, text in sources.items()
        }

    def own(self, change: Change) -> list[Task]:
        """Return the tasks whose code contains the change; the tasks that use it, if it is a helper."""
        near = [
            t for t in self._in_file(change) if _inside(change.function, t.name) or _inside(t.name, change.function)
        ]
        return near or [t for t in self._in_file(change) if change.function in self.code[t.name]]

    def others(self, change: Change) -> list[Task]:
        """Return the other tasks that use the changed function."""
        own = self.own(change)
        using = [t for t in self._in_file(change) if change.function in self.code[t.name]]
        using += [t for t in self.assignment.tasks if change.file in self.imports[t.file]]
        return [t for t in using if t not in own] or ([] if own else self._in_file(change))

    def _in_file(self, change: Change) -> list[Task]:
        return [task for task in self.assignment.tasks if task.file == change.file]


def _inside(inner: str, outer: str) -> bool:
    return f"{inner}.".startswith(f"{outer}.")


class _Bench:
    """The checks that are not scored, the fastest first, with limits that suit the reference."""

    def __init__(self, checks: Checks, pool: WorkerPool | None) -> None:
        self.checks, self.pool = checks, pool
        self.sources = read_reference(checks.assignment)
        self.users = _Users(checks.assignment, self.sources)
        self.items: dict[str, list[Check]] = {task.name: [] for task in checks.assignment.tasks}
        usual = [item for item in checks.items if not item.scored]
        seconds: dict[str, float] = {}
        for result, item in zip(self._judge(self.sources, usual), usual, strict=True):
            if result.outcome is not Outcome.PASSED:
                raise BadCheck(f"The reference does not pass its own checks. {show(result)}")
            seconds[item.nodeid] = result.seconds
            limit = item.spec.seconds or checks.assignment.limits.seconds
            item.spec = replace(item.spec, seconds=min(limit, 2 + PATIENCE * result.seconds))
            self.items[item.spec.task].append(item)
        for items in self.items.values():
            items.sort(key=lambda item: seconds[item.nodeid])

    def attempt(self, change: Change) -> Trial:
        """Run the checks until one notices the change."""
        sources = {**self.sources, change.file: change.apply(self.sources[change.file])}
        items = [item for task in self.users.own(change) for item in self.items[task.name]]
        items += [item for task in self.users.others(change) for item in self.items[task.name]]
        with closing(self._judge(sources, items)) as results:
            for result in results:
                if result.outcome is Outcome.BROKEN:
                    return Trial(change, broken=f"{result.id}: {result.message}")
                if result.outcome is Outcome.FAILED:
                    return Trial(change, noticed_by=result.id)
        return Trial(change)

    def _judge(self, sources: dict[str, str], items: Sequence[Check]) -> Generator[CheckResult]:
        code = code_of_scripts(sources, self.checks.assignment)
        with open_link(self.pool, code, self.checks.assignment) as link:
            for item in items:
                yield from self.checks.judge(link, code, only=partial(is_, item))

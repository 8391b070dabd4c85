"""Measure the scored checks and set their thresholds: `gradlab calibrate`.

A threshold is half way between the best score of a known-wrong solution, at the end of its run or at an earlier look at
it, and the reference's mean less four standard deviations. calibration.json stores the measurements next to the
threshold.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

from autograder import __version__
from autograder.authoring.mutants import Mutant, read_mutants
from autograder.authoring.reference import read_reference
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.core.files import write_atomically
from autograder.core.report import CheckResult
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import WorkerPool, open_pool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts

DEVIATIONS = 4.0
WRONG_SEEDS = 8  # at most, for each known-wrong solution
SEARCH = "search"  # the key of `search_budgets` in calibration.json

Progress = Callable[[str], None]
Scores = dict[str, list[tuple[float, bool, bool]]]  # by check and score: value, higher is better, at the end


@dataclass
class Measured:
    """What the runs of a check gave for one of its scores."""

    higher_is_better: bool = True
    good: list[float] = field(default_factory=list)  # of the reference, by seed
    looks: list[list[float]] = field(default_factory=list)  # of the reference, by seed: before the end
    wrong: dict[str, list[float]] = field(default_factory=dict)  # by story: the best of each run, looks included

    @property
    def sign(self) -> float:
        return 1.0 if self.higher_is_better else -1.0

    @property
    def mean(self) -> float:
        return statistics.fmean(self.good)

    @property
    def deviation(self) -> float:
        return statistics.stdev(self.good) if len(self.good) > 1 else 0.0

    @property
    def best_wrong(self) -> float:
        """The best score of a known-wrong solution, times the sign: larger is better."""
        return max(self.sign * value for values in self.wrong.values() for value in values)

    def near(self, deviations: float = DEVIATIONS) -> float:
        """Return the mean of the reference less some deviations, times the sign."""
        return self.sign * self.mean - deviations * self.deviation


class Runs:
    """Runs scored checks on the reference and on known-wrong solutions, and collects the scores."""

    def __init__(self, checks: Checks, pool: WorkerPool | None, progress: Progress) -> None:
        self.checks, self.pool, self.progress = checks, pool, progress
        self.options = checks.state.options
        self.sources = read_reference(checks.assignment)
        self.wrong = [mutant for mutant in read_mutants(checks.assignment) if mutant.calibrates]
        self.scored = [item.name for item in checks.items if item.scored]

    def add_reference(self, table: dict[str, Measured], seed: int, only: Collection[str]) -> None:
        """Run the checks on the reference, and add its scores. Raises BadCheck if it does not finish a check."""
        for key, runs in self._run("reference", self.sources, seed, only).items():
            entry = table.setdefault(key, Measured(runs[-1][1]))
            entry.good.append(runs[-1][0])
            entry.looks.append([value for value, _, last in runs if not last])

    def add_wrong(self, table: dict[str, Measured], mutant: Mutant, seed: int, only: Collection[str]) -> None:
        """Run the checks that must notice a mutant on it, and add its scores."""
        if names := set(only) & set(mutant.checks):
            for key, runs in self._run(mutant.story, mutant.plant(self.sources), seed, names).items():
                sign = table[key].sign
                values = [value for value, _, _ in runs]
                worst = next((value for value in values if not math.isfinite(value)), None)
                best = worst if worst is not None else max(values, key=lambda value: sign * value)
                table[key].wrong.setdefault(mutant.story, []).append(best)

    def _run(self, who: str, files: dict[str, str], seed: int, only: Collection[str]) -> Scores:
        checks, scores = self.checks, self.checks.state.scores
        assert scores is not None
        scores.clear()
        self.progress(f"{who}, seed {seed} ...")
        checks.state.options = replace(self.options, seed=seed)
        code = code_of_scripts(files, checks.assignment)
        with open_link(self.pool, code, checks.assignment) as link:
            results = checks.judge(link, code, only=lambda check: check.name in only)
        for result in results:
            unfinished = files is self.sources or not any(key.startswith(f"{_name(result)}:") for key in scores)
            if not result.points and unfinished:
                whose = "The reference" if files is self.sources else f"The mutant {who!r}"
                raise BadCheck(f"{whose} does not finish {result.id} with seed {seed}: {result.message}")
        shown = [f"{key.partition(':')[2]} {runs[-1][0]:.4g}" for key, runs in scores.items()]
        self.progress(f"{who}, seed {seed}: {', '.join(shown) or 'no score'}")
        return {key: runs for key, runs in scores.items() if runs[-1][2]}


def _name(result: CheckResult) -> str:
    return result.id.rpartition("::")[2]


def calibrate(
    assignment: Assignment,
    options: Options,
    *,
    seeds: int = 20,
    names: Collection[str] = (),
    isolation: str = "none",
    progress: Progress = lambda line: None,
) -> dict[str, Any]:
    """Run the scored checks on the reference and on the calibrating mutants; write and return the new entries.

    ``names`` are the checks to calibrate; without them, all. Raises BadCheck when a known-wrong solution scores so well
    that no threshold separates it from the reference.
    """

    def body(checks: Checks) -> dict[str, Any]:
        runs, table = Runs(checks, pool, progress), dict[str, Measured]()
        only = chosen(runs, names)
        for seed in range(seeds if only else 0):
            runs.add_reference(table, seed, only)
        for mutant in runs.wrong:
            for seed in range(min(seeds, WRONG_SEEDS)):
                runs.add_wrong(table, mutant, seed, only)
        return {key: _entry(key, measured) for key, measured in table.items()}

    with open_pool(isolation, course=assignment.course) as pool:
        entries = with_checks(assignment, options, body, scores={}, growing=True)
    if entries:
        made = {"made with": made_with(assignment, options)}
        store(assignment, options, lambda before: {**_kept(before, names), **made, **entries})
    return entries


def _kept(before: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return what remains of a table: the search, and if only some checks are calibrated, the others' entries."""
    return {key: value for key, value in before.items() if key == SEARCH or names}


def chosen(runs: Runs, names: Collection[str]) -> list[str]:
    """Return the scored checks with these names, or all. Raises BadCheck for a name that none has."""
    for name in names:
        if name not in runs.scored:
            has = ", ".join(runs.scored) or "none"
            raise BadCheck(f"{runs.checks.assignment.name} has no scored check {name!r}. It has: {has}.")
    return list(names) or runs.scored


def _entry(key: str, measured: Measured) -> dict[str, Any]:
    expect_finite(key, measured)
    near, best, sign = measured.near(), measured.best_wrong, measured.sign
    if best >= near:
        raise BadCheck(
            f"{key}: a wrong solution scores {sign * best:.4g}, the reference {measured.mean:.4g} with deviation "
            f"{measured.deviation:.4g}; no threshold is between them. Make the run longer or the check sharper."
        )
    reference: dict[str, Any] = {"mean": measured.mean, "deviation": measured.deviation, "values": measured.good}
    if any(measured.looks):
        reference["looks"] = measured.looks
    return {
        "threshold": float(f"{sign * (near + best) / 2:.4g}"),
        "higher_is_better": measured.higher_is_better,
        "reference": reference,
        "wrong": measured.wrong,
    }


def expect_finite(key: str, measured: Measured) -> None:
    """Raise BadCheck unless all scores are finite and some are of a known-wrong solution."""
    for who, values in {
        "the reference": measured.good,
        **{f"the mutant {story!r}": scores for story, scores in measured.wrong.items()},
    }.items():
        if not all(math.isfinite(value) for value in values):
            raise BadCheck(f"{key}: {who} scores {values}; a threshold needs finite numbers.")
    if not measured.wrong:
        raise BadCheck(f"{key} has no mutant with calibrates=True, so the score of a wrong solution is unknown.")


def store(assignment: Assignment, options: Options, update: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Replace the table of the run's data set in calibration.json by what ``update`` makes of it."""
    path = assignment.solutions / "calibration.json"
    tables = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    data = options.data or assignment.course.default_data
    tables[data] = update(tables.get(data, {}))
    write_atomically(path, json.dumps(tables, indent=1) + "\n")


def made_with(assignment: Assignment, options: Options, *rest: str) -> dict[str, str]:
    """Return what made a measurement: the command, with the arguments ``rest``, the versions and the device."""
    command = ["gradlab calibrate", assignment.name, "--data", options.data or assignment.course.default_data, *rest]
    torch = sys.modules.get("torch")
    versions = {**({"torch": torch.__version__} if torch else {}), "gradlab": __version__}
    return {"command": " ".join(command), **versions, "device": options.device}

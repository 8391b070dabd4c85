"""Measure the scored checks and set their thresholds: `gradlab calibrate`.

A threshold is half way between the best score of a known-wrong solution and the reference's mean less four standard
deviations. calibration.json stores the measurements next to the threshold.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from autograder import __version__
from autograder.authoring.mutants import read_mutants
from autograder.authoring.reference import read_reference
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.core.files import write_atomically
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import open_pool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts

DEVIATIONS = 4.0
WRONG_SEEDS = 3

Scores = dict[str, list[tuple[float, bool]]]


def calibrate(
    assignment: Assignment,
    options: Options,
    *,
    seeds: int = 20,
    isolation: str = "none",
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Run the scored checks on the reference and on the calibrating mutants; write and return the new table.

    Raises BadCheck when a known-wrong solution scores so well that no threshold separates it from the reference.
    """
    sources = read_reference(assignment)
    wrong = [mutant for mutant in read_mutants(assignment) if mutant.calibrates]
    scores: Scores = {}

    def run(
        checks: Checks, who: str, files: dict[str, str], seed: int, only: tuple[str, ...] | None = None
    ) -> dict[str, tuple[float, bool]]:
        scores.clear()
        progress(f"{who}, seed {seed} ...")
        checks.state.options = replace(options, seed=seed)
        code = code_of_scripts(files, assignment)
        with open_link(pool, code, assignment) as link:
            results = checks.judge(link, code, only=lambda c: c.scored and (only is None or c.name in only))
        for result in results:
            if not result.points and files is sources:
                raise BadCheck(f"The reference does not finish {result.id} with seed {seed}: {result.message}")
        last = {key: values[-1] for key, values in scores.items()}
        shown = [f"{key.partition(':')[2]} {value:.4g}" for key, (value, _) in last.items()]
        progress(f"{who}, seed {seed}: {', '.join(shown) or 'no score'}")
        return last

    def body(checks: Checks) -> dict[str, Any]:
        good: dict[str, list[float]] = {}
        higher: dict[str, bool] = {}
        for seed in range(seeds):
            for key, (value, higher[key]) in run(checks, "reference", sources, seed).items():
                good.setdefault(key, []).append(value)
        bad: dict[str, dict[str, list[float]]] = {key: {} for key in good}
        for mutant in wrong:
            for seed in range(WRONG_SEEDS):
                for key, (value, _) in run(checks, mutant.story, mutant.plant(sources), seed, mutant.checks).items():
                    bad[key].setdefault(mutant.story, []).append(value)
        return {key: _entry(key, values, bad[key], higher[key]) for key, values in good.items()}

    with open_pool(isolation, course=assignment.course) as pool:
        table = with_checks(assignment, options, body, scores=scores, growing=True)
    if table:
        _store(assignment, options, table)
    return table


def _entry(key: str, good: list[float], bad: dict[str, list[float]], higher_is_better: bool) -> dict[str, Any]:
    for who, values in {
        "the reference": good,
        **{f"the mutant {story!r}": scores for story, scores in bad.items()},
    }.items():
        if not all(math.isfinite(value) for value in values):
            raise BadCheck(f"{key}: {who} scores {values}; a threshold needs finite numbers.")
    sign = 1.0 if higher_is_better else -1.0
    mean, deviation = statistics.fmean(good), statistics.stdev(good) if len(good) > 1 else 0.0
    near = sign * mean - DEVIATIONS * deviation
    if not bad:
        raise BadCheck(f"{key} has no mutant with calibrates=True, so the score of a wrong solution is unknown.")
    best = max(sign * value for values in bad.values() for value in values)
    if best >= near:
        raise BadCheck(
            f"{key}: a wrong solution scores {sign * best:.4g}, the reference {mean:.4g} with deviation "
            f"{deviation:.4g}; no threshold is between them. Make the run longer or the check sharper."
        )
    return {
        "threshold": float(f"{sign * (near + best) / 2:.4g}"),
        "higher_is_better": higher_is_better,
        "reference": {"mean": mean, "deviation": deviation, "values": good},
        "wrong": bad,
    }


def _store(assignment: Assignment, options: Options, table: dict[str, Any]) -> None:
    path = assignment.solutions / "calibration.json"
    whole = json.loads(path.read_text()) if path.exists() else {}
    data = options.data or assignment.course.default_data
    command = f"gradlab calibrate {assignment.name} --data {data}"
    torch = sys.modules.get("torch")
    made = {"command": command, **({"torch": torch.__version__} if torch else {})}
    whole[data] = {"made with": {**made, "gradlab": __version__, "device": options.device}, **table}
    write_atomically(path, json.dumps(whole, indent=1) + "\n")

"""Find the cheapest run that still tells right from wrong: `gradlab calibrate --search`.

A scored check offers budgets by ``score.budget(used, search=...)``, from the cheapest to the dearest. The search takes
the first at which the reference's mean, less four standard deviations, is above the best score of each known-wrong
solution, for each score of the check. calibration.json stores what it measured; the thresholds do not change.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection
from typing import Any

from autograder.authoring.calibrate import (
    DEVIATIONS,
    SEARCH,
    Measured,
    Progress,
    Runs,
    chosen,
    expect_finite,
    made_with,
    store,
)
from autograder.core.assignment import Assignment
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks

FIRST_SEEDS = 3  # after these, a budget that is far from telling right from wrong is given up
HOPELESS = DEVIATIONS / 2


def search_budgets(
    assignment: Assignment,
    options: Options,
    *,
    seeds: int = 8,
    names: Collection[str] = (),
    progress: Progress = lambda line: None,
) -> dict[str, Any]:
    """Search the budgets of scored checks that offer some; write and return what was measured, by check.

    The solutions run in this process, so that their processor time can be measured. ``names`` are the checks to search;
    without them, all. Raises BadCheck if a check cannot run.
    """

    def body(checks: Checks) -> dict[str, Any]:
        runs = Runs(checks, None, progress)
        found = {name: _searched(runs, name, seeds) for name in chosen(runs, names)}
        made = {name: made_with(assignment, options, "--search", "--check", name) for name in found}
        return {name: {"made with": made[name], **result} for name, result in found.items() if result}

    found = with_checks(assignment, options, body, scores={}, growing=True)
    if found:
        store(assignment, options, lambda before: {**before, SEARCH: {**before.get(SEARCH, {}), **found}})
    return found


def search_text(assignment: Assignment, found: dict[str, Any]) -> str:
    """Return a line for each budget that was tried, and for each check one that says which to use."""
    lines = []
    for name, result in found.items():
        for row in result["searched"]:
            lines.append(f"{name}, budget {row['budget']}, {row['seeds']} seeds, {row['seconds']:g} s")
            lines += [
                f"    {score}: {value['mean']:.4g} with deviation {value['deviation']:.2g}, "
                f"best wrong {value['best wrong']:.4g}"
                for score, value in row["scores"].items()
            ]
        last, used = result["searched"][-1], result["used"]
        advice = f"the smallest that separates is {last['budget']}" if last["separates"] else "none separates"
        lines.append(f"{assignment.name} {name}: {advice}; the check uses {used}.")
    return "\n".join(lines) or f"{assignment.name}: no scored check offers budgets to search."


def _searched(runs: Runs, name: str, seeds: int) -> dict[str, Any]:
    """Try the budgets of a check up to the first that separates; return a row for each, or nothing."""
    state, rows = runs.checks.state, list[dict[str, Any]]()
    offered: tuple[Any, ...] = (None,)
    while len(rows) < len(offered) and not (rows and rows[-1]["separates"]):
        state.trial = len(rows)
        rows.append(_row(runs, name, seeds))
        if name not in state.budgets:
            return {}
        used, offered = state.budgets[name]
        rows[-1] = {"budget": offered[len(rows) - 1], **rows[-1]}
    return {"used": used, "searched": rows}


def _row(runs: Runs, name: str, seeds: int) -> dict[str, Any]:
    """Measure a check with the budget of this trial."""
    table, seconds = dict[str, Measured](), list[float]()
    for seed in range(seeds):
        started = time.process_time()
        runs.add_reference(table, seed, [name])
        seconds.append(time.process_time() - started)
        if seed == 0 and name not in runs.checks.state.budgets:
            return {"separates": True}
        for mutant in runs.wrong:
            runs.add_wrong(table, mutant, seed, [name])
        if seed + 1 == FIRST_SEEDS and not _separates(table, HOPELESS):
            break
    return {
        "seconds": round(statistics.fmean(seconds), 2),
        "seeds": len(seconds),
        "separates": _separates(table, DEVIATIONS),
        "scores": {key.partition(":")[2]: _shown(key, measured) for key, measured in table.items()},
    }


def _separates(table: dict[str, Measured], deviations: float) -> bool:
    return all(measured.near(deviations) > measured.best_wrong for measured in table.values())


def _shown(key: str, measured: Measured) -> dict[str, float]:
    expect_finite(key, measured)
    return {
        "mean": measured.mean,
        "deviation": measured.deviation,
        "best wrong": measured.sign * measured.best_wrong,
    }

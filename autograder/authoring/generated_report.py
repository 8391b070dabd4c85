"""The report on generated mutants, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from autograder.authoring.generated import EQUIVALENT, Generated
from autograder.authoring.operators import Change


def generated_text(results: Sequence[Generated]) -> str:
    """Return a line for each assignment, and below it the mutants that no check noticed."""
    lines = []
    for result in results:
        tried = len(result.trials)
        noticed = sum(bool(trial.noticed_by) for trial in result.trials)
        known = f", {result.equivalent} known as equivalent" if result.equivalent else ""
        lines.append(
            f"{result.assignment}: {noticed} of {tried} noticed ({result.share:.1%}); {result.made} made{known}"
        )
        lines += [f"  not noticed: {change}{_inside(change)}" for change in result.survivors]
        lines += [f"  broken: {trial.change}: {trial.broken}" for trial in result.trials if trial.broken]
        lines += [f"  {problem}" for problem in result.problems]
    if any(result.survivors for result in results):
        lines.append(
            f"Mend the checks, or list what changes nothing in solutions/<name>/{EQUIVALENT}, with the reason."
        )
    return "\n".join(lines)


def generated_json(results: Sequence[Generated]) -> str:
    """Return the same for programs; each survivor is an entry for the file of equivalents, but for its reason."""
    return json.dumps(
        [
            {
                "assignment": result.assignment,
                "made": result.made,
                "equivalent": result.equivalent,
                "tried": len(result.trials),
                "share": result.share,
                "holds": result.holds,
                "survivors": [_entry(change) for change in result.survivors],
                "broken": [{**_entry(t.change), "message": t.broken} for t in result.trials if t.broken],
                "problems": list(result.problems),
            }
            for result in results
        ],
        indent=2,
    )


def _entry(change: Change) -> dict[str, object]:
    return {
        "file": change.file,
        "line": change.line,
        "function": change.function,
        "before": change.before,
        "after": change.after,
    }


def _inside(change: Change) -> str:
    return f" (in {change.function})" if change.function else ""

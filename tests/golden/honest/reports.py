"""Exact reports of hand-ins of the corpus: everything that differs from the report of the clean one.

`python -m tests.golden.honest.reports` writes `reports.json`, when a change of the reports is right.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.core.report import CheckResult, Report
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from tests.golden.honest import RECIPES
from tests.golden.honest.grading import CHECKS, clean
from tests.golden.honest.hand_in import HandIn
from tests.support.our_course import OUR_COURSE

STORED = Path(__file__).with_suffix(".json")
ASSIGNMENT = "a01_knn"
OPTIONS = Options(seed=20)
SELECTED = ["-k", " or ".join(CHECKS[ASSIGNMENT])]
THEMES = ("imports", "top_level", "cells", "damage", "scripts", "names", "modules", "habits", "tools")
ALSO = (
    "imports: math is imported in the handout's own cell",
    "scripts: checks uncommented",
    "habits: a task below the main guard",
)
EACH = 8  # recipes of a theme: the first that the assignment has something for, and all with costs or remarks first

_RUN = re.compile(r"^knn_\w+\(.*\)( returned .*)?$", re.MULTILINE)  # a call with the inputs of this version of a check


def chosen_recipes() -> dict[str, HandIn]:
    """The hand-ins whose reports are stored, by recipe; of each theme those that cost something or are remarked on."""
    found = {}
    for theme in THEMES:
        own = {name: RECIPES[name](clean(ASSIGNMENT)) for name in RECIPES if name.startswith(f"{theme}: ")}
        made = {name: hand_in for name, hand_in in own.items() if hand_in is not None}
        ranked = sorted(made, key=lambda name: not (made[name].costs or made[name].remarks))
        found.update({name: made[name] for name in ranked if name in [*ranked[:EACH], *ALSO]})
    return found


def difference(report: Report, base: Report) -> dict[str, Any]:
    """What a report says that the clean one does not, and how many points are lost."""
    pairs = zip(report.checks, base.checks, strict=True)
    return {
        "points": report.points - base.points,
        "checks": {_name(check): _verdict(check) for check, other in pairs if _same(check) != _same(other)},
        "tasks": {
            task.name: task.points - other.points
            for task, other in zip(report.tasks, base.tasks, strict=True)
            if task != other
        },
        "notes": list(report.notes),
        "remarks": [[remark.kind, remark.text, remark.advice] for remark in report.remarks],
        "others": _others(report) == _others(base),
    }


def _name(check: CheckResult) -> str:
    return check.id.partition("::")[2]


def _same(check: CheckResult) -> CheckResult:
    return replace(check, seconds=0.0)


def _verdict(check: CheckResult) -> list[str]:
    return [
        check.outcome.value,
        check.cause.value if check.cause else "",
        _RUN.sub("", check.message).strip(),
        check.hint,
    ]


def _others(report: Report) -> Report:
    """The report without what a difference shows, and without what each hand-in has for itself."""
    bare = {"checks": (), "tasks": (), "notes": (), "remarks": (), "answers": ()}
    return replace(report, student="", submission="", **bare)


def grade_all(hand_ins: dict[str, HandIn], folder: Path, pool: WorkerPool) -> dict[str, dict[str, Any]]:
    """Grade the hand-ins as a grader process does, and return their differences from the clean one."""

    def body(checks: Checks) -> dict[str, dict[str, Any]]:
        base = grade_handin(checks, Job("you", HandIn(clean(ASSIGNMENT).notebooks()).write(folder / "clean")), pool)
        assert base.points == sum(check.max_points for check in base.checks), [c.message for c in base.checks]
        found = {}
        for number, (name, hand_in) in enumerate(hand_ins.items()):
            path = hand_in.write(folder / str(number) / "student")
            found[name] = difference(grade_handin(checks, Job("you", path), pool), base)
        return found

    return with_checks(clean(ASSIGNMENT).assignment, OPTIONS, body, arguments=SELECTED)


def write(names: Iterable[str] = ()) -> None:
    """Write the reports of these recipes, or of all."""
    hand_ins = chosen_recipes()
    wanted = {name: hand_in for name, hand_in in hand_ins.items() if not names or name in names}
    known = json.loads(STORED.read_text()) if STORED.exists() and names else {}
    with tempfile.TemporaryDirectory() as temporary, WorkerPool("none", folder=temporary, course=OUR_COURSE) as pool:
        known |= grade_all(wanted, Path(temporary), pool)
    STORED.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1:])

"""The table of `gradlab verify`, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from autograder.render.words import count

if TYPE_CHECKING:
    from rich.console import Console

    from autograder.authoring.verify import Verification


def print_verifications(results: Sequence[Verification], console: Console) -> None:
    """One row per thing verified; below the table, each problem in full."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("assignment", "what", "", "detail", "seconds"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for result in results:
        for finding in result.findings:
            sign = (
                Text("holds", "green") if finding.holds else Text(count(len(finding.problems), "problem"), "bold red")
            )
            table.add_row(result.assignment, finding.what, sign, finding.detail, f"{finding.seconds:.1f}")
    console.print(table)
    for result in results:
        for finding in result.findings:
            for problem in finding.problems:
                console.print(Text(f"\n{result.assignment}, {finding.what}: {problem}"))


def verifications_json(results: Sequence[Verification]) -> str:
    """The same as JSON."""
    return json.dumps([{**asdict(result), "holds": result.holds} for result in results], indent=2)

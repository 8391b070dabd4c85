"""What `gradlab verify` found, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from autograder.authoring.verify import Verification
from autograder.render.words import count

if TYPE_CHECKING:
    from rich.console import Console


def print_verifications(results: Sequence[Verification], console: Console) -> None:
    """Print a row for each finding; below the table, each problem and note in full.

    A problem that several findings share is printed once.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("assignment", "what", "", "detail", "seconds"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    found = [(result.assignment, finding) for result in results for finding in result.findings]
    for assignment, finding in found:
        problems = len(finding.problems)
        sign = Text(count(problems, "problem"), "bold red") if problems else Text("holds", "green")
        if finding.notes:
            sign.append(", note", "yellow")
        table.add_row(assignment, finding.what, sign, finding.detail, f"{finding.seconds:.1f}")
    console.print(table)
    texts: dict[tuple[str, str], list[str]] = {}  # by the assignment and the text: what it is about
    for assignment, finding in found:
        for text in (*finding.problems, *finding.notes):
            texts.setdefault((assignment, text), []).append(finding.what)
    for (assignment, text), about in texts.items():
        console.print(Text(f"\n{assignment}, {' and '.join(about)}: {text}"))


def verifications_json(results: Sequence[Verification]) -> str:
    """Return the same as JSON."""
    return json.dumps([{**asdict(result), "holds": result.holds} for result in results], indent=2)

"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

path: Any = click.Path(path_type=Path)
device = click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu", show_default=True)
data = click.option("--data", default="scenes", show_default=True, help="Dataset of scored checks.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines instead of text.")
wall = click.option(
    "--wall",
    type=click.Choice(["auto", "bubblewrap", "namespaces", "user", "none"]),
    default="auto",
    show_default=True,
    help='What stands between the hand-ins and this machine. "none" is for hand-ins you wrote yourself.',
)
wait = click.option("--wait", is_flag=True, help="Wait while somebody else works on these results.")

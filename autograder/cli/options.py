"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

path: Any = click.Path(path_type=Path)
device = click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu", show_default=True)
data = click.option("--data", default="scenes", show_default=True, help="Dataset of scored checks.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines instead of text.")
isolation = click.option(
    "--isolation",
    "--wall",
    "isolation",
    type=click.Choice(["auto", "bubblewrap", "namespaces", "user", "none"]),
    default="auto",
    show_default=True,
    help='What stands between the hand-ins and this machine. "none" is for hand-ins you wrote yourself.',
)
wait = click.option("--wait", is_flag=True, help="Wait while somebody else works on these results.")


def cluster(command: Any) -> Any:
    """Where the work is done, if not here."""
    for name, metavar, text in (
        ("--tls-key", "PEM", "Its key."),
        ("--tls-cert", "PEM", "This process's certificate on an encrypted cluster (tls://...)."),
        ("--tls-ca", "PEM", "The authority that signed the certificates of an encrypted cluster."),
    ):
        command = click.option(name, type=path, metavar=metavar, help=text)(command)
    text = "Address of a Dask scheduler, tcp://HOST:PORT: its workers grade, --workers is ignored."
    return click.option("--cluster", metavar="ADDRESS", help=text)(command)

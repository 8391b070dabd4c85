"""Where `gradlab grade` grades: with how many workers on this machine, or on a cluster."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from autograder.core.language import say

if TYPE_CHECKING:
    from rich.console import Console

    from autograder.core.assignment import Assignment
    from autograder.gradebook.grade import Spread


def workers_for(wanted: int, assignment: Assignment, console: Console) -> int:
    """Return ``wanted``, or fewer if the memory of this machine does not suffice."""
    from autograder.runners.memory import workers_that_fit

    fit = workers_that_fit(assignment.limits.memory_mb) or wanted
    if wanted > fit:
        sentence = say(
            "Memory suffices for {fit} of {wanted} hand-ins at the same time, so --workers is {fit}.",
            fit=fit,
            wanted=wanted,
        )
        console.print(sentence, style="yellow", markup=False, highlight=False, soft_wrap=True)
    return min(wanted, fit)


def on_cluster(console: Console, **rest: Any) -> Spread:
    """Return what grades on the cluster that the options name; it prints warnings on ``console``."""
    from autograder.runners.dask_cluster import grade_on
    from autograder.runners.dask_connection import Tls, is_protected, require_dask

    files = [rest["tls_ca"], rest["tls_cert"], rest["tls_key"]]
    if any(files) and not all(files):
        raise click.UsageError("Give --tls-ca, --tls-cert and --tls-key together.")
    if rest["device"] == "auto":
        raise click.UsageError(
            "With --cluster, choose --device cpu or --device cuda: this machine cannot see the cluster's GPUs."
        )
    if not rest["unencrypted"] and not is_protected(rest["cluster"]):
        raise click.UsageError(
            say(
                "{address} is not encrypted: anyone who reaches its ports can run code there and read hand-ins. Use an "
                "encrypted cluster (tls://HOST:PORT, docs/cluster.md), or pass --unencrypted on a private network.",
                address=rest["cluster"],
            )
        )
    require_dask()
    tls = Tls(*files) if all(files) else None
    warn = partial(console.print, style="yellow", markup=False, highlight=False, soft_wrap=True)
    return partial(grade_on, address=rest["cluster"], tls=tls, say=warn)

"""The command line's part for clusters: where `gradlab grade` sends its work, and how a cluster is started."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.cli import options as shared

if TYPE_CHECKING:
    from autograder.gradebook.grade import Spread


def spread(console: Any, **options: Any) -> Spread:
    """What runs jobs on the cluster that the options name. Speaks on ``console``."""
    from autograder.runners.dask_cluster import grade_on
    from autograder.runners.dask_connection import Tls, require_dask

    files = [options["tls_ca"], options["tls_cert"], options["tls_key"]]
    if any(files) and not all(files):
        raise click.UsageError("Give --tls-ca, --tls-cert and --tls-key together.")
    if options["device"] == "auto":
        raise click.UsageError(
            "With --cluster, say --device cpu or --device cuda: this machine does not know its GPUs."
        )
    require_dask()
    tls = Tls(*files) if all(files) else None
    say = partial(console.print, style="yellow", markup=False, highlight=False, soft_wrap=True)
    return partial(grade_on, address=options["cluster"], tls=tls, say=say)


@click.group()
def cluster() -> None:
    """Start workers for `gradlab grade --cluster`."""


@cluster.command()
@click.argument("config", type=shared.path)
@click.option("--dry-run", is_flag=True, help="Print the job script and start nothing.")
def slurm(config: Path, dry_run: bool) -> None:
    """Start a scheduler here and workers as SLURM jobs, as CONFIG (TOML) says, until you press Ctrl-C."""
    from autograder.runners.slurm import job_script, read_config, serve

    chosen = read_config(config)
    if dry_run:
        click.echo(job_script(chosen), nl=False)
        return
    serve(chosen, say=click.echo)


COMMANDS = (cluster,)

"""The command that starts a cluster for grading: cluster slurm."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli import options
from autograder.cli.help_language import TranslatedGroup


@click.group(cls=TranslatedGroup)
def cluster() -> None:
    """Start a Dask cluster (SLURM) for `gradlab grade --cluster`."""


@cluster.command()
@click.argument("config", type=options.PATH, required=False)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of SLURM jobs; each runs one Dask worker.",
)
@click.option("--gpus", type=click.IntRange(0), default=0, show_default=True, help="GPUs of each job.")
@click.option("--dry-run", is_flag=True, help="Print the job script and start nothing.")
@options.unencrypted
def slurm(config: Path | None, jobs: int, gpus: int, dry_run: bool, unencrypted: bool) -> None:
    """Start a Dask cluster of SLURM jobs.

    Starts the scheduler here and submits the jobs that jobqueue.slurm in Dask's configuration describes. CONFIG is a
    YAML file that is added to it. Runs until you press Ctrl-C, then cancels the jobs.
    """
    from autograder.runners.slurm import job_script, serve

    if dry_run:
        click.echo(job_script(config, gpus=gpus), nl=False)
        return
    serve(config, jobs=jobs, gpus=gpus, unencrypted=unencrypted, say=click.echo)


COMMANDS = (cluster,)

"""A Dask cluster of SLURM jobs, configured in Dask's own way: `jobqueue.slurm` of dask-jobqueue.

Adds to Dask's configuration what gradlab needs, and refuses settings that would start jobs of another kind than
meant. Knows nothing about grading; dask_worker.py runs in the workers.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from autograder.core.errors import GradlabError
from autograder.core.files import explain
from autograder.core.toml_file import read_table
from autograder.runners.dask_connection import require_dask

SECTION = "jobqueue.slurm"
WALLTIME = "04:00:00"  # Dask's own default is half an hour
PORT = 8786  # of the scheduler, which runs where the command is given

# Dask would sample a worker's threads a hundred times a second, at 2 % of the core that grades.
_NO_PROFILE = "export DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False"

_Positive = Annotated[int, Meta(ge=1)]
_Memory = Annotated[str, Meta(pattern=r"^[0-9.]+ *[kMGT]?i?B\Z", description='a size with its unit, like "32GB"')]
_Walltime = Annotated[str, Meta(description='a text in quotes, like "04:00:00"')]  # YAML reads 8:00:00 as a number
_Lines = Annotated[list[str], Meta(description="a list of texts")]  # Dask would split a text into letters


class BadConfig(GradlabError):
    """Dask's configuration cannot be used. Written for staff."""


class _Settings(Struct, frozen=True, rename="kebab"):
    """The settings of dask-jobqueue that a mistake in would not be noticed before the jobs run."""

    cores: _Positive
    memory: _Memory
    walltime: _Walltime
    processes: Literal[1]  # a worker shares its GPUs among the hand-ins that it grades at a time
    job_cpu: _Positive | None = None
    worker_extra_args: _Lines = []
    job_script_prologue: _Lines = []
    job_extra_directives: _Lines = []
    scheduler_options: dict[str, Any] = {}


def job_script(config: Path | None = None, *, gpus: int = 0) -> str:
    """Return the script of each SLURM job. Starts nothing."""
    with _configured(config, gpus) as security:
        from dask_jobqueue.slurm import SLURMJob

        address = f"{security.get('protocol', 'tcp')}://{socket.gethostname()}:{_port()}"
        job = SLURMJob(address, name="gradlab", **security)
        return str(job.job_script()).rstrip() + "\n"


def serve(
    config: Path | None = None, *, jobs: int, gpus: int = 0, unencrypted: bool = False, say: Callable[[str], None]
) -> None:
    """Start a scheduler here and submit the jobs. On Ctrl-C or SIGTERM, cancel them.

    Raises BadConfig for a cluster without encryption, unless it is allowed to be ``unencrypted``.
    """
    with _configured(config, gpus) as security:
        if not security and not unencrypted:
            raise BadConfig(
                "Dask's configuration has no certificates (distributed.comm.tls), and anyone who reaches an "
                "unencrypted cluster can run code there. Add them (docs/cluster.md), or pass "
                "--unencrypted on a private network."
            )
        from dask_jobqueue.slurm import SLURMCluster

        with SLURMCluster(**security) as cluster:
            cluster.scale(jobs=jobs)
            say(f"Asked SLURM for {jobs} jobs. Grade with: gradlab grade ... --cluster {cluster.scheduler_address}")
            say("Press Ctrl-C to cancel the jobs.")
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            try:
                signal.pause()
            except KeyboardInterrupt:
                say("Cancelling the jobs.")


@contextmanager
def _configured(config: Path | None, gpus: int) -> Iterator[dict[str, Any]]:
    """Set Dask's configuration and yield the arguments for an encrypted cluster. Raises BadConfig."""
    require_dask("dask_jobqueue")
    import dask.config

    file = _read_yaml(config) if config else {}
    where = f"{config or 'Dask'}, {SECTION}"
    merged = dask.config.merge(dask.config.config, file)
    with dask.config.set(merged), dask.config.set({SECTION: _settings(file, gpus, where)}):
        yield _security()


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} cannot be read: {explain(error)}.") from None
    except yaml.YAMLError as error:
        raise BadConfig(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from None
    section = table.get("jobqueue", {}) if isinstance(table, dict) else None
    if not isinstance(section, dict) or not isinstance(section.get("slurm", {}), dict):
        raise BadConfig(f"{path} is not a configuration of Dask: it must be YAML with `jobqueue:` and in it `slurm:`.")
    checked: dict[str, Any] = table
    return checked


def _settings(file: Mapping[str, Any], gpus: int, where: str) -> dict[str, Any]:
    """Return the settings of dask-jobqueue: Dask's, with our defaults, and with what ``gpus`` per job need."""
    import dask.config

    defaults = dask.config.merge(*dask.config.defaults)["jobqueue"]["slurm"]
    ours = {"name": "gradlab", "walltime": WALLTIME, "processes": 1}
    settings = dict(dask.config.get(SECTION))
    written = file.get("jobqueue", {}).get("slurm", {})
    for key, value in ours.items():
        if key not in written and settings.get(key) == defaults.get(key):
            settings[key] = value
    unknown = [key for key in settings if key not in defaults]
    if unknown:
        raise BadConfig(f"{where}: unknown setting {unknown[0]!r}. Allowed: {', '.join(defaults)}.")
    given = {key: value for key, value in settings.items() if value is not None}
    checked = read_table(given, _Settings, where=where, error=BadConfig)
    return {
        **settings,
        "cores": gpus or checked.cores,  # Dask's name for the number of hand-ins at a time
        "job-cpu": checked.job_cpu or checked.cores,
        "worker-extra-args": [
            *(["--resources", f"GPU={gpus}"] if gpus else []),
            "--no-dashboard",
            *checked.worker_extra_args,
        ],
        "job-script-prologue": [_NO_PROFILE, *checked.job_script_prologue],
        "job-extra-directives": [*([f"--gres=gpu:{gpus}"] if gpus else []), *checked.job_extra_directives],
        "scheduler-options": {"port": PORT, "dashboard": False, **checked.scheduler_options},
    }


def _port() -> int:
    import dask.config

    return int(dask.config.get(f"{SECTION}.scheduler-options")["port"])


def _security() -> dict[str, Any]:
    """Return the arguments for encryption if Dask's configuration names certificates. Raises BadConfig."""
    from distributed import Security

    security = Security(require_encryption=True)
    names = ["tls_ca_file", *(f"tls_{role}_{part}" for role in ("scheduler", "worker") for part in ("cert", "key"))]
    missing = [name for name in names if not getattr(security, name)]
    if missing == names:
        return {}
    if missing:
        raise BadConfig(
            "Dask's configuration distributed.comm.tls is incomplete: an encrypted cluster needs ca-file and, for "
            f"scheduler and worker, cert and key. Missing: {', '.join(missing)}."
        )
    return {"security": security, "protocol": "tls"}

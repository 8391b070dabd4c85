"""A cluster made of SLURM jobs: from a small TOML to dask-jobqueue's settings.

Knows nothing about grading: what the workers do is in cluster_worker.py.
"""

from __future__ import annotations

import re
import shlex
import signal
import socket
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from autograder.core.errors import GradlabError
from autograder.core.files import explain
from autograder.runners.compatibility import COURSE
from autograder.runners.dask_connection import Tls, require_dask

# Dask would look at a worker's threads a hundred times a second, at 2 % of the core that grades.
NO_PROFILE = "export DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False"


class BadConfig(GradlabError):
    """The configuration is wrong. Speaks to staff."""


@dataclass(frozen=True)
class Slurm:
    """What CONFIG.toml may say, with what holds where it does not."""

    jobs: int  # SLURM jobs, one Dask worker each
    cores: int  # of each job: that many hand-ins at a time, but with gpus
    memory: str  # of each job: "32GB"; a hand-in at a time takes about 1 GB
    walltime: str = "04:00:00"
    partition: str = ""
    account: str = ""
    gpus: int = 0  # of each job: then that many hand-ins at a time, one per GPU
    port: int = 8786  # of the scheduler, which runs where the command is given
    interface: str = ""  # network interface: "ib0"
    python: str = ""  # of the environment that has gradlab, on the nodes (default: this one)
    course: str = ""  # folder with assignments/ and solutions/, as the nodes see it (default: as this machine does)
    prologue: tuple[str, ...] = ()  # lines before the worker starts: "module load bubblewrap"
    directives: tuple[str, ...] = ()  # further #SBATCH options: "--constraint=cpu"
    tls: Tls | None = None


def read_config(path: Path) -> Slurm:
    """Read CONFIG.toml. Raises BadConfig with the entry that is wrong."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"{path} cannot be read: {explain(error)}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} is not TOML: {error}.") from None
    kinds = {field.name: str(field.type) for field in fields(Slurm)}
    for name, value in table.items():
        if name not in kinds:
            raise BadConfig(f"{path} says {name!r}, which nobody reads. It may say: {', '.join(kinds)}.")
        if not _fits(value, kinds[name]):
            raise BadConfig(f"{path}: {name} = {value!r} is not {_KINDS[kinds[name]]}.")
    if not table.get("jobs", 1) or not table.get("cores", 1):
        name = "cores" if table.get("jobs", 1) else "jobs"
        raise BadConfig(f"{path}: {name} = 0 is not a whole number above zero.")
    missing = [name for name in ("jobs", "cores", "memory") if name not in table]
    if missing:
        raise BadConfig(f"{path} must say {' and '.join(missing)}.")
    if not re.fullmatch(r"[0-9.]+ *[kMGT]?i?B", table["memory"]):
        raise BadConfig(f'{path}: memory = {table["memory"]!r} is not a size like "32GB".')
    for name in ("prologue", "directives"):
        table[name] = tuple(table.get(name, ()))
    if "tls" in table:
        table["tls"] = Tls(**{name: Path(file) for name, file in table["tls"].items()})
    return Slurm(**table)


_KINDS = {
    "int": "a whole number",
    "str": "a text",
    "tuple[str, ...]": "a list of texts",
    "Tls | None": 'a table like {ca = "ca.pem", cert = "cert.pem", key = "key.pem"}',
}


def _fits(value: Any, kind: str) -> bool:
    if kind == "int":
        return type(value) is int and value >= 0
    if kind == "str":
        return isinstance(value, str)
    if kind == "tuple[str, ...]":
        return isinstance(value, list) and all(isinstance(line, str) for line in value)
    return (
        isinstance(value, dict)
        and value.keys() == {"ca", "cert", "key"}
        and all(isinstance(file, str) for file in value.values())
    )


def job_script(config: Slurm) -> str:
    """The script of each SLURM job; nothing is started."""
    require_dask()
    from dask_jobqueue.slurm import SLURMJob

    protocol = "tls" if config.tls else "tcp"
    address = f"{protocol}://{socket.gethostname()}:{config.port}"
    job = SLURMJob(address, name="gradlab", **_settings(config), **_security(config), config_name="slurm")
    return str(job.job_script()).rstrip() + "\n"


def serve(config: Slurm, *, say: Callable[[str], None]) -> None:
    """Start a scheduler here, ask SLURM for the jobs, and wait to be stopped; then the jobs are cancelled."""
    require_dask()
    from dask_jobqueue import SLURMCluster

    options: dict[str, Any] = {"port": config.port, "dashboard": False}
    if config.interface:
        options["interface"] = config.interface
    with SLURMCluster(scheduler_options=options, **_settings(config), **_security(config)) as cluster:
        cluster.scale(jobs=config.jobs)
        say(f"Asked SLURM for {config.jobs} jobs. Grade with: gradlab grade ... --cluster {cluster.scheduler_address}")
        say("Ctrl-C ends the jobs.")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            say("Ending the jobs.")


def _settings(config: Slurm) -> dict[str, Any]:
    """dask-jobqueue's names for what the configuration says. None and False stand for "no such line"."""
    threads = config.gpus or config.cores
    resources = ["--resources", f"GPU={config.gpus}"] if config.gpus else []
    course = [f"export {COURSE}={shlex.quote(config.course)}"] if config.course else []
    return {
        "queue": config.partition or None,
        "account": config.account or None,
        "walltime": config.walltime,
        "cores": threads,
        "job_cpu": config.cores,
        "memory": config.memory,
        "processes": 1,
        "interface": config.interface or None,
        "python": config.python or None,
        "job_name": "gradlab",
        "worker_extra_args": [*resources, "--no-dashboard"],
        "job_script_prologue": [NO_PROFILE, *config.prologue, *course],
        "job_extra_directives": [*([f"--gres=gpu:{config.gpus}"] if config.gpus else []), *config.directives],
    }


def _security(config: Slurm) -> dict[str, Any]:
    return {"security": config.tls.security, "protocol": "tls"} if config.tls else {}

"""SLURM jobs follow Dask's configuration: the script is compared whole, and a stand-in for SLURM runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("dask_jobqueue") is None:  # importing it would replace the handler of Ctrl-C
    pytest.skip("Dask is not installed: pip install -e '.[cluster]'", allow_module_level=True)

from autograder.core.report import Report
from autograder.runners.dask_cluster import grade_on
from autograder.runners.grader_process import Job, Setup
from autograder.runners.slurm import BadConfig, job_script
from autograder.session.options import Options
from tests.support.vectors import HONEST, make_vectors

pytestmark = pytest.mark.cluster

CONFIG = """
jobqueue:
  slurm:
    cores: 8
    memory: 32GiB
    walltime: "08:00:00"
    queue: gpu
    account: vision
    interface: ib0
    python: /shared/venv/bin/python
    job_script_prologue:
      - module load bubblewrap
      - export GRADLAB_COURSE='/shared/my course'
    job-extra-directives: ["--constraint=h100"]
    scheduler-options: {port: 8790}
distributed:
  comm:
    tls:
      ca-file: ca.pem
      scheduler: {cert: cert.pem, key: key.pem}
      worker: {cert: cert.pem, key: key.pem}
"""

SCRIPT = """\
#!/usr/bin/env bash

#SBATCH -J gradlab
#SBATCH -p gpu
#SBATCH -A vision
#SBATCH -n 1
#SBATCH --cpus-per-task=8
#SBATCH --mem=32G
#SBATCH -t 08:00:00
#SBATCH --gres=gpu:2
#SBATCH --constraint=h100
export DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False
module load bubblewrap
export GRADLAB_COURSE='/shared/my course'
/shared/venv/bin/python -m distributed.cli.dask_worker tls://HOST:8790 --name gradlab --nthreads 2 \
--memory-limit 32.00GiB --nanny --death-timeout 60 --resources GPU=2 --no-dashboard --interface ib0 --protocol tls \
--tls-ca-file ca.pem --tls-cert cert.pem --tls-key key.pem
"""


def config(folder: Path, text: str) -> Path:
    (folder / "dask.yaml").write_text(text)
    return folder / "dask.yaml"


def slurm(folder: Path, **settings: object) -> Path:
    return config(folder, json.dumps({"jobqueue": {"slurm": {"cores": 2, "memory": "4GB", **settings}}}))


def test_the_job_script_follows_the_configuration(tmp_path: Path) -> None:
    assert job_script(config(tmp_path, CONFIG), gpus=2) == SCRIPT.replace("HOST", socket.gethostname())


def test_cores_and_memory_are_enough(tmp_path: Path) -> None:
    script = job_script(slurm(tmp_path, cores=16, memory="64GB"))
    assert f"{sys.executable} -m distributed.cli.dask_worker tcp://{socket.gethostname()}:8786" in script
    assert "--cpus-per-task=16" in script
    assert "-t 04:00:00" in script
    assert "--nthreads 16" in script
    for absent in ("-p ", "-A ", "gres", "GPU", "GRADLAB_COURSE", "tls", "--nworkers"):
        assert absent not in script


def test_dasks_own_configuration_is_used_and_the_file_is_added_to_it(tmp_path: Path) -> None:
    import dask.config

    with dask.config.set({"jobqueue.slurm.queue": "cpu", "jobqueue.slurm.cores": 3, "jobqueue.slurm.memory": "9GB"}):
        assert "-p cpu" in job_script()
        script = job_script(slurm(tmp_path, cores=5))
        assert "-p cpu" in script
        assert "--nthreads 5" in script
        assert dask.config.get("jobqueue.slurm.cores") == 3


def test_a_walltime_that_equals_dasks_default_is_respected_in_the_file(tmp_path: Path) -> None:
    assert "-t 00:30:00" in job_script(slurm(tmp_path, walltime="00:30:00"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"memory": None}, "memory is missing."),
        ({"queues": "x"}, "unknown setting 'queues'. Allowed: name, cores, memory, processes, "),
        ({"cores": "4"}, "cores must be a whole number of at least 1, not '4'."),
        ({"cores": True}, "cores must be a whole number of at least 1, not true."),
        ({"cores": 0}, "cores must be a whole number of at least 1, not 0."),
        ({"memory": "much"}, "memory must be a size with its unit, like \"32GB\", not 'much'."),
        ({"memory": 32}, 'memory must be a size with its unit, like "32GB", not 32.'),
        ({"walltime": 28800}, 'walltime must be a text in quotes, like "04:00:00", not 28800.'),
        ({"processes": 2}, "processes must be 1, not 2."),
        ({"job-script-prologue": "module load x"}, "job-script-prologue must be a list of texts, not 'module load x'."),
        ({"job-extra-directives": "--x"}, "job-extra-directives must be a list of texts, not '--x'."),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_allowed(
    settings: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(BadConfig) as refused:
        job_script(slurm(tmp_path, **settings))
    assert str(refused.value).startswith(f"{tmp_path / 'dask.yaml'}, jobqueue.slurm: ")
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("jobs = 1\ncores = 2\n", "it must be YAML with `jobqueue:` and in it `slurm:`"),
        ("jobqueue: 3\n", "it must be YAML with `jobqueue:` and in it `slurm:`"),
        ("jobqueue: {slurm: {", "is not valid YAML"),
        (
            CONFIG.replace("      worker: {cert: cert.pem, key: key.pem}\n", ""),
            "Missing: tls_worker_cert, tls_worker_key",
        ),
    ],
)
def test_a_file_that_is_not_a_configuration_of_dask_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=sentence):
        job_script(config(tmp_path, text))


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read: there is no such file or folder"):
        job_script(tmp_path / "none.yaml")


SBATCH = """#!/bin/sh
cp "$1" "$LOG.sh"
setsid sh "$LOG.sh" > "$LOG" 2>&1 &
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
echo "$@" >> "$LOG.cancelled"
for job in "$@"; do kill -9 -- "-$job"; done
"""


@pytest.mark.skipif(not shutil.which("setsid"), reason="needs setsid")
def test_the_jobs_grade_until_they_are_cancelled(tmp_path: Path, isolation: str) -> None:
    course = make_vectors(tmp_path / "course")
    (tmp_path / "vectors.py").write_text(HONEST)
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    path = slurm(tmp_path, cores=1, interface="lo", **{"scheduler-options": {"port": 0}})
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(tmp_path / "log")}
    command = [sys.executable, "-u", "-m", "autograder", "cluster", "slurm", str(path), "--unencrypted"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as serving:
        try:
            assert serving.stdout is not None
            line = serving.stdout.readline()
            assert line.startswith("Asked SLURM for 1 jobs. Grade with: gradlab grade ... --cluster tcp://127.0.0.1:")
            done: list[Report] = []
            jobs = [Job("ada", tmp_path / "vectors.py")]
            setup = Setup(course.folder, Options(), "auto")
            grade_on(jobs, setup, address=line.split()[-1], on_report=done.append)
            assert [report.points for report in done] == [100]
        finally:
            serving.send_signal(signal.SIGTERM)
            serving.wait(timeout=30)
    assert (tmp_path / "log.cancelled").exists()

"""A cluster of SLURM jobs: the script is what the configuration says, and a stand-in for SLURM runs it for real."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("dask_jobqueue", reason="Dask is not installed: pip install 'gradlab[cluster]'")

from autograder.core.report import Report
from autograder.runners.dask_cluster import grade_on
from autograder.runners.grader_process import Job, Setup
from autograder.runners.slurm import BadConfig, job_script, read_config
from autograder.session.options import Options
from tests.support.vectors import HONEST, make_vectors

CONFIG = """
jobs = 4
cores = 8
memory = "32GiB"
walltime = "08:00:00"
partition = "gpu"
account = "vision"
gpus = 2
port = 8790
interface = "ib0"
python = "/shared/venv/bin/python"
course = "/shared/my course"
prologue = ["module load bubblewrap"]
directives = ["--constraint=h100"]
tls = {ca = "ca.pem", cert = "cert.pem", key = "key.pem"}
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
    (folder / "slurm.toml").write_text(text)
    return folder / "slurm.toml"


def test_the_job_script_is_what_the_configuration_says(tmp_path: Path) -> None:
    assert job_script(read_config(config(tmp_path, CONFIG))) == SCRIPT.replace("HOST", socket.gethostname())


def test_three_entries_are_enough(tmp_path: Path) -> None:
    script = job_script(read_config(config(tmp_path, 'jobs = 1\ncores = 16\nmemory = "64GB"\n')))
    assert f"{sys.executable} -m distributed.cli.dask_worker tcp://{socket.gethostname()}:8786" in script
    assert "--cpus-per-task=16" in script
    assert "--nthreads 16" in script
    for absent in ("-p ", "-A ", "gres", "GPU", "GRADLAB_COURSE", "tls"):
        assert absent not in script


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("jobs = 1\ncores = 2", "must say memory"),
        ('jobs = 1\ncores = 2\nmemory = "4GB"\nqueue = "x"', "says 'queue', which nobody reads"),
        ('jobs = "4"\ncores = 2\nmemory = "4GB"', "jobs = '4' is not a whole number"),
        ('jobs = true\ncores = 2\nmemory = "4GB"', "jobs = True is not a whole number"),
        ('jobs = 0\ncores = 2\nmemory = "4GB"', "jobs = 0 is not a whole number"),
        ('jobs = 1\ncores = 2\nmemory = "much"', "memory = 'much' is not a size"),
        ('jobs = 1\ncores = 2\nmemory = "4GB"\nprologue = "x"', "is not a list of texts"),
        ('jobs = 1\ncores = 2\nmemory = "4GB"\ntls = {ca = "a"}', "is not a table like"),
        ("jobs = ", "is not TOML"),
    ],
)
def test_a_wrong_configuration_is_told_in_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as told:
        read_config(config(tmp_path, text))
    assert sentence in str(told.value)


def test_a_configuration_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read"):
        read_config(tmp_path / "none.toml")


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
def test_the_jobs_grade_until_they_are_ended(tmp_path: Path, isolation: str) -> None:
    course = make_vectors(tmp_path / "course")
    (tmp_path / "vectors.py").write_text(HONEST)
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    path = config(tmp_path, 'jobs = 1\ncores = 1\nmemory = "4GB"\nport = 0\ninterface = "lo"\n')
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(tmp_path / "log")}
    command = [sys.executable, "-u", "-m", "autograder", "cluster", "slurm", str(path)]
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

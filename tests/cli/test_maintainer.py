"""The maintainer's way works as the README describes it: clone, `make demo`, `make test`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fresh_venv import stand_ins

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("make") or not (ROOT / ".git").exists(), reason="needs make, and a git repository")
def test_a_maintainer_goes_from_a_clone_to_the_tests(isolation: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / ".ci" / "maintainer.py"), "--few"]
    variables = stand_ins(tmp_path / "bin", hard=True)  # make installs, but nothing is downloaded
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Cloned, graded the demo's class, tested.\n")

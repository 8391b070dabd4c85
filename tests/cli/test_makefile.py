"""`make` sets up `.venv` and repairs one that is half made."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.left_out import marks_left_out

ROOT = Path(__file__).resolve().parents[2]
PYTHON = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
  test -z "$NO_VENV" || { echo "ensurepip is not available"; exit 1; }
  mkdir -p .venv/bin
  printf '#!/bin/sh\\necho "$@" >> installed\\n' > .venv/bin/python
  chmod +x .venv/bin/python
fi
"""

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the Makefile and a Python that makes environments in which nothing is installed."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def make(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "PYTHON=./python", ".venv/.installed"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(command, cwd=folder, env={**clean, **environment}, capture_output=True, text=True)


def test_an_environment_is_made_and_everything_installed(folder: Path) -> None:
    assert make(folder).returncode == 0
    assert "install" in (folder / "installed").read_text()
    assert (folder / ".venv" / ".installed").exists()


def test_an_environment_without_pip_is_made_again(folder: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    python = folder / ".venv" / "bin" / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert make(folder).returncode == 0
    assert "install" in (folder / "installed").read_text()


def test_a_python_that_cannot_make_environments_gets_a_sentence(folder: Path) -> None:
    done = make(folder, NO_VENV="1")
    assert done.returncode != 0
    assert "On Debian or Ubuntu, install python3-venv first." in done.stdout
    assert not (folder / ".venv").exists()


def test_the_quick_tests_leave_out_three_marks_and_other_selections_none() -> None:
    (quick,) = re.findall(r'^QUICK = -m "(.*)"$', (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert marks_left_out(quick) == {"slow", "cluster", "browser"}
    for some in ("", "slow", "not slow or box", "box and not slow", "not (slow and box)"):
        assert marks_left_out(some) == set()

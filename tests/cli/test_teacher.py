"""The teacher's way works as the pages for instructors describe it: publish, grade ten students, hand feedback back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "teacher.py"


@pytest.mark.slow
def test_a_teacher_goes_from_publishing_to_feedback(isolation: str, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--isolation", isolation]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Published, graded and handed back: 10 students.\n")

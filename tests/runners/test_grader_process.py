"""A grader process that is still starting ends without a traceback on Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.classroom import hand_in
from tests.support.vectors import HONEST, make_vectors

pytestmark = pytest.mark.slow


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the process in /proc")
def test_ctrl_c_during_the_imports_of_a_grader_prints_no_traceback(tmp_path: Path) -> None:
    course = make_vectors(tmp_path / "course", torch=True)
    command = [sys.executable, "-m", "autograder", "grade", str(hand_in(tmp_path / "in", ada=HONEST))]
    command += [
        "--assignment",
        str(course.folder),
        "--out",
        str(tmp_path / "out"),
        "--isolation",
        "none",
        "--workers",
        "1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not _imports(process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        output = process.communicate(timeout=60)[0].decode()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert "Traceback" not in output, output


def _imports(parent: int) -> bool:
    """Is a grader process importing torch?"""
    for path in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            for child in path.read_text().split():
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return "libtorch" in Path(f"/proc/{child}/maps").read_text()
        except OSError:
            continue
    return False

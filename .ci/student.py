"""A student's way, from the wheel to the zip to hand in, in a fresh environment outside of this checkout.

    python .ci/student.py                       what CI runs on macOS, Windows and Linux
    python .ci/student.py --python P --only A   with a Python in which the wheel is installed; of one assignment

Ends with an error if a command does not do what the pages for students promise. Only solutions/ of this checkout is
read, as the work of the student.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Build the wheel, install it and work through the assignments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, help="Python in which the wheel is installed (default: a new one)")
    parser.add_argument("--only", nargs="*", help="assignments (default: all)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        python = asked.python or install(folder)
        gradlab = [python.parent / "gradlab"]
        run([*gradlab, "--version"], cwd=folder)
        run([*gradlab, "start", "mycourse"], cwd=folder)
        course = folder / "mycourse"
        names = asked.only or sorted(path.parent.name for path in course.glob("*/assignment.toml"))
        expected = sorted(path.parent.name for path in ROOT.glob("assignments/*/assignment.toml"))
        assert sorted(path.parent.name for path in course.glob("*/assignment.toml")) == expected
        for name in names:
            work(gradlab, course, name)
        run([*gradlab, "status"], cwd=course)
    print(f"From the wheel to the zip: {', '.join(names)}.")


def install(folder: Path) -> Path:
    """Make a virtual environment, install the wheel into it and return its Python."""
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wheel = build(folder / "wheel")
    run([python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", f"{wheel}[course]"], cwd=folder)
    return python


def build(folder: Path) -> Path:
    """Build the wheel, from a copy without what an earlier build left, and return its path."""
    copy = folder / "source"
    for name in ("pyproject.toml", "README.md", "LICENSE", "course.toml"):
        copy.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, copy)
    for name in ("autograder", "common", "assignments"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, copy], cwd=folder)
    return next(folder.glob("*.whl"))


def work(gradlab: list[Path], course: Path, name: str) -> None:
    """Check the assignment as it is received, solve it, check it again and hand it in."""
    shown = run([*gradlab, "check", name, "--skip-scored"], cwd=course, code=1)
    assert "Not written yet" in shown or "not written yet" in shown, shown
    for path in (ROOT / "solutions" / name).glob("*.py"):
        if (course / name / path.name).is_file():
            shutil.copy(path, course / name)
    run([*gradlab, "check", name, "--skip-scored"], cwd=course)
    shown = run([*gradlab, "submit", name, "--no-check"], cwd=course)
    assert (course / f"{name}.zip").is_file(), shown


def run(command: list[object], *, cwd: Path, code: int = 0) -> str:
    """Run a command, show it, require its exit code, and return what it printed."""
    print("$", *command, flush=True)
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, encoding="utf-8", errors="replace"
    )
    shown: str = done.stdout + done.stderr
    if done.returncode != code:
        sys.exit(f"{shown}\nExit code {done.returncode}, not {code}.")
    return shown


if __name__ == "__main__":
    main()

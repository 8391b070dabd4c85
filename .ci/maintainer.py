"""A maintainer's way: clone this repository, then `make demo`, and `make test` with a few tests.

    python .ci/maintainer.py          in an environment that make installs: torch is downloaded
    python .ci/maintainer.py --few    with six of the demo's thirty hand-ins

Ends with an error if a command does not do what the README promises. What is cloned is committed: a file that only this
folder has is missed there. The tests are a selection: the whole suite takes long, and contains a test that runs this.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = "tests/cli/test_help.py tests/checks/test_rng.py"
NO_POINTS = ("blank", "exits-at-import", "never-ends", "reads-the-solutions", "starts-processes")


def main() -> None:
    """Clone, grade the demo's class, test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", action="store_true", help="grade six hand-ins, not thirty")
    demo = ["ARGS=--few"] if parser.parse_args().few else []
    with tempfile.TemporaryDirectory() as temporary:
        clone = Path(temporary).resolve() / "gradlab"
        run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", clone], cwd=ROOT)
        shown = run(["make", "demo", *demo], cwd=clone)
        assert "Class overview: demo/results/index.html" in shown, shown
        rows = (clone / "demo" / "results" / "gradebook.csv").read_text(encoding="utf-8-sig").splitlines()
        points = {cells[0]: cells[1] for cells in (row.split(",") for row in rows[1:])}
        assert points["ada"] == "100", points
        assert {points[name] for name in NO_POINTS if name in points} == {"0"}, points
        shown = run(["make", "test", f"ARGS={TESTS}", "WORKERS=1"], cwd=clone)
        assert re.search(r"^=* ?\d+ passed", shown, re.MULTILINE), shown
    print("Cloned, graded the demo's class, tested.")


def run(command: list[object], *, cwd: Path) -> str:
    """Run a command, show it, require that it succeeds, and return what it printed."""
    print("$", *command, flush=True)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTEST_"))}
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=cwd, env=ours, capture_output=True, encoding="utf-8", errors="replace")
    shown: str = done.stdout + done.stderr
    if done.returncode != 0:
        sys.exit(f"{shown}\nExit code {done.returncode}.")
    return shown


if __name__ == "__main__":
    main()

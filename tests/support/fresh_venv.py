"""A fresh virtual environment outside of the checkout that needs no download.

It sees the packages that are installed here through links, except gradlab itself, so that `pip install` of gradlab
finds everything that it depends on. `python -m tests.support.fresh_venv -m venv FOLDER` stands in for `python3`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

WINDOWS = os.name == "nt"


def make_venv(folder: Path) -> Path:
    """Make the environment in ``folder`` and return its Python."""
    venv.create(folder, with_pip=False, symlinks=not WINDOWS)
    own = Path(sysconfig.get_path("purelib", scheme="venv", vars={"base": str(folder), "platbase": str(folder)}))
    here = Path(sysconfig.get_path("purelib"))
    for path in here.iterdir():
        ours = "gradlab" in path.name or path.name in ("autograder", "common")
        if not ours and path.suffix != ".pth" and path.name != "__pycache__" and not (own / path.name).exists():
            (own / path.name).symlink_to(path, target_is_directory=path.is_dir())
    return folder / ("Scripts" if WINDOWS else "bin") / ("python.exe" if WINDOWS else "python")


def environment(python: Path, **more: str) -> dict[str, str]:
    """Return the variables of a terminal in which the environment is active and pip downloads nothing."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "COVERAGE"))}
    ours |= {"PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]), "VIRTUAL_ENV": str(python.parent.parent)}
    # With no index, pip fails if anything is missing here. setuptools is among the linked packages.
    ours |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {**ours, "PIP_NO_INPUT": "1", "PIP_CONFIG_FILE": os.devnull, "OMP_NUM_THREADS": "1", **more}


def pip_install(python: Path, *what: str, cwd: Path) -> str:
    """Install into the environment and return what pip says."""
    command = [str(python), "-m", "pip", "install", *what]
    done = subprocess.run(command, cwd=cwd, env=environment(python), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def main(arguments: list[str]) -> None:
    """Make the environment that `python3 -m venv FOLDER` asks for, or else run Python as it was asked."""
    if arguments[:2] == ["-m", "venv"]:
        make_venv(Path(arguments[-1]))
        return
    sys.exit(subprocess.run([sys.executable, *arguments]).returncode)


if __name__ == "__main__":
    main(sys.argv[1:])

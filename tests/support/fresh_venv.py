"""A fresh virtual environment outside of the checkout that needs no download.

It sees the packages that are installed here through links, except gradlab itself, so that `pip install` of gradlab
finds everything that it depends on. A test that needs `python3 -m venv` calls this instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

UNNEEDED = {
    *("jupyterlab", "notebook", "nbgrader", "jedi", "mypy", "mypyc", "babel", "hypothesis", "material", "mkdocs"),
    *("distributed", "dask", "sqlalchemy", "pandas", "polars", "scipy"),
}
UNNEEDED_WITHIN = shutil.ignore_patterns("include", "tests")  # C++ headers, and what packages test themselves with
WINDOWS = os.name == "nt"


def make_venv(folder: Path, *, hard: bool = False) -> Path:
    """Make the environment in ``folder`` and return its Python.

    With ``hard``, its packages are hard links to files, as a sandbox needs them, which does not see the folder here;
    except UNNEEDED and UNNEEDED_WITHIN, which the sandbox does not import.
    """
    venv.create(folder, with_pip=False, symlinks=not WINDOWS)
    own = Path(sysconfig.get_path("purelib", scheme="venv", vars={"base": str(folder), "platbase": str(folder)}))
    here = Path(sysconfig.get_path("purelib"))
    for path in here.iterdir():
        ours = "gradlab" in path.name or path.name in ("autograder", "common")
        linked = hard and path.name not in UNNEEDED
        if not ours and path.suffix != ".pth" and path.name != "__pycache__" and not (own / path.name).exists():
            if linked and path.is_dir():
                shutil.copytree(path, own / path.name, copy_function=os.link, ignore=UNNEEDED_WITHIN)
            elif linked:
                os.link(path, own / path.name)
            else:
                (own / path.name).symlink_to(path, target_is_directory=path.is_dir())
    return folder / ("Scripts" if WINDOWS else "bin") / ("python.exe" if WINDOWS else "python")


def environment(python: Path, **more: str) -> dict[str, str]:
    """Return the variables of a terminal in which the environment is active and pip downloads nothing."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "COVERAGE"))}
    ours |= {
        "PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]),
        "VIRTUAL_ENV": str(python.parent.parent),
    }
    # With no index, pip fails if anything is missing here. setuptools is among the linked packages.
    ours |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {
        **ours,
        "PIP_NO_INPUT": "1",
        "PIP_NO_COMPILE": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "OMP_NUM_THREADS": "1",
        **more,
    }


def pip_install(python: Path, *what: str, cwd: Path) -> str:
    """Install into the environment and return what pip says."""
    command = [str(python), "-m", "pip", "install", *what]
    done = subprocess.run(command, cwd=cwd, env=environment(python), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stand_ins(folder: Path, *, hard: bool = False) -> dict[str, str]:
    """Return the variables of a terminal where `python3 -m venv` makes fresh environments, and apt-get does nothing.

    `python` is the same. What apt-get was asked to do is appended to the file `apt-get.log` in ``folder``.
    """
    folder.mkdir()
    root = Path(__file__).resolve().parents[2]
    python = f'exec env PYTHONPATH="{root}" "{sys.executable}" -P -m tests.support.fresh_venv "$@"'
    for name, line in {"python": python, "python3": python, "apt-get": 'echo "$@" >> "$0.log"'}.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return environment(folder / "python", FRESH_VENV_HARD="1" if hard else "")


def main(arguments: list[str]) -> None:
    """Make the environment that `python3 -m venv FOLDER` asks for, or else run Python as it was asked."""
    if arguments[:2] == ["-m", "venv"]:
        make_venv(Path(arguments[-1]), hard=bool(os.environ.get("FRESH_VENV_HARD")))
        return
    sys.exit(subprocess.run([sys.executable, *arguments]).returncode)


if __name__ == "__main__":
    main(sys.argv[1:])

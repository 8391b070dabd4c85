"""Students install the course from a wheel, a git repository or a zip, and have all that they need."""

from __future__ import annotations

import functools
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from autograder.authoring.leaks import find_leaks
from autograder.authoring.publish import publish
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.course_file import read_course
from autograder.core.first_cells import ZIP
from tests.support.fresh_venv import environment, make_venv, pip_install

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "IPython",
    "jupytext",
    "nbformat",
    "matplotlib",
    "jinja2",
    "pooch",
    "yaml",
    "safetensors",
    "nbgrader",
    "distributed",
}
STAFF = {
    "nbgrader",
    "nbclient",
    "sqlalchemy",
    "alembic",
    "notebook",
    "jupyterlab",
    "ipykernel",
    "copydetect",
    "distributed",
}

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def run(python: Path, *words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    variables = environment(python, **variables)
    return subprocess.run([str(python), *words], cwd=cwd, env=variables, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def assignments() -> list[Assignment]:
    return [read_assignment(path.parent) for path in sorted((ROOT / "assignments").glob("*/assignment.toml"))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A git server on this machine, with the folder that it serves."""
    folder, port = tmp_path_factory.mktemp("git"), free_port()
    command = ["git", "daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    with subprocess.Popen([*command, f"--base-path={folder}"], stderr=subprocess.DEVNULL) as daemon:
        try:
            for _ in range(200):
                if daemon.poll() is not None:
                    pytest.skip("git has no daemon here")
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            yield f"git://127.0.0.1:{port}/course", folder
        finally:
            daemon.terminate()


@pytest.fixture(scope="module")
def course(assignments: list[Assignment], server: tuple[str, Path]) -> Path:
    """The published course, in a git repository that the server serves."""
    url, folder = server
    publish(ROOT, assignments, folder / "course", repository=url)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "The course"]):
        subprocess.run([*git, *words], cwd=folder / "course", check=True, capture_output=True)
    return folder / "course"


@pytest.fixture(scope="module")
def installed(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python in which the wheel is installed, from an index on this machine."""
    folder = tmp_path_factory.mktemp("index")
    python = make_venv(folder / "env")
    done = run(
        python,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "-w",
        str(folder / "simple" / "gradlab"),
        str(course),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = (folder / "simple" / "gradlab").iterdir()
    page = f'<!DOCTYPE html><a href="{wheel.name}">{wheel.name}</a>'
    (folder / "simple" / "gradlab" / "index.html").write_text(page)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            pass

    serve = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            index = f"http://127.0.0.1:{http.server_address[1]}/simple"
            pip_install(python, "-q", "--no-deps", "--isolated", "--index-url", index, "gradlab", cwd=folder)
        finally:
            http.shutdown()
            thread.join()
    return python


def wheel_of(installed: Path) -> Path:
    (wheel,) = (installed.parent.parent.parent / "simple" / "gradlab").glob("*.whl")
    return wheel


def first_cell(course: Path) -> str:
    book = json.loads((course / "assignments" / "a01_knn" / "knn.ipynb").read_text(encoding="utf-8"))
    return next("".join(cell["source"]) for cell in book["cells"] if cell["id"] == "install")


def test_the_wheel_has_the_whole_course_and_no_answer(installed: Path, assignments: list[Assignment]) -> None:
    (site,) = installed.parent.parent.glob("lib/python*/site-packages")
    (record,) = site.glob("gradlab-*.dist-info/RECORD")
    names = [line.split(",")[0] for line in record.read_text().splitlines() if "dist-info" not in line]
    files = {name: (site / name).read_bytes() for name in names if not name.startswith("..")}
    packaged = [path for name in ("autograder", "common") for path in (ROOT / name).rglob("*") if path.is_file()]
    needed = {path.relative_to(ROOT).as_posix() for path in packaged if "__pycache__" not in path.parts}
    needed = {name for name in needed if not name.endswith(".po")}  # for translators; students need the .mo
    assert "autograder/locale/zh_CN/LC_MESSAGES/gradlab.mo" in needed
    assert needed - files.keys() == set(), "add its kind to package-data in pyproject.toml"
    inside = {name.removeprefix("autograder/_course/"): content for name, content in files.items()}
    assert find_leaks(inside, ROOT) == []
    for assignment in assignments:
        for path in assignment.folder.iterdir():
            if path.is_file() and not path.name.startswith("."):
                assert f"assignments/{assignment.name}/{path.name}" in inside
    assert {"locale/zh_CN/LC_MESSAGES/a01_knn.mo", "locale/zh_CN/assignments/a01_knn/knn.ipynb"} <= set(inside)


def test_the_wheel_installs_with_every_extra(installed: Path, tmp_path: Path) -> None:
    wheel = wheel_of(installed)
    for package in ("copydetect", "nbgrader", "distributed", "jupyterlab"):
        pytest.importorskip(package, reason="pip would have to download it")
    shown = pip_install(installed, "--dry-run", f"{wheel}[notebook,staff,similar,cluster]", cwd=tmp_path)
    assert "does not provide the extra" not in shown
    assert "copydetect" in shown


def test_a_student_goes_from_the_wheel_to_the_zip(installed: Path, tmp_path: Path) -> None:
    script = [str(ROOT / ".ci" / "student.py"), "--python", str(installed), "--only", "a01_knn"]
    done = run(Path(sys.executable), *script, cwd=tmp_path, **environment(installed))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("From the wheel to the zip: a01_knn.\n")


def test_every_assignment_of_the_wheel_can_be_checked_and_submitted(installed: Path, tmp_path: Path) -> None:
    code = f"""if True:
        import sys
        HEAVY = {HEAVY}
        from pathlib import Path
        from click.testing import CliRunner
        from autograder.cli.app import main
        from autograder.core.assignment import read_assignment

        def gradlab(*words, code):
            done = CliRunner().invoke(main, words)
            assert done.exit_code == code, (words, done.output, done.exception)

        gradlab("start", ".", code=0)
        gradlab("check", "a01_knn", code=1)
        print("imported:", *(set(sys.modules) & HEAVY))
        for folder in sorted(path.parent for path in Path().glob("*/assignment.toml")):
            gradlab("check", folder.name, "--task", read_assignment(folder).tasks[0].name, code=1)
            gradlab("submit", folder.name, "--no-check", code=0)
            print(folder.name, (Path(folder.name + ".zip")).is_file())
        """
    done = run(installed, "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    imported, *lines = done.stdout.split("\n")[:-1]
    assert imported == "imported:", "checking a01_knn needs none of these"
    assert len(lines) == len(list((ROOT / "assignments").glob("*/assignment.toml")))
    assert all(line.endswith(" True") for line in lines)


def test_a_notebook_anywhere_finds_its_assignment(installed: Path, tmp_path: Path) -> None:
    code = (
        'def predict_labels(*a): return None\nfrom autograder import check\nprint(check("knn", task="predict_labels"))'
    )
    done = run(installed, "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0 of 11 points" in done.stdout


@pytest.mark.parametrize("way", ["git", "zip", "nothing"])
def test_the_first_cell_installs_the_course(
    way: str, course: Path, assignments: list[Assignment], tmp_path: Path
) -> None:
    cell = first_cell(course)
    if way != "git":
        cell = cell.replace("git://127.0.0.1", "git://127.0.0.1:1/nobody")
    if way == "zip":
        publish(ROOT, assignments[:1], tmp_path / ZIP)
    python = make_venv(tmp_path / "env")
    (tmp_path / "cell.py").write_text(cell)
    code = """if True:
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        shell.run_cell(open("cell.py").read()).raise_error()
        shell.run_cell("from autograder.core.course import find_assignment_of_module as find").raise_error()
        shell.run_cell("print(find('knn').folder)").raise_error()
        shell.run_cell(open("cell.py").read()).raise_error()
        """
    done = run(python, "-c", code, cwd=tmp_path, IPYTHONDIR=str(tmp_path / "ipython"))
    if way == "nothing":
        assert "No module named 'autograder'" in done.stderr
        return
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "_course/assignments/a01_knn" in done.stdout


def test_the_students_side_needs_no_package_of_staff() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    own = needed(project["dependencies"])
    assert "pytest" in own
    assert not own & (STAFF | {"torch", "safetensors"})  # a course on numpy alone needs none of these
    course = needed(project["optional-dependencies"]["course"])
    assert "torch" in course
    assert not course & STAFF


def needed(requirements: list[str]) -> set[str]:
    """Return the names of these packages and of all that they need, as they are installed here."""
    found: set[str] = set()
    while requirements:
        package = Requirement(requirements.pop())
        if package.name.lower() not in found and (not package.marker or package.marker.evaluate({"extra": ""})):
            found.add(package.name.lower())
            requirements += requires(package.name) or ()
    return found


def test_the_extra_for_our_course_has_what_the_course_requires() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {*read_course(ROOT).requirements}
    assert {*project["optional-dependencies"]["course"]} == required - {*project["dependencies"]}


def test_a_course_on_numpy_is_installed_and_checked_without_torch(installed: Path, tmp_path: Path) -> None:
    python = make_venv(tmp_path / "env")
    (site,) = python.parent.parent.glob("lib/python*/site-packages")
    for name in ("torch", "torchgen", "functorch", "safetensors"):
        for path in (site / name, *site.glob(f"{name}-*.dist-info")):
            path.unlink(missing_ok=True)
    pip_install(python, "-q", "--no-deps", str(wheel_of(installed)), cwd=tmp_path)  # a published course's needs torch
    strings = tmp_path / "strings"
    shutil.copytree(ROOT / "examples" / "strings", strings, ignore=shutil.ignore_patterns("__pycache__"))
    (name,) = (path.parent.name for path in strings.glob("assignments/*/assignment.toml"))
    done = run(python, "-m", "autograder", "check", name, cwd=strings)
    assert "Not written yet" in done.stdout, done.stdout + done.stderr
    ours = run(python, "-m", "autograder", "check", str(ROOT / "assignments" / "a01_knn"), cwd=tmp_path)
    assert "This course needs torch" in ours.stderr, ours.stdout + ours.stderr
    assert "Install what it requires: pip install safetensors torch\n" in ours.stderr

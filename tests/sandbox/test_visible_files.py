"""Of gradlab and the course, the box sees only the code that runs in it, wherever gradlab and the course are."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

import autograder
from autograder.sandbox.pool import BoxError, WorkerPool
from autograder.sandbox.view import MOUNTED, PACKAGES, PRIVATE, make_view
from tests.support import course as tiny
from tests.support.box import NO_PACKAGES, descendants, in_box
from tests.support.our_course import OUR_COURSE

pytestmark = pytest.mark.slow

ROOT = Path(autograder.__file__).resolve().parents[1]

LOOK = """
    import importlib.util, os, pkgutil, sys

    def files_ending_in(sizes):
        '''All files of the box that have the end of the path and the size of one of these. Links are not followed.'''
        wanted = {}
        for ending in sizes:
            wanted.setdefault(ending.rpartition("/")[2], []).append(ending)
        found = set()
        for folder, below, names in os.walk("/"):
            for name in names:
                path = os.path.join(folder, name)
                for ending in wanted.get(name, ()):
                    if path.endswith("/" + ending) and os.path.getsize(path) == sizes[ending]:
                        found.add(path)
        return sorted(found)

    def files_below(folder):
        paths = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
        return sorted(path for path in paths if "__pycache__" not in path)

    def content(path):
        try:
            with open(path, "rb") as file:
                return file.read(1)
        except OSError:
            return b""

    def files_with_content_below(folder):
        return [path for path in files_below(folder) if content(path)]

    def modules_found(names):
        '''The modules that can be imported.'''
        found = []
        for name in names:
            try:
                if importlib.util.find_spec(name) is not None:
                    found.append(name)
            except ModuleNotFoundError:
                pass
        return found

    def modules_listed():
        import autograder, common
        found = []
        for package in (autograder, common):
            walk = pkgutil.walk_packages(package.__path__, package.__name__ + ".", onerror=lambda name: None)
            found += [module.name for module in walk]
        return sorted(found)

    def modules_loaded():
        return sorted(name for name in sys.modules if name.partition(".")[0] in ("autograder", "common"))

    def search_path():
        return list(sys.path)

    def has_init():
        import autograder, autograder.sandbox
        return [module.__file__ for module in (autograder, autograder.sandbox)]
"""


def own_files() -> list[str]:
    """Return the files in the folders of this repository."""
    folders = ("autograder", "common", "assignments", "solutions", "tests", "tools", "bench", "docs")
    paths = [path for folder in folders if (ROOT / folder).is_dir() for path in (ROOT / folder).rglob("*")]
    return sorted(str(path.relative_to(ROOT)) for path in paths if path.is_file() and "__pycache__" not in path.parts)


def mounted(path: str) -> bool:
    return any(path.startswith(f"{name}/") for name in (*MOUNTED, *OUR_COURSE.shared))


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.mark.parametrize("folder", ["autograder/session", "solutions", "tests/golden"])
def test_this_test_knows_the_files_that_must_be_hidden(folder: str) -> None:
    assert any(path.startswith(folder) for path in own_files() if not mounted(path))


def test_the_only_files_of_gradlab_in_the_box_are_those_that_run_there(isolated: WorkerPool) -> None:
    expected = [f"{PACKAGES}/{path}" for path in own_files() if mounted(path)]
    sizes = {path: (ROOT / path).stat().st_size for path in own_files()}
    sizes = {path: size for path, size in sizes.items() if size}  # other packages have empty files of the same names
    with in_box(isolated, LOOK, seconds=60) as (student, _):
        found = student.files_ending_in(sizes)
        assert found == [path for path in expected if path.removeprefix(f"{PACKAGES}/") in sizes]
        assert student.files_below(PACKAGES) == expected


def test_the_only_modules_of_gradlab_in_the_box_are_those_that_run_there(isolated: WorkerPool) -> None:
    modules = {
        module_of(path): path for path in own_files() if path.endswith(".py") and not path.startswith("tests/golden")
    }
    allowed = sorted(name for name, path in modules.items() if mounted(path))
    namespaces = ["autograder", "autograder.sandbox"]  # folders on the way to what is mounted, without an __init__.py
    with in_box(isolated, LOOK, seconds=60) as (student, _):
        assert sorted(student.modules_found(sorted(modules))) == sorted([*allowed, *namespaces])
        assert set(student.modules_listed()) <= {*allowed, *namespaces}
        assert set(student.modules_loaded()) <= {*allowed, *namespaces}
        assert student.has_init() == [None, None]
        assert str(ROOT) not in student.search_path()


def mount_namespace(pid: int) -> str | None:
    """Return which mount namespace a process is in; None where it has ended meanwhile, as spare workers do."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except FileNotFoundError:
        return None


def mounts(pid: int) -> dict[str, tuple[str, str]]:
    """Return for each mount point of a process the folder that is mounted there, and the options."""
    rows = [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
    return {row[4]: (row[3], row[5]) for row in rows}


def test_the_mounts_of_a_running_box_are_what_isolation_lists(isolated: WorkerPool) -> None:
    with in_box(isolated, LOOK) as (student, _):
        assert student.has("search_path")
        pids = [int(line.split()[0]) for line in descendants(isolated.process.pid)]
        inside = [pid for pid in pids if mount_namespace(pid) not in (None, mount_namespace(os.getpid()))]
        tables = [mounts(pid) for pid in inside if mount_namespace(pid)]
        assert len(tables) >= 2  # the fork server and a worker
        for table in tables:
            below = {place: row for place, row in table.items() if place.startswith(PACKAGES)}
            assert sorted(below) == sorted(f"{PACKAGES}/{name}" for name in (*MOUNTED, *OUR_COURSE.shared))
            for place, (source, options) in below.items():
                assert source.endswith(place.removeprefix(PACKAGES))
                assert "ro" in options.split(",")
            private = tuple(f"{ROOT.name}/{name}" for name in PRIVATE if name not in MOUNTED)
            assert not [source for source, _ in table.values() if source.endswith(private)]


VENV = ".venv/tool.py"
RESULTS = "results/ada/report.json"
DEEP = "tools/env/tool.py"
OTHERS = (RESULTS, "notes.md", "tools/notes.py")
FILES = ("solutions/a/answer.py", "assignments/a/check_a.py", "tests/t.py", ".git/HEAD", *OTHERS, VENV, DEEP)
PLACES = {  # name -> the folders that Python seems to need, below tmp_path, and which of FILES the box may then see
    "among the packages of Python": (["shown/course"], [*OTHERS, VENV, DEEP]),
    "next to a virtual environment": (["shown/course/.venv"], [VENV]),
    "below a folder that is shown": (["shown"], []),
    "next to a virtual environment, below a folder that is shown": (["shown", "shown/course/.venv"], [VENV]),
    "around a virtual environment far below": (["shown", "shown/course/tools/env"], [DEEP]),
}
LAST = "next to a virtual environment, below a folder that is shown"
CASES = [  # the kind of isolation, where the course is, and whether gradlab is there too
    *(("bubblewrap", place, True) for place in PLACES),
    ("namespaces", "among the packages of Python", True),
    ("namespaces", LAST, True),
    ("namespaces", "around a virtual environment far below", True),
    ("bubblewrap", LAST, False),
    ("namespaces", LAST, False),
]
PROGRAM = """
import site, sys
from pathlib import Path

kind, course, *shown = sys.argv[1:]
found = site.getsitepackages()
site.getsitepackages = lambda: [*found, *shown]

from autograder.core.assignment import Limits
from autograder.core.code import Code
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.isolation import NoIsolation, choose
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import Student

try:
    choose(kind)
except NoIsolation as reason:
    sys.exit(f"no isolation: {reason}")
source = sys.stdin.read()
with WorkerPool(kind, private=[Path(course)]) as pool:
    link = BoxLink(pool, Code({"work.py": source}), Limits())
    link.begin(seed=1, seconds=60, memory_mb=2000)
    student = Student(link, "work", source)
    print(student.has_init())
    print(*student.files_with_content_below(course), sep="\\n")
    link.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "place", "together"), CASES)
def test_gradlab_and_the_course_are_hidden_in_folders_that_the_box_shows(
    kind: str, place: str, together: bool, isolation: str, tmp_path: Path
) -> None:
    course = tmp_path / "shown" / "course"
    home = course if together else tmp_path / "elsewhere"
    for package in ("autograder", "common"):
        shutil.copytree(ROOT / package, home / package)  # with what is compiled
    for name in FILES:
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text("content")
    shown, visible = PLACES[place]
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, kind, str(course), *(str(tmp_path / folder) for folder in shown)],
        input=dedent(LOOK), env={**os.environ, "PYTHONPATH": str(home)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if "no isolation" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    first, *seen = done.stdout.splitlines()
    assert first == "[None, None]"
    assert sorted(filter(None, seen)) == sorted(str(course / name) for name in visible)


def test_a_box_that_shows_something_private_is_refused(isolation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a mask has no effect, for whatever reason, no hand-in is run."""
    view = make_view((ROOT,))
    broken = replace(view, masks=(), blanks=(), private=(sys.prefix,))
    monkeypatch.setattr("autograder.sandbox.pool.make_view", lambda private, shared: broken)
    with pytest.raises(BoxError, match=r"Students' code could read .*, which is private, so no hand-in was run"):
        WorkerPool(isolation, private=[ROOT])


def test_hand_ins_and_results_among_the_packages_of_python_are_hidden(isolation: str) -> None:
    """They may be in a folder that the box needs; this test uses one of the packages in their place."""
    package = Path(pytest.__file__).resolve().parent
    view = make_view((package,))
    assert str(package) in view.masks
    with WorkerPool(isolation, private=[package]) as pool, in_box(pool, LOOK, packages=NO_PACKAGES) as (student, _):
        assert student.files_below(str(package)) == []
        assert student.files_below(str(package.parent / "numpy")) != []


@pytest.mark.parametrize("root", ["/", "/usr", "/usr/local", "/opt"])
def test_of_folders_that_other_programs_share_only_the_course_is_hidden(root: str) -> None:
    """Hiding /usr would hide the C library."""
    view = make_view((Path(root),))
    assert {Path(place).name for place in view.masks} <= {*PRIVATE}


def test_the_assignment_and_its_twin_are_hidden_if_they_are_not_in_a_course(tmp_path: Path) -> None:
    course = tiny.make_course(tmp_path)
    assert course.private_folders == (tmp_path,)
    alone = replace(course, folder=tmp_path / "elsewhere" / course.name)
    assert alone.private_folders == (alone.folder, alone.solutions)


def test_every_link_on_the_way_to_python_is_in_the_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As uv installs it: a link in ~/.local/bin to a link to a folder whose name has all numbers of the version."""
    real, by_version = tmp_path / "uv" / "cpython-3.11.9", tmp_path / "uv" / "cpython-3.11"
    (real / "bin").mkdir(parents=True)
    (real / "bin" / "python3.11").touch()
    by_version.symlink_to("cpython-3.11.9")
    home = tmp_path / "home" / ".local" / "bin"
    home.mkdir(parents=True)
    (home / "python3.11").symlink_to(by_version / "bin" / "python3.11")
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").symlink_to(home / "python3.11")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "env" / "bin" / "python"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    make_view.cache_clear()
    try:
        view = make_view()
    finally:
        make_view.cache_clear()
    where = {Path(place): text for text, place in view.links}
    assert where[home / "python3.11"] == str(by_version / "bin" / "python3.11")
    assert where[by_version] == "cpython-3.11.9"
    sources = [source for source, _ in view.binds]
    assert str(tmp_path / "env") in sources
    assert str(real / "bin" / "python3.11") in sources or str(real) in sources


def test_python_may_be_started_by_a_relative_path_and_through_folders_that_are_not_in_the_box(
    isolation: str, tmp_path: Path
) -> None:
    """A folder on PATH may be relative, and a virtual environment that "../python" made has ".." in its link."""
    real = Path(sys.executable).resolve()
    (tmp_path / "left").mkdir()
    (tmp_path / "base").symlink_to(real.parent.parent)
    packages = tmp_path / "env" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "here.pth").write_text("\n".join([str(ROOT), *site.getsitepackages()]))
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"home = {real.parent}\n")
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(tmp_path / "left" / ".." / "base" / "bin" / real.name)
    possible = "from autograder.sandbox.isolation import _why_not; print(*map(_why_not, ('bubblewrap', 'namespaces')))"
    here = subprocess.run([sys.executable, "-c", possible], cwd=ROOT, capture_output=True, text=True, check=True)
    search = {**os.environ, "PATH": f"../env/bin{os.pathsep}{os.environ['PATH']}"}
    for command in ("python", "../env/bin/python", str(tmp_path / "left" / ".." / "env" / "bin" / "python")):
        words = ["env", command, "-c", possible]
        done = subprocess.run(words, cwd=tmp_path / "left", env=search, capture_output=True, text=True)
        assert done.stdout == here.stdout, done.stderr

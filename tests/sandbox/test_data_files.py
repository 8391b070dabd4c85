"""The current folder of graded code: the assignment's data files, and nothing that another hand-in wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.core.assignment import Limits
from autograder.core.code import Code
from autograder.core.course_file import Course
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.pool import BoxError, WorkerPool
from autograder.sandbox.proxy import Student
from autograder.sandbox.view import folder_outside
from tests.support.box import NO_PACKAGES
from tests.support.isolations import chosen_or_skip

SOURCE = """
import os

def look():
    return sorted(os.listdir(".")), open("tables/prices.csv").read()

def write():
    with open("tables/prices.csv", "w") as file:
        file.write("changed")
    with open("mine.txt", "w") as file:
        file.write("x" * 1000)
"""


@pytest.fixture(scope="module", params=["bubblewrap", "namespaces", "user", "none"])
def pool(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    """A pool for each kind of isolation, of a course that imports nothing before the first hand-in."""
    if request.param != "user":  # where nobody can read Python's folders, this hand-in still needs no more imports
        chosen_or_skip(request.param)
    elif os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    with WorkerPool(request.param) as pool:
        yield pool


def student_in(pool: WorkerPool, data: Path) -> tuple[Any, BoxLink]:
    code = Code({"work.py": SOURCE}, data={"tables/prices.csv": data}, packages=NO_PACKAGES)
    link = BoxLink(pool, code, Limits())
    link.begin(seed=1, seconds=20, memory_mb=500)
    return Student(link, "work", SOURCE), link


def test_every_hand_in_finds_the_data_as_they_were(pool: WorkerPool, tmp_path: Path) -> None:
    data = tmp_path / "prices.csv"
    data.write_text("a,b\n1,2\n")
    for _ in range(2):
        student, link = student_in(pool, data)
        assert student.look() == (["tables"], "a,b\n1,2\n")
        student.write()
        assert student.look() == (["mine.txt", "tables"], "changed")
        link.close()
    assert data.read_text() == "a,b\n1,2\n"


def test_much_code_in_any_script_arrives(pool: WorkerPool) -> None:
    """As many characters as a hand-in with several modules may have."""
    many = 1_200_000
    source = "from tables import TEXT\ndef read():\n    return len(TEXT), TEXT[0]\n"
    files = {"work.py": source, "tables.py": f"TEXT = '{'中' * many}'\n"}
    link = BoxLink(pool, Code(files, packages=NO_PACKAGES), Limits())
    link.begin(seed=1, seconds=20, memory_mb=500)
    try:
        assert Student(link, "work", source).read() == (many, "中")
    finally:
        link.close()


def test_nothing_is_left_when_a_pool_without_a_tmp_of_its_own_ends(tmp_path: Path) -> None:
    data = tmp_path / "prices.csv"
    data.write_text("1\n")
    with WorkerPool("none") as pool:
        student_in(pool, data)[1].close()
        assert pool._folders is not None
        left = Path(pool._folders.name)
        assert left.is_dir()
    assert not left.exists()


def test_a_package_whose_files_are_links_is_said_to_be_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `uv pip install --link-mode symlink` installs it."""
    cache, installed = tmp_path / "cache" / "linked_one", tmp_path / "installed" / "linked_one"
    for folder in (cache, installed):
        folder.mkdir(parents=True)
    (cache / "__init__.py").write_text("")
    (installed / "__init__.py").symlink_to(cache / "__init__.py")
    monkeypatch.syspath_prepend(str(installed.parent))
    assert (folder_outside("linked_one"), folder_outside("json"), folder_outside("nowhere_at_all")) == (
        cache,
        None,
        None,
    )
    isolation = chosen_or_skip("bubblewrap")
    with pytest.raises(BoxError) as caught:
        WorkerPool(isolation, course=Course(preload=("linked_one",)))
    assert f"The files of linked_one are in {cache}, which the sandbox does not show." in str(caught.value)
    assert "with uv, by `--link-mode copy`." in str(caught.value)


def test_a_module_that_cannot_be_preloaded_is_named() -> None:
    with pytest.raises(BoxError, match=r"course\.toml lists 'nowhere_at_all' under `preload`, but it cannot be"):
        WorkerPool("none", course=Course(preload=("nowhere_at_all",)))

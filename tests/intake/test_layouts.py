"""The same files give the same selection, and belong to the same student, whatever way they came."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograder.core.assignment import Assignment
from autograder.intake.download import Intake, read_handins
from autograder.intake.roster import read_roster
from autograder.submissions.selection import Selection, select_files
from tests.support.downloads import LAYOUTS, Person, pack, roster_of, write_members, zip_of
from tests.support.notebooks import notebook
from tests.support.vectors import HONEST, make_vectors

pytestmark = pytest.mark.slow

WHEN = 1_790_000_000  # an even second, the precision of zips
NAMES = (  # what students, browsers, Jupyter and mail programs make of vectors.ipynb and vectors.py
    *("vectors.ipynb", "vectors (1).ipynb", "vectors(2).ipynb", "vectors-Copy1.ipynb", "Copy of vectors.ipynb"),
    *("VECTORS.ipynb", "vectors.IPYNB", "vectors.ipynb.txt", "Lovelace_vectors.ipynb", "vectors_solved.ipynb"),
    *("Untitled.ipynb", "a.b_c.12_34_d.ipynb", "übung 1.ipynb", "vectors.py", "vectors (1).py", "vectors.py.txt"),
    "my.vectors.v2.py",
)
PEOPLE = (("u1", "Ada", "Lovelace"), ("u2", "Ann", "van_der_Berg"), ("u3", "Zoë", "Ünal"), ("u4", "J.R.", "O'Neil-Öst"))


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_vectors(tmp_path_factory.mktemp("course"))


def solution(name: str, text: str) -> bytes:
    return notebook(*text.split("\n\n\n")) if ".ipynb" in name.casefold() else text.encode()


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    """Return students with files of any of the names, own modules, and files that are not graded."""
    found = []
    for at in range(draw(st.integers(1, len(PEOPLE)))):
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True))
        files: dict[str, bytes] = {}
        for version, name in enumerate(names):
            own = f"def extra():\n    return '{at} {version}'\n"
            text = f"from my_utils import helper\nimport tools.more\n{HONEST}\n\n{own}"
            files[name] = solution(name, text)
        if draw(st.booleans()):
            files["my_utils.py"] = f"def helper():\n    return {at}\n".encode()
        if draw(st.booleans()):
            files |= {"tools/__init__.py": b"", "tools/more.py": f"x = {at}\n".encode()}
        if draw(st.booleans()):
            files |= {"report.pdf": b"%PDF", "notes.txt": b"def double(x): ...", "numbers.csv": b"1,2"}
        times = {name: WHEN + draw(st.sampled_from([0, 60, 3600])) for name in files}
        found.append(Person(*PEOPLE[at], 101 + at, f"aB{at}xY", files, times))
    return found


def read(place: Path, download: Path, assignment: Assignment, roster: str) -> Intake:
    (place / "roster.csv").write_text(roster, encoding="utf-8")
    return read_handins(download, assignment, store=place / "store", roster=read_roster(place / "roster.csv"))


def facts(selection: Selection) -> tuple[object, ...]:
    return selection.files, selection.own_modules, selection.saved, selection.digest


ONE_FILE_EACH = [
    Person(*PEOPLE[at], 101 + at, f"aB{at}xY", {name: solution(name, f"{HONEST}\n\nx = {at}\n")}, {name: WHEN})
    for at, name in enumerate(("Untitled.ipynb", "vectors-1.ipynb", "vectors.py", "vectors.py.txt"))
]


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=people(), zipped=st.booleans())
@example(people=ONE_FILE_EACH, zipped=True)
@example(people=ONE_FILE_EACH[:1], zipped=True)
def test_the_same_files_give_the_same_selection_whatever_way_they_came(
    assignment: Assignment, layout: str, people: list[Person], zipped: bool
) -> None:
    platform = layout.split()[0].capitalize() if {"blind", "anonymous"} & {*layout.split()} else ""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        expected = {}
        for person in people:
            files = {file: (content, person.times[file]) for file, content in person.files.items()}
            expected[person.id] = facts(select_files(write_members(place / person.id, files), assignment))
        members = pack(people, layout, assignment.name)
        if zipped:
            download = place / "download.zip"
            download.write_bytes(zip_of((path, *content) for path, content in members.items()))
        else:
            download = write_members(place / "download", members)
        if layout in ("folders", "zips") and zipped and len(people) == 1:
            members["Other Person.zip"] = (b"", WHEN)  # else the folder of one student is taken for one around all
            download.write_bytes(zip_of((path, *content) for path, content in members.items()))
        intake = read(place, download, assignment, roster_of(people, anonymous=platform))
        found = {h.student: facts(select_files(h.path, assignment)) for h in intake.handins if h.student in expected}
        assert found == expected
        assert not intake.superseded
        assert {problem.who for problem in intake.problems} <= {"Other_Person"}


@pytest.mark.parametrize("layout", ["canvas", "moodle flat", "gradescope", "nbgrader", "moodle"])
def test_own_modules_arrive_with_the_notebook(assignment, tmp_path, layout):
    text = f"from my_utils import helper\n{HONEST}\n\nprint(helper())\n"
    files = {"Untitled.ipynb": solution("Untitled.ipynb", text), "my_utils.py": b"def helper():\n    return 1\n"}
    ada = Person(*PEOPLE[0], 101, "aB3xY", files, dict.fromkeys(files, WHEN))
    download = write_members(tmp_path / "in", pack([ada], layout, assignment.name))
    intake = read(tmp_path, download, assignment, roster_of([ada]))
    (handin,) = intake.handins
    assert {*select_files(handin.path, assignment).own_modules} == {"my_utils.py"}

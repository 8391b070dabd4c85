"""For any names of hand-ins, zip members and table cells, no file is lost or written outside, and no error escapes."""

from __future__ import annotations

import contextlib
import csv
import io
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.core.assignment import Assignment
from autograder.exports.reports import BadResults
from autograder.exports.sheet import read_sheet
from autograder.intake.download import KINDS, BadHandins, read_handins
from autograder.intake.roster import BadRoster, read_roster
from autograder.intake.unpack import unpack_download
from autograder.submissions.submission import BadSubmission, select_files
from tests.support.vectors import make_vectors

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
WANTED = ("vectors.ipynb", "vectors.py")

# Names from platforms, people and attackers, and arbitrary ones.
PIECES = st.sampled_from(
    [
        *(
            "ada",
            "Ada Lovelace",
            "ADA",
            "a\u030a",
            "\u00e5",
            "..",
            ".",
            "-rf",
            "con",
            "index.html",
            "_LATE_",
            "_12_34_",
        ),
        *("_123_assignsubmission_file_", "_2026-11-20T10-00-00Z", "\u202e", " ", "é", "😀", "\n", "\x1b[31m", "'", '"'),
        *(".py", ".ipynb", ".zip", ".pdf", "knn", "C:", "\\", "%", "lock", "gradebook", ".", "index.html"),
    ]
)
ENDINGS = st.sampled_from([".py", ".ipynb", ".zip", "", ".PY"])
STEMS = st.lists(PIECES | st.text(max_size=6), min_size=1, max_size=4).map("".join)
NAMES = st.builds(lambda stem, end: stem.replace("/", "").replace("\0", "") + end, STEMS, ENDINGS)
PATHS = st.lists(NAMES | st.sampled_from(["..", ".", "", "a", *WANTED]), min_size=1, max_size=4).map("/".join)


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_vectors(tmp_path_factory.mktemp("course"))


def is_a_sentence(error: Exception) -> None:
    text = str(error)
    assert len(text) > 20
    assert text.endswith((".", "?"))


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    around = Path(tempfile.mkdtemp())  # so that nobody else writes next to the folder
    folder = around / "place"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(around)


def possible(names: list[str], folder: Path) -> list[str]:
    """Write a file for each name that this operating system allows, and return those names."""
    made = []
    for name in names:
        with contextlib.suppress(OSError, ValueError, UnicodeError):
            (folder / name).write_text("x = 1\n")
            made.append(name)
    return made


@QUICK
@given(names=st.lists(NAMES, max_size=6), roster=st.none() | st.lists(STEMS, max_size=4))
def test_every_hand_in_in_a_folder_is_graded_or_listed(
    assignment: Assignment, names: list[str], roster: list[str] | None
) -> None:
    with temporary_folder() as place:
        handins = place / "in"
        handins.mkdir()
        made = possible(names, handins)
        known = None
        if roster is not None:
            table = io.StringIO()
            csv.writer(table).writerows([["id"], *([name] for name in roster)])
            (place / "roster.csv").write_bytes(table.getvalue().encode("utf-8", "replace"))
            with contextlib.suppress(BadRoster):
                known = read_roster(place / "roster.csv")
        try:
            intake = read_handins(handins, assignment, store=place / "store", roster=known)
        except (BadHandins, BadRoster) as sentence:
            is_a_sentence(sentence)
            return
        students = [handin.student for handin in intake.handins]
        assert len(set(students)) == len(students)
        for student in students:
            assert (place / student).parent == place
            assert student not in ("", ".", "..")
        assert {problem.kind for problem in intake.problems} <= set(KINDS)
        taken = [handin.path for handin in (*intake.handins, *intake.superseded)]
        assert len(set(taken)) == len(taken)
        listed = {problem.who for problem in intake.problems}
        if intake.platform == "folder":
            left = {name for name in made if handins / name not in taken and not name.startswith(".")}
            assert {name for name in left if not name.lower().endswith(("thumbs.db", "desktop.ini"))} <= listed


WHO = st.sampled_from(
    ["ada", "van_der_berg", "Zoë Ünal", "j.r.", "anon_aB3xY", "LATE_anon_Zz9zZ", "ada_LATE", "Participant"]
)
PREFIXES = st.one_of(
    st.builds("{}_{}_{}_".format, WHO, st.integers(7, 9), st.integers(100, 103)),
    st.builds("{}_{}_".format, WHO, st.integers(100, 103)),
    st.builds("{}_{}_assignsubmission_file_".format, WHO, st.integers(7, 9)),
)
FILES = st.sampled_from(
    ["knn.py", "knn-1.py", "knn-2.py", "knn (1).ipynb", "x.zip", "x-1.zip", "..", "-1", "text.html", "_"]
)


@QUICK
@given(names=st.lists(st.builds(str.__add__, PREFIXES, FILES | NAMES), max_size=8, unique=True))
def test_every_file_of_a_download_is_in_a_hand_in_or_listed(assignment: Assignment, names: list[str]) -> None:
    with temporary_folder() as place:
        folder = place / "in"
        folder.mkdir()
        made = possible(names, folder)
        for name in made:
            (folder / name).write_bytes(name.encode())  # each file has its own content
        try:
            intake = read_handins(folder, assignment, store=place / "store")
        except BadHandins as sentence:
            is_a_sentence(sentence)
            return
        found: list[str] = []
        for handin in (*intake.handins, *intake.superseded):
            files = handin.path.iterdir() if handin.path.is_dir() else [handin.path]
            contents = [file.read_bytes().decode() for file in files]
            owners = {name.partition("_assignsubmission_")[0] for name in contents}
            assert intake.platform != "Moodle" or len(owners) == 1
            found += contents
        assert len(set(found)) == len(found)
        listed = {problem.who for problem in intake.problems}
        typed = {name for name in made if name.endswith(".html") and any(name in p.what for p in intake.problems)}
        assert {*made} == {*found} | ({*made} & listed) | typed


@QUICK
@given(members=st.lists(st.tuples(PATHS, st.sampled_from([0, 0o100644, 0o120777, 0o040755, 0o010644])), max_size=6))
def test_no_member_of_a_download_is_lost_or_written_outside(members: list[tuple[str, int]]) -> None:
    with temporary_folder() as place:
        path = write_zip(place / "all.zip", members)
        before = {file for file in place.parent.iterdir() if not file.name.startswith("tmp")}
        with contextlib.suppress(BadHandins):
            folder, left_out = unpack_download(path, place / "store")
            written = [file for file in folder.rglob("*") if not file.is_dir() or file.is_symlink()]
            assert not any(file.is_symlink() for file in written)
            with zipfile.ZipFile(path) as archive:
                assert len(written) + len(left_out) == sum(not member.is_dir() for member in archive.infolist())
            assert unpack_download(path, place / "store") == (folder, left_out)
        assert {file.name for file in place.iterdir()} <= {"all.zip", "store"}
        assert {file for file in place.parent.iterdir() if not file.name.startswith("tmp")} <= before | {place}


@QUICK
@given(members=st.lists(st.tuples(PATHS, st.sampled_from([0, 0o100644, 0o120777])), max_size=6))
def test_any_zip_gives_wanted_files_or_a_sentence(assignment: Assignment, members: list[tuple[str, int]]) -> None:
    with temporary_folder() as place:
        path = write_zip(place / "ada.zip", members)
        try:
            selection = select_files(path, assignment)
        except BadSubmission as sentence:
            is_a_sentence(sentence)
            return
        assert set(selection.files) <= set(WANTED)
        assert all(content == b"x = 1\n" for content in selection.files.values())


def write_zip(path: Path, members: list[tuple[str, int]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names occur twice
        for name, mode in members:
            member = zipfile.ZipInfo(name.encode("utf-8", "replace").decode() or "x")
            member.external_attr = mode << 16
            archive.writestr(member, b"x = 1\n")
    return path


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@QUICK
@given(
    rows=st.lists(st.tuples(CELLS.map("i{}".format), CELLS, CELLS), max_size=5),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    value=CELLS,
)
def test_a_filled_table_keeps_all_other_bytes(
    rows: list[tuple[str, str, str]], end: str, quoting: int, value: str
) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator=end, quoting=quoting).writerows([["ID", "Name", "Grade"], *rows])  # type: ignore[arg-type]
    text = file.getvalue()
    try:
        sheet = read_sheet(text, ["ID"], "a platform")
    except BadResults as sentence:
        is_a_sentence(sentence)
        return
    assert sheet.text() == text
    for row in sheet.rows:
        sheet.set(row, "Grade", value)
    again = read_sheet(sheet.text(), ["ID"], "a platform")
    assert [again.cell(row, "Grade") for row in again.rows] == [value for _ in again.rows]
    assert [again.cell(row, "Name") for row in again.rows] == [sheet.cell(row, "Name") for row in sheet.rows]

"""A zipped download is unpacked once, writes nothing outside its folder and follows no links."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

import autograder.intake.unpack
from autograder.intake.download import BadHandins
from autograder.submissions.find import list_files
from tests.support.downloads import Read, gradescope, problems, reader, students
from tests.support.vectors import HONEST


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return reader(tmp_path)


def download(path: Path, members: dict[str, bytes | str], **modes: int) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (2026, 11, 20, 12, 0, 0))
            info.external_attr = modes.get(name, 0o100644) << 16
            archive.writestr(info, content)
    return path


def test_a_zipped_download_is_unpacked_once_with_its_times(read, tmp_path):
    names = {f"{who}_{number}_assignsubmission_file_/vectors.py": HONEST for number, who in enumerate(("Ada", "Bob"))}
    path = download(tmp_path / "moodle.zip", names)
    intake = read(path)
    assert students(intake) == ["Ada", "Bob"]
    assert intake.handins[0].handed_in.startswith("2026-11-")
    before = {p: p.stat().st_ino for p in (tmp_path / "store").rglob("*.py")}
    assert read(path).handins == intake.handins
    assert {p: p.stat().st_ino for p in (tmp_path / "store").rglob("*.py")} == before


def test_a_zipped_gradescope_export_with_an_outer_folder_is_read(read, tmp_path):
    folder = gradescope(tmp_path / "in")
    files = {f"assignment_1_export/{p.relative_to(folder)}": p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert read(download(tmp_path / "export.zip", files)).platform == "Gradescope"


def test_unsafe_members_of_a_download_are_left_out_and_listed(read, tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("vectors.py", HONEST)
    path = download(
        tmp_path / "all.zip",
        {
            "ada.zip": inner.getvalue(),
            "../../escape.py": HONEST,
            "/etc/cron.d/x.py": HONEST,
            "C:/x.py": HONEST,
            "eve.py": "/etc/passwd",
            "/".join("abcdefghijklmnopqrstuvw") + "/deep.py": HONEST,
            "x" * 300 + ".py": HONEST,
            "bob.py": HONEST,
        },
        **{"eve.py": 0o120777},
    )
    intake = read(path)
    assert students(intake) == ["ada", "bob"]
    assert len(problems(intake, "ignored")) == 6
    assert not list(tmp_path.rglob("escape.py"))


def test_a_large_or_damaged_member_does_not_affect_the_others(read, tmp_path, monkeypatch):
    monkeypatch.setattr(autograder.intake.unpack, "MAX_ZIP", 1_000_000)
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada.py", HONEST)
        archive.writestr("bob.py", HONEST * 50)
        with archive.open("big.zip", "w", force_zip64=True) as file:
            file.write(bytes(1_000_001))
    data = bytearray(path.read_bytes())
    at = data.index(b"bob.py") + 60
    data[at : at + 8] = b"\xff" * 8
    path.write_bytes(data)
    intake = read(path)
    assert students(intake) == ["ada", "big"]
    assert "damaged" in problems(intake, "ignored")["bob.py"]
    assert intake.handins[1].path.stat().st_blocks < 1_000


def test_a_download_that_is_not_a_zip_is_refused_with_a_sentence(read, tmp_path):
    (tmp_path / "all.zip").write_bytes(b"PK\x03\x04 no")
    with pytest.raises(BadHandins, match="Download it again"):
        read(tmp_path / "all.zip")


def test_a_time_that_the_zip_does_not_state_remains_unknown(read, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("Ada_1_assignsubmission_file_/vectors.py"), HONEST)
        archive.writestr(zipfile.ZipInfo("Ada_1_assignsubmission_file_/x.py", (2026, 11, 20, 12, 0, 0)), HONEST)
        archive.writestr(zipfile.ZipInfo("Bob_2_assignsubmission_file_vectors.py"), HONEST)
    ada, bob = read(tmp_path / "all.zip").handins
    assert (ada.handed_in[:10], bob.handed_in) == ("2026-11-20", "")
    with list_files(ada.path) as listing:
        assert [entry.saved is None for entry in listing.entries] == [True, False]
    with list_files(bob.path) as listing:
        assert [entry.saved for entry in listing.entries] == [None]

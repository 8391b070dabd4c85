"""Lateness on Canvas: from a CSV of times, from `_LATE_` in a name, or on time, which is said once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli.app import main
from autograder.policy.final_marks import GradebookRow
from autograder.policy.policy_file import BadPolicy
from autograder.policy.times_file import read_times, with_times
from tests.support.classroom import Grader, run
from tests.support.downloads import write
from tests.support.vectors import make_vectors

POLICY = """
[late]
percent_per_day = 10

[assignments.t02_vectors]
weight = 1
due = 2026-11-20T12:00:00Z
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class that was graded from a download of Canvas; one of its hand-ins is late."""
    root = tmp_path_factory.mktemp("canvas")
    assignment = make_vectors(root)
    for name in ("adalovelace_7_70_vectors.py", "hopper_LATE_8_80_vectors.py", "berg_9_90_vectors.py"):
        write(root / "handins" / name, f"# {name}\ndef double(x): ...\ndef total(x): ...\nclass Counter: ...\n")
    run(assignment, root / "handins", root / "results", Grader())
    (root / "policy.toml").write_text(POLICY)
    return root


@pytest.fixture
def policy(course: Path, tmp_path: Path) -> Callable[..., tuple[Result, dict[str, dict[str, str]]]]:
    def command(*options: object) -> tuple[Result, dict[str, dict[str, str]]]:
        out = tmp_path / "final.csv"
        gradebook = course / "results" / "gradebook.csv"
        words = ["policy", gradebook, "--policy", course / "policy.toml", "--out", out, *options]
        done = CliRunner().invoke(main, [str(word) for word in words])
        return done, {row["student"]: row for row in csv.DictReader(io.StringIO(out.read_text()))}

    return command


def test_without_times_only_what_canvas_marks_late_is_open(policy) -> None:
    done, final = policy()
    assert done.exit_code == 2
    assert done.stderr.count("without a time") == 1
    assert "2 hand-ins without a time, and not marked late by the platform: on time. To give times" in done.stderr
    assert {student: row["open"] for student, row in final.items()} == {
        "adalovelace": "no",
        "berg": "no",
        "hopper": "yes",
    }
    assert final["adalovelace"]["mark"] == "100"


def test_times_from_a_csv_settle_lateness(policy, tmp_path: Path) -> None:
    times = tmp_path / "times.csv"
    times.write_text(
        "Student,Submitted At,Score\nadalovelace,2026-11-20T11:00:00Z,\nhopper,2026-11-21T13:00:00+01:00,\n"
        "hopper,2026-11-19T13:00:00+01:00,\nnobody,2026-11-19 13:00:00 UTC,\nberg,,\n"
    )
    done, final = policy("--times", times)
    assert done.exit_code == 0, done.output
    assert {student: row["mark"] for student, row in final.items()} == {
        "adalovelace": "100",
        "berg": "100",
        "hopper": "90",
    }
    assert "1 day late (2026-11-21 12:00 UTC" in final["hopper"]["explanation"]
    assert "lists students that no gradebook lists: nobody." in done.stderr
    assert "1 hand-in without a time" in done.stderr


def test_a_file_for_several_assignments_names_them(tmp_path: Path) -> None:
    path = tmp_path / "times.csv"
    rows = [GradebookRow("ada", name, 1, 1, {}, None, False) for name in ("a01", "a02")]
    path.write_text("id;assignment;time\nada;a02;2026-11-20T11:00:00Z\n")
    found, unused = with_times(rows, read_times(path), path)
    assert [row.handed_in for row in found] == [None, datetime(2026, 11, 20, 11, tzinfo=UTC)]
    assert unused == []
    path.write_text("id;time\nada;2026-11-20T11:00:00Z\n")
    with pytest.raises(BadPolicy, match="needs a column 'assignment'"):
        with_times(rows, read_times(path), path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "one of them 'student'. It names nothing"),
        ("id,x\nada,1\n", "one of them 'handed_in'. It names id, x"),
        ("id,time\nada,yesterday\n", "line 2: 'yesterday' is not a time"),
        ("id,time\nada,0001-01-01T00:00:00+14:00\n", "is not a time"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text(text)
    with pytest.raises(BadPolicy) as refused:
        read_times(tmp_path / "times.csv")
    assert sentence in str(refused.value)
    with pytest.raises(BadPolicy, match="cannot be read"):
        read_times(tmp_path / "missing.csv")

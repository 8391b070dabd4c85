"""Small versions of bench/kills.py and bench/fuzz.py: no fault changes a mark, no damaged hand-in breaks a check."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

import pytest

from autograder.sandbox.isolation import choose

pytest.importorskip("psutil", reason="the scripts of bench/ need it")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
    pytest.mark.usefixtures("isolation"),
]
BENCH = Path(__file__).parents[2] / "bench"
STUDENTS = 12
MOST_CLASSES = 8


def test_a_dozen_faults_leave_the_gradebook_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind comes while a check runs; the command and a grader process are also killed while they start."""
    monkeypatch.syspath_prepend(str(BENCH))
    kills = importlib.import_module("kills")
    monkeypatch.setattr(kills, "PAUSE", 1.0)
    kinds = [kind for kind in kills.KINDS if kind != kills.BOX or choose() == "bubblewrap"]
    faults = [kills.Fault(kind, graded=False) for kind in (kills.COMMAND, kills.GRADER)]
    faults += [kills.Fault(kind, graded=True) for kind in (kills.WORKER, kills.SERVER, kills.GRADER, *kinds)]
    kills.make_class(tmp_path, STUDENTS, seconds=0.25)
    calm = tmp_path / "calm"
    kills.grade(tmp_path, calm)
    kills.verify_calm(calm, STUDENTS)
    storm = kills.Storm(random.Random(1), 0.2, faults)
    for number in range(MOST_CLASSES):
        if storm.left:
            out = tmp_path / f"stormy{number}"
            kills.disturbed(tmp_path, out, calm, storm)
            assert kills.gradebook_in(out) == kills.gradebook_in(calm)
    assert not storm.left


def test_damaged_messages_and_hand_ins_break_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    fuzz = importlib.import_module("fuzz")
    messages = fuzz.fuzz_messages(3000, random.Random(7))
    assert set(messages) == {"refused", "a value"}
    assert fuzz.fuzz_readings(60, seed=7, first=0)["BROKEN"] == 0
    handins = fuzz.fuzz_handins(30, seed=7, first=0, jobs=1)
    assert handins.total() == 30
    assert handins["BROKEN"] == 0


def test_workers_that_the_kernel_ends_without_memory_cost_nobody_a_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hand-ins at the same time have too little memory, each alone has enough; one never has."""
    monkeypatch.syspath_prepend(str(BENCH))
    groups = importlib.import_module("memory_group")
    try:
        with groups.memory_group(64):
            pass
    except groups.NoMemoryGroup as reason:
        pytest.skip(str(reason))
    script = importlib.import_module("kills_memory")
    for name, value in {"NEIGHBOURS": 4, "EATEN": 700, "LIMIT": 1500}.items():
        monkeypatch.setattr(script, name, value)
    assert script.many(tmp_path / "many")
    assert script.one(tmp_path / "one")

"""The number of hand-ins that are graded at the same time fits the machine's memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.runners import memory
from autograder.runners.memory import OWN_MB, workers_that_fit

GIB = 1 << 30


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files in place of the system's, all missing."""
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUPS", ((tmp_path / "max", tmp_path / "current"),))
    return tmp_path


@pytest.mark.parametrize(
    ("available", "limit", "used", "fits"),
    [
        (16 * GIB, None, None, 5),
        (16 * GIB, "max", 0, 5),
        (16 * GIB, 8 * GIB, 1 * GIB, 2),
        (4 * GIB, 8 * GIB, 1 * GIB, 1),
        (16 * GIB, 1 * GIB, 2 * GIB, 1),
        (None, None, None, None),
    ],
)
def test_the_smaller_of_machine_and_container_decides(machine: Path, available, limit, used, fits) -> None:
    if available is not None:
        (machine / "meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable:   {available >> 10} kB\n")
    if limit is not None:
        (machine / "max").write_text(f"{limit}\n")
        (machine / "current").write_text(f"{used}\n")
    assert workers_that_fit(3 * 1024 - OWN_MB) == fits


def test_more_memory_for_each_check_means_fewer_hand_ins(machine: Path) -> None:
    (machine / "meminfo").write_text("MemAvailable: nonsense\n")
    assert workers_that_fit(1) is None
    (machine / "meminfo").write_text(f"MemAvailable: {16 * GIB >> 10} kB\n")
    assert (workers_that_fit(500), workers_that_fit(100_000)) == (13, 1)

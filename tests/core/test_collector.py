"""Python's garbage collector in processes of ours, and in those of others."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGINS = {
    "collect_rarely()": True,
    "with collecting_rarely(): pass": False,  # the block has ended
    "pass": False,  # a notebook's kernel
}


@pytest.mark.parametrize("begins", BEGINS)
def test_only_a_process_of_ours_exempts_what_it_imported(begins: str) -> None:
    program = f"""
import gc
from autograder.core.collector import USUAL, collect_as_usual, collect_rarely, collecting_rarely
{begins}
collect_as_usual()
assert gc.get_threshold() == USUAL
print(gc.get_freeze_count())
frozen = gc.get_freeze_count()
made = [[] for _ in range(100)]
collect_as_usual()
assert gc.get_freeze_count() == frozen  # a second session in one process exempts nothing
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (int(done.stdout) > 0) is BEGINS[begins]

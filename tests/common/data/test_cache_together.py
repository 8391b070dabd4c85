"""Several processes that generate the same data at the same time get the same images, and leave one whole file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from common.data import cache, labelled_scenes

LOAD = """
import hashlib, sys
from common.data import labelled_scenes
input()  # all begin at the same time
train, test = labelled_scenes.read(300, 20, root=sys.argv[1])
print(hashlib.sha256(train.images.tobytes() + test.images.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOAD, str(tmp_path)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    digests = {process.communicate(timeout=300)[0] for process in processes}
    assert len(digests) == 1
    assert len(digests.pop()) == 65
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".npz", ".npz"]  # no temporary file is left
    stored = [cache.read_arrays(path) for path in tmp_path.iterdir()]
    assert sorted(len(arrays["images"]) for arrays in stored if arrays) == [20, 300]


def test_what_is_stored_is_not_generated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = labelled_scenes.read(30, 10, root=tmp_path)
    monkeypatch.setattr(labelled_scenes, "draw", None)
    again, _ = labelled_scenes.read(20, 10, root=tmp_path)
    assert np.array_equal(first.images[:20], again.images)

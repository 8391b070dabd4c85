"""Checkpoints of a Solver: a run resumes from them, and they are complete after a kill or on a full disk."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch

from common.fallbacks.fully_connected_networks import adam
from common.training import checkpoint
from common.training.checkpoint import BadCheckpoint
from common.training.solver import Solver
from tests.support.solving import Net, make, make_data

pytestmark = pytest.mark.slow


@pytest.fixture
def data():
    return make_data()


def test_a_resumed_run_ends_with_the_same_numbers_as_an_uninterrupted_one(data, tmp_path):
    whole = make(data, num_epochs=6, lr_decay=0.9)
    whole.train()
    make(data, num_epochs=3, lr_decay=0.9, checkpoint_name=tmp_path / "run").train()
    torch.manual_seed(99)  # the new process has drawn other numbers
    resumed = Solver(
        Net(), data, update_rule=adam, batch_size=20, num_epochs=6, lr_decay=0.9, verbose=False,
        optim_config={"learning_rate": 0.05}, checkpoint_name=tmp_path / "run",
    )  # fmt: skip
    assert resumed.resume()
    assert resumed.epoch == 3
    resumed.train()
    assert resumed.loss_history == whole.loss_history
    assert resumed.val_acc_history == whole.val_acc_history
    assert torch.equal(resumed.model.params["W"], whole.model.params["W"])


def test_running_statistics_are_stored_with_the_best_parameters_and_in_checkpoints(data, tmp_path):
    solver = make(data, checkpoint_name=tmp_path / "run", num_epochs=2)
    solver.model.bn_params = [{"mode": "train", "running_mean": torch.ones(6)}]
    solver.train()
    fresh = make(data, checkpoint_name=tmp_path / "run", num_epochs=2)
    assert fresh.resume()
    assert fresh.model.bn_params[0]["running_mean"].tolist() == [1] * 6


def test_resuming_without_a_checkpoint_returns_false(data, tmp_path):
    assert make(data, checkpoint_name=tmp_path / "run").resume() is False
    with pytest.raises(ValueError, match="Give the Solver a checkpoint_name"):
        make(data).resume()


def test_a_checkpoint_of_another_run_is_explained(data, tmp_path):
    make(data, num_epochs=1, checkpoint_name=tmp_path / "run").train()
    other = Solver(Net(classes=5), data, checkpoint_name=tmp_path / "run")
    with pytest.raises(BadCheckpoint, match="is from a different model"):
        other.resume()
    with pytest.raises(BadCheckpoint, match=r"was made with .*20.*this Solver has .*10"):
        make(data, batch_size=10, checkpoint_name=tmp_path / "run").resume()
    (tmp_path / "run.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(BadCheckpoint, match="is not a checkpoint that can be read"):
        make(data, checkpoint_name=tmp_path / "run").resume()
    torch.save([1], tmp_path / "run.pt")
    with pytest.raises(BadCheckpoint, match="is not a checkpoint of a Solver"):
        make(data, checkpoint_name=tmp_path / "run").resume()


def test_a_checkpoint_runs_no_code(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "harm"),))

    torch.save({"params": Harmful()}, tmp_path / "run.pt")
    with pytest.raises(BadCheckpoint):
        checkpoint.load(tmp_path / "run.pt")
    assert not (tmp_path / "harm").exists()


WRITER = """
    import sys, torch
    from common.training import checkpoint

    path = sys.argv[1]
    for number in range(10**6):
        checkpoint.save(path, {"number": number, "values": torch.full((200_000,), float(number))})
        if number == 0:
            print("begun", flush=True)
"""


def test_after_a_kill_during_a_write_the_checkpoint_is_complete(tmp_path):
    path = tmp_path / "run.pt"
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        found = set()
        for _ in range(20):  # read while it writes: never a torn file
            state = checkpoint.load(path)
            assert bool((state["values"] == state["number"]).all())
            found.add(state["number"])
            time.sleep(0.003)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    state = checkpoint.load(path)
    assert bool((state["values"] == state["number"]).all())
    assert state["number"] >= max(found)
    checkpoint.save(path, {"number": -1})  # the file that a kill left behind is no problem
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


KILLED = """
    import os, signal, sys
    from tests.support.solving import make, make_data

    written, fsync = [], os.fsync

    def kill_in_the_third_write(file):
        written.append(file)
        if len(written) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(file)

    os.fsync = kill_in_the_third_write
    make(make_data(), num_epochs=6, checkpoint_name=sys.argv[1]).train()
"""


def test_a_run_killed_during_a_write_resumes_from_the_previous_checkpoint(data, tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "run")]
    killed = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run.pt", "run.pt.part"]
    resumed, whole = make(data, num_epochs=6, checkpoint_name=tmp_path / "run"), make(data, num_epochs=6)
    whole.train()
    assert resumed.resume()
    assert resumed.epoch == 2
    resumed.train()
    assert resumed.loss_history == whole.loss_history
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_when_the_disk_is_full_the_old_checkpoint_remains(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    checkpoint.save(path, {"number": 1})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(path, {"number": 2})
    assert checkpoint.load(path)["number"] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]

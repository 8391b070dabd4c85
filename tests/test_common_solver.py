"""The Solver: what it records, when it stops, and what survives a kill."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch

from common import checkpoint
from common.checkpoint import BadCheckpoint
from common.earlier.fully_connected_networks import Dropout, Linear, adam
from common.losses import softmax_loss
from common.solver import Solver


class Net:
    """One linear layer after dropout: a resumed run must go on with the same random numbers."""

    def __init__(self, features=6, classes=3, dropout=0.3):
        self.params = {"W": 0.1 * torch.randn(features, classes), "b": torch.zeros(classes)}
        self.dropout, self.batches = dropout, []

    def loss(self, X, y=None):
        X, _ = Dropout.forward(X, {"p": self.dropout, "mode": "test" if y is None else "train"})
        scores, cache = Linear.forward(X, self.params["W"], self.params["b"])
        if y is None:
            return scores
        self.batches.append(len(X))
        loss, dscores = softmax_loss(scores, y)
        _, dW, db = Linear.backward(dscores, cache)
        return loss, {"W": dW, "b": db}


def make_data():
    generator = torch.Generator().manual_seed(1)
    y = torch.randint(3, (90,), generator=generator)
    X = 2 * torch.nn.functional.one_hot(y, 6) + torch.randn(90, 6, generator=generator)
    return {"X_train": X[:70], "y_train": y[:70], "X_val": X[70:], "y_val": y[70:]}


@pytest.fixture
def data():
    return make_data()


def make(data, **options):
    torch.manual_seed(0)
    settings = {"optim_config": {"learning_rate": 0.05}, "batch_size": 20, "num_epochs": 4, "verbose": False} | options
    return Solver(Net(), data, update_rule=adam, **settings)


def test_a_solver_learns_and_notes_losses_and_accuracies(data):
    solver = make(data, num_epochs=10)
    solver.train()
    assert len(solver.loss_history) == 30  # 70 images: three whole batches an epoch
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 11
    assert solver.acc_epochs == list(range(11))
    assert solver.best_val_acc == max(solver.val_acc_history) > 0.6
    assert solver.stopped == ""
    assert set(solver.model.batches) == {20}


def test_every_image_is_seen_at_most_once_an_epoch(data):
    seen = []
    solver = make(data)
    loss = solver.model.loss
    solver.model.loss = lambda X, y=None: (seen.append(X) if y is not None else None, loss(X, y))[1]
    solver.train()
    for epoch in range(4):
        rows = torch.cat(seen[3 * epoch : 3 * epoch + 3])
        assert len(rows.unique(dim=0)) == 60


def test_the_best_parameters_come_back_or_the_last_if_asked(data):
    solver = make(data, optim_config={"learning_rate": 3.0}, num_epochs=8)
    solver.train()
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == solver.best_val_acc
    last = make(data, optim_config={"learning_rate": 3.0}, num_epochs=8)
    last.train(return_best_params=False)
    assert last.check_accuracy(data["X_val"], data["y_val"]) == last.val_acc_history[-1] < last.best_val_acc


def test_the_learning_rate_decays_once_an_epoch(data):
    solver = make(data, lr_decay=0.5)
    solver.train()
    assert solver.optim_configs["W"]["learning_rate"] == pytest.approx(0.05 * 0.5**4)


def test_accuracies_are_measured_as_often_and_on_as_many_images_as_asked(data):
    solver = make(data, num_epochs=5, print_acc_every=2, num_train_samples=10, num_val_samples=4)
    solver.train()
    assert solver.acc_epochs == [0, 2, 4, 5]
    assert all(round(10 * accuracy, 6).is_integer() for accuracy in solver.train_acc_history)
    assert all(round(4 * accuracy, 6).is_integer() for accuracy in solver.val_acc_history)


def test_a_batch_larger_than_the_training_set_is_the_training_set(data):
    solver = make(data, batch_size=1000, num_epochs=2)
    solver.train()
    assert solver.model.batches == [70, 70]


def test_a_time_limit_stops_training_and_a_second_call_goes_on(data, capsys):
    solver = make(data, num_epochs=5, verbose=True)
    solver.train(time_limit=0)
    assert solver.loss_history == []
    assert "stopped after 0 s, in epoch 1 of 5" in capsys.readouterr().out
    solver.train()
    assert len(solver.loss_history) == 15
    assert solver.stopped == ""


def test_a_loss_that_is_not_a_number_stops_training_with_a_sentence(data, capsys):
    solver = make(data, verbose=True)
    step = solver.model.loss
    solver.model.loss = lambda X, y=None: step(X) if y is None else (torch.tensor(float("nan")), step(X, y)[1])
    before = solver.model.params["W"].clone()
    solver.train()
    assert solver.stopped == "stopped: in iteration 1 the loss is nan"
    assert solver.stopped in capsys.readouterr().out
    assert torch.equal(solver.model.params["W"], before)


def test_the_progress_bar_shows_loss_and_accuracies_and_is_silent_if_asked(data, capsys):
    make(data, verbose=True, print_every=1).train()
    bar = capsys.readouterr().err
    assert "12/12" in bar
    assert "loss=" in bar
    assert "train=" in bar
    assert "val=" in bar
    make(data).train()
    assert capsys.readouterr() == ("", "")


def test_a_seed_repeats_a_run(data):
    runs = []
    for _ in range(2):
        runs.append(make(data))
        runs[-1].train()
    assert runs[0].loss_history == runs[1].loss_history
    assert torch.equal(runs[0].model.params["W"], runs[1].model.params["W"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"X_train": None}, "The data for a Solver lack X_train"),
        ({"X_train": torch.zeros(0, 6), "y_train": torch.zeros(0).long()}, "X_train is empty"),
        ({"y_train": torch.zeros(70)}, "dtype int64, not torch.float32"),
        ({"y_val": torch.zeros(3).long()}, r"20 images need labels of shape \(20,\)"),
        ({"y_val": torch.full((20,), -1)}, "Labels run from -1 to -1"),
    ],
)
def test_data_that_cannot_be_meant_get_a_sentence(data, change, sentence):
    wrong = {name: value for name, value in {**data, **change}.items() if value is not None}
    with pytest.raises(ValueError, match=sentence):
        make(wrong)


def test_a_missing_gradient_is_named(data):
    solver = make(data)
    step = solver.model.loss
    solver.model.loss = lambda X, y=None: step(X) if y is None else (torch.tensor(1.0), {"W": step(X, y)[1]["W"]})
    with pytest.raises(ValueError, match="gave no gradient of b"):
        solver.train()
    with pytest.raises(ValueError, match="whole numbers from 1 up"):
        make(data, batch_size=0)


def test_a_resumed_run_ends_with_the_numbers_of_an_uninterrupted_one(data, tmp_path):
    whole = make(data, num_epochs=6, lr_decay=0.9)
    whole.train()
    make(data, num_epochs=3, lr_decay=0.9, checkpoint_name=tmp_path / "run").train()
    torch.manual_seed(99)  # whatever the new process drew
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


def test_running_statistics_are_kept_with_the_best_parameters_and_in_checkpoints(data, tmp_path):
    solver = make(data, checkpoint_name=tmp_path / "run", num_epochs=2)
    solver.model.bn_params = [{"mode": "train", "running_mean": torch.ones(6)}]
    solver.train()
    fresh = make(data, checkpoint_name=tmp_path / "run", num_epochs=2)
    assert fresh.resume()
    assert fresh.model.bn_params[0]["running_mean"].tolist() == [1] * 6


def test_there_may_be_no_checkpoint_yet(data, tmp_path):
    assert make(data, checkpoint_name=tmp_path / "run").resume() is False
    with pytest.raises(ValueError, match="Give the Solver a checkpoint_name"):
        make(data).resume()


def test_a_checkpoint_of_something_else_gets_a_sentence(data, tmp_path):
    make(data, num_epochs=1, checkpoint_name=tmp_path / "run").train()
    other = Solver(Net(classes=5), data, checkpoint_name=tmp_path / "run")
    with pytest.raises(BadCheckpoint, match="is of another model"):
        other.resume()
    with pytest.raises(BadCheckpoint, match=r"was made with .*20.*this Solver has .*10"):
        make(data, batch_size=10, checkpoint_name=tmp_path / "run").resume()
    (tmp_path / "run.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(BadCheckpoint, match="is not a checkpoint that can be read"):
        make(data, checkpoint_name=tmp_path / "run").resume()
    torch.save([1], tmp_path / "run.pt")
    with pytest.raises(BadCheckpoint, match="holds no checkpoint"):
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
    from common import checkpoint

    path = sys.argv[1]
    for number in range(10**6):
        checkpoint.save(path, {"number": number, "values": torch.full((200_000,), float(number))})
        if number == 0:
            print("begun", flush=True)
"""


def test_a_kill_while_a_checkpoint_is_written_leaves_a_whole_one(tmp_path):
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
    checkpoint.save(path, {"number": -1})  # what a kill left behind is in nobody's way
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


KILLED = """
    import os, signal, sys
    from test_common_solver import make, make_data

    written, fsync = [], os.fsync

    def kill_in_the_third_write(file):
        written.append(file)
        if len(written) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(file)

    os.fsync = kill_in_the_third_write
    make(make_data(), num_epochs=6, checkpoint_name=sys.argv[1]).train()
"""


def test_a_run_killed_in_the_middle_of_a_write_goes_on_from_the_checkpoint_before(data, tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "run")]
    killed = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run.pt", "run.pt.part"]
    resumed, whole = make(data, num_epochs=6, checkpoint_name=tmp_path / "run"), make(data, num_epochs=6)
    whole.train()
    assert resumed.resume()
    assert resumed.epoch == 2
    resumed.train()
    assert resumed.loss_history == whole.loss_history
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_a_disk_that_is_full_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    checkpoint.save(path, {"number": 1})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(path, {"number": 2})
    assert checkpoint.load(path)["number"] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]

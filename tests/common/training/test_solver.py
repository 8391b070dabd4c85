"""The Solver: its records, when it stops, and its errors."""

import pytest
import torch

from tests.support.solving import make, make_data


@pytest.fixture
def data():
    return make_data()


def test_a_solver_learns_and_records_losses_and_accuracies(data):
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


def test_the_model_has_the_best_parameters_or_the_last_on_request(data):
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


def test_accuracies_are_measured_at_the_given_epochs_on_the_given_number_of_images(data):
    solver = make(data, num_epochs=5, print_acc_every=2, num_train_samples=10, num_val_samples=4)
    solver.train()
    assert solver.acc_epochs == [0, 2, 4, 5]
    assert all(round(10 * accuracy, 6).is_integer() for accuracy in solver.train_acc_history)
    assert all(round(4 * accuracy, 6).is_integer() for accuracy in solver.val_acc_history)


def test_a_batch_size_above_the_training_set_gives_the_whole_set(data):
    solver = make(data, batch_size=1000, num_epochs=2)
    solver.train()
    assert solver.model.batches == [70, 70]


def test_a_time_limit_stops_training_and_a_second_call_continues(data, capsys):
    solver = make(data, num_epochs=5, verbose=True)
    solver.train(time_limit=0)
    assert solver.loss_history == []
    assert "stopped after 0 s, in epoch 1 of 5" in capsys.readouterr().out
    solver.train()
    assert len(solver.loss_history) == 15
    assert solver.stopped == ""


def test_a_loss_of_nan_stops_training_with_a_sentence(data, capsys):
    solver = make(data, verbose=True)
    step = solver.model.loss
    solver.model.loss = lambda X, y=None: step(X) if y is None else (torch.tensor(float("nan")), step(X, y)[1])
    before = solver.model.params["W"].clone()
    solver.train()
    assert solver.stopped == "stopped: in iteration 1 the loss is nan"
    assert solver.stopped in capsys.readouterr().out
    assert torch.equal(solver.model.params["W"], before)


def test_the_progress_bar_shows_loss_and_accuracies_unless_verbose_is_false(data, capsys):
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
        ({"X_train": None}, "The data for a Solver are incomplete: X_train missing"),
        ({"X_train": torch.zeros(0, 6), "y_train": torch.zeros(0).long()}, "X_train is empty"),
        ({"y_train": torch.zeros(70)}, "dtype int64, not torch.float32"),
        ({"y_val": torch.zeros(3).long()}, r"20 images need labels of shape \(20,\)"),
        ({"y_val": torch.full((20,), -1)}, "Labels run from -1 to -1"),
    ],
)
def test_wrong_data_are_explained(data, change, sentence):
    wrong = {name: value for name, value in {**data, **change}.items() if value is not None}
    with pytest.raises(ValueError, match=sentence):
        make(wrong)


def test_a_missing_gradient_is_named(data):
    solver = make(data)
    step = solver.model.loss
    solver.model.loss = lambda X, y=None: step(X) if y is None else (torch.tensor(1.0), {"W": step(X, y)[1]["W"]})
    with pytest.raises(ValueError, match="returned no gradient for b"):
        solver.train()
    with pytest.raises(ValueError, match="whole numbers from 1 up"):
        make(data, batch_size=0)

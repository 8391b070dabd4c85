"""The table of architectures: complete, made by its command, and the same for cells that compute the same."""

import json

import pytest
import torch

from common.data import architectures, signals
from tools.train_architectures import COMMAND, Network, sizes, train


def test_every_cell_has_a_row_and_the_file_is_small() -> None:
    assert architectures.FILE.stat().st_size < 300_000
    assert len(architectures.CELLS) == 1024
    assert {architectures.representative(cell) for cell in architectures.CELLS} == set(architectures.table())
    head = json.loads(architectures.FILE.read_text(encoding="utf-8"))["made with"]
    assert head["command"] == COMMAND
    assert tuple(head["epochs"]) == architectures.EPOCHS
    assert all(len(row.accuracies) == head["seeds"] for row in architectures.table().values())


def test_accuracies_are_those_of_one_training_or_their_mean() -> None:
    cell = (2, 2, 2, 2, 2)
    both = [architectures.accuracy(cell, seed=n) for n in (0, 1)]
    assert architectures.accuracy(cell) == pytest.approx(sum(both) / 2)
    assert architectures.accuracy(cell, 1) < architectures.accuracy(cell, 12)
    assert architectures.accuracy((0, 0, 0, 0, 0)) == pytest.approx(0.1)
    with pytest.raises(ValueError, match="1, 4, 12"):
        architectures.accuracy(cell, 2)
    for wrong in ((2, 2), (0, 0, 0, 0, 4)):
        with pytest.raises(KeyError):
            architectures.accuracy(wrong)


def test_cells_that_share_a_row_compute_the_same() -> None:
    assert architectures.representative((1, 0, 2, 0, 0)) == (0, 0, 0, 0, 0)  # nothing reaches the output
    assert architectures.representative((2, 1, 0, 1, 3)) == architectures.representative((1, 2, 0, 3, 1))
    assert architectures.representative((2, 1, 1, 0, 3)) == (2, 1, 1, 0, 3)
    x = torch.randn(3, 1, signals.LENGTH)
    for cell in ((3, 1, 0, 1, 1), (1, 2, 0, 1, 0), (0, 1, 3, 1, 3), (1, 1, 1, 0, 0)):
        torch.manual_seed(0)
        one = Network(cell).eval()
        torch.manual_seed(0)
        other = Network(architectures.representative(cell)).eval()
        if not any(choice == 2 for choice in cell):
            torch.testing.assert_close(one(x), other(x))


def test_sizes_are_those_of_the_networks() -> None:
    for cell in ((2, 1, 0, 3, 2), (1, 1, 1, 1, 1)):
        count = sum(p.numel() for p in Network(cell).parameters())
        assert sizes(cell)[0] == count // 2  # two networks side by side
        assert architectures.row(cell).parameters == sizes(architectures.representative(cell))[0]


def test_a_short_training_learns() -> None:
    some, other = signals.draw(200, seed=1), signals.draw(100, stream="test", seed=1)
    runs = train((2, 0, 0, 2, 0), (some.x, some.y, other.x, other.y))
    assert len(runs) == 2
    assert all(len(run) == 3 and run[2] > 200 for run in runs)

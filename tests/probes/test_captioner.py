"""Weights of a captioner are found by their shapes, and the cells that they are compared in are torch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from autograder.probes import recurrent
from autograder.probes.captioner import weights


class Captioner(nn.Module):
    """A captioner with other names and orientations than the reference."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.last = nn.Parameter(torch.zeros(5, 11))
        self.words, self.cell, self.look = nn.Embedding(11, 4), cell, nn.Conv2d(7, 5, 1, bias=False)


class Cell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.Wx, self.Wh = nn.Parameter(torch.zeros(4, 20)), nn.Parameter(torch.zeros(5, 20))
        self.b = nn.Parameter(torch.zeros(20))


def test_weights_of_a_captioner_are_found_by_their_shapes() -> None:
    sizes = {"V": 11, "D": 7, "E": 4, "H": 5}
    model = Captioner(Cell())
    found = weights(model, sizes, 0, torch.zeros(1, dtype=torch.float64))
    assert torch.equal(found["output"][0], model.last.T)
    assert found["output"][1].tolist() == [0] * 11
    assert torch.equal(found["projection"][0], model.look.weight[:, :, 0, 0])
    assert set(found["cell"]) == {"Wx", "Wh", "b"}
    assert found["embedding"].dtype == torch.float64
    model.extra = nn.Linear(5, 2)
    with pytest.raises(LookupError, match="more parameters"):
        weights(model, sizes, 0, torch.zeros(1))
    with pytest.raises(LookupError, match="recurrent networks"):
        weights(Captioner(nn.Linear(2, 2)), sizes, 0, torch.zeros(1))


def test_the_lstm_step_is_torchs_with_the_gates_in_the_order_of_the_course() -> None:
    torch.manual_seed(0)
    cell = nn.LSTMCell(3, 4)
    order = [0, 1, 3, 2]  # torch: i, f, g, o
    wx, wh, b = (
        torch.cat([part.chunk(4)[k] for k in order]).detach()
        for part in (cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh)
    )
    x, state = torch.randn(2, 3), (torch.randn(2, 4), torch.randn(2, 4))
    for ours, theirs in zip(recurrent.lstm_step(x, state, wx.T, wh.T, b), cell(x, state), strict=True):
        torch.testing.assert_close(ours, theirs.detach())

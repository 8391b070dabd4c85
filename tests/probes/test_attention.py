"""Weights are matched by their use in the network, whatever the names and the order of its attributes."""

import pytest
import torch
from torch import nn

from autograder.probes.attention import complaint, head_parts, parts
from autograder.probes.torch_layers import attend, decoder_layer, encoder_layer, multi_head, some_mask, weights_of


class Head(nn.Module):
    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.v, self.k, self.q = (nn.Linear(width, size) for _ in range(3))

    def forward(self, query, key, value):
        return attend(self.q(query), self.k(key), self.v(value))


class Heads(nn.Module):
    def __init__(self, heads: int, width: int, *, shared: bool = False) -> None:
        super().__init__()
        self.last = nn.Linear(width, width, bias=False)
        made = [Head(width, width // heads) for _ in range(heads)]
        self.heads = nn.ModuleList([made[0]] * heads if shared else made)

    def forward(self, query, key, value):
        return self.last(torch.cat([head(query, key, value) for head in self.heads], dim=2))


class Block(nn.Module):
    """A block whose attributes are not defined in the order of their use."""

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.d = nn.LayerNorm(6, eps=1e-10)
        self.c = nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 6))
        self.b = nn.LayerNorm(6, eps=1e-10)
        self.a = attention
        self.unused = nn.Parameter(torch.zeros(2, 3))

    def forward(self, x):
        found = self.a(x, x, x)
        x = self.b(x + (found[0] if isinstance(found, tuple) else found))
        return self.d(x + self.c(x))


@pytest.mark.parametrize("attention", [Heads(3, 6), nn.MultiheadAttention(6, 3, batch_first=True)])
def test_torchs_layer_with_the_weights_of_a_block_computes_the_same(attention):
    block, x = Block(attention), torch.randn(2, 5, 6, dtype=torch.float64)
    found = parts(block, [x], seed=1)
    layer = encoder_layer(found["attention"], found["linear"], found["norm"])
    torch.testing.assert_close(layer(x), block(x))
    torch.testing.assert_close(multi_head(found["attention"][0])(x, x, x)[0], _first(attention(x, x, x)))
    assert [tuple(p.shape) for p in found["loose"]] == [(2, 3)]
    assert len(found["attention"]) == 1
    assert len(found["linear"]) == len(found["norm"]) == 2


def _first(found):
    return found[0] if isinstance(found, tuple) else found


def test_the_weights_depend_only_on_the_seed_and_are_not_tiny():
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    first, again, other = (parts(Block(Heads(2, 6)), [x], seed=seed)["linear"][0][0] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.std() > 0.2


def test_the_decoder_layer_takes_two_attentions_and_three_norms():
    pair = (torch.randn(6, 6), torch.randn(6))
    unit = {"heads": [[pair] * 3], "out": pair}
    norm = (torch.randn(6), torch.randn(6))
    layer = decoder_layer([unit, unit], [pair, pair], [norm] * 3)
    assert layer(torch.randn(2, 4, 6), torch.randn(2, 3, 6)).shape == (2, 4, 6)
    with pytest.raises(ValueError, match="a weight has the shape"):
        multi_head({"heads": [[(torch.randn(2, 6), torch.randn(2))] * 3], "out": pair})


def test_hidden_keys_have_zero_weight():
    q, k = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    mask = torch.zeros(2, 3, 5, dtype=torch.bool)
    mask[:, :, 1] = True
    weights = weights_of(q, k, mask)
    assert not weights[:, :, 1].any()
    torch.testing.assert_close(weights.sum(2), torch.ones(2, 3))


def test_an_embedding_is_found_with_values_of_order_one():
    model = nn.Sequential(nn.Embedding(50, 8), nn.Linear(8, 3))
    found = parts(model, [torch.arange(4)[None]], seed=0)
    assert [tuple(table.shape) for table in found["embedding"]] == [(50, 8)]
    assert 0.8 < found["embedding"][0].std() < 1.2


class Tall(nn.Module):
    """A normalisation whose parameters have axes of length one."""

    def __init__(self) -> None:
        super().__init__()
        self.shift, self.gain = nn.Parameter(torch.zeros(1, 1, 6)), nn.Parameter(torch.ones(1, 1, 6))

    def forward(self, x):
        return nn.functional.layer_norm(x, (6,)) * self.gain + self.shift


def test_gain_and_shift_are_distinguished_by_the_ones_of_the_gain():
    norm, x = Tall(), torch.randn(2, 5, 6, dtype=torch.float64)
    gain, shift = parts(norm, [x], seed=3)["norm"][0]
    torch.testing.assert_close(norm(x), nn.functional.layer_norm(x, (6,), gain, shift))


def test_the_result_of_parts_is_counted_and_its_values_are_drawn_again():
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    found = parts(Block(Heads(3, 6)), [x], seed=1)
    assert complaint(found, 1, attention=1, linear=2, norm=2) == ""
    assert (
        complaint(found, 1, linear=3)
        == "The number of linear layers outside of attention that forward used is 2; it must be 3."
    )
    assert "is not what the check set it to" in complaint(found, 2)
    found["linear"][0][0].zero_()
    assert "is not what the check set it to" in complaint(found, 1)


def test_sizes_are_compared_in_a_sentence():
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    found = parts(Block(Heads(3, 6)), [x], seed=1)
    shapes = [tuple(weight.shape) for weight, _ in found["linear"]]
    assert complaint(found, 1, heads=3, width=6, shapes=shapes) == ""
    assert complaint(found, 1, heads=2, width=6) == "Attention has 3 heads; num_heads is 2."
    assert complaint(found, 1, heads=3, width=9) == (
        "Attention has a head that maps 6 numbers to 2; each of the 3 heads must map 9 to 3."
    )
    assert complaint(found, 1, shapes=[shapes[0], (6, 1)]) == (
        "Linear layer 2 of 2, in order of use, maps 9 numbers to 6; it must map 1 to 6."
    )
    assert "it must be 1" in complaint(found, 1, shapes=shapes[:1])


def test_heads_that_share_their_weights_are_found():
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    assert "its own weights" in complaint(parts(Block(Heads(3, 6, shared=True)), [x], seed=1), 1)


def test_a_mask_hides_some_keys_of_each_query_but_never_all():
    hidden = some_mask(torch.rand(50, 4, 3))
    assert hidden.any(2).all()
    assert not hidden.all(2).any()
    assert not some_mask(torch.rand(2, 3, 1)).any()


def test_a_single_head_gets_weights():
    head, x = Head(6, 4), torch.randn(2, 5, 6, dtype=torch.float64)
    found = head_parts(head, 7, x)
    assert complaint(found, 7, attention=1, linear=0) == ""
    query, key, value = (nn.functional.linear(x, *pair) for pair in found["attention"][0]["heads"][0])
    torch.testing.assert_close(head(x, x, x), attend(query, key, value))

"""Attention is recognised by its products of queries, keys and values, however the layers are arranged."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from autograder.probes.attention import complaint, parts
from autograder.probes.torch_layers import decoder_layer, encoder_layer

WIDTH, HEADS, HIDDEN = 6, 3, 9
SIZE = WIDTH // HEADS


class Separate(nn.Module):
    """A layer for each of queries, keys and values of all heads, and one after them."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.after = nn.Linear(WIDTH, WIDTH)
        self.second, self.third, self.first = (nn.Linear(WIDTH, WIDTH) for _ in range(3))

    def forward(self, x, memory):
        return self.after(getattr(self, self.how)(x, memory))

    def split(self, x):
        return x.unflatten(2, (HEADS, SIZE)).transpose(1, 2)

    def qkv(self, x, memory):
        return self.split(self.first(x)), self.split(self.second(memory)), self.split(self.third(memory))

    def softmax(self, x, memory):
        q, k, v = self.qkv(x, memory)
        scores = q @ k.transpose(-2, -1) / SIZE**0.5
        return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)

    def by_hand(self, x, memory):
        q, k, v = self.qkv(x, memory)
        scores = torch.matmul(q * SIZE**-0.5, k.mT)
        powers = (scores - scores.amax(-1, keepdim=True)).exp()
        powers = powers / powers.sum(-1, keepdim=True)
        powers[:, :, :, :0] = 0
        return torch.matmul(powers, v).transpose(1, 2).reshape(x.shape)

    def torchs(self, x, memory):
        return F.scaled_dot_product_attention(*self.qkv(x, memory)).transpose(1, 2).flatten(2)

    def three_axes(self, x, memory):
        q, k, v = (part.flatten(0, 1) for part in self.qkv(x, memory))
        found = torch.bmm((torch.bmm(q, k.transpose(1, 2)) / SIZE**0.5).softmax(2), v)
        return found.view(len(x), HEADS, -1, SIZE).transpose(1, 2).flatten(2)

    def einsum(self, x, memory):
        layers = zip((self.first, self.second, self.third), (x, memory, memory), strict=True)
        q, k, v = (F.linear(y, layer.weight, layer.bias).unflatten(2, (HEADS, SIZE)) for layer, y in layers)
        weights = (torch.einsum("nqhd,nkhd->nhqk", q, k) / SIZE**0.5).softmax(-1)
        return torch.einsum("nhqk,nkhd->nqhd", weights, v).flatten(2)

    def keys_first(self, x, memory):
        q, k, v = (part.permute(1, 0, 2, 3) for part in self.qkv(x, memory))
        weights = (torch.einsum("bnkd,bnqd->bnqk", k, q) / SIZE**0.5).softmax(-1)
        return torch.einsum("bnkd,bnqk->nqbd", v, weights).flatten(2)

    def functional(self, x, memory):
        q = x @ self.first.weight.T + self.first.bias
        k = F.linear(memory, self.second.weight, self.second.bias)
        v = torch.einsum("ntd,ed->nte", memory, self.third.weight) + self.third.bias
        q, k, v = map(self.split, (q, k, v))
        return ((q @ k.mT / SIZE**0.5).softmax(-1) @ v).transpose(1, 2).flatten(2)


class Fused(Separate):
    """One layer for queries, keys and values, in different layouts; only for self-attention."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        del self.first, self.second, self.third
        self.all = nn.Linear(WIDTH, 3 * WIDTH, bias=how != "by_head")

    def attend(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    def in_thirds(self, x, memory):
        return self.attend(*self.all(x).unflatten(2, (3, HEADS, SIZE)).permute(2, 0, 3, 1, 4))

    def by_head(self, x, memory):
        return self.attend(*self.all(x).unflatten(2, (HEADS, 3 * SIZE)).transpose(1, 2).chunk(3, dim=-1))

    def innermost(self, x, memory):
        return self.attend(*self.all(x).unflatten(2, (HEADS, SIZE, 3)).permute(4, 0, 2, 1, 3))

    def pair(self, x, memory):
        q, kv = self.all(x).split([WIDTH, 2 * WIDTH], dim=2)
        return self.attend(*map(self.split, (q, *kv.chunk(2, dim=2))))


class Lists(Separate):
    """A list of layers for each of queries, keys and values, one per head."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        del self.first, self.second, self.third
        lists = (nn.ModuleList(nn.Linear(WIDTH, SIZE) for _ in range(HEADS)) for _ in range(3))
        self.queries, self.keys, self.values = lists

    def one_by_one(self, x, memory):
        found = []
        for q, k, v in zip(self.queries, self.keys, self.values, strict=True):
            weights = (q(x) @ k(memory).mT / SIZE**0.5).softmax(2)
            found.append(weights @ v(memory))
        return torch.cat(found, dim=2)


class Added(Lists):
    """Each head's part of the last layer is added to the result."""

    def forward(self, x, memory):
        out = self.after.bias
        for i, (q, k, v) in enumerate(zip(self.queries, self.keys, self.values, strict=True)):
            head = F.scaled_dot_product_attention(q(x), k(memory), v(memory))
            out = out + F.linear(head, self.after.weight[:, i * SIZE : (i + 1) * SIZE])
        return out


class Matrices(Separate):
    """Matrices that are no layers, as (in, out)."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        del self.first, self.second, self.third
        self.wq, self.wk, self.wv = (nn.Parameter(torch.randn(WIDTH, WIDTH)) for _ in range(3))

    def multiplied(self, x, memory):
        q, k, v = map(self.split, (x @ self.wq, memory @ self.wk, memory @ self.wv))
        return ((q @ k.mT / SIZE**0.5).softmax(-1) @ v).transpose(1, 2).flatten(2)


STYLES = [
    *((Separate, how) for how in ("softmax", "by_hand", "torchs", "three_axes", "einsum", "keys_first", "functional")),
    *((Fused, how) for how in ("in_thirds", "by_head", "innermost", "pair")),
    (Lists, "one_by_one"),
    (Added, "head by head"),
    (Matrices, "multiplied"),
]


class Encoder(nn.Module):
    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.d, self.b = nn.LayerNorm(WIDTH, eps=1e-10), nn.LayerNorm(WIDTH, eps=1e-10)
        self.c = nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH))
        self.a = attention
        self.never = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        x = self.b(x + self.a(x, x))
        return self.d(x + self.c(x))


class Decoder(nn.Module):
    def __init__(self, *attentions: nn.Module) -> None:
        super().__init__()
        self.first, self.second = attentions
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH, eps=1e-10) for _ in range(3))
        self.c = nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH))

    def forward(self, x, memory):
        x = self.norms[0](x + self.first(x, x))
        x = self.norms[1](x + self.second(x, memory))
        return self.norms[2](x + self.c(x))


@pytest.mark.parametrize(("kind", "how"), STYLES)
def test_torchs_encoder_layer_with_the_weights_found_computes_the_same(kind, how):
    block, x = Encoder(kind(how)), torch.randn(2, 5, WIDTH, dtype=torch.float64)
    found = parts(block, [x], seed=1)
    assert (
        complaint(found, 1, attention=1, heads=HEADS, width=WIDTH, shapes=[(HIDDEN, WIDTH), (WIDTH, HIDDEN)], norm=2)
        == ""
    )
    torch.testing.assert_close(encoder_layer(found["attention"], found["linear"], found["norm"])(x), block(x))


@pytest.mark.parametrize("how", ["softmax", "einsum", "torchs", "added"])
def test_attentions_of_a_decoder_are_distinguished(how):
    block = Decoder(*((Added("head by head") if how == "added" else Separate(how)) for _ in range(2)))
    x, memory = torch.randn(2, 5, WIDTH, dtype=torch.float64), torch.randn(2, 4, WIDTH, dtype=torch.float64)
    found = parts(block, [x, memory], seed=1)
    assert complaint(found, 1, attention=2, heads=HEADS, width=WIDTH, linear=2, norm=3) == ""
    layer = decoder_layer(found["attention"], found["linear"], found["norm"])
    torch.testing.assert_close(layer(x, memory), block(x, memory))


def test_layers_of_a_stack_are_distinguished():
    block = nn.Sequential(Encoder(Separate("softmax")), Encoder(Fused("by_head")))
    x = torch.randn(2, 5, WIDTH, dtype=torch.float64)
    found = parts(block, [x], seed=1)
    assert complaint(found, 1, attention=2, heads=HEADS, width=WIDTH, linear=4, norm=4) == ""
    expected = block(x)
    for i in range(2):
        two = slice(2 * i, 2 * i + 2)
        x = encoder_layer(found["attention"][i : i + 1], found["linear"][two], found["norm"][two])(x)
    torch.testing.assert_close(x, expected)


class Manual(nn.Module):
    """Heads in a list of another name, whose scores are no product of matrices."""

    class Head(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v = (nn.Linear(WIDTH, SIZE) for _ in range(3))

        def forward(self, x, memory):
            scores = (self.q.forward(x)[:, :, None] * self.k(memory)[:, None]).sum(-1) / SIZE**0.5
            return (scores.softmax(-1)[..., None] * self.v(memory)[:, None]).sum(2)

    def __init__(self) -> None:
        super().__init__()
        self.mixing = nn.Linear(WIDTH, WIDTH)
        self.attentions = nn.ModuleList(self.Head() for _ in range(HEADS))

    def forward(self, x, memory):
        found = torch.cat([head.forward(x, memory) for head in self.attentions], dim=2)
        return F.linear(found, self.mixing.weight, self.mixing.bias)


def test_heads_in_a_list_of_any_name_are_found_without_products():
    block, x = Encoder(Manual()), torch.randn(2, 5, WIDTH, dtype=torch.float64)
    found = parts(block, [x], seed=1)
    torch.testing.assert_close(encoder_layer(found["attention"], found["linear"], found["norm"])(x), block(x))


def test_an_attention_without_a_layer_after_its_heads_is_a_sentence():
    class Bare(Separate):
        def forward(self, x, memory):
            return self.softmax(x, memory)

    x = torch.randn(2, 5, WIDTH, dtype=torch.float64)
    found = parts(Bare("softmax"), [x, x], seed=1)
    assert complaint(found, 1, attention=1) == "Attention has no linear layer after its heads."
    assert complaint(found, 1, heads=HEADS, width=WIDTH) == (
        "Attention has no linear layer from 6 numbers to 6 after its heads."
    )


def test_shared_heads_are_noticed():
    class Shared(Lists):
        def __init__(self) -> None:
            super().__init__("one_by_one")
            self.keys = nn.ModuleList([self.keys[0]] * HEADS)

    x = torch.randn(2, 5, WIDTH, dtype=torch.float64)
    assert "its own weights" in complaint(parts(Encoder(Shared()), [x], seed=1), 1)

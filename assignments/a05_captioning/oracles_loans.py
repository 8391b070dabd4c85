"""Loans: while a check runs, the student's code finds our versions of what other tasks ask for.

A mistake in one task then costs no points of another. What is lent calls torch's cells and autograd.
"""

from typing import Any

LOANS = """
from contextlib import contextmanager
from functools import partial

import torch
from torch.nn import functional as F

from autograder.probes.captioner import weights_or_complaint
from autograder.probes.recurrent import attend, attention_lstm, lstm_step, over_time, rnn_step

def one_step(x, prev_h, Wx, Wh, b):
    return rnn_step(x, prev_h, Wx, Wh, b), None

def all_steps(x, h0, Wx, Wh, b):
    return over_time(lambda now, h: rnn_step(now, h, Wx, Wh, b), x, h0), None

def look(prev_h, A):
    return attend(prev_h, A)

def lstm_sequence(self, x, h0):
    return over_time(lambda now, state: lstm_step(now, state, self.Wx, self.Wh, self.b), x, (h0, torch.zeros_like(h0)))

def looking_step(self, x, prev_h, prev_c, attn):
    both = torch.cat([self.Wx, self.Wattn])
    return lstm_step(torch.cat([x, attn], dim=1), (prev_h, prev_c), both, self.Wh, self.b)

def plain_loss(x, y, ignore_index=None):
    losses = -x.softmax(dim=2).log().gather(2, y[:, :, None])[:, :, 0]
    return losses[y != (-1 if ignore_index is None else ignore_index)].sum() / len(x)

steps = {}  # the inputs of each step that was taken, by the identity of its cache; the cache stays alive

def remembered_step(x, prev_h, Wx, Wh, b):
    try:
        _, cache = OWN["rnn_step_forward"](x, prev_h, Wx, Wh, b)
    except Exception:  # a mistake there costs no points here
        cache = object()
    steps[id(cache)] = cache, (x, prev_h, Wx, Wh, b)
    return rnn_step(x, prev_h, Wx, Wh, b), cache

def step_gradients(dnext_h, cache):
    if id(cache) not in steps:
        return OWN["rnn_step_backward"](dnext_h, cache)
    leaves = [value.detach().clone().requires_grad_() for value in steps[id(cache)][1]]
    with torch.enable_grad():
        return torch.autograd.grad(rnn_step(*leaves), leaves, dnext_h)

def sequence_gradients(dh, cache):
    if type(cache) not in (list, tuple) or len(cache) != dh.shape[1] or any(id(step) not in steps for step in cache):
        return OWN["rnn_backward"](dh, cache)
    taken = [steps[id(step)][1] for step in cache]
    x = torch.stack([step[0] for step in taken], dim=1)
    leaves = [value.detach().clone().requires_grad_() for value in (x, *taken[0][1:])]
    with torch.enable_grad():
        return torch.autograd.grad(all_steps(*leaves)[0], leaves, dh)

STEPS = {"rnn_step_forward": remembered_step, "rnn_step_backward": step_gradients}
OWN = {name: getattr(student, name, None) for name in (*STEPS, "rnn_backward")}
TO_SEQUENCE = {"": STEPS}
TO_PIECES = {"": {**STEPS, "rnn_backward": sequence_gradients}}
TO_RNN = {"": {"rnn_step_forward": one_step, "rnn_forward": all_steps}}
TO_ATTENTION_LSTM = {"": {"dot_product_attention": look}}
TO_CAPTIONER = {
    "": {"dot_product_attention": look, "temporal_softmax_loss": plain_loss},
    "WordEmbedding": {"forward": lambda self, x: F.embedding(x, self.W_embed)},
    "RNN": {
        "step_forward": lambda self, x, prev_h: one_step(x, prev_h, self.Wx, self.Wh, self.b)[0],
        "forward": lambda self, x, h0: all_steps(x, h0, self.Wx, self.Wh, self.b)[0],
    },
    "LSTM": {
        "step_forward": lambda self, x, prev_h, prev_c: lstm_step(x, (prev_h, prev_c), self.Wx, self.Wh, self.b),
        "forward": lstm_sequence,
    },
    "AttentionLSTM": {
        "step_forward": looking_step,
        "forward": lambda self, x, A: attention_lstm(x, A, self.Wx, self.Wh, self.Wattn, self.b),
    },
}

@contextmanager
def lending(loans):
    # the student's module and classes, with some of their names replaced
    places = [(getattr(student, name, None) if name else student, new) for name, new in loans.items()]
    known = [(place, name) for place, new in places if place is not None for name in new if name in vars(place)]
    kept = [(place, name, vars(place)[name]) for place, name in known]
    for place, new in places:
        for name in new:
            if (place, name) in known:
                setattr(place, name, new[name])
    try:
        yield
    finally:
        for place, name, value in kept:
            setattr(place, name, value)

def lent(loans, f):
    def call(*args, **options):
        with lending(loans):
            return f(*args, **options)
    call.model = getattr(f, "__self__", f)
    return call

to_sequence, to_pieces, to_rnn = (partial(lent, loans) for loans in (TO_SEQUENCE, TO_PIECES, TO_RNN))
to_attention_lstm, to_captioner = (partial(lent, loans) for loans in (TO_ATTENTION_LSTM, TO_CAPTIONER))

def parts(model, sizes, seed, like):
    # the weights by their part, and whether the encoder would be trained; it should be frozen
    trains = any(p.requires_grad for p in model.image_encoder.parameters())
    model.image_encoder.requires_grad_(False)
    with lending(TO_CAPTIONER):
        return weights_or_complaint(model, sizes, seed, like), trains

def of_captions(model, features):
    # the loss as a function of the captions alone: the features come from a frozen encoder
    call = lent(TO_CAPTIONER, lambda captions: model(features, captions))
    call.model = model
    return call
"""


class Lender:
    """Lends to functions of one student; a step that `forward` took is known when `backward` gets its cache."""

    def __init__(self, student: Any) -> None:
        self.student, self.helper = student, student.define(LOANS)

    def lend(self, borrower: str, f: Any) -> Any:
        """Return f, a function, module or method of the student's, with loans: "rnn", "captioner" and others."""
        return self.student.wrap(getattr(self.helper, f"to_{borrower}"), f)


def lent(student: Any, borrower: str, f: Any) -> Any:
    """Lend to a single function."""
    return Lender(student).lend(borrower, f)

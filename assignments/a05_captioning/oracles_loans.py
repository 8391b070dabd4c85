"""Loans: a check that fails runs again, and the student's code finds our versions of what other tasks ask for.

A mistake in one task then costs no points of another. What is lent calls torch's cells and autograd.
"""

LOANS_OF_SEQUENCE = """
import torch

from autograder.probes.recurrent import over_time, rnn_step

OWN = {name: getattr(student, name, None) for name in ("rnn_step_forward", "rnn_step_backward", "rnn_backward")}
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

LOANS = {"rnn_step_forward": remembered_step, "rnn_step_backward": step_gradients}
"""

LOANS_OF_PIECES = (
    LOANS_OF_SEQUENCE
    + """
def by_time(x, h0, Wx, Wh, b):
    return over_time(lambda now, h: rnn_step(now, h, Wx, Wh, b), x, h0)

def sequence_gradients(dh, cache):
    if type(cache) not in (list, tuple) or len(cache) != dh.shape[1] or any(id(step) not in steps for step in cache):
        return OWN["rnn_backward"](dh, cache)
    taken = [steps[id(step)][1] for step in cache]
    x = torch.stack([step[0] for step in taken], dim=1)
    leaves = [value.detach().clone().requires_grad_() for value in (x, *taken[0][1:])]
    with torch.enable_grad():
        return torch.autograd.grad(by_time(*leaves), leaves, dh)

LOANS |= {"rnn_backward": sequence_gradients}
"""
)

LOANS_OF_RNN = """
from autograder.probes.recurrent import over_time, rnn_step

def one_step(x, prev_h, Wx, Wh, b):
    return rnn_step(x, prev_h, Wx, Wh, b), None

def all_steps(x, h0, Wx, Wh, b):
    return over_time(lambda now, h: rnn_step(now, h, Wx, Wh, b), x, h0), None

LOANS = {"rnn_step_forward": one_step, "rnn_forward": all_steps}
"""

LOANS_OF_ATTENTION_LSTM = """
from autograder.probes.recurrent import attend

LOANS = {"dot_product_attention": lambda prev_h, A: attend(prev_h, A)}
"""

LOANS_OF_CAPTIONER = (
    LOANS_OF_RNN
    + """
import torch
from torch.nn import functional as F

from autograder.probes.recurrent import attend, attention_lstm, lstm_step

def lstm_sequence(self, x, h0):
    return over_time(lambda now, state: lstm_step(now, state, self.Wx, self.Wh, self.b), x, (h0, torch.zeros_like(h0)))

def looking_step(self, x, prev_h, prev_c, attn):
    both = torch.cat([self.Wx, self.Wattn])
    return lstm_step(torch.cat([x, attn], dim=1), (prev_h, prev_c), both, self.Wh, self.b)

def plain_loss(x, y, ignore_index=None):
    losses = -x.softmax(dim=2).log().gather(2, y[:, :, None])[:, :, 0]
    return losses[y != (-1 if ignore_index is None else ignore_index)].sum() / len(x)

LOANS |= {
    "dot_product_attention": lambda prev_h, A: attend(prev_h, A),
    "temporal_softmax_loss": plain_loss,
    "WordEmbedding.forward": lambda self, x: F.embedding(x, self.W_embed),
    "RNN.step_forward": lambda self, x, prev_h: one_step(x, prev_h, self.Wx, self.Wh, self.b)[0],
    "RNN.forward": lambda self, x, h0: all_steps(x, h0, self.Wx, self.Wh, self.b)[0],
    "LSTM.step_forward": lambda self, x, prev_h, prev_c: lstm_step(x, (prev_h, prev_c), self.Wx, self.Wh, self.b),
    "LSTM.forward": lstm_sequence,
    "AttentionLSTM.step_forward": looking_step,
    "AttentionLSTM.forward": lambda self, x, A: attention_lstm(x, A, self.Wx, self.Wh, self.Wattn, self.b),
}
"""
)

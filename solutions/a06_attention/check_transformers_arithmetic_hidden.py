"""Hidden check of a06, transformers: the Transformer learns to add and to subtract."""

import torch
from oracles_loans import LOANS_OF_TRANSFORMERS
from torch import Tensor

from autograder import Message, expect, expect_shape, task
from common.data import arithmetic

TRAINING = """
import math
import torch
from torch.nn.functional import cross_entropy

def train(model, questions, answers, ques_pos, ans_pos, most):
    # constant learning rate until the loss is small, then down to 0 in 300 iterations: plateaus differ in length
    for part in model.modules():
        if isinstance(part, (torch.nn.Linear, torch.nn.Embedding)):
            part.reset_parameters()  # the score must not depend on how a student initialises
    model.to(questions.device).train()
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    step, smooth, left = 0, 2.0, 300
    while left:
        step += 1
        left -= left < 300 or smooth < 0.2 or step > most - 300
        optimizer.param_groups[0]["lr"] = 5e-3 * min(1.0, step / 100) * (1 - math.cos(math.pi * left / 300)) / 2
        rows = torch.randint(len(questions), (128,)).to(questions.device)
        loss = cross_entropy(model(questions[rows], ques_pos, answers[rows], ans_pos), answers[rows, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        smooth += (loss.item() - smooth) / 50

@torch.no_grad()
def answer(model, questions, ques_pos, ans_pos, start):
    model.eval()
    written = torch.full((len(questions), 1), start, device=questions.device)
    while written.shape[1] < ans_pos.shape[1]:
        padded = torch.cat([written, written[:, :1]], dim=1)  # the last token is not read
        scores = model(questions, ques_pos, padded, ans_pos[:, : padded.shape[1]])
        last = scores.reshape(len(questions), written.shape[1], -1)[:, -1].argmax(dim=1, keepdim=True)
        written = torch.cat([written, last], dim=1)
    return written
"""


def tokens(sentences: tuple[str, ...], number: dict[str, int], device: torch.device) -> Tensor:
    """Return the tokens of each sentence. (N, T)"""
    words = [[[w] if w in arithmetic.SPECIAL_TOKENS else w for w in sentence.split()] for sentence in sentences]
    return torch.tensor([[number[t] for word in row for t in word] for row in words], device=device)


@task("Transformer", share=40, seconds=300, memory_mb=4096, loans=LOANS_OF_TRANSFORMERS)
def check_transformer_adds_and_subtracts(student, rng, score):
    """Trained on sums and differences, the Transformer answers at least 95 % of others exactly right."""
    train, test = arithmetic.split(num_train=18_000, num_test=2_000, seed=rng.key())
    names = rng.permutation(len(arithmetic.VOCABULARY)).tolist()  # so that a token cannot be recognised by its number
    number = dict(zip(arithmetic.VOCABULARY, names, strict=True))
    questions, answers, asked, right = (
        tokens(sentences, number, rng.device)
        for sentences in (train.questions, train.answers, test.questions, test.answers)
    )
    places = [rng.normal(1, t.shape[1], 64, dtype=torch.float32) for t in (questions, answers)]
    model, helper = student.Transformer(4, 64, 256, 0.0, 1, 1, len(names)), student.define(TRAINING)
    helper.train(model, questions, answers, *places, 1600)
    written = helper.answer(model, asked, *places, number["BOS"])

    expect_shape(written, tuple(right.shape))
    exact = float((written == right).all(dim=1).double().mean())
    score(exact, "share of exact answers")
    expect(
        exact >= 0.95,
        Message(
            "{exact:.1%} of the {count} answers are exactly right; it must be at least 95 %.",
            exact=exact,
            count=len(right),
        ),
    )

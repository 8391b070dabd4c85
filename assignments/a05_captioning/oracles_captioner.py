"""What the checks of the captioner share: its weights by their part, and a plain loop over the words."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, is_sequence
from autograder.probes.captioner import COMPLAINTS
from autograder.probes.recurrent import Captioner
from autograder.probes.saying import recognised

PARTS = """
from autograder.probes.captioner import weights_or_complaint

def parts(model, sizes, seed, like):
    # the weights by their part, and whether the encoder would be trained; it should be frozen
    trains = any(p.requires_grad for p in model.image_encoder.parameters())
    model.image_encoder.requires_grad_(False)
    return weights_or_complaint(model, sizes, seed, like), trains
"""

BLIND = (  # mistakes: the first state is zero, or the bias of the linear layer
    "The image changes nothing here: h0 is what the linear layer makes of its features.",
    "The image changes nothing here: h0 is the bias of the linear layer alone. Do the features reach this layer?",
)
D, E, H = 98, 6, 5  # features (of common.nets.image_encoder), word vectors, states


def captioner(
    student, rng, kind: str, like: Tensor, words: list[str], numbers: list[int],
    *, ignore_index: int | None = None, **options: Any,
) -> tuple[Any, dict]:  # fmt: skip
    """Build a captioner of the student's with new weights, and return it with these weights by their part."""
    model = student.CaptioningRNN(
        dict(zip(words, numbers, strict=True)),
        input_dim=D, wordvec_dim=E, hidden_dim=H, cell_type=kind, ignore_index=ignore_index, **options,
    )  # fmt: skip
    sizes = {"V": len(words), "D": D, "E": E, "H": H}
    found, trains_encoder = student.define(PARTS).parts(model, sizes, rng.int(0, 2**31), like)
    if type(found) is not dict:  # a sentence; else the text of all weights would be made for nothing
        expect(False, Message("CaptioningRNN({kind!r}) {found}.", kind=kind, found=recognised(str(found), COMPLAINTS)))
    return model, {**found, "trains_encoder": trains_encoder}


def losses_of(found: dict, kind: str, features: Tensor, captions: Tensor) -> Tensor:
    """Compute the cross-entropy of each word after the first, given the right words before it: (N, T)."""
    oracle, losses = Captioner(found, kind, features), []
    for t in range(captions.shape[1] - 1):
        losses.append(F.cross_entropy(oracle.next_scores(captions[:, t])[0], captions[:, t + 1], reduction="none"))
    return torch.stack(losses, dim=1)


def without_image(found: dict) -> dict:
    """Return the weights of a captioner whose first state and grid are zeros."""
    return {**found, "projection": tuple(torch.zeros_like(part) for part in found["projection"])}


class Caption:
    """The captions, and for "attn" the attention weights, that a captioner with these weights must write."""

    def __init__(self, found: dict, kind: str, features: Tensor, start: int, length: int) -> None:
        self.found, self.kind, self.features, self.start, self.length = found, kind, features, start, length
        self.words, self.looks = self._write()

    def judge(self, given: Any, case: str) -> None:
        """Compare what `sample` returned. ``case`` tells it from other calls."""
        if self.looks is None:
            expect_equal(given, self.words, name=Message("captions ({case})", case=case), mistakes=self._mistakes())
            return
        pair = is_sequence(given) and len(given) == 2
        expect(pair, "For 'attn', sample returns two tensors: captions and weights.")
        expect_equal(given[0], self.words, name=Message("captions ({case})", case=case), mistakes=self._mistakes())
        expect_close(given[1], self.looks, name=Message("weights ({case})", case=case), check_dtype=False, mistakes={
            "These are the weights after each step; the captioner looks before it.": (
                lambda: Caption(self.found, self.kind, self.features, self.start, self.length + 1).looks[:, 1:]
            ),
        })  # fmt: skip

    def _write(self, prepare: Callable[[Captioner], Any] = lambda oracle: None, *, first: int | None = None) -> Any:
        oracle = Captioner(self.found, self.kind, self.features)
        prepare(oracle)
        return oracle.greedy(self.start if first is None else first, self.length)

    def _longer(self) -> Tensor:
        return Caption(self.found, self.kind, self.features, self.start, self.length + 1).words

    def _lowest(self) -> Tensor:
        oracle = Captioner(self.found, self.kind, self.features)
        words = [torch.full_like(self.words[:, 0], self.start)]
        for _ in range(self.length):
            words.append(oracle.next_scores(words[-1])[0].argmin(dim=1))
        return torch.stack(words[1:], dim=1)

    def _forgetful(self) -> Tensor:
        words = [torch.full_like(self.words[:, 0], self.start)]
        for _ in range(self.length):
            words.append(Captioner(self.found, self.kind, self.features).next_scores(words[-1])[0].argmax(dim=1))
        return torch.stack(words[1:], dim=1)

    def _mistakes(self) -> dict[str, Any]:
        """Return wrong captions by their hints."""
        start = torch.full_like(self.words[:, :1], self.start)

        def change_cell(oracle: Captioner) -> None:
            h, c = oracle.state
            oracle.state = h, torch.zeros_like(c) if self.kind == "attn" else h

        def unfed() -> Tensor:
            oracle = Captioner(self.found, self.kind, self.features)
            steps = [oracle.next_scores(start[:, 0])[0].argmax(dim=1) for _ in range(self.length)]
            return torch.stack(steps, dim=1)

        def of_first_state() -> Tensor:
            oracle = Captioner(self.found, self.kind, self.features)
            h = oracle.state if self.kind == "rnn" else oracle.state[0]
            return F.linear(h, *self.found["output"]).argmax(dim=1)[:, None].repeat(1, self.length)

        mistakes: dict[str, Any] = {
            "The first word is <START>; return the words after it.": torch.cat([start, self.words[:, :-1]], dim=1),
            "The first word is <START>; return the max_length words after it.": torch.cat([start, self.words], dim=1),
            "The word that was written is not the next input: every step reads <START>.": unfed,
            "The axes of captions and words are swapped.": self.words.T,
            "The word with the lowest score was taken; take the highest: argmax.": self._lowest,
            "One word too many: `sample` returns max_length words.": self._longer,
            "The state is not passed on: every step begins with the first state.": self._forgetful,
            "The first input is the word 1; it should be the number of <START>, self.start.": (
                lambda: self._write(first=1)[0]
            ),
            "The scores come from the state after the step; here they come from the first state.": of_first_state,
            "The first input is the word 0; it should be <START>.": lambda: self._write(first=0)[0],
        }
        blind = (without_image(self.found), self.features), (self.found, 0 * self.features)
        for hint, (found, features) in zip(BLIND, blind, strict=True):
            mistakes[hint] = lambda found=found, features=features: (
                Caption(found, self.kind, features, self.start, self.length).words
            )
        if self.kind == "lstm":
            mistakes["The cell state begins as h0; it should begin with zeros."] = lambda: self._write(change_cell)[0]
        if self.kind == "attn":
            mistakes["The cell state begins with zeros; both states begin as the mean of the grid."] = lambda: (
                self._write(change_cell)[0]
            )
        return mistakes

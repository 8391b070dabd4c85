"""Hidden checks that train: captioners describe scenes that they have not seen.

Training captions are drawn where the student's code runs. Of the test scenes, only features go there, and words come
back.
"""

from typing import Any

import torch

from autograder import Message, expect, expect_shape, task
from common.data.captions import load_captions, stack
from common.data.scene_captions import SLOTS, slot_accuracy
from common.data.vocabulary import Vocabulary
from common.nets.image_encoder import ImageEncoder, features

TRAIN = """
import torch
from common.training.captioning import fit
from common.data.captions import load_captions, stack
from common.data.vocabulary import Vocabulary
from common.nets.image_encoder import ImageEncoder, features

def train(CaptioningRNN, kind, words, seed, count, steps, batch_size, test):
    torch.manual_seed(seed)
    vocabulary, encoder = Vocabulary(tuple(words)), ImageEncoder().to(test.device)
    scenes = load_captions("scenes", "train", count=count, seed=seed)
    seen = features(encoder, stack(scenes).to(test.device))
    captions = vocabulary.encode([several[0] for several in scenes.captions], length=14)[:, None].to(test.device)
    model = CaptioningRNN(
        vocabulary.word_to_idx, input_dim=encoder.out_channels, wordvec_dim=32, hidden_dim=64, cell_type=kind,
        ignore_index=0,
    ).to(test.device)
    fit(model, seen, captions, steps=steps, batch_size=batch_size, learning_rate=1e-2)
    captions = model.sample(test, max_length=14)
    return captions[0] if kind == "attn" else captions
"""
TESTS, BATCH = 300, 128


def right_parts(student, rng, kind: str, images: int, steps: int) -> float:
    """Train a captioner on some scenes, and return the share of caption parts that are right on test scenes."""
    test = load_captions("scenes", "test", count=TESTS, seed=rng.key())
    vocabulary = Vocabulary.of(
        caption for captions in load_captions("scenes", count=500).captions for caption in captions
    )
    seen = features(ImageEncoder(), stack(test)).to(rng.device)
    train: Any = student.define(TRAIN).train
    words = train(student.CaptioningRNN, kind, list(vocabulary.words), rng.int(0, 2**30), images, steps, BATCH, seen)
    expect_shape(words, (TESTS, 14), name="captions")
    known = (
        isinstance(words, torch.Tensor)
        and not words.is_floating_point()
        and bool(((words >= 0) & (words < len(vocabulary))).all())
    )
    expect(
        known, Message("A caption has words that are not in the vocabulary of {count} words.", count=len(vocabulary))
    )
    found = slot_accuracy(vocabulary.decode(words), test.captions)
    return sum(found[slot] for slot in SLOTS) / len(SLOTS)


@task("CaptioningRNN.sample", share="1/11", seconds=600)
def check_rnn_captioner_describes_scenes(student, rng, score):
    """Trained on 1,000 scenes, the "rnn" captioner gets parts of the captions of other scenes right."""
    images, steps = score.budget((1000, 240), search=[(800, 120), (1000, 240), (2000, 500)])
    score(right_parts(student, rng, "rnn", images, steps), "parts right")


@task("CaptioningRNN.sample", share="2/11", seconds=600)
def check_lstm_captioner_describes_scenes(student, rng, score):
    """Trained on 2,000 scenes, the "lstm" captioner gets more parts of the captions of other scenes right."""
    images, steps = score.budget((2000, 1000), search=[(1500, 600), (2000, 1000), (3000, 1500)])
    score(right_parts(student, rng, "lstm", images, steps), "parts right")


@task("CaptioningRNN.sample", share="3/11", seconds=600)
def check_attention_captioner_describes_scenes(student, rng, score):
    """Trained on 1,000 scenes, the "attn" captioner gets most colours, shapes and relations right."""
    images, steps = score.budget((1000, 120), search=[(1000, 60), (1000, 120), (2000, 250)])
    score(right_parts(student, rng, "attn", images, steps), "parts right")

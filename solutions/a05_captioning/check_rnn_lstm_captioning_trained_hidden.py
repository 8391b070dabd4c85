"""Hidden checks that train: captioners describe scenes that they have not seen.

Training captions are drawn where the student's code runs. Of the test scenes, only features go there, and words come
back.
"""

from typing import Any

import torch

from autograder import expect, expect_shape, task
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
IMAGES, TESTS, BATCH = 3000, 500, 128
STEPS = {"rnn": 1500, "lstm": 1500, "attn": 500}  # a step with attention takes three times as long


def right_parts(student, rng, kind: str) -> float:
    """Train a captioner, and return the share of caption parts that are right on test scenes."""
    test = load_captions("scenes", "test", count=TESTS, seed=rng.key())
    vocabulary = Vocabulary.of(
        caption for captions in load_captions("scenes", count=500).captions for caption in captions
    )
    seen = features(ImageEncoder(), stack(test)).to(rng.device)
    train: Any = student.define(TRAIN).train
    words = train(
        student.CaptioningRNN, kind, list(vocabulary.words), rng.int(0, 2**30), IMAGES, STEPS[kind], BATCH, seen
    )
    expect_shape(words, (TESTS, 14), name="captions")
    known = (
        isinstance(words, torch.Tensor)
        and not words.is_floating_point()
        and bool(((words >= 0) & (words < len(vocabulary))).all())
    )
    expect(known, f"A caption has words that are not in the vocabulary of {len(vocabulary)} words.")
    found = slot_accuracy(vocabulary.decode(words), test.captions)
    return sum(found[slot] for slot in SLOTS) / len(SLOTS)


@task("CaptioningRNN.sample", points=1, seconds=600)
def check_rnn_captioner_describes_scenes(student, rng, score):
    """Trained on 3,000 scenes, the "rnn" captioner gets parts of the captions of other scenes right."""
    score(right_parts(student, rng, "rnn"), "parts right")


@task("CaptioningRNN.sample", points=2, seconds=600)
def check_lstm_captioner_describes_scenes(student, rng, score):
    """Trained on 3,000 scenes, the "lstm" captioner gets more parts of the captions of other scenes right."""
    score(right_parts(student, rng, "lstm"), "parts right")


@task("CaptioningRNN.sample", points=3, seconds=600)
def check_attention_captioner_describes_scenes(student, rng, score):
    """Trained on 3,000 scenes, the "attn" captioner gets nearly all colours, shapes and relations right."""
    score(right_parts(student, rng, "attn"), "parts right")

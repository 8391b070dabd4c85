"""Scored check of style_transfer: synthetic textures have the autocorrelation of their originals, and are no copies."""

import torch
from oracles_style import LOANS_OF_GRAM, distance_to_copies
from oracles_textures import likeness

from autograder import expect, expect_shape, task
from common.data import textures
from common.nets.scene_net import preprocess

MODEL = "from common.nets.scene_net import SceneNet\n\ndef trained(like):\n    return SceneNet().to(like)\n"
STYLE_LAYERS = [0, 1, 4, 7]


@task("texture_synthesis", share=50, any_dtype=True, seconds=120, loans=LOANS_OF_GRAM, may_seed=True)
def check_textures_are_like_their_originals(student, rng, score):
    """Twelve synthetic textures have most of the autocorrelation of their originals, and are not their copies."""
    model = student.define(MODEL).trained(torch.zeros(1, device=rng.device))
    found = []
    for number, kind in enumerate(textures.KINDS):
        original = preprocess(textures.draw(kind, seed=rng.key(), size=48)[None])
        made = student.texture_synthesis(model, original.to(rng.device), STYLE_LAYERS, 40, number)
        expect_shape(made, original.shape)
        made = made.float().cpu()
        expect(bool(made.isfinite().all()), "A texture contains nan or infinity.")
        found.append(likeness(made, original) if distance_to_copies(made, original) > 0.1 else 0.0)
    score(sum(found) / len(found), "mean likeness of autocorrelations")

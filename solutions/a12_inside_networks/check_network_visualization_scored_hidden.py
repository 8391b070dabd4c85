"""Scored checks of network_visualization: where saliency points, and how small attacks are, on the trained network.

The masks stay in the grader's process: the student's code gets images, classes and the network.
"""

import torch
import torch.nn.functional as F

from autograder import Message, expect, expect_shape, task
from common.data import small_objects
from common.nets.scene_net import SceneNet, preprocess

MODEL = "from common.nets.scene_net import SceneNet\n\ndef trained(like):\n    return SceneNet().to(like)\n"
TOP = 0.92  # the quantile above which a pixel belongs to the map's part of the image


def trained(student, rng):
    """Return a handle to the network in the student's process."""
    return student.define(MODEL).trained(torch.zeros(1, device=rng.device))


@task("compute_saliency_maps", share="1/6", any_dtype=True, seconds=60)
def check_saliency_points_at_objects(student, rng, score):
    """On 200 new scenes, the brightest place of a map is inside of the object; bright parts cover it."""
    drawn = small_objects.draw(200, stream="pointing", seed=rng.key())
    X, y = preprocess(drawn.images).to(rng.device), drawn.labels.to(rng.device)
    model, parts = trained(student, rng), []
    for images, labels in zip(X.split(50), y.split(50), strict=True):
        maps = student.compute_saliency_maps(images, labels, model)
        expect_shape(maps, (len(images), 48, 48))
        parts.append(maps.double().cpu())
    maps = torch.cat(parts)
    expect(bool(maps.isfinite().all()), "The maps contain nan or infinity.")
    blurred = F.avg_pool2d(maps[:, None], 3, stride=1, padding=1)[:, 0].flatten(1)
    masks = drawn.masks.flatten(1)
    hits = masks[torch.arange(len(masks)), blurred.argmax(dim=1)]
    score(float(hits.double().mean()), "share of maxima inside the object")
    bright = blurred >= blurred.quantile(TOP, dim=1, keepdim=True)
    score(float(((bright & masks).sum(1) / (bright | masks).sum(1)).double().mean()), "mean IoU of bright parts")


@task("make_adversarial_attack", share="1/6", any_dtype=True, seconds=120)
def check_attacks_succeed_and_are_small(student, rng, score):
    """Of 20 attacks on the trained network, at least 95 % succeed, and the typical change is small."""
    drawn = small_objects.draw(20, stream="attacks", seed=rng.key())
    X, model, judge = preprocess(drawn.images), trained(student, rng), SceneNet()
    targets = [(int(label) + rng.int(1, 10)) % 10 for label in drawn.labels]
    found = []
    for x, target in zip(X, targets, strict=True):
        out = student.make_adversarial_attack(x[None].to(rng.device), target, model, max_iter=20, verbose=False)
        expect_shape(out, (1, *x.shape), name="the image")
        found.append(out.float().cpu())
    changed = torch.cat(found)
    expect(bool(changed.isfinite().all()), "An image contains nan or infinity.")
    with torch.no_grad():
        fooled = judge(changed).argmax(dim=1) == torch.tensor(targets)
    change = (changed - X).flatten(1)
    score(float(change.norm(dim=1).median()), "median length of the change", higher_is_better=False)
    score(float(change.abs().amax(dim=1).median()), "median largest change of a number", higher_is_better=False)
    share = float(fooled.double().mean())
    expect(share >= 0.95, Message("{share} of the attacks succeed.", share=f"{share:.0%}"), "Climb the target's score.")

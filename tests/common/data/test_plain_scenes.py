"""Plain scenes: one object in front of a grey wall, the same everywhere; and the network that learns on them."""

import hashlib

import torch

from common.data import load, plain_scenes
from common.nets.contrastive import FEATURES, ContrastiveModel, features_of, settle

# The bytes of the first 100 training images and labels. If they change, thresholds measured on them no longer hold.
PINNED = "4ea1ce4111ac5d6b60c80e6fffa48ceaa52d1f2590f9d642c62a3d93bcbcf947"


def test_the_same_seed_gives_the_same_bytes_on_every_machine():
    drawn = plain_scenes.draw("train", 100, 0)
    joined = hashlib.sha256(drawn.images.tobytes() + drawn.labels.astype("<i8").tobytes())
    assert joined.hexdigest() == PINNED


def test_images_differ_only_in_the_object():
    split = load("plain_scenes", num_train=400, num_test=20)
    assert split.x_train.shape == (400, 3, 32, 32)
    assert sorted(split.y_train[:10].tolist()) == list(range(10))
    corners = split.x_train[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].flatten(1)  # seldom covered by an object
    assert (corners.median(dim=0).values - 0.5).abs().max() < 0.02
    assert not torch.equal(split.x_train[:20], split.x_test)


def test_features_do_not_depend_on_the_batch_and_do_not_change_the_model():
    torch.manual_seed(0)
    model, images = ContrastiveModel(), torch.rand(7, 3, 20, 20)
    settle(model, images)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    features = features_of(model, images)
    assert features.shape == (7, FEATURES)
    torch.testing.assert_close(features_of(model, images, batch_size=3), features)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training

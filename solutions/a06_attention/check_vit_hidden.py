"""Hidden checks of a06, vit: other sizes, masks, gradients, and scenes whose labels the student's code never gets."""

from functools import partial

import torch
import torch.nn.functional as F
from check_vit import DROPPED
from oracles import TORCH_TRANSFORMERS, embedded, mixed, parts, passes
from oracles_loans import LOANS_OF_VIT
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_same_gradients, expect_shape, forbid, task
from autograder.probes.torch_layers import encoder_layer, norms_alone


@task("PatchEmbedding", share="2/6", keeps=True)
def check_patches_on_other_sizes(student, rng):
    """Patches are right for one channel, one patch, tall images, tensors that are not contiguous, and by default."""
    cases = [((1, 1, 6, 6), 6, 3, 4), ((3, 4, 5, 5), 5, 5, 2), ((2, 2, 12, 4), (12, 4), 2, 9), ((1, 3, 4, 4), 4, 1, 3)]
    for shape, img_size, p, dim in cases:
        images = rng.normal(*shape).permute(0, 1, 3, 2).contiguous().permute(0, 1, 3, 2)
        module = student.PatchEmbedding(img_size, p, in_channels=shape[1], embed_dim=dim)
        weight, bias = parts(student, module, [images], rng, shapes=[(dim, shape[1] * p * p)])["linear"][0]
        by_torch = partial(embedded, weight=weight, bias=bias, p=p)
        expect_close(module(images), by_torch(images))
        expect_same_gradients(student, rng, module, by_torch, images, weights=(weight, bias))
    images = rng.normal(2, 3, 32, 32, dtype=torch.float32)
    expect_shape(student.PatchEmbedding(32, 8).to(images.device)(images), (2, 16, 128))


@task("TransformerEncoderLayer", share=40)
def check_layer_on_other_sizes(student, rng):
    """The layer agrees with torch's for other sizes, with and without a mask, in training too if dropout is 0."""
    forbid(student, "TransformerEncoderLayer", calls=TORCH_TRANSFORMERS)
    for width, heads, hidden, num, length in [(5, 1, 3, 1, 4), (8, 4, 20, 3, 1), (9, 3, 4, 2, 11)]:
        x, mask = rng.normal(num, length, width), rng.uniform(length, length) < 0.4
        mask &= ~torch.eye(length, dtype=torch.bool, device=x.device)
        layer = student.TransformerEncoderLayer(width, heads, hidden, 0.0)
        shapes = [(hidden, width), (width, hidden)]
        found = parts(student, layer, [x], rng, attention=1, heads=heads, width=width, shapes=shapes, norm=2)
        oracle = encoder_layer(found["attention"], found["linear"], found["norm"], eps=1e-5)
        expect_close(layer.train()(x), oracle(x), rtol=1e-4, name="in training")
        expect_close(layer.eval()(x, mask), oracle(x, src_mask=mask), rtol=1e-4, name="with a mask", mistakes={
            "The mask is not used.": oracle(x),
            "The mask is inverted: True means hide.": partial(oracle, x, src_mask=~mask),
            "The mask is transposed: rows are queries, columns are keys.": partial(oracle, x, src_mask=mask.T),
            "The mask's first row was used for all queries.": partial(oracle, x, src_mask=mask[:1].expand_as(mask)),
        })  # fmt: skip
        expect_same_gradients(student, rng, layer, oracle, x, train=False, rtol=1e-4)


def classified(found: dict, positions: Tensor, p: int, images: Tensor, learned: bool = True) -> Tensor:
    """Compute the scores of a vision transformer with these positions, (1, T, E), or the parameter equal to them."""
    tables = [table.reshape(positions.shape) for table in found["loose"] + found["embedding"]
              if table.numel() == positions.numel() and learned]  # fmt: skip
    place = next((table for table in tables if torch.allclose(table, positions)), positions)
    x = embedded(images, *found["linear"][0], p) + place
    for i, unit in enumerate(found["attention"]):
        linears, norms = found["linear"][2 * i + 1 : 2 * i + 3], found["norm"][2 * i : 2 * i + 2]
        x = encoder_layer([unit], linears, norms, eps=1e-5)(x)
    return F.linear(x.mean(1), *found["linear"][-1])


STARTS = """
def spread(model, size):
    # of each parameter with so many numbers: the largest, in multiples of the median, and the standard deviation
    tables = [p.detach() for p in model.parameters() if p.numel() == size]
    return [(float(p.abs().max() / (p.abs().median() + 1e-30)), float(p.std())) for p in tables]
"""


@task("VisionTransformer", share="2/8", loans=LOANS_OF_VIT)
def check_vit_on_other_sizes(student, rng):
    """Other sizes are right, each image is classified by itself, gradients are right, all layers use dropout."""
    model = student.VisionTransformer(32, 2, 3, 64, 1, 2, 5, 7, 0.0)
    for largest, deviation in student.define(STARTS).spread(model, 256 * 64):
        expect(
            largest < 50,  # of 16,384 normal numbers 6, of 1 / randn some 10,000
            Message(
                "The largest of the positions' first numbers is {largest:,.0f} times a usual one.", largest=largest
            ),
            "Multiply small random numbers: nn.Parameter(0.02 * torch.randn(1, num_patches, embed_dim)).",
        )
        expect(
            0.002 < deviation < 0.75,  # that of sinusoids is at most 0.71
            Message(
                "The standard deviation of the positions' first numbers is {deviation:.2g}; it should be 0.02.",
                deviation=deviation,
            ),
            "Start with small random numbers: nn.Parameter(0.02 * torch.randn(1, num_patches, embed_dim)).",
        )
    cases = [((3, 1, 6, 9), (6, 9), 3, 5, 1, 5, 4, 3), ((4, 3, 8, 8), 8, 2, 8, 3, 2, 5, 11)]
    for shape, img_size, p, dim, layers, heads, hidden, classes in cases:
        images = rng.normal(*shape)
        model = student.VisionTransformer(img_size, p, shape[1], dim, layers, heads, hidden, classes, 0.3)
        shapes = [(dim, shape[1] * p * p), *layers * [(hidden, dim), (dim, hidden)], (classes, dim)]
        sizes = {"attention": layers, "heads": heads, "width": dim, "norm": 2 * layers}
        found = parts(student, model, [images], rng, shapes=shapes, **sizes)
        scores = model.eval()(images)
        expect_shape(scores, (shape[0], classes))
        expect_close(model(images[1:2]), scores[1:2], name="image 1 by itself")
        model.train()
        expect(not torch.equal(model(images), model(images)), "In training, two passes with dropout 0.3 were equal.")
        seen = passes(student, model.eval(), [images], student.TransformerEncoderLayer)
        expect_equal(len(seen), layers, name="the number of TransformerEncoderLayers that ran")
        positions = seen[0][0][:1] - embedded(images[:1], *found["linear"][0], p)
        right, fixed = (partial(classified, found, positions, p, learned=learned) for learned in (True, False))
        expect_same_gradients(student, rng, model, right, images, weights=found, train=False, rtol=1e-4, mistakes={
            "The positions get no gradient: add the nn.Parameter itself, without detach() or .data.": fixed,
        })  # fmt: skip

    model = student.VisionTransformer(8, 4, 3, 6, 2, 2, 5, 7, 1.0)
    images = rng.normal(2, 3, 8, 8)
    norms = parts(student, model, [images], rng, norm=4)["norm"]
    expect(
        torch.equal(model.train()(images), model(images)),
        "In training with dropout 1, two passes differ: some dropout has another probability.",
        "Pass the argument dropout on to each TransformerEncoderLayer.",
    )
    seen = passes(student, model.train(), [images], student.TransformerEncoderLayer)
    expect_equal(len(seen), 2, name="the number of TransformerEncoderLayers that ran")
    for i, (given, out) in enumerate(seen):
        name = Message("layer {i} in training with dropout 1, when only the norms are left", i=i + 1)
        expect_close(out, norms_alone(given, norms[2 * i : 2 * i + 2], eps=1e-5), rtol=1e-4, name=name, hint=DROPPED)


TRAINING = """
import torch

def train(model, images, labels, epochs):
    model.to(images.device).train()
    steps = epochs * -(-len(images) // 64)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).to(images.device).split(64):
            loss = torch.nn.functional.cross_entropy(model(4 * images[rows] - 2), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()

@torch.no_grad()
def predict(model, images):
    model.eval()
    return torch.cat([model(4 * part - 2).argmax(dim=1) for part in images.split(256)])
"""


@task("VisionTransformer", share="3/8", seconds=120, memory_mb=4096, loans=LOANS_OF_VIT)
def check_vit_scores_on_scenes(student, data, score):
    """Trained five times on 2,000 images, the vision transformer classifies new images."""
    images, epochs = score.budget((2000, 5), search=[(1000, 2), (1500, 3), (2000, 5), (3000, 8)])
    split = data(num_train=images, num_test=1000)
    _, channels, height, width = split.x_train.shape
    model = student.VisionTransformer((height, width), height // 4, channels, 64, 2, 4, 128, 10, 0.0)
    helper = student.define(TRAINING)
    helper.train(model, split.x_train, split.y_train, epochs)
    predicted = helper.predict(model, split.x_test)

    expect_shape(predicted, (1000,))
    score(float((predicted == split.y_test).double().mean()))


@task("MixerBlock", share=40, keeps=True)
def check_mixer_on_other_sizes(student, rng):
    """The Mixer block is right for one token, one channel, and narrow networks; its gradients are right."""
    for tokens, channels, tokens_hidden, channels_hidden in [(1, 6, 3, 2), (7, 2, 4, 9), (3, 5, 2, 2)]:
        x = rng.normal(3, tokens, channels)
        block = student.MixerBlock(tokens, channels, tokens_hidden, channels_hidden)
        shapes = [(tokens_hidden, tokens), (tokens, tokens_hidden), (channels_hidden, channels)]
        shapes += [(channels, channels_hidden)]
        found = parts(student, block, [x], rng, shapes=shapes, norm=2)
        expect_close(block(x), mixed(x, found), rtol=1e-4)
        expect_same_gradients(student, rng, block, partial(mixed, found=found), x, weights=found, rtol=1e-4)

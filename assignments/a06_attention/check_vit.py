"""Public checks of a06, vit, against torch's convolution and encoder layers with the student's weights."""

from functools import partial

import torch
import torch.nn.functional as F
from oracles import TORCH_TRANSFORMERS, embedded, judge_dropout, judge_eval_mode, mixed, parts, passes, wrong_encoders
from oracles_loans import LOANS_OF_VIT
from torch import Tensor

from autograder import Message, expect, expect_close, expect_shape, explain_errors, forbid, task
from autograder.probes.torch_layers import encoder_layer, norms_alone


def wrong_patches(images: Tensor, weight: Tensor, bias: Tensor, p: int) -> dict:
    """Return the result of each mistake, by its hint."""
    num, channels, height, width = images.shape
    tiles = images.reshape(num, channels, height // p, p, width // p, p)

    def embed(patches: Tensor) -> Tensor:
        return F.linear(patches.reshape(num, -1, channels * p * p), weight.flatten(1), bias)

    return {
        "A plain reshape reads whole rows of pixels; split H and W first, then permute.": lambda: embed(images),
        "Inside a patch the numbers are in the order (p, p, C); they should be in the order (C, p, p).": (
            lambda: embed(tiles.permute(0, 2, 4, 3, 5, 1))
        ),
        "Rows and columns inside a patch are swapped.": lambda: embed(tiles.permute(0, 2, 4, 1, 5, 3)),
        "The patches run down the columns; they should run along the rows.": (
            lambda: embed(tiles.permute(0, 4, 2, 1, 3, 5))
        ),
        "The patches are in reverse order.": lambda: embed(tiles.permute(0, 2, 4, 1, 3, 5)).flip(1),
        "There is a ReLU after the linear layer; a patch's embedding is linear.": (
            lambda: embed(tiles.permute(0, 2, 4, 1, 3, 5)).relu()
        ),
    }


def judge_patches(student, images: Tensor, img_size, p: int, dim: int, rng) -> None:
    """Compare the embedding of these images with a convolution."""
    module = student.PatchEmbedding(img_size, p, images.shape[1], dim)
    shapes = [(dim, images.shape[1] * p * p)]
    weight, bias = parts(student, module, [images], rng, shapes=shapes)["linear"][0]
    mistakes = wrong_patches(images, weight, bias, p)
    expect_close(module(images), embedded(images, weight, bias, p), mistakes=mistakes)


@task("PatchEmbedding", share="3/6")
def check_patches_agree_with_a_convolution(student, rng):
    """Patches, in the order (C, p, p), agree with a convolution whose stride is the size of its filters."""
    judge_patches(student, rng.normal(2, 3, 8, 8), 8, 2, 5, rng)


@task("PatchEmbedding", share="1/6")
def check_patches_of_images_that_are_not_square(student, rng):
    """Patches are right for images that are wider than high."""
    judge_patches(student, rng.normal(2, 2, 6, 12), (6, 12), 3, 7, rng)


RESULTS = {"tuple": "nn.MultiheadAttention returns two things, the result and the weights: found, _ = attention(...)."}


@task("TransformerEncoderLayer", share=40)
def check_layer_agrees_with_torch(student, rng):
    """The layer agrees with torch's nn.TransformerEncoderLayer (norm after the sum) with the same weights."""
    forbid(student, "TransformerEncoderLayer", calls=TORCH_TRANSFORMERS)
    x = rng.normal(2, 5, 6)
    layer = student.TransformerEncoderLayer(6, 2, 9, 0.3)
    with explain_errors(RESULTS):
        found = parts(student, layer, [x], rng, attention=1, heads=2, width=6, shapes=[(9, 6), (6, 9)], norm=2)

    by_torch = encoder_layer(found["attention"], found["linear"], found["norm"], eps=1e-5)
    judge_eval_mode(layer, x)
    expect_close(layer(x), by_torch(x), rtol=1e-4, mistakes=wrong_encoders(x, found, 1e-5))


DROPPED = "Dropout acts on the result of each sub-layer, before its sum: with dropout 1 nothing of a sub-layer is left."


@task("TransformerEncoderLayer", share=20)
def check_layer_drops_in_training_only(student, rng):
    """Dropout acts on each sub-layer, before the sum, in training and not in eval mode."""
    with explain_errors(RESULTS):
        judge_dropout(student.TransformerEncoderLayer(8, 2, 16, 0.5), rng.normal(2, 5, 8, dtype=torch.float32))

    layer, x = student.TransformerEncoderLayer(6, 2, 9, 1.0), rng.normal(2, 5, 6)
    norms = parts(student, layer, [x], rng, norm=2)["norm"]
    name = "in training with dropout 1, when only norms are left"
    out, again = layer.train()(x), layer(x)
    expect(
        torch.equal(out, again),
        "In training with dropout 1, two passes differ: some dropout has another probability.",
        "Pass the argument on: nn.Dropout(dropout).",
    )
    expect_close(out, norms_alone(x, norms, eps=1e-5), rtol=1e-4, name=name, mistakes={
        "Dropout acts on the sums; apply it to the output of each sub-layer, before the sum.": (
            lambda: norms_alone(0 * x, norms, eps=1e-5)
        ),
        "Dropout comes after the norms; apply it to the output of each sub-layer, before the sum.": torch.zeros_like(x),
        "There is no dropout: the result is that of eval mode.": lambda: layer.eval()(x),
    }, hint=DROPPED)  # fmt: skip


@task("VisionTransformer", share="2/8", loans=LOANS_OF_VIT)
def check_vit_is_patches_layers_and_a_mean(student, rng):
    """The scores are a linear layer of the mean over the patches, after the encoder layers."""
    images = rng.normal(3, 2, 8, 8)
    model = student.VisionTransformer(8, 4, 2, 6, 2, 3, 10, 7, 0.2)
    shapes = [(6, 32), *2 * [(10, 6), (6, 10)], (7, 6)]
    with explain_errors({"cannot be multiplied": "The mean over the patches is that of axis 1: x.mean(dim=1)."}):
        found = parts(student, model, [images], rng, attention=2, heads=3, width=6, shapes=shapes, norm=4)
    ran = passes(student, model.eval(), [images], student.TransformerEncoderLayer)
    expect(len(ran) > 0, "VisionTransformer does not use your TransformerEncoderLayer.")
    x = ran[0][0]
    expect_shape(x, (3, 4, 6), name="the input of the first encoder layer")
    positions = x - embedded(images, *found["linear"][0], 4)
    expect(
        not torch.allclose(positions, torch.zeros_like(positions), atol=1e-8),
        "Nothing is added to the patches before the first layer.",
        "Add the positions: without them a ViT does not know where a patch is.",
    )
    name = "the vectors added to the patches of each image"
    expect_close(positions[1:], positions[:1].expand(2, -1, -1), name=name, mistakes={
        "They depend on the image. Are the patches multiplied by the positions, or normalised? Add positions only.": (
            positions[1:]
        ),
    })  # fmt: skip
    learned = [table for table in found["loose"] + found["embedding"] if table.numel() == positions[0].numel()]
    if not any(torch.allclose(table.reshape(4, 6), positions[0]) for table in learned):
        again = student.VisionTransformer(8, 4, 2, 6, 2, 3, 10, 7, 0.2)
        values = parts(student, again, [images], rng)
        x_again = passes(student, again.eval(), [images], student.TransformerEncoderLayer)[0][0]
        fixed = torch.allclose(x_again - embedded(images, *values["linear"][0], 4), positions)
        expect(
            fixed,
            "The positions are random numbers, and not a parameter: nobody learns them.",
            "self.positions = nn.Parameter(0.02 * torch.randn(1, num_patches, embed_dim)).",
        )
    scalar = torch.allclose(positions, positions[..., :1].expand(-1, -1, 6))
    expect(not scalar, "One number is added to a patch; add a vector of embed_dim numbers.")

    for i in range(2):
        linears, norms = found["linear"][2 * i + 1 : 2 * i + 3], found["norm"][2 * i : 2 * i + 2]
        x = encoder_layer(found["attention"][i : i + 1], linears, norms, eps=1e-5)(x).detach()
    last = found["linear"][5]
    expect_close(model.eval()(images), F.linear(x.mean(1), *last), rtol=1e-4, mistakes={
        "Only the first patch is classified; take the mean of all.": F.linear(x[:, 0], *last),
        "Only the last patch is classified; take the mean of all.": F.linear(x[:, -1], *last),
        "The patches are summed; take their mean.": F.linear(x.sum(1), *last),
        "The largest value of the patches is taken; take their mean.": F.linear(x.amax(1), *last),
        "These are probabilities; return the scores before the softmax.": (
            lambda: F.linear(x.mean(1), *last).softmax(1)
        ),
        "These are logarithms of probabilities; return the scores before the softmax.": (
            lambda: F.linear(x.mean(1), *last).log_softmax(1)
        ),
        "The logarithms of each patch's probabilities are averaged; classify the mean of the patches.": (
            lambda: F.linear(x, *last).log_softmax(2).mean(1)
        ),
        "There is a ReLU before the last layer.": lambda: F.linear(x.mean(1).relu(), *last),
        "The positions are added after the layers; add them to the patches.": lambda: (
            F.linear((x + positions).mean(1), *last)
        ),
    })  # fmt: skip


@task("VisionTransformer", share="1/8", loans=LOANS_OF_VIT, keeps=True)
def check_vit_knows_where_patches_are(student, rng):
    """Patches in another order give other scores: each position has a vector of its own."""
    images = rng.normal(2, 3, 8, 12)
    model = student.VisionTransformer((8, 12), 4, 3, 8, 1, 2, 16, 5, 0.1)
    parts(student, model, [images], rng)
    scores, swapped = model.eval()(images), images.clone()
    swapped[:, :, :4, :4], swapped[:, :, 4:, 8:] = images[:, :, 4:, 8:], images[:, :, :4, :4]
    hint = "Add a vector for each position to the patches before the first layer."
    expect(not torch.allclose(model(swapped), scores), "Two patches were swapped, and no score changed.", hint)


@task("MixerBlock", share=60)
def check_mixer_agrees_with_the_formula(student, rng):
    """The Mixer block agrees with equation 1 of its paper."""
    x = rng.normal(2, 5, 4)
    block = student.MixerBlock(5, 4, 7, 6)
    turned = "A linear layer acts on the last axis: transpose(1, 2) before the first network, and again after it."
    with explain_errors({"RuntimeError": turned}):
        found = parts(student, block, [x], rng, shapes=[(7, 5), (5, 7), (6, 4), (4, 6)], norm=2)
    sizes = [gain.numel() for gain, _ in found["norm"]]
    expect(
        sizes == [4, 4],
        Message("The norms of MixerBlock(5, 4, 7, 6) have {sizes} numbers.", sizes=sizes),
        "Both norms act on the channels of each token: nn.LayerNorm(channels_dim), before any transpose.",
    )

    def norm_last(which: int) -> Tensor:
        """Apply one of the norms after its sum."""
        (t1, t2, c1, c2), (n1, n2) = found["linear"], found["norm"]
        y = F.layer_norm(x, (4,), *n1) if which else x
        y = x + F.linear(F.gelu(F.linear(y.mT, *t1)), *t2).mT
        y = y if which else F.layer_norm(y, (4,), *n1)
        z = y if which else F.layer_norm(y, (4,), *n2)
        y = y + F.linear(F.gelu(F.linear(z, *c1)), *c2)
        return F.layer_norm(y, (4,), *n2) if which else y

    expect_close(block(x), mixed(x, found), rtol=1e-4, mistakes={
        "The first norm comes after the sum; here it comes before the network.": lambda: norm_last(0),
        "The second norm comes after the sum; here it comes before the network.": lambda: norm_last(1),
        "The nonlinearity is a ReLU; it must be GELU.": lambda: mixed(x, found, nonlinearity=torch.relu),
        "The nonlinearity is an approximation of GELU; use nn.GELU() as it is.": (
            lambda: mixed(x, found, nonlinearity=partial(F.gelu, approximate="tanh"))
        ),
        "The nonlinearity is missing: it is GELU.": lambda: mixed(x, found, nonlinearity=torch.clone),
        "The residual connections are missing.": lambda: mixed(x, found, residuals=(0, 0)),
        "The first residual connection is missing.": lambda: mixed(x, found, residuals=(0, 1)),
        "The second residual connection is missing.": lambda: mixed(x, found, residuals=(1, 0)),
        "The second network takes its input without the norm.": lambda: mixed(x, found, normed=(True, False)),
        "The first network takes its input without the norm.": lambda: mixed(x, found, normed=(False, True)),
        "After the first network, transpose; a reshape mixes tokens and channels up.": (
            lambda: mixed(x, found, back=lambda z: z.reshape(x.shape))
        ),
        "A residual connection adds the normalised numbers; add what came in before the norm.": (
            lambda: mixed(x, found, adds_normed=(False, True))
        ),
        "Both residual connections add the normalised numbers; add what came in before the norms.": (
            lambda: mixed(x, found, adds_normed=(True, True))
        ),
    })  # fmt: skip

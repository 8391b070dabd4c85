"""Public checks of style_transfer: losses and Gram matrices, against loops and worked numbers."""

import torch
from oracles_style import LOANS_OF_GRAM, LOOPS, distance_to_copies, gram, guided_gram, squares, variation

from autograder import Message, expect, expect_close, expect_equal, expect_shape, forbid, task
from common.data import textures
from common.nets.scene_net import SceneNet, activations, preprocess


@task("content_loss", share=50, any_dtype=True)
def check_content_loss_is_a_sum(student, rng):
    """The content loss is the weight times the sum of squared differences."""
    a, b = rng.normal(1, 3, 4, 5, dtype=torch.float32), rng.normal(1, 3, 4, 5, dtype=torch.float32)
    right = 0.7 * squares(a, b)
    expect_close(student.content_loss(0.7, a, b), right, mistakes={
        "Take the sum, not the mean.": right / a.numel(),
        "The weight is missing.": right / 0.7,
        "Use the squares of the differences, not their absolute values.": 0.7 * (a - b).abs().sum(),
        "Use the squared differences, without a root.": 0.7 * squares(a, b).sqrt(),
        "There is no factor of one half.": right / 2,
        "Multiply by the weight, not by its square.": 0.49 * squares(a, b),
    })  # fmt: skip


@task("gram_matrix", share="2/6", any_dtype=True)
def check_gram_matrix_of_two_places(student, rng):
    """The worked example, and matrices of a batch, are right; without normalisation nothing is divided."""
    example = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]], device=rng.device)
    expect_close(student.gram_matrix(example, False), torch.tensor([[[5.0, 11.0], [11.0, 25.0]]], device=rng.device),
                 name="the example, not normalised", mistakes={
        "With normalize=False, nothing is divided.":
            torch.tensor([[[1.25, 2.75], [2.75, 6.25]]], device=rng.device),
        "The matrix has a row for each channel, not for each place.":
            torch.tensor([[[10.0, 14.0], [14.0, 20.0]]], device=rng.device),
        "Do not subtract the mean: this is a covariance.": torch.full((1, 2, 2), 0.5, device=rng.device),
    })  # fmt: skip
    N, C, H, W = 2, 3, 4, 5
    features = rng.normal(N, C, H, W, dtype=torch.float32)
    found, right = student.gram_matrix(features), gram(features)
    merged = right.sum(dim=0)
    expect_close(found, right, name="two images", mistakes={
        "Each image has its own matrix: the images were added up.": merged,
        "Each image has its own matrix: the images were added up and divided by N.": merged / N,
        "Each image has its own matrix; all images were merged.": merged[None],
        "N does not belong into the normalisation.": right / N,
        "Divide by C * H * W: C is missing.": right * C,
        "With normalize=True, divide by C * H * W.": right * C * H * W,
        "Divide by C * H * W; H * W is missing.": right * H * W,
        "Do not subtract the mean: this is a covariance.": lambda: gram(features - features.mean((2, 3), keepdim=True)),
        "Reshape to (N, C, H * W): in another order, channels and places get mixed.":
            lambda: scrambled(features) / (C * H * W),
    })  # fmt: skip


def scrambled(features):
    """Return the product of features whose places were read as channels."""
    N, C, H, W = features.shape
    flat = features.reshape(N, H * W, C).transpose(1, 2)
    return flat @ flat.transpose(1, 2)


@task("gram_matrix", share="1/6", any_dtype=True)
def check_gram_matrix_has_no_loop(student, rng):
    """The Gram matrices of a batch need no loop."""
    forbid(student, "gram_matrix", loops=LOOPS)
    expect_shape(student.gram_matrix(rng.normal(2, 3, 4, 5, dtype=torch.float32)), (2, 3, 3))


def layers(rng, dtype=torch.float32) -> list[torch.Tensor]:
    """Draw features of four layers."""
    shapes = ((1, 2, 6, 5), (1, 3, 3, 4), (1, 2, 6, 5), (1, 4, 2, 2))
    return [rng.normal(*shape, dtype=dtype) for shape in shapes]


@task("style_loss", share=40, any_dtype=True, loans=LOANS_OF_GRAM)
def check_style_loss_of_chosen_layers(student, rng):
    """The style loss adds up the weighted differences of the chosen layers."""
    feats, others = layers(rng), layers(rng)
    chosen, weights = [2, 1], [3.0, 0.5]
    targets = [gram(others[n]) for n in chosen]
    each = [squares(gram(feats[n]), target) for n, target in zip(chosen, targets, strict=True)]
    right = sum(weight * value for weight, value in zip(weights, each, strict=True))
    sizes = [target.numel() for target in targets]
    expect_close(student.style_loss(feats, chosen, targets, weights), right, mistakes={
        "The weights are missing.": sum(each),
        "This is the loss of the first chosen layer alone.": weights[0] * each[0],
        "This is the loss of the last chosen layer alone; add all up.": weights[1] * each[1],
        "Take the sum of the squares, not their mean.":
            sum(w * v / n for w, v, n in zip(weights, each, sizes, strict=True)),
        "Take the sum over the layers, not the mean.": right / 2,
        "The Gram matrices of the loss are normalised.": sum(
            w * squares(gram(feats[n], False), t) for n, t, w in zip(chosen, targets, weights, strict=True)
        ),
        "Target i belongs to feats[style_layers[i]], not to feats[i].": lambda: weights[0] * squares(
            gram(feats[0]), targets[0]) + weights[1] * squares(gram(feats[1]), targets[1]),
        "The weight multiplies the sum of squares; it was squared, too.":
            sum(w * w * v for w, v in zip(weights, each, strict=True)),
    })  # fmt: skip


@task("tv_loss", share=50, any_dtype=True)
def check_total_variation_of_bright_pixels(student, rng):
    """A constant image has none, one bright pixel 4 v^2, and a random image what a loop over pairs gives."""
    flat = torch.full((1, 3, 4, 5), 0.3, device=rng.device)
    expect_close(student.tv_loss(flat, 2.0), torch.zeros((), device=rng.device), name="a constant image")
    spike = torch.zeros(1, 3, 5, 6, device=rng.device)
    spike[0, 1, 2, 3] = 2.5
    img = rng.normal(1, 3, 4, 6, dtype=torch.float32)
    weight = 0.3
    for name, x, total in (("one bright pixel", spike, 25.0), ("a random image", img, variation(img))):
        total = torch.as_tensor(total, device=rng.device)
        across, down = x.diff(dim=3), x.diff(dim=2)
        expect_close(student.tv_loss(x, weight), weight * total, name=Message(name), mistakes={
            "The differences downwards are missing.": weight * across.square().sum(),
            "The differences to the right are missing.": weight * down.square().sum(),
            "Take the sums, not the means.": weight * (across.square().mean() + down.square().mean()),
            "Use the squares of the differences, not their absolute values.":
                weight * (across.abs().sum() + down.abs().sum()),
            "The root is not part of this loss.": weight * total.sqrt(),
            "The weight is missing.": total,
            "Count each pair of neighbours once.": 2 * weight * total,
            "Pixels at opposite borders do not touch: roll wraps around.":
                weight * sum((x - x.roll(1, axis)).square().sum() for axis in (2, 3)),
            "Add the channels up, do not average them.": weight * total / 3,
            "Both sums count: their product was taken.": weight * across.square().sum() * down.square().sum(),
        })  # fmt: skip


STYLE_LAYERS = [0, 1, 4, 7]
MODEL = "from common.nets.scene_net import SceneNet\n\ndef trained(like):\n    return SceneNet().to(like)\n"


def relative(model, x, texture) -> float:
    """Compute the relative differences of Gram matrices, added up over the layers."""
    with torch.no_grad():
        pairs = [
            (f.flatten(2) @ f.flatten(2).mT, a.flatten(2) @ a.flatten(2).mT)
            for f, a in zip(activations(model, x, STYLE_LAYERS), activations(model, texture, STYLE_LAYERS), strict=True)
        ]
    return float(sum(squares(f, a) / a.square().sum() for f, a in pairs))


@task("texture_synthesis", share=25, any_dtype=True, seconds=60, loans=LOANS_OF_GRAM, may_seed=True)
def check_texture_has_the_gram_matrices(student, rng):
    """After 120 steps, the relative differences of Gram matrices are less than a sixth of those of noise."""
    texture = preprocess(textures.draw("blobs", seed=rng.key(), size=16)[None])
    model = student.define(MODEL).trained(torch.zeros(1, device=rng.device))
    found = student.texture_synthesis(model, texture.to(rng.device), STYLE_LAYERS, steps=120, seed=3)
    expect_shape(found, (1, 3, 16, 16))
    found, own = found.float().cpu(), SceneNet()
    expect(bool(found.isfinite().all()), "The texture contains nan or infinity.")
    expect(float(found.abs().max()) <= 2 + 1e-4, "The texture has values outside of [-2, 2].", "Clamp after each step.")
    noise = relative(own, 0.5 * rng.normal(1, 3, 16, 16, dtype=torch.float32).cpu(), texture)
    ratio = noise / max(relative(own, found, texture), 1e-12)
    expect(
        distance_to_copies(found, texture) > 0.1,
        "This is the texture itself, perhaps moved by some pixels.",
        "Start from noise, and compare Gram matrices only.",
    )
    expect(
        ratio >= 6,
        Message("The differences of the Gram matrices became {ratio} times smaller.", ratio=round(ratio, 1)),
        "They should become at least 6 times smaller. Compare Gram matrices of all layers in `layers`, in each of the "
        "steps, and divide each layer's sum by the sum of squares of its target. Try L-BFGS, or Adam with a learning "
        "rate of 0.1.",
    )


@task("guided_gram_matrix", share="2/3", any_dtype=True)
def check_guided_gram_matrix_of_two_regions(student, rng):
    """Each region has the Gram matrix of its masked features; no loop is needed."""
    forbid(student, "guided_gram_matrix", loops=LOOPS)
    N, R, C, H, W = 2, 2, 3, 4, 5
    features = rng.normal(N, R, C, H, W, dtype=torch.float32)
    masks = rng.uniform(N, R, H, W, dtype=torch.float32)
    plain = torch.stack([gram(features[:, r]) for r in range(R)], dim=1)
    right = guided_gram(features, masks)
    expect_close(student.guided_gram_matrix(features, masks), right, mistakes={
        "Multiply the features by the masks before the product.": plain,
        "Multiply the features by the masks before the product, not the matrices after it.":
            plain * masks.mean(dim=(2, 3))[:, :, None, None],
        "The mask counts in both factors of the product.": guided_gram(features, masks.sqrt()),
        "Divide by C * H * W, whatever the size of the region is.":
            right * H * W / masks.sum(dim=(2, 3))[:, :, None, None],
        "Divide by C * H * W; R does not belong there.": right / R,
        "With normalize=True, divide by C * H * W.": right * C * H * W,
        "Each region has its own matrix; they were added up.": right.sum(dim=1),
    })  # fmt: skip


@task("guided_style_loss", share=50, any_dtype=True, loans=LOANS_OF_GRAM)
def check_guided_style_loss_of_chosen_layers(student, rng):
    """The loss adds up the weighted differences of chosen layers, each with the masks of its layer."""
    shapes = ((1, 2, 2, 4, 3), (1, 2, 2, 4, 3), (1, 2, 3, 4, 3))
    feats = [rng.normal(*shape, dtype=torch.float32) for shape in shapes]
    masks = [rng.uniform(shape[0], shape[1], *shape[3:], dtype=torch.float32) for shape in shapes]
    chosen, weights = [2, 1], [2.0, 30.0]
    targets = [rng.normal(1, 2, shapes[n][2], shapes[n][2], dtype=torch.float32) for n in chosen]
    each = [squares(guided_gram(feats[n], masks[n]), t) for n, t in zip(chosen, targets, strict=True)]
    right = sum(w * v for w, v in zip(weights, each, strict=True))
    expect_close(student.guided_style_loss(feats, chosen, targets, weights, masks), right, mistakes={
        "The weights are missing.": sum(each),
        "The Gram matrices of the loss are normalised.": sum(
            w * squares(guided_gram(feats[n], masks[n], False), t)
            for n, t, w in zip(chosen, targets, weights, strict=True)
        ),
        "This is the loss of the last chosen layer alone; add all up.": weights[1] * each[1],
        "Take the sum over the layers, not the mean.": right / 2,
        "Take the sum over the regions, not the mean.": right / 2,
        "The masks have an entry for each layer of feats: index them by the layer.": lambda: weights[0] * squares(
            guided_gram(feats[2], masks[0]), targets[0]
        ) + weights[1] * squares(guided_gram(feats[1], masks[1]), targets[1]),
    })  # fmt: skip


PHI = """
import torch
from torch import nn

def phi(weight, bias, frozen):
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2])
    conv.load_state_dict({"weight": weight, "bias": bias})
    return nn.Sequential(conv.to(weight), nn.ReLU()).requires_grad_(not frozen).eval()

def slope(f, phi, a, b):
    a = a.clone().requires_grad_()
    with torch.enable_grad():
        loss = f(phi, a, b)
    return torch.autograd.grad(loss, a)[0] if loss.requires_grad else torch.zeros_like(a)
"""


@task("perceptual_loss", share=50, any_dtype=True)
def check_perceptual_loss_compares_features(student, rng):
    """The loss is the mean of the squared differences of features; the gradient reaches the images."""
    weight, bias = rng.normal(4, 3, 3, 3, dtype=torch.float32), rng.normal(4, dtype=torch.float32)
    a, b = rng.normal(2, 3, 6, 5, dtype=torch.float32), rng.normal(2, 3, 6, 5, dtype=torch.float32)
    helper = student.define(PHI)
    model = helper.phi(weight, bias, True)
    seen = student.inspect(student.perceptual_loss, model, a, b)
    features = [torch.conv2d(x, weight, bias).relu() for x in (a, b)]
    right = squares(*features) / features[0].numel()
    expect_close(seen.value, right, mistakes={
        "Take the mean, not the sum.": squares(*features),
        "Compare the features of the images, not the images.": squares(a, b) / a.numel(),
        "Use the squares of the differences, not their absolute values.": (features[0] - features[1]).abs().mean(),
        "Divide by the number of all features, not by the number of images alone.": squares(*features) / len(a),
    })  # fmt: skip
    expect_equal(seen.args[1:], (a, b), name="the images after the call")
    found = helper.slope(student.perceptual_loss, model, a, b)
    none = "No gradient reaches the images: torch.no_grad() and detach() cut them off, too."
    expect(bool(found.any()), "The gradient in a is 0 everywhere.", none)

"""Hidden checks of style_transfer: gradients, other sizes and dtypes, regions, and synthetic textures."""

import torch
from check_style_transfer import MODEL, PHI, STYLE_LAYERS
from oracles_style import LOANS_OF_GRAM, gram, guided_gram, squares, variation

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    expect_unchanged,
    task,
)
from common.data import textures
from common.nets.scene_net import preprocess


@task("content_loss", share=50)
def check_content_loss_and_its_gradient(student, rng):
    """Values and gradients of the content loss are right for other sizes and dtypes; a weight of 0 gives 0."""
    for shape, weight in (((1, 1, 1, 7), 5e-2), ((1, 8, 3, 2), 40.0), ((1, 2, 5, 4), 0.0)):
        a, b = rng.normal(*shape), rng.normal(*shape)
        seen = student.inspect(student.content_loss, weight, a, b)
        expect_shape(seen.value, ())
        expect_close(seen.value, torch.as_tensor(weight * squares(a, b), dtype=a.dtype))
        expect_unchanged(seen, weight, a, b)
        if weight:
            helper = student.define("def times(f, weight):\n    return lambda a, b: f(weight, a, b)\n")
            expect_same_gradients(
                student, rng, helper.times(student.content_loss, weight), lambda a, b, w=weight: w * squares(a, b), a, b
            )


@task("gram_matrix", share="2/6")
def check_gram_matrices_and_their_gradient(student, rng):
    """Values and gradients are right for one image, several, a strange shape, and features that are a view."""
    for shape in ((1, 4, 3, 5), (3, 2, 7, 1), (2, 1, 2, 6)):
        features = rng.normal(*shape)
        seen = student.inspect(student.gram_matrix, features)
        expect_close(seen.value, gram(features), name=Message("features of shape {shape}", shape=shape))
        expect_equal(seen.args[0], features, name="the features after the call")
        expect_same_gradients(student, rng, student.gram_matrix, gram, features)
    view = rng.normal(5, 4, 2, 3).permute(2, 0, 3, 1)
    expect_close(student.gram_matrix(view), gram(view), name="features that are a view")


@task("gram_matrix", share="1/6", any_dtype=True)
def check_gram_matrix_without_normalisation(student, rng):
    """Without normalisation, values are sums of products for any size."""
    for shape in ((1, 3, 4, 4), (2, 5, 1, 2)):
        features = rng.normal(*shape, dtype=torch.float32)
        expect_close(student.gram_matrix(features, normalize=False), gram(features, False))


@task("style_loss", share=40, loans=LOANS_OF_GRAM)
def check_style_loss_and_its_gradient(student, rng):
    """Values and gradients are right for layers in any order, for one layer twice, and for one layer."""
    shapes = ((1, 2, 4, 5), (1, 3, 3, 2), (1, 4, 2, 2))
    helper = student.define("def over(f, *rest):\n    return lambda *feats: f(list(feats), *rest)\n")
    for chosen, weights in (([2, 0, 1], [1.0, 20.0, 0.3]), ([1], [5.0]), ([0, 0], [1.0, 2.0])):
        feats = [rng.normal(*shape) for shape in shapes]
        targets = [gram(rng.normal(*shapes[n])) for n in chosen]

        def formula(*feats, chosen=chosen, targets=targets, weights=weights):
            rows = zip(chosen, targets, weights, strict=True)
            return sum(w * squares(gram(feats[n]), t) for n, t, w in rows) + 0 * sum(f.sum() for f in feats)

        found = student.style_loss(feats, chosen, targets, weights)
        expect_close(found, formula(*feats), name=Message("layers {layers}", layers=chosen))
        expect_same_gradients(student, rng, helper.over(student.style_loss, chosen, targets, weights), formula, *feats)


@task("style_loss", share=20, any_dtype=True, loans=LOANS_OF_GRAM)
def check_style_loss_leaves_its_lists_alone(student, rng):
    """The loss is 0 for the style image itself, and lists and tensors stay as they are."""
    feats = [rng.normal(1, 2, 3, 4), rng.normal(1, 3, 2, 2)]
    targets = [gram(feats[1]), gram(feats[0])]
    seen = student.inspect(student.style_loss, feats, [1, 0], targets, [1.0, 2.0])
    expect_close(seen.value, torch.zeros((), dtype=feats[0].dtype), check_dtype=False)
    expect_unchanged(seen, feats, [1, 0], targets, [1.0, 2.0])


@task("tv_loss", share=50)
def check_total_variation_and_its_gradient(student, rng):
    """Values and gradients are right for other sizes, also for one row or one column; the image stays."""
    helper = student.define("def times(f, weight):\n    return lambda img: f(img, weight)\n")
    for H, W, weight in ((3, 5, 5e-2), (1, 6, 2.0), (4, 1, 1.0), (7, 2, 0.3)):
        img = rng.normal(1, 3, H, W)
        seen = student.inspect(student.tv_loss, img, weight)
        expect_shape(seen.value, ())
        expect_close(seen.value, weight * variation(img), name=Message("{H} x {W} pixels", H=H, W=W))
        expect_unchanged(seen, img, weight)
        expect_same_gradients(
            student, rng, helper.times(student.tv_loss, weight), lambda x, w=weight: w * variation(x), img
        )


@task("guided_gram_matrix", share="1/3")
def check_guided_gram_matrices_and_their_gradient(student, rng):
    """Masks of ones give plain Gram matrices; disjoint masks add up to them; gradients are right."""
    features = rng.normal(2, 1, 3, 4, 5).expand(-1, 3, -1, -1, -1).contiguous()
    masks = torch.zeros(2, 3, 4, 5, dtype=features.dtype, device=rng.device)
    masks[:, 0, :2], masks[:, 1, 2:], masks[:, 2] = 1, 1, 1
    seen = student.inspect(student.guided_gram_matrix, features, masks)
    found = seen.value
    expect_close(found, guided_gram(features, masks))
    expect_close(found[:, 2], gram(features[:, 0]), name="a region with a mask of ones")
    expect_close(found[:, 0] + found[:, 1], gram(features[:, 0]), name="the sum of two disjoint regions")
    expect_unchanged(seen, features, masks)
    other = rng.normal(1, 2, 2, 3, 2), rng.uniform(1, 2, 3, 2)
    found = student.guided_gram_matrix(*other, False)
    expect_close(found, guided_gram(*other, False), name="not normalised", mistakes={
        "With normalize=False, nothing is divided.": guided_gram(*other),
    })  # fmt: skip
    expect_same_gradients(student, rng, student.guided_gram_matrix, guided_gram, *other)
    single = rng.normal(2, 1, 1, 3, 4), rng.uniform(2, 1, 3, 4)
    expect_close(student.guided_gram_matrix(*single), guided_gram(*single), name="one region, one channel")


@task("guided_style_loss", share=50, loans=LOANS_OF_GRAM)
def check_guided_style_loss_and_its_gradient(student, rng):
    """Values and gradients are right for one region and for three, for layers in any order."""
    for R, chosen in ((1, [1]), (3, [1, 0])):
        shapes = ((1, R, 2, 3, 4), (1, R, 3, 2, 2))
        feats = [rng.normal(*shape) for shape in shapes]
        masks = [rng.uniform(1, R, *shape[3:]) for shape in shapes]
        targets, weights = [rng.normal(1, R, shapes[n][2], shapes[n][2]) for n in chosen], [4.0, 0.1][: len(chosen)]

        def formula(*feats, chosen=chosen, targets=targets, weights=weights, masks=masks):
            rows = zip(chosen, targets, weights, strict=True)
            total = sum(w * squares(guided_gram(feats[n], masks[n]), t) for n, t, w in rows)
            return total + 0 * sum(f.sum() for f in feats)

        helper = student.define("def over(f, *rest):\n    return lambda *feats: f(list(feats), *rest)\n")
        f = helper.over(student.guided_style_loss, chosen, targets, weights, masks)
        expect_close(student.guided_style_loss(feats, chosen, targets, weights, masks), formula(*feats))
        expect_same_gradients(student, rng, f, formula, *feats)


PASSES = (
    PHI
    + """
def through(loss, model, a, b):
    before = [p.requires_grad for p in model.parameters()]
    a, b = a.clone().requires_grad_(), b.clone().requires_grad_()
    with torch.enable_grad():
        value = loss(model, a, b)
        if value.requires_grad:
            value.backward()
    same = [p.requires_grad for p in model.parameters()] == before
    none = all(p.grad is None for p in model.parameters())
    grads = [torch.zeros_like(x) if x.grad is None else x.grad for x in (a, b)]
    return value.detach(), grads, same, none
"""
)


@task("perceptual_loss", share=50)
def check_perceptual_loss_reaches_images_only(student, rng):
    """The gradient reaches both images through the network; weights that could have gradients get none."""
    weight, bias = rng.normal(3, 2, 3, 3), rng.normal(3)
    a, b = rng.normal(2, 2, 5, 6), rng.normal(2, 2, 5, 6)
    helper = student.define(PASSES)
    leaves = [x.clone().requires_grad_() for x in (a, b)]
    with torch.enable_grad():
        features = [torch.conv2d(x, weight, bias).relu() for x in leaves]
        right = squares(*features) / features[0].numel()
        wanted = torch.autograd.grad(right, leaves)
    for frozen in (False, True):
        phi = helper.phi(weight, bias, frozen).train(frozen)
        with expect_state_kept(student, phi=phi, may_change=("grads", "requires_grad")):
            value, grads, same, none = helper.through(student.perceptual_loss, phi, a, b)
        expect_close(value, right.detach())
        expect_close(grads[0], wanted[0], name="the gradient in a", mistakes={
            "No gradient reaches the images: torch.no_grad() and detach() cut them off, too.": torch.zeros_like(a),
        })  # fmt: skip
        expect_close(grads[1], wanted[1], name="the gradient in b", mistakes={
            "No gradient reaches b: do not detach its features.": torch.zeros_like(b),
        })  # fmt: skip
        expect(none is True, "Weights of phi got gradients.", "Switch their requires_grad off while you compute.")
        expect(same is True, "The weights' requires_grad is not as before.", "Set it back after the computation.")


@task("texture_synthesis", share=25, any_dtype=True, seconds=60, loans=LOANS_OF_GRAM, may_seed=True)
def check_textures_follow_their_seed(student, rng):
    """Equal seeds give equal textures, others differ, of any size; the original and the network stay as they are."""
    texture = preprocess(textures.draw("cells", seed=rng.key(), size=24)[None])[..., :20].contiguous().to(rng.device)
    model = student.define(MODEL).trained(torch.zeros(1, device=rng.device))
    with expect_state_kept(student, model=model):
        seen = student.inspect(student.texture_synthesis, model, texture, STYLE_LAYERS, 6, 5)
    expect_equal(seen.args[1], texture, name="the texture after the call")
    again = student.texture_synthesis(model, texture, STYLE_LAYERS, 6, 5)
    expect_close(again, seen.value, rtol=1e-2, atol=1e-2, name="the texture of the same seed")
    expect_shape(seen.value, texture.shape)
    other = student.texture_synthesis(model, texture, STYLE_LAYERS, 6, 8)
    expect_shape(other, texture.shape)
    expect(
        float((other - again).abs().mean()) > 0.05, "Two seeds gave the same texture.", "Draw the noise by the seed."
    )
    colours = student.texture_synthesis(model, texture, [0], 6, 5)
    expect(
        float((colours - again).abs().mean()) > 0.02,
        "Other layers gave the same texture.",
        "Compare the Gram matrices of the layers in `layers`.",
    )

"""Public checks of maximal patches, feature inversion, DeepDream, and neighbours in feature space."""

import torch
from oracles_maps import HELPERS, best_patches, run
from oracles_networks import Net, slope

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_type, is_sequence, task


def conv(rng, before: int, after: int, kernel: int, stride: int = 1, padding: int = 0, dtype=torch.float32):
    """Draw a convolution for a recipe."""
    return ["conv", rng.normal(after, before, kernel, kernel, dtype=dtype), rng.normal(after, dtype=dtype), stride,
            padding]  # fmt: skip


FIELD = (
    "The first pixel is the unit's place times the jump, less each padding times the jump before its layer. Poolings "
    "have kernels, too. At the end, clip both corners to the image."
)


@task("maximal_patches", share=40, any_dtype=True, keeps=True)
def check_patches_after_convolutions(student, rng):
    """After two convolutions and a ReLU, the best images come in order, with boxes of what the best units see."""
    recipe, k = [conv(rng, 2, 3, 3, stride=2), ["relu"], conv(rng, 3, 4, 3)], 4
    for _ in range(100):  # until the best units are not all in different images
        X, channel = rng.normal(6, 2, 13, 11, dtype=torch.float32), rng.int(0, 4)
        maps = run(recipe, X)[:, channel].flatten(1)
        several = maps.flatten().sort(descending=True).indices[:k] // maps.shape[1]
        if len(several.unique()) < k:
            break
    images, boxes = best_patches(recipe, X, channel, k)
    layers = student.hold(student.define(HELPERS).layers, recipe)
    found = student.maximal_patches(layers, X, channel, k)
    expect(
        is_sequence(found) and len(found) == 2,
        "maximal_patches must return two tensors: the numbers of the images, and their boxes.",
    )
    means = maps.mean(dim=1).sort(descending=True).indices[:k]
    lowest = maps.max(dim=1).values.sort().indices[:k]
    expect_equal(found[0], torch.tensor(images, device=rng.device), name="the images", mistakes={
        "The activation of an image is the largest of the channel, not the mean.": means,
        "The image with the largest activation comes first.": lowest,
        "Each image occurs once: take the largest activation of each image first.": several,
    })  # fmt: skip
    right = torch.tensor(boxes, device=rng.device)
    swapped = right[:, [1, 0, 3, 2]]
    expect_shape(found[1], (k, 4), name="the boxes")
    units = maps[images].argmax(dim=1)
    width = run(recipe, X).shape[3]
    at = torch.stack([units % width, units // width], dim=1)
    expect_equal(found[1], right, name="the boxes", mistakes={
        "The box is x0, y0, x1, y1: the column comes first.": swapped,
        "x1 and y1 are the first pixels behind the box: x0 and y0 plus the size.":
            right - right.new_tensor([0, 0, 1, 1]),
        "This is the field of the last layer alone; go back through all layers.":
            torch.cat([at, at + 3], dim=1),
        "The unit's place is multiplied by the jump of the layers, the product of the strides.":
            torch.cat([at, at + 7], dim=1),
        "A kernel adds (k - 1) times the jump to the size, not k - 1.": torch.cat([2 * at, 2 * at + 5], dim=1),
        "A kernel adds (k - 1) times the old jump, before the stride of its layer.":
            torch.cat([2 * at, 2 * at + 9], dim=1).minimum(right.new_tensor([11, 13, 11, 13])),
    }, hint=FIELD)  # fmt: skip


ADAM = "In each of all steps: the loss, with tv_weight times the total variation; its gradient alone; a step of Adam."


@task("feature_inversion", share=50, any_dtype=True)
def check_inversion_of_a_linear_map(student, rng):
    """With a linear map that can be inverted, the image is found, and the loss falls from step to step."""
    shape = (1, 2, 3, 3)
    matrix = torch.eye(18, dtype=torch.float32, device=rng.device) + 0.05 * rng.normal(18, 18, dtype=torch.float32)
    image = 0.5 * rng.normal(*shape, dtype=torch.float32)
    start = image + 0.3 * rng.normal(*shape, dtype=torch.float32)
    phi = student.define(HELPERS).product(matrix)
    target = image.flatten(1) @ matrix.T
    found = student.feature_inversion(phi, target, start, 300)
    expect(
        is_sequence(found) and len(found) == 2 and is_sequence(found[1]),
        "feature_inversion must return the image and the list of losses.",
    )
    x, losses = found
    expect(len(losses) == 300, Message("There are {count} losses for 300 steps.", count=len(losses)))
    expect_type(losses[0], float, name="the first loss")
    first = (start.flatten(1) @ matrix.T - target).square()
    expect_close(losses[0], float(first.sum() / target.square().sum()), rtol=1e-3, check_dtype=False,
        name="the loss before the first step", mistakes={
            "Divide the sum of squared differences by the sum of squares of the target.": float(first.sum()),
            "These are means; divide one sum by the other, or one mean by the other.": float(first.mean()),
            "Use the squares of the norms, not the norms.": float((first.sum() / target.square().sum()).sqrt()),
        })  # fmt: skip
    expect_close(x, image, atol=1e-3, rtol=0, check_dtype=False, name="the image after 300 steps", mistakes={
        "The image is still the start.": start,
    }, hint=ADAM)  # fmt: skip


@task("deepdream_step", share="2/3", any_dtype=True)
def check_dream_raises_half_the_squares(student, rng):
    """One step follows the gradient of half the sum of squares, divided by the mean of its absolute values."""
    net = Net.draw(rng, 2, 4, 5, 3, torch.float32)
    x, lr = rng.normal(1, 2, 8, 7, dtype=torch.float32), 0.3
    layer = student.define("def maps(model):\n    return model.features\n").maps(net.held(student))
    seen = student.inspect(student.deepdream_step, layer, x, lr)

    def moved(g, size=None, sign=1.0):
        return x + sign * lr * g / (g.abs().mean() if size is None else size)

    g = slope(lambda at: net.features(at).square() / 2, x)
    expect_close(seen.value, moved(g), mistakes={
        "The gradient of half the sum of squares starts with the activations, not with ones.":
            lambda: moved(slope(net.features, x)),
        "Go uphill: add the step.": moved(g, sign=-1.0),
        "Divide by the mean of the absolute values, not by the norm.": moved(g, g.norm()),
        "Divide by the mean of the absolute values, not by the mean.": moved(g, g.mean()),
        "Divide by the mean of the absolute values, not by the standard deviation.": moved(g, g.std()),
        "Divide by the mean of the absolute values, not by the largest one.": moved(g, g.abs().max()),
        "Divide the gradient by the mean of its absolute values.": moved(g, 1.0),
        "x is the same as before: return x plus the step.": x,
        "Return x plus the step, not the step alone.": moved(g) - x,
    })  # fmt: skip
    expect_equal(seen.args[1], x, name="x after the call")


@task("nearest_in_feature_space", share="1/3", any_dtype=True, keeps=True)
def check_neighbours_by_features(student, rng):
    """The nearest images by Euclid's distance of their features come first."""
    matrix = rng.normal(5, 12, dtype=torch.float32)
    queries, gallery = rng.normal(3, 3, 2, 2, dtype=torch.float32), rng.normal(9, 3, 2, 2, dtype=torch.float32)
    f = student.define(HELPERS).product(matrix)
    found = student.nearest_in_feature_space(f, queries, gallery, 4)
    a, b = queries.flatten(1) @ matrix.T, gallery.flatten(1) @ matrix.T

    def order(table):
        return table.sort(dim=1).indices[:, :4]

    distances = torch.cdist(a.double(), b.double())
    expect_equal(found, order(distances), mistakes={
        "The nearest come first, not the farthest.": order(-distances),
        "These are neighbours by pixels; compare the features.":
            order(torch.cdist(queries.flatten(1).double(), gallery.flatten(1).double())),
        "The distance is Euclid's, not the cosine.":
            order(-torch.nn.functional.normalize(a, dim=1) @ torch.nn.functional.normalize(b, dim=1).T),
        "The distance is Euclid's, not the sum of absolute differences.": order(torch.cdist(a, b, p=1)),
        "Compare distances, not products of features.": order(-a @ b.T),
        "The nearest image was left out: the queries are not in the gallery.":
            distances.sort(dim=1).indices[:, 1:5],
    })  # fmt: skip

"""Public checks of saliency maps, attacks and class images, on models whose gradients are known."""

import torch
from oracles_networks import Net, ascent, flat_scores, linear, slope

from autograder import Message, expect_close, expect_equal, expect_shape, expect_unchanged, task

LOSS = "This is the gradient of the cross-entropy. Differentiate the score of the right class, before the softmax."
SOFTMAX = "This is the gradient of the probability. Differentiate the score, before the softmax."


@task("compute_saliency_maps", share="2/6", any_dtype=True)
def check_saliency_of_a_linear_model(student, rng):
    """For a linear model, the map is the largest absolute weight of the right class, whatever the image is."""
    N, C, H, W, L = 3, 3, 4, 5, 6
    weights, bias = rng.normal(L, C * H * W, dtype=torch.float32), rng.normal(L, dtype=torch.float32)
    X, y = rng.normal(N, C, H, W, dtype=torch.float32), rng.permutation(L)[:N]
    maps = student.compute_saliency_maps(X, y, linear(student, weights, bias))
    own = weights[y].reshape(N, C, H, W)
    p = flat_scores(X, weights, bias).softmax(dim=1)
    loss = (p @ weights).reshape(N, C, H, W) - own
    falls = (p.gather(1, y[:, None]).reshape(N, 1, 1, 1) * loss).abs().amax(dim=1)
    everything = weights.sum(dim=0).reshape(1, C, H, W).abs().amax(dim=1).expand(N, H, W)
    highest = weights[flat_scores(X, weights, bias).argmax(dim=1)].reshape(N, C, H, W)
    expect_close(maps, own.abs().amax(dim=1), mistakes={
        LOSS: loss.abs().amax(dim=1),
        Message("{hint} (And a mean over the images was taken.)", hint=Message(LOSS)): loss.abs().amax(dim=1) / N,
        SOFTMAX: falls,
        "Take the absolute value before the maximum over the colours.": own.amax(dim=1),
        "Take the absolute value before the maximum over the colours, not after.": own.amax(dim=1).abs(),
        "Take the maximum over the colours, not the mean.": own.abs().mean(dim=1),
        "Take the maximum over the colours, not the sum.": own.abs().sum(dim=1),
        "The scores of all classes were added up; pick that of the right class of each image.": everything,
        "The scores were averaged over the images; add them up.": own.abs().amax(dim=1) / N,
        "This is the score of the class that the model predicts; use y.": highest.abs().amax(dim=1),
        "Each map was divided by its largest value; return the gradient as it is.":
            own.abs().amax(dim=1) / own.abs().amax(dim=(1, 2, 3))[:, None, None],
    })  # fmt: skip


@task("compute_saliency_maps", share="1/6", any_dtype=True)
def check_saliency_of_images_apart(student, rng):
    """In a batch, each image has the map that it has alone."""
    net = Net.draw(rng, 2, 4, 5, 3)
    X, y = rng.normal(4, 2, 7, 6), rng.integers(0, 3, 4)
    model = net.held(student)
    together = student.compute_saliency_maps(X, y, model)
    expect_shape(together, (4, 7, 6))
    for n in range(4):
        alone = slope(lambda x, n=n: net(x)[:, y[n]], X[n : n + 1]).abs().amax(dim=1)
        expect_close(together[n], alone[0], name=Message("the map of image {n} in a batch", n=n), mistakes={
            "The model was in training mode, where batch normalisation mixes the images. Leave its mode as it is.":
                lambda n=n: training_map(net, X, y)[n],
        })  # fmt: skip


def training_map(net: Net, X, y):
    """Return the maps that batch normalisation gives in training mode, without dropout."""
    v = net.values

    def scores(x):
        maps = torch.conv2d(net.before(x).relu(), v["features.2.0.weight"], v["features.2.0.bias"], stride=2)
        gain, shift = (v[f"features.2.1.{name}"] for name in ("weight", "bias"))
        return net.top(torch.batch_norm(maps, gain, shift, None, None, True, 0.1, 1e-5, False).relu())

    return slope(lambda x: scores(x).gather(1, y[:, None]), X).abs().amax(dim=1)


def easy_case(rng, dtype=torch.float32):
    """Draw a linear model, an image, and a target that takes several steps to reach."""
    W, b = rng.normal(4, 3 * 4 * 5, dtype=dtype), rng.normal(4, dtype=dtype)
    X = rng.normal(1, 3, 4, 5, dtype=dtype)
    best, target = (int(n) for n in flat_scores(X, W, b)[0].sort(descending=True).indices[[0, 3]])
    W[best] *= 1.5  # more steps
    X = X + 0.5 * W[best].reshape(X.shape)
    return W, b, X, target


@task("make_adversarial_attack", share="2/6", any_dtype=True)
def check_attack_on_a_linear_model(student, rng):
    """For a linear model, the result is X plus whole steps along one direction, as few as are needed."""
    W, b, X, target = easy_case(rng)
    found = student.make_adversarial_attack(X, target, linear(student, W, b), verbose=False)
    direction = W[target].reshape(X.shape) / W[target].norm()
    right, steps = ascent(lambda x: flat_scores(x, W, b), X, target, 100)
    raw, _ = ascent(lambda x: flat_scores(x, W, b), X, target, 100, unit=False)
    wrong = -W[int(flat_scores(X, W, b)[0].argmax())]
    expect_close(found, right, name="the image", mistakes={
        "Divide the gradient by its norm: each step has the length 1.": raw,
        "The image went on after it was taken for the target: stop before the next step.": right + direction,
        "The image went on until max_iter: stop as soon as the target has the highest score.": X + 100 * direction,
        "The last step is missing: stop when the model takes the image for the target, not before.": right - direction,
        "The image moved away from the target: add the step.": X - 100 * direction,
        "The image did not change: the new one must be used in the next step.": X,
        "Each step goes along the gradient of the target's score, not against that of the predicted class.":
            X + wrong.reshape(X.shape) / wrong.norm() * steps,
        "Divide by the 2-norm of the whole gradient, not by its largest number.":
            lambda: ascent_by(W, b, X, target, lambda g: g.abs().max()),
        "Divide by the 2-norm of the gradient, not by its square.":
            lambda: ascent_by(W, b, X, target, lambda g: g.square().sum()),
        "Divide by the 2-norm of the whole gradient; the sum of absolute values is another norm.":
            lambda: ascent_by(W, b, X, target, lambda g: g.abs().sum()),
    })  # fmt: skip


def ascent_by(W, b, X, target, size):
    """Climb with another norm, at most 100 steps."""
    step = W[target].reshape(X.shape) / size(W[target])
    for _ in range(100):
        if int(flat_scores(X, W, b)[0].argmax()) == target:
            break
        X = X + step
    return X


@task("make_adversarial_attack", share="1/6", any_dtype=True)
def check_attack_that_is_not_needed(student, rng):
    """An image of the target class comes back as it is, and the given image is never changed."""
    W, b, X, target = easy_case(rng)
    model, already = linear(student, W, b), int(flat_scores(X, W, b)[0].argmax())
    expect_equal(
        student.make_adversarial_attack(X, already, model, verbose=False), X, name="the image of the target class"
    )
    seen = student.inspect(student.make_adversarial_attack, X, target, model, 100, False)
    expect_unchanged(seen, X)


STEP = """
import torch

def steps(f, img, target, model, count, options, requires=True):
    given = img = img.clone().requires_grad_(requires)
    same = True
    for _ in range(count):
        out = f(img, target, model, **options)
        same = same and isinstance(out, torch.Tensor) and out.data_ptr() == given.data_ptr()
    return given.detach(), bool(same)
"""


@task("class_visualization_step", share=40, any_dtype=True)
def check_class_step_on_a_linear_model(student, rng):
    """One step climbs the score minus the penalty, along the normalised gradient of both, in place."""
    W, b = rng.normal(5, 2 * 4 * 3, dtype=torch.float32), rng.normal(5, dtype=torch.float32)
    img, y, reg, rate = rng.normal(1, 2, 4, 3, dtype=torch.float32), rng.int(0, 5), 0.3, 2.0
    options = {"l2_reg": reg, "learning_rate": rate}
    after, _ = student.define(STEP).steps(student.class_visualization_step, img, y, linear(student, W, b), 1, options)
    row = W[y].reshape(img.shape)

    def moved(g, sign=1.0):
        return img + sign * rate * g / g.norm()

    expect_close(after, moved(row - 2 * reg * img), name="img after the call", mistakes={
        "img is the same as before: change it in place.": img,
        "The penalty is subtracted from the score: its gradient is -2 l2_reg img.": moved(row + 2 * reg * img),
        "The derivative of the square has the factor 2.": moved(row - reg * img),
        "The penalty is missing.": moved(row),
        "Go uphill: add the step.": moved(row - 2 * reg * img, -1.0),
        "Divide the gradient by its norm.": img + rate * (row - 2 * reg * img),
        "Normalise the gradient of the whole objective, with the penalty.":
            img + rate * (row / row.norm() - 2 * reg * img),
        "The penalty is the square of the norm, not the norm.": moved(row - reg * img / img.norm()),
        "The penalty is a sum, not a mean.": moved(row - 2 * reg * img / img.numel()),
        "The learning rate is missing.": img + (moved(row - 2 * reg * img) - img) / rate,
        "Differentiate the score, not the probability.": lambda: moved(
            slope(lambda x: flat_scores(x, W, b).softmax(1)[0, y] - reg * x.square().sum(), img)
        ),
    })  # fmt: skip

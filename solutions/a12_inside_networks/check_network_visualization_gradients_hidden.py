"""Hidden checks of saliency maps, attacks and class images: networks, other sizes, and what is left behind."""

import torch
from check_network_visualization_gradients import STEP
from oracles_networks import PLAIN, Net, ascent, linear, slope

from autograder import Message, expect, expect_close, expect_state_kept, expect_unchanged, task


def maps_alone(net: Net, X, y) -> torch.Tensor:
    """Compute the map of each image alone."""
    pairs = zip(X.split(1), y.tolist(), strict=True)
    return torch.cat([slope(lambda at, label=label: net(at)[:, label], x).abs().amax(dim=1) for x, label in pairs])


def objective(net: Net, y: int, reg: float):
    """Return the score minus the penalty, as a function."""
    return lambda x: net(x)[0, y] - reg * x.square().sum()


@task("compute_saliency_maps", share="1/6")
def check_saliency_of_a_network(student, rng):
    """Maps of networks agree with a gradient for each image alone, for other sizes and dtypes; X stays."""
    for N, C, H, W, dtype in ((2, 1, 8, 5, torch.float64), (1, 4, 5, 9, torch.float32), (5, 3, 6, 6, torch.float64)):
        net = Net.draw(rng, C, 3, 4, 6, dtype)
        X, y = 10 * rng.normal(N, C, H, W, dtype=dtype), rng.integers(0, 6, N)
        seen = student.inspect(student.compute_saliency_maps, X, y, net.held(student))
        expect_close(seen.value, maps_alone(net, X, y), name=Message("the maps of {N} images", N=N))
        expect_unchanged(seen, X, y)


@task("compute_saliency_maps", share="1/6", any_dtype=True)
def check_saliency_leaves_weights_alone(student, rng):
    """A model whose weights require gradients keeps its mode, its weights and their gradients."""
    net = Net.draw(rng, 2, 3, 4, 3)
    model = net.held(student, frozen=False)
    X, y = rng.normal(2, 2, 5, 5), rng.integers(0, 3, 2)
    with expect_state_kept(student, model=model):
        maps = student.compute_saliency_maps(X, y, model)
    plain = student.define(PLAIN).plain(50, 3)
    with expect_state_kept(student, model=plain):
        student.compute_saliency_maps(X, y, plain)
    expect_close(maps, slope(lambda x: net(x).gather(1, y[:, None]), X).abs().amax(dim=1))


def above_the_first(net: Net, X, target: int) -> torch.Tensor:
    """Climb until the target's score is above that of the class that was the highest at first."""
    first = int(net(X)[0].argmax())
    return ascent(lambda x: net(x)[:, [first, target]], X, 1, 31)[0]


def climb(rng, C: int, H: int, W: int, most: int, *, rivals: bool = False):
    """Draw a network, an image and a target; return them with the image after the ascent, and its number of steps.

    The gradient vanishes at no step, and the ascent ends early or after ``most`` steps: where it moves to and fro
    around a maximum, small errors grow. With ``rivals``, a third class is the highest on the way.
    """
    for _ in range(300):
        net, X = Net.draw(rng, C, 4, 5, 4), 3 * rng.normal(1, C, H, W)
        target = int(net(X)[0].argmin())
        right, steps = ascent(net, X, target, min(most, 31))
        passed = not rivals or not bool(right.isclose(above_the_first(net, X, target)).all())
        if bool(right.isfinite().all()) and steps <= 30 and passed:
            break
    return net, X, target, right, steps


@task("make_adversarial_attack", share="1/6")
def check_attack_on_networks(student, rng):
    """The iterates on networks agree with steps of length 1; at most max_iter of them are made."""
    for C, H, W, most in ((2, 6, 7, 100), (1, 5, 4, 100), (3, 6, 6, 2), (2, 5, 5, 0)):
        net, X, target, right, steps = climb(rng, C, H, W, most, rivals=C == 1)
        seen = student.inspect(student.make_adversarial_attack, X, target, net.held(student), most, False)
        expect_close(
            seen.value, right, rtol=1e-4, name=Message("the image after {steps} steps", steps=steps), mistakes={
                "max_iter is the most steps.": lambda net=net, X=X, t=target, m=most: ascent(net, X, t, m + 1)[0],
                "Stop when the target has the highest score of all classes, not when it is above the first one.":
                    lambda net=net, X=X, t=target: above_the_first(net, X, t),
            },
        )  # fmt: skip
        expect_unchanged(seen, X)


@task("make_adversarial_attack", share="1/6", any_dtype=True)
def check_attack_leaves_the_model_alone(student, rng):
    """A model whose weights require gradients keeps its mode, its weights and their gradients."""
    net, X, target, right, _ = climb(rng, 2, 5, 6, 3)
    model = net.held(student, frozen=False)
    with expect_state_kept(student, model=model):
        found = student.make_adversarial_attack(X, target, model, max_iter=3, verbose=False)
    expect_close(found, right)


@task("class_visualization_step", share=40)
def check_class_steps_of_a_network(student, rng):
    """Several steps in a row, with the usual options or others, agree with the formula; img itself is returned."""
    helper = student.define(STEP)
    for options, count, requires in (({}, 1, True), ({"l2_reg": 0.5, "learning_rate": 0.7}, 3, True),
                                     ({"learning_rate": 2.0}, 2, False)):  # fmt: skip
        net, img = Net.draw(rng, 3, 4, 5, 4), rng.normal(1, 3, 6, 5)
        y = rng.int(0, 4)
        rate, reg = options.get("learning_rate", 25), options.get("l2_reg", 1e-3)
        right = img
        for _ in range(count):
            g = slope(objective(net, y, reg), right)
            right = right + rate * g / g.square().sum().sqrt()
        after, same = helper.steps(
            student.class_visualization_step, img, y, net.held(student), count, options, requires
        )
        expect_close(after, right, rtol=1e-4, name=Message("img after {count} calls", count=count))
        expect(same is True, "The tensor that was returned is not img.", hint="Change img in place and return it.")


@task("class_visualization_step", share=20, any_dtype=True)
def check_class_step_forgets_earlier_gradients(student, rng):
    """A gradient of an earlier call in img.grad has no effect, and the model's weights get none."""
    W, b = rng.normal(4, 2 * 3 * 3), rng.normal(4)
    img = rng.normal(1, 2, 3, 3)
    model = linear(student, W, b, frozen=False)
    helper = student.define(
        STEP + "\ndef spoilt(f, img, target, model):\n    img = img.clone().requires_grad_()\n"
        "    img.grad = torch.full_like(img, 5.0)\n    f(img, target, model, l2_reg=0.1, learning_rate=2.0)\n"
        "    return img.detach()\n"
    )
    with expect_state_kept(student, model=model):
        after = helper.spoilt(student.class_visualization_step, img, 2, model)
    g = W[2].reshape(img.shape) - 0.2 * img
    expect_close(after, img + 2 * g / g.norm(), name="img after the call")

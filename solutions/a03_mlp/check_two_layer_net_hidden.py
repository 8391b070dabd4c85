"""Hidden checks of a03, the two-layer net: other sizes, dtypes and strides, extreme scores, training on scenes."""

import torch
from oracles import (
    LOANS_OF_THE_LOSS,
    LOANS_OF_THE_SEARCH,
    READY_MADE_NETS,
    STEPS,
    forward,
    loss_and_gradients,
    random_params,
)
from oracles_training import judge_choice, judge_search

from autograder import expect, expect_close, expect_equal, expect_shape, explain_errors, forbid, task


@task("nn_forward_pass", share=40)
def check_forward_pass_on_other_inputs(student, rng):
    """The forward pass is right for one image, float32 and views, and leaves its inputs unchanged."""
    forbid(student, "nn_forward_pass", calls=READY_MADE_NETS)
    for N, D, H, C, dtype in [(1, 4, 9, 2, torch.float64), (7, 3, 2, 6, torch.float32), (5, 1, 1, 3, torch.float64)]:
        params, X = random_params(rng, [D, H, C], 1.0, dtype), rng.normal(D, N, dtype=dtype).T
        params["W1"] = params["W1"].T.contiguous().T
        seen = student.inspect(student.nn_forward_pass, params, X)
        expect_close(seen.value, forward(params, X))
        expect_equal(seen.args, (params, X), name="the inputs after the call")
    large = forward(params, 50 * X)
    cut = large[1].clamp(max=6)
    expect_close(student.nn_forward_pass(params, 50 * X), large, name="images 50 times as large", mistakes={
        "Values of the hidden layer above 6 become 6; ReLU has no upper end.": (
            cut @ params["W2"] + params["b2"], cut,
        ),
    })  # fmt: skip


@task("nn_forward_backward", share="2/11", loans=LOANS_OF_THE_LOSS)
def check_gradients_on_other_inputs(student, rng):
    """Loss and gradients are right for one image, two classes, float32 and views; inputs are unchanged."""
    forbid(student, "nn_forward_backward", calls=READY_MADE_NETS, apart=["nn_forward_pass"])
    for N, D, H, C, dtype in [(1, 4, 6, 3, torch.float64), (8, 3, 5, 2, torch.float32), (11, 2, 1, 7, torch.float64)]:
        params, X, y = random_params(rng, [D, H, C], 1.0, dtype), rng.normal(D, N, dtype=dtype).T, rng.integers(0, C, N)
        seen = student.inspect(student.nn_forward_backward, params, X, y, reg=0.05)
        expect_close(seen.value, loss_and_gradients(params, X, y, 0.05))
        expect_equal(seen.args, (params, X, y), name="the inputs after the call")


@task("nn_forward_backward", share="1/11", any_dtype=True, loans=LOANS_OF_THE_LOSS)
def check_penalty_does_not_count_images(student, rng):
    """Three copies of the same images give the same loss and gradients, penalty included."""
    params, X, y = random_params(rng, [3, 5, 4], 1.0), rng.normal(4, 3), rng.integers(0, 4, 4)
    expected = loss_and_gradients(params, X, y, 0.7)
    expect_close(student.nn_forward_backward(params, X.repeat(3, 1), y.repeat(3), reg=0.7), expected)


@task("nn_train", share="1/6", any_dtype=True)
def check_train_on_copies_of_one_image_is_plain_descent(student, rng):
    """On copies of one image every batch is the same, and training is exactly plain gradient descent."""
    forbid(student, "nn_train", calls=READY_MADE_NETS, apart=["nn_forward_pass", "nn_forward_backward"])
    params = {name: 0.3 * value for name, value in random_params(rng, [5, 6, 4], 1.0).items()}
    X, y = rng.normal(1, 5).repeat(12, 1), rng.integers(0, 4, 1).repeat(12)
    expected, losses, rate = dict(params), [], 0.05
    for iteration in range(8):
        loss, grads = loss_and_gradients(expected, X, y, 0.02)
        losses.append(float(loss))
        if iteration == 7:
            break  # the loss after the last step
        expected = {name: value - rate * grads[name] for name, value in expected.items()}
        if iteration % 3 == 0:
            rate *= 0.8
    steps = student.define(STEPS)
    seen = student.inspect(
        student.nn_train, params, steps.regularised, steps.best_class, X, y, X, y,
        learning_rate=0.05, learning_rate_decay=0.8, reg=0.02, num_iters=7, batch_size=4, verbose=False,
    )  # fmt: skip
    expect_close(seen.args[0], expected, name="params after training")
    expect(type(seen.value) is dict and "loss_history" in seen.value, "The result is not a dict with loss_history.")
    expect_close(seen.value["loss_history"], losses[:7], name="loss_history", mistakes={
        "These are the losses after each step; record the loss before it.": losses[1:],
    })  # fmt: skip
    expect(
        all(isinstance(loss, int | float) for loss in seen.value["loss_history"]),
        "loss_history has tensors; it should have numbers.",
        hint="Append float(loss), or loss.item().",
    )


@task("nn_train", share="2/6", seconds=60)
def check_two_layer_net_learns_scenes(student, rng, data, score):
    """Trained on 2,000 scenes for 400 iterations, the net recognises new scenes."""
    split = data(num_train=2000, num_test=1000)
    mean, scale = split.x_train.mean(dim=0), split.x_train.std()
    x_train, x_test = ((x - mean).flatten(1) / scale for x in (split.x_train, split.x_test))
    steps, sizes = student.define(STEPS), [x_train.shape[1], 64, 10]
    params = {name: 0.02 * value for name, value in random_params(rng, sizes, 1.0, torch.float32).items()}
    seen = student.inspect(
        student.nn_train, params, steps.regularised, steps.best_class, x_train, split.y_train,
        x_train[:50], split.y_train[:50], learning_rate=0.05, learning_rate_decay=0.97, reg=1e-3, num_iters=400,
        batch_size=100, verbose=False,
    )  # fmt: skip
    scores, _ = forward(seen.args[0], x_test)

    expect_shape(scores, (1000, 10))
    score(float((scores.argmax(dim=1) == split.y_test).double().mean()))


@task("nn_predict", share=50)
def check_predict_on_other_inputs(student, rng):
    """Predictions are int64, one for each image, also for a single image and other numbers of classes."""
    toy = student.define(
        "def loss_func(params, X, y=None, reg=0.0):\n"
        "    scores = (X @ params['W']) * params['sign']\n"
        "    return scores if y is None else (scores.sum(), {})\n"
    )
    for N, C, sign in [(1, 5, 1.0), (6, 2, -1.0), (4, 30, -1.0)]:
        W, X = rng.normal(3, C), rng.normal(N, 3)
        with explain_errors({"Error": "Without labels loss_func gives the scores: loss_func(params, X)."}):
            seen = student.inspect(student.nn_predict, {"W": W, "sign": sign}, toy.loss_func, X)
        expect_equal(seen.value, (sign * (X @ W)).argmax(dim=1))
        expect_equal(seen.args[2], X, name="the images after the call")


@task("find_best_net", share="2/6")
def check_search_tries_every_strength_and_decay(student, rng):
    """Every combination of the four lists is tried with its own settings; the best one may be anywhere."""
    for best in range(3):
        grid = ([0.1], [9, 12], [1e-4, 3.0], [0.5, 1.0])
        settings = [(0.1, size, strength, decay) for size in grid[1] for strength in grid[2] for decay in grid[3]]
        order = rng.permutation(8).tolist()
        judge_choice(
            student, rng, grid, {each: (3 * best + rank) % 8 for each, rank in zip(settings, order, strict=True)}
        )


@task("find_best_net", share="1/6", seconds=60, loans=LOANS_OF_THE_SEARCH)
def check_search_works_for_any_number_of_classes(student, rng):
    """The search works for 3 and 13 classes, one of them without images, and finds the only rate that works."""
    for classes, rates, absent in ((3, [0.1, 1e-9], -1), (13, [0.1], 5)):
        judge_search(student, rng, classes, (rates, [32], [1e-4], [1.0]), absent)

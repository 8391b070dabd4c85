"""Public checks of a03, the two-layer net, against torch's own layers, losses and gradients in float64."""

import math

import torch
from oracles import LOANS_OF_THE_LOSS, LOANS_OF_THE_SEARCH, READY_MADE_NETS, forward, loss_and_gradients, random_params
from oracles_training import judge_choice, judge_search
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, explain_errors, forbid, is_sequence, task

KEYS = {
    "KeyError": "The keys of params are W1, b1, W2 and b2.",
    "shapes cannot be multiplied": "Write the shapes next to the line: X (N, D) @ W1 (D, H) + b1 (H,).",
}


@task("nn_forward_pass", share=60, any_dtype=True)
def check_forward_pass_agrees_with_torch(student, rng):
    """Scores and hidden layer agree with torch's linear layers and ReLU."""
    forbid(student, "nn_forward_pass", calls=READY_MADE_NETS)
    params, X = random_params(rng, [5, 7, 3], 1.0, torch.float32), rng.normal(6, 5, dtype=torch.float32)
    expected = forward(params, X)
    flat = X @ params["W1"] + params["b1"]

    def after(hidden: Tensor) -> tuple[Tensor, Tensor]:
        return F.linear(hidden, params["W2"].T, params["b2"]), hidden

    with explain_errors(KEYS):
        result = student.nn_forward_pass(params, X)
    expect(is_sequence(result), "The result is not a pair: scores, hidden layer.", "Return scores, hidden.")
    expect_close(result, expected, mistakes={
        "The ReLU is missing: negative values of the hidden layer become 0.": lambda: after(flat),
        "The hidden layer is returned without the ReLU.": lambda: (expected[0], flat),
        "The first bias is missing.": lambda: after(F.relu(flat - params["b1"])),
        "The second bias is missing.": lambda: (expected[0] - params["b2"], expected[1]),
        "The ReLU was applied before the bias was added.": lambda: after(F.relu(X @ params["W1"]) + params["b1"]),
        "There is a ReLU on the scores; it is for the hidden layer only.": lambda: (F.relu(expected[0]), expected[1]),
        "These are absolute values; the ReLU makes negative values 0.": lambda: after(flat.abs()),
        "This is a sigmoid; the ReLU makes negative values 0.": lambda: after(flat.sigmoid()),
        "This is a leaky ReLU; the ReLU makes negative values 0.": lambda: after(F.leaky_relu(flat)),
        "The order is wrong: first the scores, then the hidden layer.": lambda: (expected[1], expected[0]),
    })  # fmt: skip


@task("nn_forward_backward", share="1/11", any_dtype=True, loans=LOANS_OF_THE_LOSS)
def check_scores_come_back_without_labels(student, rng):
    """Without labels nn_forward_backward returns the scores alone."""
    params, X = random_params(rng, [4, 6, 3], 1.0), rng.normal(5, 4)
    scores, hidden = forward(params, X)
    expect_close(student.nn_forward_backward(params, X), scores, mistakes={
        "These are probabilities; return the scores.": F.softmax(scores, dim=1),
        "Only the scores are returned, without the hidden layer.": (scores, hidden),
    })  # fmt: skip


@task("nn_forward_backward", share="2/11", any_dtype=True, loans=LOANS_OF_THE_LOSS)
def check_loss_agrees_with_torch(student, rng):
    """The loss agrees with torch's cross-entropy plus the penalty on both weights."""
    forbid(student, "nn_forward_backward", calls=READY_MADE_NETS, apart=["nn_forward_pass"])
    params, X = random_params(rng, [5, 7, 4], 1.0, torch.float32), rng.normal(6, 5, dtype=torch.float32)
    y, reg = rng.integers(0, 4, 6), 0.3
    data, penalty = (
        loss_and_gradients(params, X, y, 0.0)[0],
        reg * (params["W1"].square().sum() + params["W2"].square().sum()),
    )
    result = student.nn_forward_backward(params, X, y, reg=reg)
    pair = is_sequence(result) and len(result) == 2
    expect(pair, "With labels the result is a pair: the loss and the gradients.")
    expect(type(result[0]) is not dict, "The first result is a dict.", "First the loss, then the gradients.")
    loss, _ = result

    biases = reg * (params["b1"].square().sum() + params["b2"].square().sum())
    expect_close(loss, data + penalty, name="loss", mistakes={
        "The penalty is missing.": data,
        "The penalty is half of what it should be: reg times the sum of the squares, without 1/2.": data + penalty / 2,
        "The penalty was divided by the number of images; add it once, undivided.": data + penalty / len(X),
        "The penalty was added for each image; add it once.": data + penalty * len(X),
        "The loss was summed over the images; take the mean.": data * len(X) + penalty,
        "The biases were penalised: the penalty is for weights only.": data + penalty + biases,
        "Only W1 was penalised; the penalty is for W2 too.": data + reg * params["W1"].square().sum(),
        "The penalty is the sum of the squared weights, not of the weights.": (
            data + reg * (params["W1"].sum() + params["W2"].sum())
        ),
        "The logarithm has base 2 or 10; take the natural logarithm.": data / math.log(2) + penalty,
        "The sign is wrong: the loss is minus the log probability.": penalty - data,
    })  # fmt: skip


@task("nn_forward_backward", share="3/11", any_dtype=True, loans=LOANS_OF_THE_LOSS)
def check_gradients_agree_with_autograd(student, rng):
    """The gradients of both weights and both biases agree with torch's autograd."""
    forbid(student, "nn_forward_backward", calls=READY_MADE_NETS, apart=["nn_forward_pass"])
    params, X = random_params(rng, [5, 7, 4], 1.0, torch.float32), rng.normal(6, 5, dtype=torch.float32)
    y, reg = rng.integers(0, 4, 6), 0.3
    expected, data = loss_and_gradients(params, X, y, reg)[1], loss_and_gradients(params, X, y, 0.0)[1]
    with explain_errors(KEYS):
        result = student.nn_forward_backward(params, X, y, reg=reg)

    expect(
        is_sequence(result) and len(result) == 2,
        "With labels the result is a pair: the loss and the gradients.",
    )
    N = len(X)
    weights = {"W1": params["W1"], "W2": params["W2"], "b1": 0.0, "b2": 0.0}
    scores, _ = forward(params, X)
    G = (F.softmax(scores, dim=1) - F.one_hot(y, 4)) / N
    ungated = G @ params["W2"].T

    def backward(slope: Tensor, weighted: bool = False) -> dict[str, Tensor]:
        W1, W2, hidden = params["W1"], params["W2"], forward(params, X)[1]
        before = (slope @ W2.T) * (hidden if weighted else hidden > 0)
        return {
            "W1": X.T @ before + 2 * reg * W1, "b1": before.sum(dim=0),
            "W2": hidden.T @ slope + 2 * reg * W2, "b2": slope.sum(dim=0),
        }  # fmt: skip

    expect_close(result[1], expected, name="grads", mistakes={
        "The gradient of reg * W * W is 2 * reg * W; the 2 is missing.": (
            lambda: {name: data[name] + reg * weights[name] for name in data}
        ),
        "The penalty has no gradient yet.": data,
        "The penalty's gradient was divided by the number of images.": (
            lambda: {name: data[name] + 2 * reg * weights[name] / N for name in data}
        ),
        "The gradients of the biases were averaged twice: the gradient of the scores already has the 1/N.": (
            lambda: expected | {"b1": expected["b1"] / N, "b2": expected["b2"] / N}
        ),
        "The gradients were summed over the images; the loss is a mean.": (
            lambda: {name: N * data[name] + 2 * reg * weights[name] for name in data}
        ),
        "The gradient passed the ReLU where the hidden unit was 0.": (
            lambda: expected | {"W1": X.T @ ungated + 2 * reg * params["W1"], "b1": ungated.sum(dim=0)}
        ),
        "The 1 of the right class is missing: subtract it from its probability.": (
            lambda: backward(F.softmax(scores, dim=1) / N)
        ),
        "Multiply by 1 where the hidden unit is above 0, not by the hidden unit.": lambda: backward(G, weighted=True),
        "The gradient of b1 passed the ReLU where the hidden unit was 0.": (
            lambda: expected | {"b1": ungated.sum(dim=0)}
        ),
        "W2's gradient of the penalty is missing.": lambda: expected | {"W2": data["W2"]},
        "W1's gradient of the penalty is missing.": lambda: expected | {"W1": data["W1"]},
        "The penalty's gradient was added to the biases too.": (
            lambda: expected | {name: expected[name] + 2 * reg * params[name] for name in ("b1", "b2")}
        ),
    })  # fmt: skip


LOOP = "Loop over the keys of params or of grads."
TOY = """
import torch

def loss_func(params, X, y=None, reg=0.0):
    wrong = bool((X[:, 0] != y).any())
    grads = {name: reg * torch.arange(1.0, 1 + value.numel()).to(value).reshape(value.shape)
             for name, value in params.items()}
    return torch.tensor(100.0 if wrong else float(len(X))), grads

def pred_func(params, loss_func, X):
    return X[:, 0].long()
"""


@task("nn_train", share="3/6", any_dtype=True)
def check_train_steps_against_the_gradient(student, rng):
    """Each iteration moves every parameter against its gradient, times the learning rate, and records the loss."""
    forbid(student, "nn_train", calls=READY_MADE_NETS, apart=["nn_forward_pass", "nn_forward_backward"])
    toy = student.define(TOY)
    params = {"W1": rng.normal(2, 3), "b1": rng.normal(3), "extra": rng.normal(4)}
    y = rng.integers(0, 5, 22)
    X = torch.stack([y.double(), rng.normal(22)], dim=1)
    rate, decay, reg, iterations, per_epoch = 0.1, 0.5, 0.3, 10, 4  # 22 images, batches of 5
    with explain_errors(
        {
            "KeyError": Message(
                "params has the keys {keys}: training does not know the model. {advice}",
                keys=", ".join(params),
                advice=Message(LOOP),
            )
        }
    ):
        seen = student.inspect(
            student.nn_train, params, toy.loss_func, toy.pred_func, X, y, X[:7], y[:7],
        learning_rate=rate, learning_rate_decay=decay, reg=reg, num_iters=iterations, batch_size=5, verbose=False,
        )  # fmt: skip

    def moved(epochs: list[int], sign: float = 1.0) -> dict[str, Tensor]:
        total = sum(rate * decay**epoch for epoch in epochs)
        ramp = {name: torch.arange(1.0, 1 + v.numel()).to(v).reshape(v.shape) for name, v in params.items()}
        return {name: value - sign * total * reg * ramp[name] for name, value in params.items()}

    def stepped(total: float) -> dict[str, Tensor]:
        ramp = {name: torch.arange(1.0, 1 + v.numel()).to(v).reshape(v.shape) for name, v in params.items()}
        return {name: value - total * reg * ramp[name] for name, value in params.items()}

    def again() -> dict[str, Tensor]:
        now = dict(params)
        for epoch in epochs:
            step = rate * decay**epoch
            ramp = {name: torch.arange(1.0, 1 + v.numel()).to(v).reshape(v.shape) for name, v in params.items()}
            now = {name: value - step * (reg * ramp[name] + 2 * reg * value) for name, value in now.items()}
        return now

    epochs = [math.ceil(i / per_epoch) for i in range(iterations)]
    expected = moved(epochs)
    expect_close(seen.args[0], expected, name="params after training", mistakes={
        "The parameters did not change: hand reg on to loss_func, and put new values into the dict.": dict(params),
        "The step went up the gradient; subtract it.": lambda: moved(epochs, sign=-1.0),
        "The learning rate was not used.": lambda: stepped(iterations),
        "The step was made twice.": lambda: moved(epochs + epochs),
        "The penalty's gradient was added again; grads has it already.": lambda: again(),
        "Only W1 was trained; every parameter in the dict has a gradient.": (
            lambda: dict(params) | {"W1": expected["W1"]}
        ),
        "The learning rate never decays: use the variable that is multiplied at the end of the loop.": (
            lambda: moved([0] * iterations)
        ),
        "The learning rate decays in every iteration; it decays once for each epoch.": (
            lambda: moved(list(range(iterations)))
        ),
    })  # fmt: skip
    history = {"loss_history": [5.0] * 10, "train_acc_history": [1.0] * 3, "val_acc_history": [1.0] * 3}
    expect_close(seen.value, history, name="the result", mistakes={
        "X_batch and y_batch do not belong together.": history | {"loss_history": [100.0] * 10},
        "The losses were divided by the batch size; record them as they are.": history | {"loss_history": [1.0] * 10},
        "The losses are those of all images, not of the batch.": history | {"loss_history": [22.0] * 10},
    })  # fmt: skip


@task("nn_predict", share=50)
def check_predict_takes_the_highest_score(student, rng):
    """The predicted class is the one with the highest score."""
    toy = student.define("def loss_func(params, X, y=None, reg=0.0):\n    return X @ params['W']\n")
    W, X = rng.normal(4, 6), rng.normal(9, 4)
    scores = X @ W
    with explain_errors({"KeyError": "nn_predict does not know the model: loss_func(params, X) gives the scores."}):
        predicted = student.nn_predict({"W": W}, toy.loss_func, X)
    expect_close(predicted, scores.argmax(dim=1), rtol=0, atol=0, check_dtype=False, mistakes={
        "These are the classes with the lowest scores.": scores.argmin(dim=1),
        "These are the highest scores; return their classes.": scores.amax(dim=1),
        "The highest score was taken over the images; take it over the classes.": scores.argmax(dim=0),
        "loss_func(params, X) returns the scores of all images; this used only the first image's.": scores[0].argmax(),
    })  # fmt: skip


ORDER = "The order of the lists: learning rates, hidden sizes, regularization strengths, learning rate decays."


def search_lists(student):
    """Return the four lists of the search, which must be lists of numbers."""
    result = student.nn_get_search_params()
    expect(is_sequence(result) and len(result) == 4, "The result is not a tuple of four lists.")
    names = ("learning_rates", "hidden_sizes", "regularization_strengths", "learning_rate_decays")
    for name, values in zip(names, result, strict=True):
        numbers = is_sequence(values) and all(type(value) in (int, float) for value in values)
        expect(numbers and len(values) > 0, Message("{name} is not a list of numbers.", name=name))
    return result


@task("nn_get_search_params", share=50)
def check_search_params_are_a_grid(student):
    """nn_get_search_params returns four lists of numbers with 2 to 25 combinations."""
    combinations = math.prod(map(len, search_lists(student)))
    expect(
        2 <= combinations <= 25,
        Message("There are {combinations} combinations; there should be 2 to 25.", combinations=combinations),
    )


@task("nn_get_search_params", share=50)
def check_search_params_are_usable(student):
    """The learning rates, hidden sizes, regularization strengths and decays are values that training can use."""
    rates, sizes, strengths, decays = search_lists(student)
    expect(all(0 < rate <= 100 for rate in rates), "Learning rates must be above 0 and at most 100.", ORDER)
    expect(
        all(type(size) is int and 0 < size <= 4096 for size in sizes),
        "Hidden sizes must be whole numbers from 1 to 4096.",
        ORDER,
    )
    expect(
        all(0 <= strength <= 100 for strength in strengths), "Regularization strengths must be from 0 to 100.", ORDER
    )
    expect(all(0 < decay <= 1 for decay in decays), "Learning rate decays must be above 0 and at most 1.", ORDER)


@task("find_best_net", share="2/6", seconds=60, loans=LOANS_OF_THE_SEARCH, keeps=True)
def check_search_returns_a_net_that_learned(student, rng):
    """Given one good combination, the search returns a net that learned, its history and its accuracy."""
    history = judge_search(student, rng, 8, ([0.1], [24], [1e-4], [1.0]))
    expect(type(history) is dict and len(history.get("loss_history", [])) > 1, "best_stat is not the result of train.")


@task("find_best_net", share="1/6")
def check_search_chooses_by_the_whole_validation_set(student, rng):
    """The net with the highest accuracy on all validation images wins, whatever training reports."""
    grid = ([0.3, 0.1, 0.03], [16, 24], [1e-3], [1.0])
    right = iter([5, 2, 7, 3, 4, 6])
    judge_choice(student, rng, grid, {(rate, size, 1e-3, 1.0): next(right) for rate in grid[0] for size in grid[1]})


@task("nn_forward_backward", share="2/11", any_dtype=True, loans=LOANS_OF_THE_LOSS)
def check_loss_survives_extreme_scores(student, rng):
    """Scores of thousands give the right loss and finite gradients."""
    forbid(student, "nn_forward_backward", calls=READY_MADE_NETS, apart=["nn_forward_pass"])
    for size, dtype in [(40.0, torch.float64), (25.0, torch.float32)]:
        params = {name: size * value for name, value in random_params(rng, [4, 6, 5], 1.0, dtype).items()}
        X, y = rng.normal(9, 4, dtype=dtype), rng.integers(0, 5, 9)
        loss, grads = loss_and_gradients(params, X, y, 0.0)
        result = student.nn_forward_backward(params, X, y, reg=0.0)

        expect(
            is_sequence(result) and len(result) == 2,
            "With labels the result is a pair: the loss and the gradients.",
        )
        finite = isinstance(result[0], Tensor | float) and bool(torch.as_tensor(result[0]).isfinite().all())
        expect(
            finite,
            "The loss is nan or infinite for large scores.",
            hint="exp(1000) is infinite. Subtract each row's largest score first, and take the logarithm of the sum.",
        )
        expect_close(result[0], loss, rtol=1e-3, name="loss")
        expect_close(result[1], grads, atol=1e-2, rtol=1e-3, name="grads")

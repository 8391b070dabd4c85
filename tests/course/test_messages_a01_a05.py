"""Natural mistakes in a01 to a05, and what the public checks say about each.

Each mistake is planted in the reference: a new body of the task, or a pair (old text, new text) in it. The first check
that fails says the words next to it, which name the mistake or the way out, and shows no name of the checks' helpers.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from autograder.authoring.edits import NewBody, apply_edits
from autograder.authoring.reference import read_reference
from autograder.core.assignment import read_assignment
from autograder.core.report import Outcome
from autograder.sandbox.open_link import open_link
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts

pytestmark = pytest.mark.slow

ASSIGNMENTS = Path(__file__).parents[2] / "assignments"
Change = str | tuple[str, str] | dict[str, str]  # a new body, a text and another, or new bodies by their functions
Mistake = tuple[str, Change, str]  # task, change, words

ROWS = "a, b = x_train.flatten(1), x_test.flatten(1)\n"
VOTES = """
order = dists.argsort(dim=0)[:k]
votes = torch.zeros(dists.shape[1])
for j in range(dists.shape[1]):
    votes[j] = y_train[order[:, j]].bincount().argmax()
return votes
"""
MISTAKES: dict[tuple[str, str], list[Mistake]] = {
    ("a01_knn", "knn.py"): [
        ("compute_distances_two_loops", "pass", "the loops do not reach them"),
        ("compute_distances_two_loops", ("return dists", "pass"), "is there a `return`?"),
        ("compute_distances_two_loops", (".square().sum().sqrt()", ".square().sum()\n            print(dists)"),
         "the root is missing"),
        ("compute_distances_two_loops", (".square().sum().sqrt()", ".square().sum()"), "the root is missing"),
        ("compute_distances_two_loops", ("dists[i, j] =", "dists[j, i] ="), "a row for each training image"),
        ("compute_distances_two_loops", (".square().sum().sqrt()", ".abs().sum()"), "square the differences"),
        ("compute_distances_one_loop", ("image.flatten()", "image"), "Make each one a row first"),
        ("compute_distances_one_loop", ("return dists", "pass"), "is there a `return`?"),
        ("compute_distances_no_loops", f"{ROWS}return (a.pow(2).sum(1) + b.pow(2).sum(1) - 2 * a @ b.T).sqrt()",
         "keepdim=True"),
        ("compute_distances_no_loops", f"{ROWS}return ((a[:, None] - b) ** 2).sum(2).sqrt()", "|a|^2 - 2ab + |b|^2"),
        ("compute_distances_no_loops", f"{ROWS}return torch.cdist(a, b)", "torch.cdist is not allowed"),
        ("compute_distances_no_loops", "while True:\n    pass", "a while loop is not allowed here"),
        ("compute_distances_no_loops", "i = 0\nwhile i < len(x_train):\n    j = i",
         "`while i < len(x_train):` - a while loop is not allowed here"),
        ("predict_labels", "return np.zeros(dists.shape[1])", "'np' is not defined"),
        ("predict_labels", VOTES, "Labels are numbers of classes"),
        ("predict_labels", "return y_train[dists.argmin(dim=0)]", "k images vote"),
        ("KnnClassifier.predict", ("(self.x_train, part)", "(part, self.x_train)"), "are swapped"),
        ("knn_cross_validate", ("100.0 * correct", "correct"), "accuracies are in percent"),
        ("knn_get_best_k", "means = {k: sum(a) / len(a) for k, a in k_to_accuracies.items()}\n"
         "return max(means, key=means.get)", "not to the first in the dict"),
    ],
    ("a02_linear_classifier", "linear_classifier.py"): [
        ("validate_batch", ("y >= W", "y > W"), "label 7 among 7 classes"),
        ("svm_loss_naive", ("dW / num_images", "dW"), "not divided by the number of images"),
        ("svm_loss_vectorized", (".scatter(1, labels, 0.0)", ""), "The true class counts too"),
        ("softmax_loss_vectorized", ("scores - scores.max(dim=1, keepdim=True).values", "scores"),
         "subtract the largest score"),
        ("softmax_loss_vectorized", ("scores.max(dim=1, keepdim=True).values", "scores.max()"), "log(0) is infinite"),
        ("sample_batch", "rows = torch.randperm(num_train)[:batch_size]\nreturn X[rows], y[rows]", "with replacement"),
        ("sample_batch", ("torch.randint(num_train,", "torch.randint(len(X),"), "the first num_train rows"),
        ("train_linear_classifier", ("W = W - learning_rate", "W -= learning_rate"), "makes a new one"),
        ("predict_linear_classifier", ("dim=1", "dim=0"), "dim=1"),
        ("color_histogram", (".clamp(max=bins - 1)", ""), "clamp it to bins - 1"),
        ("color_histogram", "rows = [torch.cat([c.histc(bins, 0, 1) for c in image]) for image in images]\n"
         "return torch.stack(rows) / images[0, 0].numel()", "runs once for each image"),
        ("extract_features", "return torch.cat([f(images) for f in feature_fns])", "side by side"),
    ],
    ("a03_mlp", "two_layer_net.py"): [
        ("nn_forward_pass", (".clamp(min=0)", ""), "ReLU"),
        ("nn_forward_backward", ("dscores /= len(X)", "pass"), "the loss is a mean"),
        ("nn_forward_backward", ("scores.logsumexp(dim=1, keepdim=True)", "scores.exp().sum(1, keepdim=True).log()"),
         "exp(1000) is infinite"),
        ("nn_forward_backward", ("2 * reg", "reg"), "the 2 is missing"),
        ("nn_predict", ("dim=1", "dim=0"), "he classes."),
    ],
    ("a03_mlp", "fully_connected_networks.py"): [
        ("Linear.backward", (".reshape(x.shape)", ""), "dx must have the shape of x"),
        ("Linear.backward", ("dout.sum(dim=0)", "dout"), "db is the sum over the images"),
        ("ReLU.forward", "x[x < 0] = 0\nreturn x, x", "x was changed in place"),
        ("ReLU.backward", "dout[cache <= 0] = 0\nreturn dout", "Use x = x - m"),
        ("Dropout.forward", (" / (1 - p)", ""), "by 1 - p"),
        ("Dropout.forward", (">= p", "< p"), "to drop, not to keep"),
        ("TwoLayerNet.__init__", ("torch.zeros(hidden_dim", "torch.randn(hidden_dim"), "biases start at 0"),
        ("FullyConnectedNet.loss", ('"test" if y is None else "train"', '"train"'), "nothing is dropped"),
        ("rmsprop", ("(cache.sqrt() + config[\"epsilon\"])", "(cache + config[\"epsilon\"]).sqrt()"), "outside"),
    ],
    ("a04_cnn", "convolutional_networks.py"): [
        ("Conv.forward", ("w.shape[3]", "w.shape[2]"), "need be square"),
        ("Conv.forward", ("w.shape[2]", "w.shape[1]"), "w.shape[2] rows"),
        ("Conv.backward", ("dpadded[here] +=", "dpadded[here] ="), "add with +="),
        ("Conv.backward", ("dim=(0, 2, 3)", "dim=0"), "one number for each filter"),
        ("MaxPool.forward", ("pool_param[\"pool_width\"]", "pool_param[\"pool_height\"]"), "not square here"),
        ("MaxPool.backward", ("scatter_add_", "scatter_"), "add with +="),
        ("BatchNorm.forward", ("(x - mean).square().mean(dim=0)", "x.var(dim=0)"), "not by one less"),
        ("BatchNorm.forward", ("momentum * running_mean + (1 - momentum) * mean",
                               "(1 - momentum) * running_mean + momentum * mean"), "The two weights are swapped"),
        ("kaiming_initializer", (") ** 0.5 *", ") *"), "That is the variance"),
        ("kaiming_initializer", ("(Dout, Din, K, K)", "(Din, Dout, K, K)"), "a filter for each output channel"),
    ],
    ("a04_cnn", "modern_cnn.py"): [
        ("Residual.__init__", ("num_channels, 1, stride=strides", "num_channels, 1"), "with the same stride"),
        ("transposed_conv2d", ("] +=", "] ="), "use +="),
    ],
    ("a05_captioning", "rnn_lstm_captioning.py"): [
        ("rnn_step_forward", ("torch.tanh(x @ Wx + prev_h @ Wh + b)", "x @ Wx + prev_h @ Wh + b"), "tanh is missing"),
        ("rnn_step_backward", ("da @ Wh.T", "da @ Wh"), "Wh must be transposed"),
        ("rnn_backward", ("dh[:, t] + dprev_h", "dh[:, t]"), "The gradient of the next step is missing"),
        ("rnn_forward", ("torch.stack(states, dim=1)", "torch.stack(states)"), "Axes 0 and 1 are swapped"),
        ("clip_gradients", ("grad.mul_(scale)", "grad = grad * scale"), "write into parameter.grad"),
        ("clip_gradients", ("torch.clamp(max_norm / (total + 1e-12), max=1.0)", "max_norm / total"),
         "only longer gradients should change"),
        ("temporal_softmax_loss", ('"sum") / len(x)', '"mean")'), "summed over them"),
        ("LSTM.step_forward", ("i, f, o, g =", "i, f, g, o ="), "i, f, o, g"),
        ("LSTM.step_forward", ("next_c.tanh()", "prev_c.tanh()"), "the *new* cell"),
        ("dot_product_attention", (" / math.sqrt(A.shape[1])", ""), "sqrt(H)"),
        ("CaptioningRNN.forward", (", self.ignore_index)", ")"), "Padding counts"),
        ("CaptioningRNN.sample", ("argmax(dim=1)", "argmin(dim=1)"), "take the highest"),
        ("bleu", ("        if not shared:\n            return 0.0\n", ""), "return 0.0"),
    ],
}  # fmt: skip


def plant(source: str, function: str, change: Change) -> str:
    """Return the source with the mistake in this function or method."""
    if isinstance(change, dict):
        for part, body in change.items():
            source = plant(source, part, body)
        return source
    if isinstance(change, str):
        return apply_edits("The test", [NewBody(function, change)], "m.py", {"m.py": source})["m.py"]
    nodes: list[ast.stmt] = ast.parse(source).body
    for name in function.split("."):
        node = next(n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name)
        nodes = node.body
    lines = source.split("\n")
    body = "\n".join(lines[node.lineno - 1 : node.end_lineno])
    assert body.count(change[0]) >= 1, f"{function} no longer contains {change[0]!r}"
    return "\n".join([*lines[: node.lineno - 1], body.replace(*change), *lines[node.end_lineno :]])


def first_messages(checks: Checks, file: str, mistakes: list[Mistake]) -> list[str]:
    """Return what the first failed check says about each mistake, or an empty string."""
    sources, found = read_reference(checks.assignment), []
    tasks = {task.name for task in checks.assignment.tasks}
    for function, change, _ in mistakes:
        task = function if function in tasks else function.partition(".")[0]
        code = code_of_scripts({**sources, file: plant(sources[file], function, change)}, checks.assignment)
        with open_link(None, code, checks.assignment) as link:
            results = checks.judge(link, code, only=lambda c, task=task: c.spec.task == task and not c.scored)
        failed = [f"{r.message}\n{r.hint}" for r in results if r.outcome is not Outcome.PASSED]
        found.append(failed[0] if failed else "")
    return found


def not_named(name: str, file: str, mistakes: list[Mistake]) -> list[str]:
    """Return the mistakes in a module of an assignment that its first failed public check does not name."""
    said = with_checks(
        read_assignment(ASSIGNMENTS / name), Options(seed=3), lambda c: first_messages(c, file, mistakes), hidden=False
    )
    return [
        f"{function}: {words!r} is not in {message!r}"
        for (function, _, words), message in zip(mistakes, said, strict=True)
        if words not in message or not message or message.startswith("helper.")
    ]


@pytest.mark.parametrize(("name", "file"), MISTAKES)
def test_the_first_failed_check_names_the_mistake(name: str, file: str) -> None:
    assert not_named(name, file, MISTAKES[name, file]) == []

"""What the checks of a03 share: forbidden functions, parameters, and torch's layers and gradients."""

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import forbid
from autograder.probes.aliases import AUTOGRAD

READY_MADE = [
    "torch.nn", "torch.optim", "common.fallbacks", "common.fallbacks.*", "runpy.*", "importlib.util.*", "pkgutil.*",
    *AUTOGRAD,
]  # fmt: skip
READY_MADE_LAYERS = [*READY_MADE, "torch.dropout", "torch.native_dropout"]
LAYERS = ["Linear", "ReLU", "Dropout"]  # networks use them; their own checks judge them by the same rule
READY_MADE_NETS = [*READY_MADE, "common.training.losses", "common.training.losses.*"]


def judge_source(student, name: str) -> None:
    """Expect the student's own code: nothing ready-made, and no fallback that common has for later assignments."""
    apart = [layer for layer in LAYERS if layer != name.partition(".")[0]]
    forbid(student, name, calls=READY_MADE_LAYERS, apart=apart)


# A mistake in one task costs no points of the tasks that use it: those are judged with these versions, too.
LOANS_OF_THE_LOSS = """
import torch
from torch.nn import functional as F

def scores_and_hidden(params, X, *rest, **options):
    hidden = F.relu(F.linear(X, params["W1"].T, params["b1"]))
    return F.linear(hidden, params["W2"].T, params["b2"]), hidden

LOANS = {"nn_forward_pass": scores_and_hidden}
"""

# a loss and a prediction, also handed to what takes them as arguments
STEPS = (
    LOANS_OF_THE_LOSS
    + """
def regularised(params, X, y=None, reg=0.0):
    leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
    with torch.enable_grad():
        scores, _ = scores_and_hidden(leaves, X)
        if y is None:
            return scores.detach()
        penalty = sum(leaf.square().sum() for name, leaf in leaves.items() if name.startswith("W"))
        loss = F.cross_entropy(scores, y) + reg * penalty
        found = torch.autograd.grad(loss, list(leaves.values()))
    return loss.detach(), dict(zip(leaves, found))

def best_class(params, loss_func, X, *rest, **options):
    return loss_func(params, X).max(dim=1).indices
"""
)

LOANS_OF_THE_SEARCH = (
    STEPS
    + """
def descend(params, loss_func, pred_func, X, y, X_val, y_val, learning_rate=1e-3, learning_rate_decay=0.95, reg=5e-6,
            num_iters=100, batch_size=200, verbose=False):
    result = {"loss_history": [], "train_acc_history": [], "val_acc_history": []}
    for step in range(num_iters):
        rows = torch.randint(0, len(X), (batch_size,), device=X.device)
        loss, found = regularised(params, X[rows], y[rows], reg)
        result["loss_history"].append(float(loss))
        for key, slope in found.items():
            params[key] = params[key].sub(slope, alpha=learning_rate)
        if step % max(len(X) // batch_size, 1) == 0:
            for key, part in (("train", (X[rows], y[rows])), ("val", (X_val, y_val))):
                right = best_class(params, regularised, part[0]) == part[1]
                result[key + "_acc_history"].append(float(right.double().mean()))
            learning_rate *= learning_rate_decay
    return result

LOANS |= {"nn_forward_backward": regularised, "nn_train": descend, "nn_predict": best_class}
"""
)

LOANS_OF_LAYERS = """
from common.fallbacks import fully_connected_networks as given

LOANS = {"Linear": given.Linear, "ReLU": given.ReLU, "Linear_ReLU": given.Linear_ReLU, "Dropout": given.Dropout}
"""


def linear(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Apply torch's linear layer to flattened images."""
    return F.linear(x.flatten(1), w.T, b)


def random_params(rng, sizes: list[int], scale: float = 0.5, dtype: torch.dtype = torch.float64) -> dict[str, Tensor]:
    """Draw the parameters of a net; the biases are not 0."""
    params = {}
    for layer in range(1, len(sizes)):
        params[f"W{layer}"] = scale * rng.normal(sizes[layer - 1], sizes[layer], dtype=dtype)
        params[f"b{layer}"] = scale * rng.normal(sizes[layer], dtype=dtype)
    return params


def forward(params: dict[str, Tensor], X: Tensor) -> tuple[Tensor, Tensor]:
    """Apply torch's layers in turn; return the scores and the last hidden layer."""
    out, hidden, depth = X.flatten(1), X, len(params) // 2
    for layer in range(1, depth + 1):
        hidden, out = out, F.linear(out, params[f"W{layer}"].T, params[f"b{layer}"])
        out = F.relu(out) if layer < depth else out
    return out, hidden


def loss_and_gradients(params: dict[str, Tensor], X: Tensor, y: Tensor, reg: float) -> tuple[Tensor, dict[str, Tensor]]:
    """Compute torch's cross-entropy plus reg * sum of squared weights, and its gradients by autograd, in float64."""
    leaves = {name: value.detach().clone().double().requires_grad_() for name, value in params.items()}
    penalty = sum(leaf.square().sum() for name, leaf in leaves.items() if name.startswith("W"))
    loss = F.cross_entropy(forward(leaves, X.double())[0], y) + reg * penalty
    loss.backward()
    dtype = params["W1"].dtype
    return loss.detach().to(dtype), {name: leaf.grad.to(dtype) for name, leaf in leaves.items()}


MAKE = """
def make(cls, args, options, params=None):
    net = cls.__new__(cls)
    try:
        net.__init__(*args, **options)
    except NotImplementedError:  # another task; what the handout sets before is there
        pass
    if params is not None:
        net.params = dict(params)
    return net
"""


def make_deep(student, device, hidden: list[int], params: dict[str, Tensor], **options):
    """Make the student's net with these parameters, in the student's process."""
    sizes = {"input_dim": len(params["W1"]), "num_classes": len(params[f"b{len(params) // 2}"])}
    options = {**sizes, "reg": 0.0, "dtype": torch.float64, "device": device, **options}
    return student.define(MAKE).make(student.FullyConnectedNet, (hidden,), options, params)

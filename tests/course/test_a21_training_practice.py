"""a21: what the public checks say about natural mistakes."""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[str, list[Mistake]] = {
    "foundations.py": [
        ("linear_regression", ("+ ridge * torch.eye(", "+ 0 * torch.eye("), "The penalty is missing"),
        ("count_regions", ("range(D_in + 1)", "range(D + 1)"), "the sum up to D"),
        ("count_parameters", ("(a + 1) * b", "a * b"), "The biases are missing"),
        ("relu_interpolant", ("torch.cat([slopes[:1], slopes.diff()])", "slopes"), "the change of the slope"),
        ("activation_grad", ("return s + x * s * (1 - s)", "return s"), "two terms"),
        ("maxout", ("x.reshape(len(x), k, -1).amax(dim=1)", "x.reshape(len(x), -1, k).amax(dim=2)"), "Neighbours"),
        ("nll", ("each = 0.5 * (math.log(2 * math.pi) + log_var", "each = 0.5 * (log_var"), "half of log 2 pi"),
        ("nll_von_mises", ("i0e(kappa).log() + kappa\n", "i0e(kappa).log()\n"), "add kappa"),
        ("nll_mixture", ("logits.log_softmax(dim=1) + each", "each - math.log(logits.shape[1])"), "softmax"),
        ("margin_loss", ("(1 - y * score).clamp(min=0)", "(-y * score).clamp(min=0)"), "margin of 1"),
        ("contrastive_loss", ("return 0.5 * (y", "return (y"), "The half"),
        ("label_smoothing", ("((1 - a) * right + a * logs.mean(dim=1))", "right"), "not smoothed"),
        ("init_std", ("return math.sqrt(variance[kind])", "return variance[kind]"), "This is the variance"),
    ],
    "practice.py": [
        ("newton_step", ("torch.linalg.solve(H, -g)", "torch.linalg.solve(H, g)"), "The sign is wrong"),
        ("min_norm_fit", ("torch.linalg.pinv(Phi)", "torch.linalg.pinv(Phi, rtol=0.3)"), "a coarse tolerance"),
        ("gabor_loss", ("slope = 2 * residual", "slope = residual"), "The factor 2"),
        (
            "schedule",
            ("base * 0.5 * (1 + math.cos(math.pi * t / T))", "base * (1 + math.cos(math.pi * t / T))"),
            "halved",
        ),
        ("warmup", ("min(1.0, (t + 1) / steps)", "min(1.0, t / steps)"), "the first is not 0"),
        ("EarlyStopping", ("copy.deepcopy(model.state_dict())", "model.state_dict()"), "a copy"),
        ("adam_step", ("w = w - lr * weight_decay * w", "w = w - weight_decay * w"), "lr times weight_decay"),
        ("mixup", ("lam * targets + (1 - lam) * targets[order]", "targets"), "mixed, too"),
        ("cutout", ("out[n, :, max", "out[n, :1, max"), "All channels"),
        ("drop_connect", ("return (1 - p) * x @ W.T", "return x @ W.T"), "1 - p"),
        ("stochastic_depth", ("return x + branch * kept", "return x + branch / (1 - p) * kept"), "not scaled"),
        ("swa_update", ("a + (w - a) / (n + 1)", "(a + w) / 2"), "not one half"),
        ("freeze", ("        layer.eval()\n", ""), "call eval()"),
        ("accumulate", ("* (len(x) / count)", "/ len(parts)"), "mean of means"),
        ("fold_batchnorm", ("(bn.running_var + bn.eps).sqrt()", "(bn.running_var + bn.eps)"), "root of the variance"),
        ("bias_variance", ("((predictions - mean) ** 2).mean()", "predictions.var(dim=0).mean()"), "Divide by S"),
    ],
}


@pytest.mark.parametrize("file", MISTAKES)
def test_the_first_failed_check_names_the_mistake(file: str) -> None:
    assert not_named("a21_training_practice", file, MISTAKES[file]) == []

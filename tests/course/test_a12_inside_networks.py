"""a12: what the public checks say about natural mistakes."""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[str, list[Mistake]] = {
    "network_visualization.py": [
        (
            "compute_saliency_maps",
            "X = X.clone().requires_grad_()\nF.cross_entropy(model(X), y).backward()\nreturn X.grad.abs().amax(1)",
            "the gradient of the cross-entropy",
        ),
        ("compute_saliency_maps", ("abs().amax(dim=1)", "abs().mean(dim=1)"), "the maximum over the colours"),
        ("occlusion_map", ("before - model(covered)", "model(covered)"), "probability of the covered image"),
        ("GuidedReLU.backward", ("* (gradient > 0)", ""), "also stop negative gradients"),
        ("GuidedReLU.backward", ("* (x > 0) ", ""), "also stop gradients where the input was negative"),
        ("cam", (".clamp(min=0)", ""), "the positive part"),
        ("gradcam", ("gradient.mean(dim=(2, 3), keepdim=True)", "gradient.sum((2, 3), True)"), "not the sum"),
        ("make_adversarial_attack", (" / gradient.norm()", ""), "has the length 1"),
        ("make_adversarial_attack", ("            break", "            pass"), "until max_iter"),
        ("class_visualization_step", ("- l2_reg", "+ l2_reg"), "The penalty is subtracted"),
        ("maximal_patches", ("x0 + size", "x0 + size - 1"), "the boxes"),
        ("maximal_patches", ("size + (kernel - 1) * jump", "size + kernel - 1"), "times the jump"),
        ("feature_inversion", (") / size", ")"), "the sum of squares of the target"),
        ("deepdream_step", (", activation.detach()", ", torch.ones_like(activation)"), "not with ones"),
        ("nearest_in_feature_space", ("stable=True", "stable=True, descending=True"), "not the farthest"),
    ],
    "style_transfer.py": [
        ("content_loss", (".sum()", ".mean()"), "the sum, not the mean"),
        ("gram_matrix", ("(C * H * W)", "(N * C * H * W)"), "N does not belong"),
        ("gram_matrix", ("(C * H * W)", "(H * W)"), "C is missing"),
        ("style_loss", ("weight * ", ""), "The weights are missing"),
        ("tv_loss", ("down + right", "right"), "downwards are missing"),
        ("guided_gram_matrix", ("features * masks[:, :, None]", "features"), "before the product"),
        ("perceptual_loss", ("F.mse_loss(frozen(a), frozen(b))", "F.mse_loss(a, b)"), "the features of the images"),
    ],
    "embedding_steps.py": [
        ("covariance", ("/ len(X)", "/ (len(X) - 1)"), "not by N - 1"),
        ("covariance", ("X.mean(dim=0)", "X.mean()"), "its own mean"),
        ("principal_axes", (".flip(1)", ""), "ascending order"),
        ("reconstruct", ("(X - mean)", "X"), "before the projection"),
        ("whiten", ("vectors / (values", "vectors * (values"), "the power -1/2"),
        ("sigma_for_perplexity", ("return math.exp(", "return 2 ** ("), "Base and logarithm"),
        ("tsne_gradient", ("return 4", "return 2"), "not 2"),
        ("trustworthiness", ("dim=1) + 1", "dim=1)"), "not with 0"),
    ],
}


@pytest.mark.parametrize("file", MISTAKES)
def test_the_first_failed_check_names_the_mistake(file: str) -> None:
    assert not_named("a12_inside_networks", file, MISTAKES[file]) == []

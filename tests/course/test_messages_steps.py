"""Natural mistakes that no check lists: the first check that fails shows the task's steps, or the shapes that met.

They come from two lists that were written from the handouts alone.
"""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

STEPS = "Compare your code with"
MISTAKES: dict[tuple[str, str], list[Mistake]] = {
    ("a02_linear_classifier", "linear_classifier.py"): [
        (
            "color_histogram",
            "index = (images * (bins - 1)).round().long()\n"
            "counts = torch.nn.functional.one_hot(index, bins).to(images.dtype).mean(dim=(2, 3))\n"
            "return counts.reshape(len(images), -1)",
            f"{STEPS} the hint of this task: Flatten each channel",
        ),
        (
            "svm_loss_vectorized",
            "S = X @ W\nm = (S - S[torch.arange(len(X)), y] + 1).clamp(min=0)\nreturn m.sum(), W",
            "S is (8, 5), and the other operand has the size 8 along its last axis.",
        ),
    ],
    ("a04_cnn", "convolutional_networks.py"): [
        (
            "LayerNorm.forward",
            "mu = x.mean(dim=1)\nnormal = (x - mu) / (x.var(dim=1, unbiased=False) + 1e-5).sqrt()\n"
            "return gamma * normal + beta, None",
            "mu has 4 numbers and goes along the last axis of x, whose shape is (4, 6).",
        ),
    ],
    ("a04_cnn", "modern_cnn.py"): [
        (
            "transposed_conv2d",
            "(N, C, H, W), (_, M, KH, KW) = x.shape, w.shape\n"
            "out = x.new_zeros(N, M, (H - 1) * stride + KH, (W - 1) * stride + KW)\n"
            "for i in range(H):\n    for j in range(W):\n"
            "        place = out[:, :, i * stride : i * stride + KH, j * stride : j * stride + KW]\n"
            '        place[:] = torch.einsum("nc,cfhw->nfhw", x[:, :, i, j], w)\n'
            "return out[:, :, pad : out.shape[2] - pad, pad : out.shape[3] - pad]",
            "Add `x` times `w[:, :, i, j]`",
        ),
        (
            "vgg_block",
            "convs = [nn.Conv2d(in_channels, out_channels, 3, padding=1) for _ in range(num_convs)]\n"
            "return nn.Sequential(*convs, nn.MaxPool2d(2, 2))",
            "takes as many as the one before it gives",
        ),
    ],
    ("a04_cnn", "resnet.py"): [
        ("three_layer_convnet", "return torch.relu(x)", "This file does not import torch"),
    ],
    ("a06_attention", "transformers.py"): [
        (
            "LayerNormalization.forward",
            ("centred = x - x.mean(dim=-1, keepdim=True)", "centred = x - x.mean(dim=1, keepdim=True)"),
            "Subtract the mean over the last axis.",
        ),
    ],
    ("a09_diffusion", "diffusion.py"): [
        ("Process.q_sample", ("self.alphas_cumprod", "self.betas"), "`extract(self.alphas_cumprod, t, x_start)`"),
        ("DDPM.p_losses", ("self.q_sample(x_start, t, noise)", "x_start"), "call the model as `self.model(x_t, t,"),
    ],
    ("a10_detection", "single_stage_detector.py"): [
        (
            "GenerateProposal",
            ("size * offsets[..., 2:].exp() / 2", "(size + offsets[..., 2:].exp()) / 2"),
            "The new size is the old one times exp(tw, th)",
        ),
    ],
    ("a08_self_supervised", "simclr.py"): [
        ("adjust_brightness", "return (image + factor - 1).clamp(0, 1)", "Multiply by the factor; do not add factor"),
    ],
    ("a17_latent_variables", "vae.py"): [
        (
            "loss_function",
            "error = torch.nn.functional.binary_cross_entropy(x_hat, x)\n"
            "return error - 0.5 * (1 + logvar - mu**2 - logvar.exp()).mean()",
            f'{STEPS} the hint of this task: `F.binary_cross_entropy(x_hat, x, reduction="sum")`',
        ),
    ],
    ("a19_reinforcement", "policy_gradient.py"): [
        ("log_prob", "return logits.log_softmax(dim=-1)[..., actions]", "x[torch.arange(5), i] takes one from each"),
    ],
}


@pytest.mark.parametrize(("name", "file"), MISTAKES)
def test_the_first_failed_check_leads_to_the_mend(name: str, file: str) -> None:
    assert not_named(name, file, MISTAKES[name, file]) == []

"""Natural mistakes in a06 to a10: what the first check that fails says about each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.authoring.edits import Replacement, apply_edits
from autograder.authoring.reference import read_reference
from autograder.core.assignment import read_assignment
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.open_link import open_link
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts

pytestmark = pytest.mark.slow

ASSIGNMENTS = Path(__file__).parents[2] / "assignments"

Case = tuple[str, str, str, str]  # task, text of the reference, what is written instead, a part of the hint

TRANSFORMERS: list[Case] = [
    ("scaled_dot_product_no_loop_batch", "key.transpose(1, 2)", "key.T", ".T reverses all axes"),
    (
        "scaled_dot_product_no_loop_batch",
        "scores = scores.masked_fill(mask, -math.inf)",
        "scores[mask] = 0",
        "Hidden scores were set to 0",
    ),
    (
        "LayerNormalization",
        "centred / torch.sqrt(variance + self.epsilon)",
        "centred / x.std(dim=-1, keepdim=True)",
        "divides by D - 1",
    ),
    ("prepocess_input_sequence", "[word] if word in spc_tokens else list(word)", "[word]", "into its characters"),
    ("scaled_dot_product_no_loop_batch", "key.transpose(1, 2)", "key", "the last two axes of the keys"),
    ("scaled_dot_product_no_loop_batch", "torch.bmm(weights, value), weights", "torch.bmm(weights, value)", "weights"),
    (
        "scaled_dot_product_no_loop_batch",
        "weights = torch.softmax(scores, dim=2)",
        "weights = scores.softmax(1)",
        "The softmax runs over the queries",
    ),
    (
        "scaled_dot_product_two_loop_batch",
        "(query[:, i] * key[:, j]).sum(dim=1)",
        "(query[:, i] * key[:, j]).sum()",
        "sum over the last axis only",
    ),
    ("SelfAttention", "self.k = nn.Linear(dim_in, dim_q)", "self.k = nn.Linear(dim_in, dim_v)", "dim_q numbers each"),
    ("SelfAttention", "self.v(value), mask)", "self.v(value))", "The mask is ignored."),
    (
        "MultiHeadAttention",
        "nn.ModuleList(SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads))",
        "[SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads)]",
        "nn.ModuleList",
    ),
    ("MultiHeadAttention", "torch.cat(found, dim=2)", "sum(found)", "along the last axis"),
    ("LayerNormalization", "x.mean(dim=-1, keepdim=True)", "x.mean(dim=-1)", "keepdim=True"),
    ("LayerNormalization", "nn.Parameter(torch.ones(emb_dim))", "torch.ones(emb_dim)", "nn.Parameter"),
    (
        "EncoderBlock",
        "x = self.norm1(x + self.dropout(self.attention(x, x, x)))",
        "y = self.norm1(x); x = x + self.dropout(self.attention(y, y, y))",
        "The first norm comes before the attention",
    ),
    ("get_subsequent_mask", "dtype=torch.bool, device", "device", "dtype=torch.bool"),
    ("DecoderBlock", "self.attention_cross(x, enc_inp, enc_inp)", "self.attention_cross(enc_inp, x, x)", "decoder"),
    ("Transformer", ", get_subsequent_mask(read))", ")", "The decoder sees the future"),
]
VIT: list[Case] = [
    ("TransformerEncoderLayer", "dropout=dropout, batch_first=True", "dropout=dropout", "needs batch_first=True"),
    ("TransformerEncoderLayer", "found, _ = self.attention", "found = self.attention", "returns two things"),
    ("VisionTransformer", "self.patches(x) + self.positions", "self.patches(x)", "Add the positions"),
    (
        "VisionTransformer",
        "nn.Parameter(0.02 * torch.randn(1, self.patches.num_patches, embed_dim))",
        "0.02 * torch.randn(1, self.patches.num_patches, embed_dim)",
        "nn.Parameter",
    ),
    (
        "MixerBlock",
        "return x + self.mix_channels(self.norm2(x))",
        "return self.norm2(x + self.mix_channels(x))",
        "The second norm comes after the sum",
    ),
]
GAN: list[Case] = [
    (
        "generator",
        "nn.Linear(1024, 784),\n        nn.Tanh(),\n",
        "nn.Linear(1024, 784),\n",
        "tanh is missing",
    ),
    (
        "sample_noise",
        "2 * torch.rand(batch_size, noise_dim, dtype=dtype, device=device) - 1",
        "torch.rand(batch_size, noise_dim)",
        "uniform on (0, 1)",
    ),
    (
        "generator_loss",
        "return F.softplus(-logits_fake).mean()",
        "return F.softplus(-logits_fake).mean().item()",
        "cut the graph",
    ),
    (
        "discriminator_loss",
        "F.softplus(-logits_real).mean() + F.softplus(logits_fake).mean()",
        "-logits_real.sigmoid().log().mean() - (1 - logits_fake.sigmoid()).log().mean()",
        "F.softplus",
    ),
    ("discriminator_step", "fake = G(noise)\n    loss", "fake = D(noise)\n    loss", "G makes images of noise"),
    (
        "discriminator_step",
        "    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n    return loss.item()\n"
        '    ### END SOLUTION\n\n\n# %% task="generator_step"',
        "    loss.backward()\n    optimizer.step()\n    return "
        'loss.item()\n    ### END SOLUTION\n\n\n# %% task="generator_step"',
        "zero them before backward",
    ),
    (
        "generator_step",
        "loss = loss_function(D(G(noise)))\n    optimizer.zero_grad()\n    loss.backward()\n    "
        "optimizer.step()\n    return loss.item()",
        "loss = loss_function(D(G(noise)))\n    optimizer.zero_grad()\n    loss.backward()\n    "
        "optimizer.step()\n    return loss",
        "Return loss.item()",
    ),
    ("gradient_penalty", ", create_graph=True", "", "create_graph=True"),
    ("gradient_penalty", ".detach().requires_grad_()", ".detach()", "The graph is cut"),
]
SIMCLR: list[Case] = [
    ("sim", "(z_i @ z_j) / (z_i.norm() * z_j.norm())", "z_i @ z_j", "divide by both lengths"),
    (
        "PairDataset",
        "self.transform(image), self.transform(image)",
        "*2 * [self.transform(image)]",
        "Call the transform twice",
    ),
    (
        "to_grey",
        "(weights * image).sum(dim=0, keepdim=True).repeat(3, 1, 1)",
        "image.mean(dim=0, keepdim=True)",
        "keep three channels",
    ),
    ("adjust_brightness", "(factor * image).clamp(0, 1)", "image.mul_(factor).clamp_(0, 1)", "Use x = x - m instead"),
    ("adjust_hue", "torch.where(chroma > 0, chroma, 1.0)", "chroma", "has the chroma 0"),
    ("simclr_loss_naive", "- sim(out[i], out[partner]) / tau", "- sim(out[i], out[partner])", "temperature, too"),
    ("simclr_loss_naive", "if k != i:", "if True:", "omit k = i"),
    ("train", "total += loss.item() * len(x_i)", "total += loss * len(x_i)", "loss.item()"),
    (
        "PairDataset",
        "return self.transform(image), self.transform(image), target",
        "view = self.transform(image)\n        return view, view, target",
        "Call the transform twice",
    ),
    ("linear_probe", "(features - mean) / deviation, (queries - mean) / deviation", "features, queries", "standardise"),
]
DIFFUSION: list[Case] = [
    (
        "Process.q_posterior",
        "(beta * (1 - before) / (1 - left)).sqrt()",
        "beta * (1 - before) / (1 - left)",
        "return its root",
    ),
    ("linear_beta_schedule", "scale = 1000 / timesteps", "scale = 1", "The factor 1000 / T is missing."),
    (
        "Process.q_sample",
        "left = extract(self.alphas_cumprod, t, x_start)",
        "left = self.alphas_cumprod[t]",
        "extract(",
    ),
    (
        "Process.q_posterior",
        "(self.betas, self.alphas_cumprod, self.alphas_cumprod_prev)",
        "(self.betas, self.alphas_cumprod, self.alphas_cumprod)",
        "alphas_cumprod_prev",
    ),
    (
        "DDPM.model_predictions",
        "x_start = x_start.clamp(-1, 1)\n        return self.predict_noise_from_start(x_t, t, x_start), x_start",
        "return self.predict_noise_from_start(x_t, t, x_start), x_start.clamp(-1, 1)",
        "compute it again from the clamped image",
    ),
    (
        "DDPM.model_predictions",
        "return self.predict_noise_from_start(x_t, t, x_start), x_start",
        "return torch.randn_like(x_t), x_start",
        "Both must fit x_t",
    ),
    ("DDPM.p_losses", "x_start = self.normalize(x_start)", "pass", "mapped to [-1, 1]"),
    ("DDPM.p_sample", "times = torch.full((len(x_t),), t, device=x_t.device)", "times = t", "one time for each image"),
    ("GaussianDiffusion.ddim_sample", "t, t_next, eta, model_kwargs)", "t, t_next, 0.0, model_kwargs)", "Pass eta on"),
]
UNET: list[Case] = [
    ("ResnetBlock", " + self.shortcut(x)", "", "1x1 convolution"),
    (
        "Unet.forward",
        "self.downs, self.ups = nn.ModuleList(), nn.ModuleList()",
        "self.downs, self.ups = [], []",
        "use nn.ModuleList",
    ),
    (
        "Unet.forward",
        "        if self.training:\n            known",
        "        if True:\n            known",
        "training mode only",
    ),
    (
        "Unet.forward",
        "self.time_mlp(time) + self.condition_mlp(condition)",
        "self.time_mlp(time)",
        "condition is missing",
    ),
    (
        "Unet.cfg_forward",
        'rest = {key: value for key, value in model_kwargs.items() if key != "cfg_scale"}',
        'model_kwargs.pop("cfg_scale")\n        rest = model_kwargs',
        "make a new dict",
    ),
]
SINGLE: list[Case] = [
    (
        "GenerateAnchor",
        "half = (anc.to(grid) / 2)",
        "half = (anc.flip(-1).to(grid) / 2)",
        "Width and height are swapped",
    ),
    ("nms", "overlap[row] <= iou_threshold", "overlap[row] > iou_threshold", "with an IoU above the threshold"),
    (
        "PredictionNetwork",
        "anchors[:, :, 0].sigmoid()",
        "anchors[:, :, 0]",
        "The sigmoid of the confidences is missing",
    ),
    ("GenerateAnchor", "(anc.to(grid) / 2)[:, None, None]", "anc.to(grid) / 2", "an axis for the shapes"),
    ("GenerateAnchor", "(anc.to(grid) / 2)[:, None, None]", "anc.to(grid)[:, None, None]", "half a width"),
    ("GenerateProposal", "size * offsets[..., 2:].exp() / 2", "size * offsets[..., 2:] / 2", "without the exponential"),
    ("IoU", "width.clamp_(min=0).mul_(height.clamp_(min=0))", "width.mul_(height)", "Clamp width and height"),
    (
        "IoU",
        "torch.maximum(boxes[..., 0], others[..., 0])",
        "torch.minimum(boxes[..., 0], others[..., 0])",
        "begins at the larger of both left sides",
    ),
    ("IoU", "boxes = proposals.flatten(1, 3)[:, :, None]", "boxes = proposals.flatten(1, 3)", "by broadcasting"),
    ("match_anchors", "iou = torch.where(real, iou_mat, -1.0)", "iou = iou_mat", "A row of padding was matched"),
    ("nms", "overlap[row] <= iou_threshold", "overlap[row] < iou_threshold", "not equal to it"),
    ("nms", "return torch.stack(kept)[:topk] if kept else left.new_zeros(0)", "return kept", "torch.stack(kept)"),
    (
        "SingleStageDetector.forward",
        'F.binary_cross_entropy(confidence, wanted, reduction="sum")',
        "F.binary_cross_entropy(confidence, wanted)",
        "The confidences' losses were averaged",
    ),
    (
        "SingleStageDetector.inference",
        "GenerateProposal(anchors, offsets.movedim(2, -1), method",
        "GenerateProposal(anchors, offsets, method",
        "movedim(2, -1)",
    ),
    ("average_precision", "(steps * best).sum()", "(steps * best)[1:].sum()", "r_0 = 0"),
]
TWO: list[Case] = [
    ("RPN.inference", "scores.softmax(dim=2)[:, :, 0]", "scores.softmax(dim=2)[:, :, 1]", "index 0 of the two scores"),
    ("roi_align", "cells = features.movedim(1, -1)", "cells = features[image].movedim(1, -1)", ".long()"),
    ("roi_align", 'F.embedding_bag(index.reshape(-1, 16), table, per_sample_weights=weights, mode="sum")',
     "(table[index.reshape(-1, 16) + 1] * weights[..., None]).sum(1)", "the cell behind to the last one"),
    ("roi_align", "* share - 0.5).clamp", "* share).clamp", "should be at 0.5"),
    ("TwoStageDetector.forward", "scores = self.classifier(pooled.flatten(1))\n        class_loss",
     "scores = self.classifier(pooled)\n        class_loss", "Flatten the features of each box"),
]  # fmt: skip

MODULES = {
    "a06_attention": {"transformers.py": TRANSFORMERS, "vit.py": VIT},
    "a07_gan": {"gan.py": GAN},
    "a08_self_supervised": {"simclr.py": SIMCLR},
    "a09_diffusion": {"diffusion.py": DIFFUSION, "unet.py": UNET},
    "a10_detection": {"single_stage_detector.py": SINGLE, "two_stage_detector.py": TWO},
}


def first_failures(checks: Checks, file: str, cases: list[Case]) -> Iterator[tuple[Case, CheckResult | None]]:
    """Yield each case with the first public check of its task that fails."""
    for case in cases:
        task, replace, by, _ = case
        sources = apply_edits(task, [Replacement(replace, by)], file, read_reference(checks.assignment))
        code = code_of_scripts(sources, checks.assignment)
        with open_link(None, code, checks.assignment) as link:
            own = [item for item in checks.items if item.spec.task == task]
            results = (checks.judge(link, code, only={item}.__contains__)[0] for item in own)
            yield case, next((result for result in results if result.outcome is not Outcome.PASSED), None)


@pytest.mark.filterwarnings("ignore:The use of `x.T`")  # torch says it once in a process, before the error
@pytest.mark.parametrize("name", MODULES)
def test_a_mistake_has_its_hint(name: str) -> None:
    def judge(checks: Checks) -> list[tuple[Case, CheckResult | None]]:
        return [found for file, cases in MODULES[name].items() for found in first_failures(checks, file, cases)]

    for case, result in with_checks(read_assignment(ASSIGNMENTS / name), Options(seed=5), judge, hidden=False):
        assert result is not None, f"no public check notices {case}"
        assert case[3] in result.hint, (case, result.message, result.hint)
        assert not result.message.startswith("helper"), result.message

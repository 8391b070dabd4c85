"""Natural mistakes in a06 to a10, planted in the reference, and what the public checks say about each.

The first check that fails says the words next to a mistake.
"""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[tuple[str, str], list[Mistake]] = {
    ('a06_attention', 'transformers.py'): [
        ('scaled_dot_product_two_loop_single', """
scores = query.new_zeros(len(query), len(key))
for i in range(len(query)):
    for j in range(len(key)):
        scores[i, j] = (query[i] * key[j]).sum() / math.sqrt(query.shape[1])
return scores.flatten().softmax(0).reshape(scores.shape) @ value
""", 'One softmax runs over all scores of a sequence'),
        ('LayerNormalization',
         ('self.gamma * centred / torch.sqrt(variance + self.epsilon) + self.beta',
          'self.beta * centred / torch.sqrt(variance + self.epsilon) + self.gamma'),
         'The shift multiplies and the gain is added'),
        ('EncoderBlock',
         ('self.norm2(x + self.dropout(self.feedforward(x)))', 'self.norm1(x + self.dropout(self.feedforward(x)))'),
         'A layer that runs twice counts once'),
        ('DecoderBlock',
         ('self.attention_cross(x, enc_inp, enc_inp)', 'self.attention_cross(x, enc_inp, enc_inp, mask)'),
         'In the cross-attention the queries come from the decoder'),
        ('position_encoding_simple', 'return (torch.arange(K) / K)[:, None].repeat(1, M)', 'The first axis is missing'),
        ('get_subsequent_mask', """
K = seq.shape[1]
return torch.triu(torch.ones(K, K, dtype=torch.bool, device=seq.device), diagonal=1)
""", 'One matrix is not enough'),
        ('scaled_dot_product_two_loop_batch', """
out = query.new_zeros(query.shape[0], query.shape[1], value.shape[2])
for n in range(len(query)):
    out[n] = scaled_dot_product_two_loop_single(query, key, value)
return out
""", 'scaled_dot_product_two_loop_single takes one sequence of'),
        ('MultiHeadAttention',
         ('nn.ModuleList(SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads))',
          'nn.ModuleList([SelfAttention(dim_in, dim_out, dim_out)] * num_heads)'),
         'Make each head and each layer by a call of its own'),
    ],
    ('a06_attention', 'vit.py'): [
        ('VisionTransformer', ('x.mean(dim=1)', 'x[:, 0]'), 'Only the first patch is classified'),
        ('MixerBlock',
         ('self.mix_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)', 'self.mix_tokens(self.norm1(x))'),
         'A linear layer acts on the last axis'),
        ('TransformerEncoderLayer',
         ('self.norm2(src + self.dropout(self.feedforward(src)))', 'self.norm2(self.dropout(self.feedforward(src)))'),
         'The residual connection around the feed-forward network'),
        ('PatchEmbedding',
         ('permute(0, 2, 4, 1, 3, 5)', 'permute(0, 2, 4, 3, 5, 1)'),
         'Inside a patch the numbers are in the order (p, p, C)'),
    ],
    ('a07_gan', 'gan.py'): [
        ('discriminator_loss', """
return (F.softplus(-logits_real).mean() + F.softplus(logits_fake).mean()) / 2
""", 'This is half of the loss'),
        ('generator_step', """
loss = loss_function(D(G(noise)))
loss.backward()
optimizer.zero_grad()
optimizer.step()
return loss.item()
""", 'G did not change: is the graph cut before the loss, or'),
        ('gradient_penalty', """
share = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype)
between = (share * real + (1 - share) * fake).detach().requires_grad_()
(slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
return (slope.norm() - 1) ** 2
""", 'The norm is taken over the whole batch instead of each'),
        ('Conditional.forward',
         'return self.net(torch.cat([x, F.one_hot(y, self.num_classes)]))',
         'The tensors are joined along axis 0 and differ along'),
        ('ls_generator_loss',
         'return scores_fake.pow(2).mean() / 2',
         'The generator wants scores of 1 for its fakes, not 0'),
        ('interpolate', """
t = torch.linspace(0, 1, steps + 1, dtype=z0.dtype)
return torch.stack([z0 + a * (z1 - z0) for a in t])
""", 'There is one point too many'),
        ('generator',
         ('nn.Linear(noise_dim, 1024)', 'nn.Linear(96, 1024)'),
         'The first linear layer takes noise_dim numbers, whatever'),
        ('gradient_penalty',
         ('(slope.flatten(1).norm(dim=1) - 1).square().mean()', '(slope.flatten(1).norm(dim=1).square() - 1).mean()'),
         'The square comes last, after 1 is subtracted'),
    ],
    ('a08_self_supervised', 'simclr.py'): [
        ('sim', 'return z_i @ z_j / (z_i.square().sum() * z_j.square().sum())', 'The lengths lack their roots'),
        ('sample_crop',
         ('round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))',
          'round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))'),
         'The ratio is width / height'),
        ('color_jitter', """
def draw(s): return float(torch.empty(()).uniform_(-s, s))
image = adjust_contrast(adjust_brightness(image, draw(brightness)), draw(contrast))
return adjust_hue(adjust_saturation(image, draw(saturation)), draw(hue))
""", 'Factors are drawn uniformly from 1 - strength to 1 + strength, and'),
        ('train', ('        train_optimizer.zero_grad()\n', ''), 'Gradients were added up from batch to batch'),
        ('knn_probe', """
cos = F.normalize(queries, dim=1) @ F.normalize(features, dim=1).T
idx = cos.topk(k, dim=1, largest=False).indices
return labels[idx].mode(dim=1).values
""", 'The neighbours with the smallest cosine were taken'),
        ('rotation_task', """
if images.shape[2] != images.shape[3]: raise ValueError("square images only")
turned = torch.stack([torch.rot90(images, r, (2, 3)) for r in range(4)], dim=1).flatten(0, 1)
return turned, torch.arange(4, device=images.device).repeat(len(images))
""", 'All images by one angle should come first, then by the'),
        ('adjust_saturation',
         'return factor * image + (1 - factor) * to_grey(image)',
         'Values below 0 and above 1 are cut off at the end'),
        ('adjust_contrast',
         ('factor * image + (1 - factor) * to_grey(image).mean()',
          '(1 - factor) * image + factor * to_grey(image).mean()'),
         'The factor belongs to the image, 1 - factor to the grey'),
        ('simclr_loss_vectorized', ('[:, 0] / tau', '[:, 0]'), 'The similarity of the pair itself is divided by the'),
        ('compute_sim_matrix', 'return out @ out.T / out.norm(dim=1, keepdim=True)', 'divided by the length of one'),
    ],
    ('a09_diffusion', 'diffusion.py'): [
        ('cosine_beta_schedule', """
u = torch.arange(timesteps + 1, dtype=torch.float64) / timesteps
left = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2
return (left[1:] / left[:-1]).clamp(max=0.999)
""", 'These are the alphas'),
        ('Process.predict_noise_from_start', """
left = extract(self.alphas_cumprod, t, x_t)
return (x_t - left.sqrt() * x_start) / left.sqrt()
""", 'Divide by the root of 1 - alpha bar, not of alpha bar'),
        ('DDPM.p_losses',
         ('torch.randint(self.num_timesteps, (len(x_start),), device=x_start.device)',
          'torch.randint(self.num_timesteps, (1,)).expand(len(x_start))'),
         'Draw a time for each image'),
        ('DDPM.p_sample',
         ('_, x_start = self.model_predictions', 'x_start, _ = self.model_predictions'),
         'model_predictions returns the noise first, then x_start'),
        ('DDPM.sample',
         ('self.unnormalize(torch.stack(way, dim=1) if return_all_timesteps else way[-1])',
          'torch.stack(way, dim=1) if return_all_timesteps else way[-1]'),
         'They must be mapped from [-1, 1] to [0, 1]'),
        ('GaussianDiffusion.ddim_step',
         ('self.alphas_cumprod[t_next] if t_next >= 0 else torch.ones_like(left)', 'self.alphas_cumprod[t_next]'),
         'The step to -1 ends at the image'),
        ('Process.q_posterior',
         ('before.sqrt() * beta * x_start + (1 - beta).sqrt() * (1 - before) * x_t',
          'before.sqrt() * beta * x_t + (1 - beta).sqrt() * (1 - before) * x_start'),
         'x_start and x_t are swapped'),
        ('sigmoid_beta_schedule', (') / tau)', ') * tau)'), 'tau divides what is inside the sigmoid'),
    ],
    ('a09_diffusion', 'unet.py'): [
        ('SinusoidalPosEmb.forward', """
half = self.dim // 2
f = torch.exp(-math.log(self.theta) * torch.arange(half) / (half - 1))
a = time[:, None] * f
return torch.cat([a.sin(), a.cos()])
""", 'The cosines are rows of their own'),
        ('Unet.cfg_forward',
         ('(scale + 1) * self(x, time, rest) - scale', 'scale * self(x, time, rest) - (scale - 1)'),
         'The output with the condition needs the factor s + 1, not'),
        ('ResnetBlock',
         ('self.modulation(F.silu(context))', 'self.modulation(context)'),
         'Apply SiLU to the context first'),
    ],
    ('a10_detection', 'single_stage_detector.py'): [
        ('GenerateProposal',
         ('offsets[..., :2] * size if method == "FasterRCNN" else offsets[..., :2]', 'offsets[..., :2]'),
         "The centres were moved by the other method's formula"),
        ('nms',
         ('torch.stack(kept)[:topk]', 'scores[torch.stack(kept)[:topk]]'),
         'Return which boxes are kept, not their scores'),
        ('PredictionNetwork',
         ('anchors[:, :, 1:3].sigmoid() - 0.5', 'anchors[:, :, 1:3].sigmoid()'),
         'Subtract 0.5 from the sigmoid of tx and ty, so that they'),
        ('precision_recall',
         (' and target not in claimed', ''),
         'A second detection of the same object was counted as'),
        ('average_precision', """
best = precision.cummax(dim=0).values if len(precision) else precision
steps = recall.diff(prepend=recall.new_zeros(1))
return float((steps * best).sum())
""", 'This is the best precision so far'),
        ('SingleStageDetector.inference',
         ('scores.argmax(dim=1)[:, None]', 'scores.softmax(dim=1).max(dim=1).values[:, None]'),
         'These numbers have fractions, so that converting them'),
        ('GenerateProposal', """
c0 = (anchors[..., :2] + anchors[..., 2:]) / 2; wh = anchors[..., 2:] - anchors[..., :2]
o = offsets.exp()
c1 = c0 + (o[..., :2] if method == "YOLO" else o[..., :2] * wh); s = wh * o[..., 2:]
return torch.cat([c1 - s / 2, c1 + s / 2], -1)
""", 'The exponential is for tw and th only'),
        ('mean_average_precision',
         ('max(len(values), 1)', '(max(labels, default=0) + 1)'),
         'The mean is over the classes that occur in the targets'),
        ('match_anchors',
         ('value, shape = in_cell.max(dim=1)', 'value, shape = in_cell[:, 0], torch.zeros_like(cell)'),
         'The first anchor of the cell was taken'),
        ('precision_recall', ('so_far / max(objects, 1)', 'so_far / max(len(order), 1)'), 'by the number of objects'),
    ],
    ('a10_detection', 'two_stage_detector.py'): [
        ('roi_align',
         ('image, x0, y0, x1, y1 = boxes.unbind(dim=1)', 'image, y0, x0, y1, x1 = boxes.unbind(dim=1)'),
         'x and y are swapped'),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "file"), MISTAKES)
def test_the_first_failed_check_names_the_mistake(name: str, file: str) -> None:
    assert not_named(name, file, MISTAKES[name, file]) == []

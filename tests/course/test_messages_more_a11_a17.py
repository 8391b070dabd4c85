"""Natural mistakes in a11 to a17, planted in the reference, and what the public checks say about each.

The first check that fails says the words next to a mistake.
"""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[tuple[str, str], list[Mistake]] = {
    ('a11_autograd', 'autograd.py'): [
        ('div', ('unbroadcast(-grad *', 'unbroadcast(grad *'), 'The gradient of b has the wrong sign'),
        ('log', 'return Var(a.value.log(), (a,), lambda g: (g * a.value,))', 'The local gradient is 1 / a'),
        ('sum_over', """
return Var(a.value.sum() if dim is None else a.value.sum(dim=dim, keepdim=keepdim), (a,), lambda g: (g,))
""", 'The gradient must have the shape of a'),
        ('backward', """
if grad is None:
    if root.value.numel() != 1:
        raise ValueError("give grad")
    grad = torch.ones_like(root.value)
root.grad = grad
for node in reversed(topological_order(root)):
    if node.backward is None: continue
    for p, g in zip(node.parents, node.backward(node.grad)):
        p.grad = g
""", 'A node that is used several times must add up its'),
        ('matmul', """
back = lambda g: (unbroadcast(b.value.mT @ g, a.shape), unbroadcast(g @ a.value.mT, b.shape))
return Var(a.value @ b.value, (a, b), back)
""", 'The order of the factors matters'),
        ('softmax_cross_entropy', """
logp = scores.value.log_softmax(dim=1)
n = torch.arange(len(y))
def back(g):
    d = logp.exp()
    d[n, y] -= 1
    return (g * d,)
return Var(-logp[n, y].mean(), (scores,), back)
""", 'The gradient is not divided by the number of images'),
        ('power', ('n * a.value ** (n - 1)', 'n * a.value ** n'), 'The exponent is one too large'),
        ('maximum',
         ('((a.value > b.value).to(a.value.dtype) + (a.value >= b.value).to(a.value.dtype)) / 2',
          '(a.value >= b.value).to(a.value.dtype)'),
         'Where both are equal, each gets half of the gradient'),
    ],
    ('a11_autograd', 'pytorch101.py'): [
        ('make_one_hot', """
out = torch.zeros(len(x), max(x))
out[torch.arange(len(x)), x] = 1
return out
""", 'Axis 1 has the size 4, and indices count from 0: 4 is one'),
        ('take_one_elem_per_col', 'return x[[1, 0, 3]][:, [0, 1, 2]]', 'These are whole rows or a grid'),
    ],
    ('a12_inside_networks', 'embedding_steps.py'): [
        ('tsne_gradient', ('4 * (((P', '(((P'), 'The factor 4 is missing'),
        ('trustworthiness',
         ('.argsort(dim=1) + 1', '.argsort(dim=1)'),
         'Ranks begin with 1 for the nearest neighbour, not with 0'),
    ],
    ('a12_inside_networks', 'network_visualization.py'): [
        ('compute_saliency_maps', """
x = X.detach().clone().requires_grad_()
scores = model(x).gather(1, y[:, None]).sum()
(g,) = torch.autograd.grad(scores, x)
return g.abs().mean(dim=1)
""", 'Take the maximum over the colours, not the mean'),
        ('make_adversarial_attack',
         ('X_fooling.detach() + gradient / gradient.norm()', 'X_fooling.detach() + gradient'),
         'Divide the gradient by its norm'),
        ('class_visualization_step',
         ('- l2_reg * x.square().sum()', '+ l2_reg * x.square().sum()'),
         'The penalty is subtracted from the score'),
        ('deepdream_step', """
x = x.detach().clone().requires_grad_()
loss = model_to_layer(x).square().sum() / 2
(g,) = torch.autograd.grad(loss, x)
return (x + lr * g / g.norm()).detach()
""", 'Divide by the mean of the absolute values, not by the'),
        ('gradcam', ('.sum(dim=1)[0].clamp(min=0).detach()', '.sum(dim=1)[0].detach()'), 'Keep the positive part only'),
    ],
    ('a12_inside_networks', 'style_transfer.py'): [
        ('style_loss', """
loss = 0
for i in range(len(style_layers)):
    loss = loss + style_weights[i] * (gram_matrix(feats[i]) - style_targets[i]).square().sum()
return loss
""", 'Target i belongs to feats[style_layers[i]], not to'),
        ('perceptual_loss', """
with torch.no_grad():
    fa, fb = phi(a), phi(b)
return (fa - fb).square().mean()
""", 'No gradient reaches the images'),
    ],
    ('a13_dense_prediction', 'dense_heads.py'): [
        ('depth_metrics',
         ('torch.maximum(p / z, z / p)', 'p / z'),
         'Both ratios count: the larger of prediction / depth and'),
        ('refine_boxes',
         ('deltas.reshape(len(labels), deltas.shape[1] // 4, 4)[rows, labels]',
          'deltas.reshape(len(labels), 4, -1)[rows, :, labels]'),
         'The four numbers of a class are next to each other'),
        ('heatmap_targets', ('row * m + column', 'column * m + row'), 'The number is row * m + column'),
        ('corner_pool',
         ('if side in ("top", "left"):', 'if side in ("bottom", "right"):'),
         'The maximum runs towards the other side'),
    ],
    ('a13_dense_prediction', 'resampling.py'): [
        ('upsample_bilinear',
         ('(i + 0.5) * n / n_out - 0.5', 'i * n / n_out'),
         "A pixel's centre is half a pixel from its corner"),
        ('max_unpool', """
out = torch.zeros(*y.shape[:2], *size, dtype=y.dtype)
out.view(-1)[indices.flatten()] = y.flatten()
return out
""", 'Places are counted in each map by itself'),
    ],
    ('a13_dense_prediction', 'segmentation.py'): [
        ('bilinear_kernel',
         ('torch.eye(C)[:, :, None, None]', 'torch.ones(C, C)[:, :, None, None]'),
         'Different channels do not mix'),
        ('merge_panoptic',
         ('scores.argsort(descending=True, stable=True)', 'scores.argsort(stable=True)'),
         'The thing with the largest score comes first'),
        ('UNet',
         ('torch.cat([skip, x], dim=1)', 'torch.cat([x, skip], dim=1)'),
         'The skip comes first, then what came from below'),
        ('soft_dice_loss', """
I = (p * t).sum((1, 2, 3)); P = p.sum((1, 2, 3)); T = t.sum((1, 2, 3))
return 1 - ((2 * I + eps) / (P + T + eps)).mean()
""", 'there is one for each class'),
    ],
    ('a17_latent_variables', 'flows.py'): [
        ('ActNorm',
         ('if self.training and not self.started:', 'if self.training:'),
         'Only the first batch sets shift and scale'),
        ('AffineCoupling',
         ('(z - t) * (-s).exp()', '(z * (-s).exp() - t)'),
         'z_a is x_a: ask the network with it again, then x_b ='),
        ('Permutation.inverse', 'return z[:, self.order]', 'The inverse has the order that undoes it'),
        ('residual_inverse', ('x = y - g(x)', 'x = y + g(x)'), 'x = y - g(x): g is subtracted'),
        ('spectral_scale', ('W / (sigma / c).clamp(min=1)', 'W / (sigma / c)'), 'A matrix with sigma below c stays'),
    ],
    ('a17_latent_variables', 'mixtures.py'): [
        ('gaussian_log_prob', ('x.shape[1] * math.log(2 * math.pi) + ', ''), 'The constant D log(2 pi) / 2 is missing'),
        ('responsibilities',
         'return (pi.log() + gaussian_log_prob(x, mu, Sigma)).softmax(dim=0)',
         'Normalise over the groups of each point, not over the'),
    ],
    ('a17_latent_variables', 'vae.py'): [
        ('reparametrize',
         'return mu + torch.exp(logvar / 2) * torch.rand_like(mu)',
         'The noise is normal, torch.randn, not uniform'),
        ('VAE.forward',
         ('self.decoder(reparametrize(mu, logvar))', 'self.decoder(mu)'),
         'Decode a sample of q, not mu'),
    ],
    ('a17_latent_variables', 'vq_vae.py'): [
        ('VectorQuantizer.forward',
         ('return z + (e - z).detach(), codes, loss', 'return e, codes, loss'),
         'No gradient goes through'),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "file"), MISTAKES)
def test_the_first_failed_check_names_the_mistake(name: str, file: str) -> None:
    assert not_named(name, file, MISTAKES[name, file]) == []

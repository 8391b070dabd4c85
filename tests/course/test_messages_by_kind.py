"""Natural mistakes, and how they are named: by gradlab for every course where that is possible, else by the checks.

Each is a new body of a function, or of several in a dict, or a pair (old text, new text), planted in the reference. The
first check that fails says the words next to it.
"""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[tuple[str, str], list[Mistake]] = {
    ('a01_knn', 'knn.py'): [
        ('KnnClassifier.predict', """
dists = compute_distances_no_loops(x_train, x_test)
return predict_labels(dists, y_train, k)
""", 'Do you mean self.x_train?'),
        ('compute_distances_no_loops', """
a = x_train.flatten(1); b = x_test.flatten(1)
d2 = a.pow(2).sum(1)[:, None] + b.pow(2).sum(1) - 2 * torch.dot(a, b.T)
return d2.clamp(min=0).sqrt()
""", 'torch.dot takes two vectors'),
    ],
    ('a02_linear_classifier', 'linear_classifier.py'): [
        ('svm_loss_vectorized', """
validate_batch(W, X, y)
n = len(X); s = X @ W
m = (s - s[torch.arange(n), y][:, None] + 1).clamp(min=0)
m[torch.arange(n), y] = 0
loss = m.sum() / n + reg * (W * W).sum()
mask = (m > 0).to(X.dtype)
mask[torch.arange(n), y] = -1
return loss, X.T @ mask / n + 2 * reg * W
""", 'once for each violation'),
    ],
    ('a03_mlp', 'fully_connected_networks.py'): [
        ('adam', """
m = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
v = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw * dw
t = config["t"] + 1
mh = m / (1 - config["beta1"] ** t); vh = v / (1 - config["beta2"] ** t)
config["m"], config["v"] = m, v
return w - config["learning_rate"] * mh / (vh.sqrt() + config["epsilon"]), config
""", 'Return the new m, v and t in the config'),
        ('rmsprop', """
config["cache"] = config["decay_rate"] * config["cache"] + (1 - config["decay_rate"]) * dw ** 2
return w - config["learning_rate"] * dw / torch.sqrt(config["cache"] + config["epsilon"]), config
""", 'Epsilon is inside the root'),
        ('adagrad', """
config["cache"] = config["cache"] + dw
return w - config["learning_rate"] * dw / (config["cache"].sqrt() + config["epsilon"]), config
""", 'must be squared before it is added'),
        ('sgd_momentum', """
v = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
return w + v, config
""", 'return the new velocity in the config'),
        ('ReLU.forward', """
import numpy as np
return np.maximum(0, x.numpy()), x
""", 'This is a numpy array'),
    ],
    ('a03_mlp', 'two_layer_net.py'): [
        ('nn_predict', """
return loss_func(params, X).argmax()
""", 'A single number came out'),
    ],
    ('a04_cnn', 'convolutional_networks.py'): [
        ('Conv.forward', """
stride, pad = conv_param["stride"], conv_param["pad"]
xp = F.pad(x, (pad, pad, pad, pad))
N, C, H, W = x.shape; Fn, _, KH, KW = w.shape
Ho = 1 + (H + 2 * pad - KH) // stride; Wo = 1 + (W + 2 * pad - KW) // stride
out = x.new_zeros(N, Fn, Ho, Wo)
for i in range(Ho):
    for j in range(Wo):
        win = xp[:, :, i * stride:i * stride + KH, j * stride:j * stride + KW]
        out[:, :, i, j] = torch.einsum("nchw,fchw->nf", win, w)
out = out + b
cache = (x, w, b, conv_param)
""", 'b[:, None, None]'),
        ('MaxPool.forward', """
ph, pw, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
N, C, H, W = x.shape
Ho = 1 + (H - ph) / s; Wo = 1 + (W - pw) / s
out = x.new_zeros(N, C, Ho, Wo)
for i in range(Ho):
    for j in range(Wo):
        out[:, :, i, j] = x[:, :, i * s:i * s + ph, j * s:j * s + pw].amax(dim=(2, 3))
cache = (x, pool_param)
""", 'divide with //'),
    ],
    ('a04_cnn', 'modern_cnn.py'): [
        ('vgg_block', """
layers = []
for _ in range(num_convs):
    layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU()]
layers.append(nn.MaxPool2d(2))
return nn.Sequential(layers)
""", 'nn.Sequential(*layers)'),
    ],
    ('a05_captioning', 'rnn_lstm_captioning.py'): [
        ('WordEmbedding.forward', """
return torch.nn.functional.one_hot(x, len(self.W_embed)) @ self.W_embed
""", 'convert the whole numbers'),
        ('CaptioningRNN.forward', ('captions[:, :-1]', 'captions[:, 1:]'), 'here both are captions[:, 1:]'),
        ('RNN.forward', """
hs = []
h = h0
for t in range(len(x)):
    h = self.step_forward(x[:, t], h)
    hs.append(h)
return torch.stack(hs, dim=1)
""", 'The size of axis 1 is that of axis 0'),
    ],
    ('a06_attention', 'transformers.py'): [
        ('Transformer.forward', ('ans_b[:, :-1]', 'ans_b[:, 1:]'), 'The decoder reads the tokens that it must predict'),
        ('LayerNormalization.__init__', """
self.gamma = torch.ones(emb_dim)
self.beta = torch.zeros(emb_dim)
""", 'nn.Parameter(torch.ones(...))'),
        ('FeedForwardBlock', {
            'FeedForwardBlock.__init__': """
self.i, self.h = inp_dim, hidden_dim_feedforward""",
            'FeedForwardBlock.forward': """
a = nn.Linear(self.i, self.h); b = nn.Linear(self.h, self.i)
return b(torch.relu(a(x)))""",
        }, 'Layers are made in __init__, not in forward'),
        ('MultiHeadAttention.forward', """
return self.out(torch.cat([h(query, key, value, mask) for h in self.head], dim=-1))
""", 'MultiHeadAttention has no out'),
        ('position_encoding_sinusoid', """
p = torch.arange(K).float()[:, None]
f = 10000.0 ** (torch.arange(0, M, 2).float() / M)
out = torch.zeros(K, M)
out[:, 0::2] = torch.sin(p * f)
out[:, 1::2] = torch.cos(p * f)[:, :M // 2]
return out[None]
""", 'the position divided by 10000'),
    ],
    ('a07_gan', 'gan.py'): [
        ('discriminator_loss', """
real, fake = torch.ones_like(logits_real), torch.ones_like(logits_fake)
loss = F.binary_cross_entropy_with_logits
return loss(logits_real, real) + loss(logits_fake, fake)
""", 'The target of the fakes is 0; here it is 1'),
        ('generator_loss', """
return F.binary_cross_entropy(logits_fake, torch.ones_like(logits_fake))
""", 'takes probabilities'),
    ],
    ('a11_autograd', 'autograd.py'): [
        ('mul', ('b.value', 'a.value'), 'is each operand in its place'),
    ],
    ('a11_autograd', 'pytorch101.py'): [
        ('reverse_rows', """
return x[::-1]
""", 'cannot go backwards'),
        ('sum_positive_entries', """
return x[x > 0].sum()
""", 'x.item() takes the only number out'),
    ],
    ('a13_dense_prediction', 'segmentation.py'): [
        ('pixel_cross_entropy', """
lp = torch.log_softmax(logits, 1)
w = torch.ones(logits.shape[1]) if weight is None else weight
nll = -lp.gather(1, y[:, None])[:, 0]
ww = w[y]
return (ww * nll).sum() / ww.sum()
""", '255 is not a class'),
    ],
    ('a17_latent_variables', 'flows.py'): [
        ('bits_per_dim', """
return nll / D + math.log(L)
""", 'divide all of it by ln 2'),
    ],
    ('a17_latent_variables', 'vae.py'): [
        ('loss_function', """
rec = F.binary_cross_entropy(x_hat, x, reduction="sum")
kl = 0.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum()
return (rec + kl) / len(x)
""", 'The divergence was subtracted'),
        ('reparametrize', """
return mu + torch.exp(logvar / 2) * torch.randn(1)
""", 'Every number has noise of its own'),
    ],
    ('a19_reinforcement', 'tabular.py'): [
        ('q_learning_update', """
Q = Q.clone()
target = r + gamma * Q[s2].max(1).values
Q[s, a] += alpha * (target - Q[s, a])
return Q
""", 'The increments of a repeated pair add up'),
    ],
    ('a20_graphs', 'graph_layers.py'): [
        ('readout', """
if kind == "sum": return scatter_sum(x, batch, len(x))
if kind == "mean": return scatter_mean(x, batch, len(x))
if kind == "max": return scatter_max(x, batch, len(x))
raise ValueError(kind)
""", 'There is a row for each graph'),
    ],
    ('a21_training_practice', 'practice.py'): [
        ('swa_update', """
return [(a * n + b) / max(n, 1) for a, b in zip(average, new)]
""", 'divided by n + 1'),
        ('line_search', """
ts = torch.linspace(0, b, 100000, dtype=torch.float64)
vals = torch.stack([f(x + t * d) for t in ts[::1000]])
return x + ts[::1000][vals.argmin()] * d
""", 'Return the step t'),
    ],
    ('a22_classical_vision', 'edges.py'): [
        ('gaussian_kernel', """
r = np.arange(size) - size // 2
g = np.exp(-(r[:, None] ** 2 + r ** 2) / (2 * sigma))
return g / (2 * np.pi * sigma ** 2)
""", 'In the exponent, sigma is squared'),
        ('partial_x', """
return (np.roll(img, -1, axis=1) - np.roll(img, 1, axis=1)) / 2
""", 'np.roll brings them back'),
    ],
    ('a22_classical_vision', 'features.py'): [
        ('match_descriptors', """
d = ((desc1[:, None] - desc2) ** 2).sum(-1)
o = np.argsort(d, axis=1)
ok = d[np.arange(len(d)), o[:, 0]] < threshold * d[np.arange(len(d)), o[:, 1]]
i = np.nonzero(ok)[0]
return np.stack([i, o[i, 0]], 1)
""", 'Compare distances, not their squares'),
        ('harris_corners', """
dx, dy = differences(img)
p = window_size // 2
def s(a):
    q = np.pad(a, p)
    return sum(q[i:i + a.shape[0], j:j + a.shape[1]] for i in range(window_size) for j in range(window_size))
xx, yy, xy = s(dx * dx), s(dy * dy), s(dx * dy)
return xx * yy - xy ** 2 + k * (xx + yy) ** 2
""", 'do not add it'),
    ],
    ('a22_classical_vision', 'seams.py'): [
        ('compute_cost', """
H, W = energy.shape; cost = energy.copy(); paths = np.zeros((H, W), int)
for i in range(1, H):
    for j in range(W):
        best = min((cost[i - 1, j + d], d) for d in (-1, 0, 1) if j + d < W)
        cost[i, j] += best[0]; paths[i, j] = best[1]
return cost, paths
""", 'the index -1 is the last column'),
        ('remove_seam', """
return np.delete(image, seam, axis=1)
""", 'each row loses one pixel only'),
    ],
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "file"), MISTAKES)
def test_the_first_failed_check_names_the_mistake(name: str, file: str) -> None:
    assert not_named(name, file, MISTAKES[name, file]) == []

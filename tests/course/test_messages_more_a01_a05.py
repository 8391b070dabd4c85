"""Natural mistakes in a01 to a05, planted in the reference, and what the public checks say about each.

The first check that fails says the words next to a mistake.
"""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[tuple[str, str], list[Mistake]] = {
    ('a01_knn', 'knn.py'): [
        ('compute_distances_one_loop', """
a, b = x_train.flatten(1), x_test.flatten(1)
dists = x_train.new_zeros(len(a), len(b))
for i in range(len(a)):
    dists[i] = ((b - a[i]) ** 2).sum(dim=0).sqrt()
return dists
""", 'A row of dists has a number for each test image'),
        ('compute_distances_no_loops', """
a, b = x_train.flatten(1), x_test.flatten(1)
squares = a.pow(2).sum(dim=1, keepdim=True) + b.pow(2).sum(dim=1) - 2 * a @ b
return squares.clamp(min=0).sqrt()
""", 'x_train @ x_test.T multiplies all training images, (Ntr'),
        ('predict_labels', """
from collections import Counter
out = []
for j in range(dists.shape[1]):
    near = y_train[dists[:, j].argsort()[:k]].tolist()
    out.append(Counter(near).most_common(1)[0][0])
return torch.tensor(out)
""", 'Ties went to the label seen first'),
        ('knn_cross_validate', """
xs, ys = x_train.chunk(num_folds), y_train.chunk(num_folds)
out = {k: [] for k in k_choices}
for k in k_choices:
    for f in range(num_folds):
        rest_x = torch.cat([x for i, x in enumerate(xs) if i != f])
        rest_y = torch.cat([y for i, y in enumerate(ys) if i != f])
        out[k].append(KnnClassifier(xs[f], ys[f]).check_accuracy(rest_x, rest_y, k=k, quiet=True))
return out
""", 'One fold voted and the others were validated'),
        ('KnnClassifier.predict', """
dists = compute_distances_no_loops(self.x_train, x_test)
return predict_labels(dists, self.y_train)
""", 'This is the label of the nearest image alone'),
        ('predict_labels', """
near = y_train[dists.topk(k, dim=0, largest=False).indices]
return near.mode(dim=1).values
""", 'There is one label for each neighbour'),
        ('compute_distances_no_loops', """
a, b = x_train.flatten(1), x_test.flatten(1)
return ((a ** 2).sum() + (b ** 2).sum() - 2 * a @ b.T).clamp(min=0).sqrt()
""", 'The squares were added up over all images'),
    ],
    ('a02_linear_classifier', 'linear_classifier.py'): [
        ('svm_loss_naive', """
validate_batch(W, X, y)
n, loss, dW = len(X), W.new_zeros(()), torch.zeros_like(W)
for i in range(n):
    scores = X[i] @ W
    for k in range(W.shape[1]):
        if k == y[i]: continue
        margin = scores[k] - scores[y[i]] + 1
        if margin > 0:
            loss = loss + margin
            dW[:, k] += X[i]
return loss / n + reg * (W * W).sum(), dW / n + 2 * reg * W
""", 'The part of the true class is missing'),
        ('softmax_loss_vectorized', """
validate_batch(W, X, y)
n, scores = len(X), X @ W
p = scores.softmax(dim=1)
loss = -scores.log_softmax(dim=1)[torch.arange(n), y].mean() + 0.5 * reg * (W * W).sum()
p[torch.arange(n), y] -= 1
return loss, X.T @ p / n + reg * W
""", 'The regulariser is half of what it should be'),
        ('softmax_loss_vectorized', """
validate_batch(W, X, y)
n, scores = len(X), X @ W
p = scores.softmax(dim=1)
loss = -scores.log_softmax(dim=1)[torch.arange(n), y].mean() + reg * (W * W).sum()
p[:, y] -= 1
return loss, X.T @ p / n + 2 * reg * W
""", 'p[:, y] takes whole columns, for all images'),
        ('color_histogram', """
N, C = images.shape[:2]
k = (images * bins).long().clamp(max=bins - 1).flatten(2)
return (k[..., None] == torch.arange(bins)).to(images.dtype).mean(dim=2).transpose(1, 2).flatten(1)
""", 'All intervals of red should come before those of green'),
        ('hog_features',
         ('torch.atan2(dy, dx) % math.pi * bins / math.pi', '(torch.atan2(dy, dx) + math.pi) * bins / (2 * math.pi)'),
         'Orientations are from 0 to pi'),
        ('train_linear_classifier',
         ('W = W - learning_rate * dW', 'W = W + learning_rate * dW'),
         'The step went up the gradient'),
        ('extract_features', 'return torch.stack([f(images) for f in feature_fns], dim=1)', 'torch.stack adds an axis'),
        ('sample_batch',
         ('torch.randint(num_train,', 'torch.randint(num_train - 1,'),
         'torch.randint excludes its upper limit'),
        ('test_one_param_set', (', reg=reg', ''), 'reg was not handed on'),
        ('predict_linear_classifier', 'return (W @ X.T).argmax(dim=0)', 'The scores are X @ W'),
    ],
    ('a03_mlp', 'fully_connected_networks.py'): [
        ('Linear.backward', {'Linear.forward': """
x = x.reshape(len(x), -1)
return x @ w + b, (x, w)
"""}, 'dx must have the shape of x, not that of its rows'),
        ('Dropout.forward', """
if mode == "test":
    return x, None
mask = (torch.rand_like(x) >= p) / (1 - p)
return x * mask, mask
""", 'If seed is not None, it decides the mask'),
        ('TwoLayerNet.loss', """
s, c1 = Linear_ReLU.forward(X, self.params["W1"], self.params["b1"])
scores, c2 = Linear.forward(s, self.params["W2"], self.params["b2"])
if y is None: return scores
loss, d = softmax_loss(scores, y)
W1, W2 = self.params["W1"], self.params["W2"]
loss = loss + 0.5 * self.reg * ((W1 ** 2).sum() + (W2 ** 2).sum())
d, dW2, db2 = Linear.backward(d, c2)
_, dW1, db1 = Linear_ReLU.backward(d, c1)
return loss, {"W1": dW1 + self.reg * W1, "b1": db1, "W2": dW2 + self.reg * W2, "b2": db2}
""", 'The penalty is half of what it should be'),
        ('adam', """
t = config["t"] + 1
m = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
v = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw ** 2
m = m / (1 - config["beta1"] ** t)
v = v / (1 - config["beta2"] ** t)
config = config | {"m": m, "v": v, "t": t}
return w - config["learning_rate"] * m / (v.sqrt() + config["epsilon"]), config
""", 'The first step is right'),
        ('rmsprop', """
cache = (1 - config["decay_rate"]) * config["cache"] + config["decay_rate"] * dw ** 2
config = config | {"cache": cache}
return w - config["learning_rate"] * dw / (cache.sqrt() + config["epsilon"]), config
""", 'decay_rate is the factor of the old cache'),
        ('Linear.forward',
         'return x.reshape(len(x), -1) @ w + b[:, None], (x, w)',
         'b has a number for each column of x @ w, and + b adds it'),
        ('TwoLayerNet.__init__', """
self.params["W1"] = torch.randn(input_dim, hidden_dim, dtype=dtype, device=device)
self.params["b1"] = torch.zeros(hidden_dim, dtype=dtype, device=device)
self.params["W2"] = torch.randn(hidden_dim, num_classes, dtype=dtype, device=device)
self.params["b2"] = torch.zeros(num_classes, dtype=dtype, device=device)
""", 'weight_scale is the standard deviation'),
        ('sgd_momentum', """
v = config["momentum"] * config["velocity"] + config["learning_rate"] * dw
return w + v, config | {"velocity": v}
""", 'The step went up the gradient'),
    ],
    ('a03_mlp', 'two_layer_net.py'): [
        ('nn_train', """
loss, grads = loss_func(params, X_batch, y=y_batch, reg=reg)
loss_history.append(loss.item())
for name, value in params.items():
    value = value - learning_rate * grads[name]
""", 'The parameters did not change'),
        ('nn_forward_backward', (' * (hidden > 0)', ''), 'The gradient passed the ReLU where the hidden unit was 0'),
    ],
    ('a04_cnn', 'convolutional_networks.py'): [
        ('Conv.backward', """
padded, w, stride, pad = cache
N, Fn, Ho, Wo = dout.shape
KH, KW = w.shape[2:]
dw, dp = torch.zeros_like(w), torch.zeros_like(padded)
for i in range(Ho):
    for j in range(Wo):
        win = padded[:, :, i:i + KH, j:j + KW]
        dw += torch.einsum("nf,nchw->fchw", dout[:, :, i, j], win)
        dp[:, :, i:i + KH, j:j + KW] += torch.einsum("nf,fchw->nchw", dout[:, :, i, j], w)
dx = dp[:, :, pad:padded.shape[2] - pad, pad:padded.shape[3] - pad]
db = dout.sum((0, 2, 3))
""", 'The window of dout[:, :, i, j] begins at row i * stride'),
        ('BatchNorm.backward', ('dnormal = dout * gamma', 'dnormal = dout'), 'The factor gamma is missing'),
        ('LayerNorm.forward', """
std = (x.var(dim=0, unbiased=False) + eps).sqrt()
normal = (x - x.mean(dim=0)) / std
out = gamma * normal + beta
cache = (normal, std, gamma)
""", 'These are statistics over the batch'),
        ('SpatialGroupNorm.forward',
         ('gamma[:, None, None] * normal + beta[:, None, None]', 'gamma * normal + beta'),
         'gamma and beta have a number for each channel, which is'),
        ('Conv.backward',
         ('dx = dpadded[:, :, pad : padded.shape[2] - pad, pad : padded.shape[3] - pad]', 'dx = dpadded'),
         'This is the gradient of the padded images'),
        ('MaxPool.backward', """
shape, where, pool_param = cache
h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
dx = dout.new_zeros(shape)
for i in range(dout.shape[2]):
    for j in range(dout.shape[3]):
        dx[:, :, i * s:i * s + h, j * s:j * s + w] += dout[:, :, i, j, None, None]
return dx
""", 'Every pixel of a window got the whole gradient'),
    ],
    ('a04_cnn', 'modern_cnn.py'): [
        ('Inception',
         ('torch.cat([path(x) for path in self.paths], dim=1)', 'torch.cat([path(x) for path in self.paths])'),
         'The tensors are joined along axis 0 and differ along'),
        ('count_macs', """
return sum(layer.weight.numel() for layer in module.modules() if isinstance(layer, (nn.Conv2d, nn.Linear)))
""", 'This counts weights'),
        ('DepthwiseSeparableConv',
         (', groups=in_channels', ''),
         'A depthwise convolution has one filter for each channel'),
    ],
    ('a05_captioning', 'rnn_lstm_captioning.py'): [
        ('rnn_backward',
         ('dWx, dWh, db = dWx + dwx, dWh + dwh, db + dbias', 'dWx, dWh, db = dwx, dwh, dbias'),
         'The gradients of the weights are sums over all steps'),
        ('temporal_softmax_loss', """
ignored = -100 if ignore_index is None else ignore_index
return torch.nn.functional.cross_entropy(x, y, reduction="sum", ignore_index=ignored) / len(x)
""", 'F.cross_entropy takes the classes on axis 1: scores (N'),
        ('LSTM.step_forward', """
a = x @ self.Wx + prev_h @ self.Wh + self.b
i, f, o, g = a.chunk(4)
i, f, o, g = i.sigmoid(), f.sigmoid(), o.sigmoid(), g.tanh()
next_c = f * prev_c + i * g
next_h = o * next_c.tanh()
""", 'chunk and split cut axis 0, unless they get another one'),
        ('dot_product_attention', """
N, H, a, _ = A.shape
places = A.reshape(N, a * a, H)
scores = (places @ prev_h[:, :, None])[:, :, 0] / math.sqrt(H)
w = scores.softmax(dim=1)
attn = (w[:, None] @ places)[:, 0]
weights = w.reshape(N, a, a)
""", 'reshape(N, a * a, H) mixes features of several places'),
        ('AttentionLSTM.forward', """
h = c = A.mean(dim=(2, 3))
attn, _ = dot_product_attention(h, A)
hs = []
for t in range(x.shape[1]):
    h, c = self.step_forward(x[:, t], h, c, attn)
    hs.append(h)
return torch.stack(hs, dim=1)
""", 'Attention runs only once'),
        ('CaptioningRNN.sample',
         ('words = self.output(h).argmax(dim=1)\n            written.append(words)',
          'written.append(self.output(h).argmax(dim=1))'),
         'The word that was written is not the next input'),
        ('clip_gradients', """
params = [p for p in parameters if p.grad is not None]
total = max(p.grad.norm() for p in params)
for p in params:
    p.grad.mul_(torch.clamp(max_norm / total, max=1.0))
return total
""", 'This is the length of the longest gradient'),
        ('bleu', ('logs / n', 'logs'), 'The precisions are multiplied'),
        ('LSTM.forward',
         ('h, c = self.step_forward(x[:, t], h, c)', 'h, _ = self.step_forward(x[:, t], h, c)'),
         'The cell state is zero again at every step'),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "file"), MISTAKES)
def test_the_first_failed_check_names_the_mistake(name: str, file: str) -> None:
    assert not_named(name, file, MISTAKES[name, file]) == []

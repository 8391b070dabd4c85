"""Right answers to a03 in other styles: the two-layer net. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("two_layer_net.py")
FORWARD, LOSS, TRAIN, PREDICT = "nn_forward_pass", "nn_forward_backward", "nn_train", "nn_predict"
GRID, SEARCH = "nn_get_search_params", "find_best_net"

VARIANTS = [
    variant("named tuples in place of tuples, an OrderedDict of gradients, addmm",
        body(FORWARD, """
            from collections import namedtuple

            hidden = torch.addmm(params["b1"], X, params["W1"])
            hidden[hidden < 0] = 0
            return namedtuple("Passed", "scores hidden")(torch.addmm(params["b2"], hidden, params["W2"]), hidden)
        """),
        body(LOSS, """
            from collections import OrderedDict

            scores, hidden = nn_forward_pass(params=params, X=X)
            if y is None:
                return scores
            log_p = scores - scores.amax(dim=1, keepdim=True)
            log_p -= log_p.exp().sum(dim=1, keepdim=True).log()
            G = log_p.exp().scatter_add(1, y[:, None], -torch.ones_like(log_p[:, :1])) / len(X)
            back = torch.einsum("nc,hc->nh", G, params["W2"]) * (hidden > 0)
            loss = reg * sum(params[name].square().sum() for name in ("W1", "W2")) - log_p.gather(1, y[:, None]).mean()
            grads = OrderedDict(b2=G.sum(dim=0), b1=back.sum(dim=0))
            grads["W2"] = torch.einsum("nh,nc->hc", hidden, G).add(params["W2"], alpha=2 * reg)
            grads["W1"] = torch.einsum("nd,nh->dh", X, back).add(params["W1"], alpha=2 * reg)
            return loss, grads
        """),
        body(GRID, """
            from collections import namedtuple

            Grid = namedtuple("Grid", "learning_rates hidden_sizes regularization_strengths learning_rate_decays")
            return Grid([0.03, 0.1, 0.3], [32, 128], [1e-3, 3e-3, 1e-2], [0.97])
        """)),
    variant("the course of Michigan's own lines: mm, in-place masks, updates with -=",
        body(FORWARD, """
            W1, b1 = params["W1"], params["b1"]
            W2, b2 = params["W2"], params["b2"]
            hidden = X.mm(W1) + b1
            hidden[hidden < 0] = 0
            scores = hidden.mm(W2) + b2
            return scores, hidden
        """),
        body(LOSS, """
            W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
            N, D = X.shape
            scores, h1 = nn_forward_pass(params, X)
            if y is None:
                return scores
            shifted = scores - scores.max(dim=1, keepdim=True)[0]
            exp = shifted.exp()
            total = exp.sum(dim=1)
            loss = (torch.log(total) - shifted[torch.arange(N), y]).sum() / N
            loss += reg * (torch.sum(W1 * W1) + torch.sum(W2 * W2))
            grads = {}
            probs = exp / total.view(N, 1)
            probs[torch.arange(N), y] -= 1
            probs /= N
            grads["b2"] = probs.sum(dim=0)
            grads["W2"] = h1.t().mm(probs) + 2 * reg * W2
            dh = probs.mm(W2.t())
            dh[h1 == 0] = 0
            grads["b1"] = dh.sum(dim=0)
            grads["W1"] = X.t().mm(dh) + 2 * reg * W1
            return loss, grads
        """),
        body(TRAIN, """
            loss, grads = loss_func(params, X_batch, y=y_batch, reg=reg)
            loss_history.append(loss.item())
            for p in params:
                params[p] = params[p] - learning_rate * grads[p]
        """),
        body(PREDICT, """
            scores = loss_func(params, X)
            y_pred = torch.argmax(scores, dim=1)
            return y_pred
        """),
        body(GRID, """
            learning_rates = [1e-1, 3e-1]
            hidden_sizes = [64, 128]
            regularization_strengths = [1e-3, 1e-2]
            learning_rate_decays = [0.95, 1]
            return learning_rates, hidden_sizes, regularization_strengths, learning_rate_decays
        """)),
    variant("a one-hot matrix, logsumexp, maximum, keys in another order",
        body(FORWARD, """
            before = torch.addmm(params["b1"], X, params["W1"])
            hidden = torch.maximum(before, torch.zeros_like(before))
            return torch.addmm(params["b2"], hidden, params["W2"]), hidden
        """),
        body(LOSS, """
            scores, hidden = nn_forward_pass(params, X)
            if y is None:
                return scores
            log_p = scores - torch.logsumexp(scores, 1, keepdim=True)
            truth = torch.zeros_like(scores).scatter_(1, y[:, None], 1.0)
            loss = -(truth * log_p).sum() / X.shape[0]
            G = (torch.exp(log_p) - truth) / X.shape[0]
            gate = torch.where(hidden > 0, 1.0, 0.0).to(G.dtype)
            before = torch.einsum("nc,hc->nh", G, params["W2"]) * gate
            grads = dict(b2=G.sum(0), W2=torch.einsum("nh,nc->hc", hidden, G), b1=before.sum(0),
                         W1=torch.einsum("nd,nh->dh", X, before))
            for name in ("W1", "W2"):
                loss = loss + reg * params[name].pow(2).sum()
                grads[name] = grads[name] + 2 * reg * params[name]
            return loss, grads
        """),
        body(TRAIN, """
            loss, grads = loss_func(params, X_batch, y=y_batch, reg=reg)
            loss_history += [float(loss)]
            params.update({name: params[name] - learning_rate * slope for name, slope in grads.items()})
        """),
        body(PREDICT, "return loss_func(params, X).max(dim=-1)[1]"),
        body(GRID, "return ((0.05, 0.1), (100,), (0, 1e-3), (1.0,))")),
    variant("a helper for each direction, log_softmax by hand, parameters changed in place",
        ('# %% task="nn_forward_backward"\n', '''def softmax_part(scores, y):
    top = scores.amax(1, keepdim=True)
    log_p = scores - top - (scores - top).exp().sum(1, keepdim=True).log()
    grad = log_p.exp()
    grad.scatter_add_(1, y[:, None], -torch.ones_like(grad[:, :1]))
    return -log_p.gather(1, y[:, None]).mean(), grad / len(y)


def layer_back(dout, x, W):
    return dout @ W.T, x.T @ dout, dout.sum(0)


# %% task="nn_forward_backward"
'''),
        body(FORWARD, """
            hidden = torch.relu(X @ params["W1"] + params["b1"].unsqueeze(0))
            return hidden @ params["W2"] + params["b2"].unsqueeze(0), hidden
        """),
        body(LOSS, """
            scores, hidden = nn_forward_pass(params=params, X=X)
            if y is None:
                return scores
            loss, dscores = softmax_part(scores, y)
            dhidden, dW2, db2 = layer_back(dscores, hidden, params["W2"])
            dhidden = dhidden * hidden.sign()
            _, dW1, db1 = layer_back(dhidden, X, params["W1"])
            penalty = sum((params[w] ** 2).sum() for w in ("W1", "W2"))
            return loss + reg * penalty, {
                "W1": dW1 + reg * params["W1"] * 2, "W2": dW2 + reg * params["W2"] * 2, "b1": db1, "b2": db2,
            }
        """),
        body(TRAIN, """
            loss, grads = loss_func(params, X_batch, y=y_batch, reg=reg)
            loss_history.append(float(loss))
            for key, value in list(params.items()):
                params[key] = value.clone()
                params[key] -= learning_rate * grads[key]
        """),
        body(PREDICT, "return torch.topk(loss_func(params, X), 1, dim=1).indices.squeeze(1)")),
    variant("the forward pass again in the loss, extra arguments with defaults",
        ("def nn_forward_pass(params: Params, X: Tensor)",
         "def nn_forward_pass(params: Params, X: Tensor, scale: int = 1)"),
        body(LOSS, """
            W1, b1, W2, b2 = (params[name] for name in ("W1", "b1", "W2", "b2"))
            hidden = (X @ W1 + b1).clamp(min=0)
            scores = hidden @ W2 + b2
            if y is None:
                return nn_forward_pass(params, X, scale=1)[0]
            N = X.size(0)
            p = torch.softmax(scores, dim=1)
            loss = (scores.logsumexp(1) - scores[range(N), y]).mean() + reg * torch.sum(W1**2) + reg * torch.sum(W2**2)
            p[range(N), y] -= 1
            p = p / N
            d = p @ W2.t() * (hidden > 0).to(p.dtype)
            dW1, dW2 = X.t() @ d + 2 * reg * W1, hidden.t() @ p + 2 * reg * W2
            return loss, {"W1": dW1, "b1": d.sum(0), "W2": dW2, "b2": p.sum(0)}
        """)),
    variant("search: four nested loops, a percentage that is divided again",
        body(SEARCH, """
            learning_rates, hidden_sizes, strengths, decays = get_param_set_fn()
            best_net, best_stat, best_val_acc = None, None, 0.0
            X_train, y_train = data_dict["X_train"], data_dict["y_train"]
            for lr in learning_rates:
                for hs in hidden_sizes:
                    for reg in strengths:
                        for decay in decays:
                            net = TwoLayerNet(X_train.shape[1], hs, int(y_train.max()) + 1, dtype=X_train.dtype,
                                              device=X_train.device, std=0.1)
                            stats = net.train(X_train, y_train, data_dict["X_val"], data_dict["y_val"],
                                              num_iters=500, batch_size=100, learning_rate=lr,
                                              learning_rate_decay=decay, reg=reg, verbose=False)
                            right = (net.predict(data_dict["X_val"]) == data_dict["y_val"]).sum()
                            val_acc = 100 * right.item() / len(data_dict["y_val"]) / 100
                            if val_acc > best_val_acc or best_net is None:
                                best_net, best_stat, best_val_acc = net, stats, val_acc
            return best_net, best_stat, best_val_acc
        """)),
    variant("search: nn_train and nn_predict themselves, a list of results and max",
        body(SEARCH, """
            X, y = data_dict["X_train"], data_dict["y_train"]
            X_val, y_val = data_dict["X_val"], data_dict["y_val"]
            results = []
            for rate, size, reg, decay in itertools.product(*get_param_set_fn()):
                net = TwoLayerNet(X.size(1), size, y.max().item() + 1, X.dtype, X.device, std=X.size(1) ** -0.5)
                history = nn_train(net.params, nn_forward_backward, nn_predict, X, y, X_val, y_val,
                                   learning_rate=rate, learning_rate_decay=decay, reg=reg, num_iters=600, batch_size=64)
                labels = nn_predict(net.params, nn_forward_backward, X_val)
                results.append((net, history, (labels == y_val).double().mean()))
            return max(results, key=lambda result: float(result[2]))
        """)),
]  # fmt: skip

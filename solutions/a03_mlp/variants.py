"""Right answers to a03 in other styles: layers, nets and update rules. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("fully_connected_networks.py")
RULES = ("sgd_momentum", "nesterov", "adagrad", "rmsprop", "adam")

LAYERS = [
    variant("layers: the course of Michigan's own lines",
        body("Linear.forward", """
            out = x.reshape(x.shape[0], -1).mm(w) + b
            cache = (x, w, b)
            return out, cache
        """),
        body("Linear.backward", """
            x, w, b = cache
            dx, dw, db = None, None, None
            dx = dout.mm(w.t()).reshape(x.shape)
            dw = x.reshape(x.shape[0], -1).t().mm(dout)
            db = dout.sum(dim=0)
            return dx, dw, db
        """),
        body("ReLU.forward", """
            out = x.clone()
            out[out < 0] = 0
            cache = x
            return out, cache
        """),
        body("ReLU.backward", """
            dx, x = dout.clone(), cache
            dx[x <= 0] = 0
            return dx
        """),
        body("Dropout.forward", """
            if seed is not None:
                generator = torch.Generator(device=x.device)
                generator.manual_seed(seed)
            else:
                generator = None
            mask = None
            if mode == "train":
                mask = (torch.rand(x.shape, generator=generator, device=x.device) > p) / (1 - p)
                mask = mask.to(x.dtype)
                out = x * mask
            else:
                out = x
            cache = (dropout_param, mask)
            return out, cache
        """),
        body("Dropout.backward", """
            dropout_param, mask = cache
            if dropout_param["mode"] == "train":
                dx = dout * mask
            elif dropout_param["mode"] == "test":
                dx = dout
            return dx
        """)),
    variant("layers: flatten, einsum, dict caches, maximum, bernoulli",
        body("Linear.forward", """
            rows = torch.flatten(x[:, None], 1)
            return torch.addmm(b, rows, w), {"x": x, "rows": rows, "w": w}
        """),
        body("Linear.backward", """
            dx = torch.einsum("nm,dm->nd", dout, cache["w"]).reshape(cache["x"].shape)
            return dx, torch.einsum("nd,nm->dm", cache["rows"], dout), torch.einsum("nm->m", dout)
        """),
        body("ReLU.forward", """
            positive = (x > 0).to(x.dtype)
            return x * positive, positive
        """),
        body("ReLU.backward", "return dout * cache"),
        body("Dropout.forward", """
            if mode == "test":
                return x.clone(), torch.ones_like(x)
            keep = torch.full(x.shape, 1 - p, dtype=x.dtype, device=x.device)
            if seed is None:
                mask = torch.bernoulli(keep)
            else:
                mask = torch.bernoulli(keep, generator=torch.Generator(x.device).manual_seed(seed))
            mask = mask.div(1 - p)
            return mask.mul(x), mask
        """),
        body("Dropout.backward", "return cache * dout")),
    variant("layers: a list for a tuple, where, indices of what is dropped",
        body("Linear.forward", """
            N = x.shape[0]
            return [x.reshape(N, w.size(0)).matmul(w).add(b), [x, w]]
        """),
        body("Linear.backward", """
            x, w = cache
            x_rows = x.reshape(dout.shape[0], -1)
            grads = [dout.matmul(w.transpose(0, 1)).view_as(x_rows).reshape(x.size()), x_rows.T @ dout,
                     torch.sum(dout, 0)]
            return tuple(grads)
        """),
        body("ReLU.forward", "return torch.max(x, torch.zeros_like(x)), (x,)"),
        body("ReLU.backward", """
            (x,) = cache
            return torch.where(x > 0, dout, torch.zeros_like(dout))
        """),
        body("Dropout.forward", """
            out, dropped = x.clone(), None
            if mode == "train" and p > 0:
                source = torch.Generator(device=x.device)
                source.manual_seed(int(torch.randint(2**31, ())) if seed is None else seed)
                dropped = torch.rand(x.shape, generator=source, device=x.device) < p
                out[dropped] = 0
                out /= 1 - p
            return out, (dropped, p)
        """),
        body("Dropout.backward", """
            dropped, p = cache
            if dropped is None:
                return dout.clone()
            return dout.masked_fill(dropped, 0.0) / (1 - p)
        """)),
]  # fmt: skip

MORE_LAYERS = [
    variant("layers: products with masks of bools, tensordot, uniform_",
        body("Linear.forward", """
            rows = x.reshape(len(x), -1) if x.dim() != 2 else x
            return torch.matmul(rows, w) + b[None, :], (x.shape, rows, w)
        """),
        body("Linear.backward", """
            shape, rows, w = cache
            dx = torch.tensordot(dout, w, dims=([1], [1]))
            return dx.reshape(shape), torch.tensordot(rows, dout, dims=([0], [0])), dout.sum(0)
        """),
        body("ReLU.forward", "return x * (x > 0), x > 0"),
        body("ReLU.backward", "return torch.where(cache, dout, 0.0)"),
        body("Dropout.forward", """
            if p == 0 or mode == "test":
                return x, 1.0
            source = torch.Generator(device=x.device)
            source.seed() if seed is None else source.manual_seed(seed)
            uniform = torch.empty(x.shape, device=x.device).uniform_(generator=source)
            factor = torch.where(uniform < p, 0.0, 1.0 / (1.0 - p)).to(x.dtype)
            return x * factor, factor
        """),
        body("Dropout.backward", "return dout * cache")),
    variant("layers: arguments with defaults and a helper that makes rows",
        ("Config = dict[str, Any]\n",
         "Config = dict[str, Any]\n\n\ndef rows_of(x):\n    return x.reshape(x.shape[0], -1)\n"),
        body("Linear.forward", """
            out = rows_of(x) @ w
            out += b
            return out, (x, w)
        """),
        body("Linear.backward", """
            x, w = cache
            ones = torch.ones(1, len(dout), dtype=dout.dtype, device=dout.device)
            return (w @ dout.T).T.reshape(x.shape), (dout.T @ rows_of(x)).T, (ones @ dout)[0]
        """),
        body("ReLU.forward", "return (x + x.abs()) / 2, x.detach().clone()"),
        body("ReLU.backward", "return dout.masked_fill(cache <= 0, 0)"),
        body("Dropout.backward", """
            if cache is None:
                return dout
            return torch.einsum("...,...->...", dout, cache)
        """)),
]  # fmt: skip

NETS = [
    variant("nets: the hidden layers in lists, the penalty at the end, an extra argument",
        ("y: Tensor | None = None) -> Any:\n        \"\"\"Without y the scores, nothing",
         "y: Tensor | None = None, scale: float = 1.0) -> Any:\n        \"\"\"Without y the scores, nothing"),
        body("TwoLayerNet.__init__", """
            shapes = {"W1": (input_dim, hidden_dim), "b1": (hidden_dim,), "W2": (hidden_dim, num_classes),
                      "b2": (num_classes,)}
            for name, shape in shapes.items():
                make = torch.randn if name.startswith("W") else torch.zeros
                value = make(shape, dtype=dtype, device=device)
                self.params[name] = weight_scale * value if name.startswith("W") else value
        """),
        body("FullyConnectedNet.loss", """
            self.dropout_param["mode"] = "test"
            if y is not None:
                self.dropout_param["mode"] = "train"
            P, L = self.params, self.num_layers
            outputs, linear_caches, relu_caches, drop_caches = [X.to(self.dtype)], [], [], []
            for i in range(L - 1):
                a, c = Linear.forward(outputs[-1], P[f"W{i + 1}"], P[f"b{i + 1}"])
                linear_caches.append(c)
                h, c = ReLU.forward(a)
                relu_caches.append(c)
                if self.dropout_param["p"] > 0:
                    h, c = Dropout.forward(h, self.dropout_param)
                    drop_caches.append(c)
                outputs.append(h)
            scores, c = Linear.forward(outputs[-1], P[f"W{L}"], P[f"b{L}"])
            linear_caches.append(c)
            if y is None:
                return scores
            loss, d = softmax_loss(scores, y)
            grads = {}
            for i in range(L - 1, -1, -1):
                d, dW, db = Linear.backward(d, linear_caches[i])
                grads.update({f"W{i + 1}": dW + 2 * self.reg * P[f"W{i + 1}"], f"b{i + 1}": db})
                if i > 0:
                    d = Dropout.backward(d, drop_caches[i - 1]) if drop_caches else d
                    d = ReLU.backward(d, relu_caches[i - 1])
            loss = loss + self.reg * sum(P[name].pow(2).sum() for name in P if "W" in name)
            return scale * loss, grads
        """)),
    variant("nets: randn_like, a loop over names, layers called one by one",
        body("TwoLayerNet.__init__", """
            self.params["W1"] = torch.randn(input_dim, hidden_dim, dtype=dtype, device=device) * weight_scale
            self.params["W2"] = torch.randn(hidden_dim, num_classes, dtype=dtype, device=device) * weight_scale
            for name, size in (("b1", hidden_dim), ("b2", num_classes)):
                self.params[name] = torch.zeros(size, dtype=dtype, device=device)
        """),
        body("TwoLayerNet.loss", """
            before, cache1 = Linear.forward(X, self.params["W1"], self.params["b1"])
            hidden, cache2 = ReLU.forward(before)
            scores, cache3 = Linear.forward(hidden, self.params["W2"], self.params["b2"])
            if y is None:
                return scores
            loss, grads = 0, {}
            loss, dscores = softmax_loss(scores, y)
            for w in ("W1", "W2"):
                loss += self.reg * torch.sum(self.params[w] * self.params[w])
            dhidden, grads["W2"], grads["b2"] = Linear.backward(dscores, cache3)
            dbefore = ReLU.backward(dhidden, cache2)
            dx, grads["W1"], grads["b1"] = Linear.backward(dbefore, cache1)
            grads["W1"] += 2 * self.reg * self.params["W1"]
            grads["W2"] += 2 * self.reg * self.params["W2"]
            return loss, grads
        """),
        body("FullyConnectedNet.__init__", """
            previous = input_dim
            for i, size in enumerate(hidden_dims + [num_classes]):
                self.params["W" + str(i + 1)] = weight_scale * torch.randn((previous, size), dtype=dtype, device=device)
                self.params["b" + str(i + 1)] = torch.zeros(size, dtype=dtype, device=device)
                previous = size
        """),
        body("FullyConnectedNet.loss", """
            X = X.to(self.dtype)
            mode = "test" if y is None else "train"
            use_dropout = self.dropout_param["p"] != 0
            self.dropout_param["mode"] = mode
            caches, masks, out = {}, {}, X
            for i in range(1, self.num_layers):
                out, caches[i] = Linear_ReLU.forward(out, self.params[f"W{i}"], self.params[f"b{i}"])
                if use_dropout:
                    out, masks[i] = Dropout.forward(out, self.dropout_param)
            n = self.num_layers
            scores, caches[n] = Linear.forward(out, self.params[f"W{n}"], self.params[f"b{n}"])
            if mode == "test":
                return scores
            loss, grads = 0.0, {}
            loss, dout = softmax_loss(scores, y)
            dout, dw, db = Linear.backward(dout, caches[n])
            grads[f"W{n}"] = dw + 2 * self.reg * self.params[f"W{n}"]
            grads[f"b{n}"] = db
            loss += self.reg * torch.sum(self.params[f"W{n}"] ** 2)
            for i in reversed(range(1, n)):
                if use_dropout:
                    dout = Dropout.backward(dout, masks[i])
                dout, dw, db = Linear_ReLU.backward(dout, caches[i])
                grads[f"W{i}"] = dw + 2 * self.reg * self.params[f"W{i}"]
                grads[f"b{i}"] = db
                loss += self.reg * torch.sum(self.params[f"W{i}"] ** 2)
            return loss, grads
        """)),
    variant("nets: normal, new_zeros, lists of caches, a stack that is popped",
        body("TwoLayerNet.__init__", """
            def normal(*shape):
                return torch.normal(0.0, float(weight_scale), shape, dtype=dtype, device=device)

            self.params = {"W1": normal(input_dim, hidden_dim), "W2": normal(hidden_dim, num_classes)}
            self.params["b1"] = torch.zeros(hidden_dim, dtype=dtype, device=device)
            self.params["b2"] = self.params["b1"].new_zeros(num_classes)
        """),
        body("FullyConnectedNet.__init__", """
            dims = [input_dim] + list(hidden_dims) + [num_classes]
            for number, (fan_in, fan_out) in enumerate(zip(dims, dims[1:]), start=1):
                weight = torch.empty(fan_in, fan_out, dtype=dtype, device=device).normal_(0, weight_scale)
                self.params.update({f"W{number}": weight, f"b{number}": weight.new_zeros(fan_out)})
        """),
        body("FullyConnectedNet.loss", """
            training = y is not None
            self.dropout_param["mode"] = "train" if training else "test"
            h, stack = X.type(self.dtype), []
            for number in range(1, self.num_layers + 1):
                W, b = self.params[f"W{number}"], self.params[f"b{number}"]
                h, cache = Linear.forward(h, W, b)
                stack.append((Linear, cache, number))
                if number < self.num_layers:
                    h, cache = ReLU.forward(h)
                    stack.append((ReLU, cache, 0))
                    h, cache = Dropout.forward(h, self.dropout_param)
                    stack.append((Dropout, cache, 0))
            if not training:
                return h
            loss, slope = softmax_loss(h, y)
            grads = {}
            while stack:
                layer, cache, number = stack.pop()
                slope = layer.backward(slope, cache)
                if number:
                    slope, grads[f"W{number}"], grads[f"b{number}"] = slope
            for name, value in self.params.items():
                if name[0] == "W":
                    loss = loss + self.reg * (value * value).sum()
                    grads[name] = grads[name] + self.reg * (value + value)
            return loss, grads
        """)),
    variant("solver: momentum, other sizes, flattened images",
        body("create_solver_instance", """
            X = data_dict["X_train"]
            D = X.reshape(X.shape[0], -1).shape[1]
            C = len(data_dict["y_train"].unique()) + 0
            C = max(C, int(torch.max(data_dict["y_train"])) + 1)
            model = TwoLayerNet(input_dim=D, hidden_dim=150, num_classes=C, weight_scale=0.02, reg=1e-3, dtype=dtype,
                                device=device)
            solver = Solver(model, data_dict, optim_config={"learning_rate": 0.08}, lr_decay=0.95, num_epochs=10,
                            batch_size=50, print_every=100, verbose=False, device=device)
            return solver
        """)),
    variant("settings: a list, numbers by powers",
        body("get_three_layer_network_params", """
            weight_scale = 8e-2
            learning_rate = 10**-1.0
            return weight_scale, learning_rate
        """),
        body("get_five_layer_network_params", "return [0.11, 0.08]")),
]  # fmt: skip

UPDATES = [
    variant("rules: everything in one line, the state in a new dict",
        body("sgd_momentum", """
            v = config["momentum"] * config["velocity"] - dw * config["learning_rate"]
            return w.clone().add_(v), {"velocity": v, **{k: config[k] for k in config if k != "velocity"}}
        """),
        body("nesterov", """
            config = dict(config)
            old = config["velocity"]
            config["velocity"] = old * config["momentum"] - config["learning_rate"] * dw
            return w + config["velocity"] + config["momentum"] * (config["velocity"] - old), config
        """),
        body("adagrad", """
            cache = dw * dw + config["cache"]
            rates = config["learning_rate"] / (torch.sqrt(cache) + config["epsilon"])
            return w - rates * dw, config | dict(cache=cache)
        """),
        body("rmsprop", """
            cache = config["cache"].clone()
            cache.mul_(config["decay_rate"]).addcmul_(dw, dw, value=1 - config["decay_rate"])
            next_w = w.addcdiv(dw, cache.sqrt() + config["epsilon"], value=-config["learning_rate"])
            return next_w, {**config, "cache": cache}
        """),
        body("adam", """
            config = config.copy()
            config["t"] = t = config["t"] + 1
            for name, power, value in (("m", "beta1", dw), ("v", "beta2", dw**2)):
                config[name] = config[power] * config[name] + (1 - config[power]) * value
            m_hat = config["m"] / (1 - config["beta1"] ** t)
            v_hat = config["v"] / (1 - config["beta2"] ** t)
            return w - config["learning_rate"] * m_hat / (v_hat**0.5 + config["epsilon"]), config
        """)),
    variant("rules: the config is changed and returned, as in Stanford's course",
        body("sgd_momentum", """
            v = config.get("velocity", torch.zeros_like(w))
            v = config["momentum"] * v - config["learning_rate"] * dw
            next_w = w + v
            config["velocity"] = v
            return next_w, config
        """),
        body("nesterov", """
            v_prev = config["velocity"]
            config["velocity"] = config["momentum"] * v_prev - config["learning_rate"] * dw
            next_w = w + (1 + config["momentum"]) * config["velocity"] - config["momentum"] * v_prev
            return next_w, config
        """),
        body("adagrad", """
            config["cache"] = config["cache"] + dw**2
            next_w = w - config["learning_rate"] * dw / (torch.sqrt(config["cache"]) + config["epsilon"])
            return next_w, config
        """),
        body("rmsprop", """
            next_w = None
            config["cache"] = config["decay_rate"] * config["cache"] + (1 - config["decay_rate"]) * dw**2
            next_w = w + (-config["learning_rate"] * dw / (torch.sqrt(config["cache"]) + config["epsilon"]))
            return next_w, config
        """),
        body("adam", """
            config["t"] += 1
            config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
            mt = config["m"] / (1 - config["beta1"] ** config["t"])
            config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * (dw * dw)
            vt = config["v"] / (1 - config["beta2"] ** config["t"])
            next_w = w - config["learning_rate"] * mt / (torch.sqrt(vt) + config["epsilon"])
            return next_w, config
        """)),
    variant("rules: copies that change in place, addcmul, lerp",
        body("sgd_momentum", """
            velocity = config["velocity"].clone()
            velocity *= config["momentum"]
            velocity -= config["learning_rate"] * dw
            return torch.add(w, velocity), dict(config, velocity=velocity)
        """),
        body("nesterov", """
            mu, rate = config["momentum"], config["learning_rate"]
            velocity = mu * config["velocity"] - rate * dw
            return w + mu * velocity - rate * dw, {**config, "velocity": velocity}
        """),
        body("adagrad", """
            cache = torch.addcmul(config["cache"], dw, dw)
            step = dw.div(cache.sqrt().add_(config["epsilon"])).mul_(config["learning_rate"])
            return w.sub(step), {**config, "cache": cache}
        """),
        body("rmsprop", """
            cache = config["cache"].lerp(dw * dw, 1 - config["decay_rate"])
            next_w = w.clone()
            next_w.addcdiv_(dw, cache**0.5 + config["epsilon"], value=-config["learning_rate"])
            return next_w, {**config, "cache": cache}
        """),
        body("adam", """
            state = dict(config)
            state["t"] = state["t"] + 1
            state["m"] = torch.lerp(state["m"], dw, 1 - state["beta1"])
            state["v"] = state["v"] * state["beta2"] + torch.square(dw) * (1 - state["beta2"])
            m_hat = state["m"].div(1 - pow(state["beta1"], state["t"]))
            v_hat = state["v"].div(1 - pow(state["beta2"], state["t"]))
            return w - state["learning_rate"] * m_hat / v_hat.sqrt().add(state["epsilon"]), state
        """)),
    variant("rules: a helper for the root, tuples unpacked, keyword arguments with defaults",
        ('# %% task="adagrad"\n', '''def divided(dw, squares, epsilon):
    return dw / (squares**0.5 + epsilon)


# %% task="adagrad"
'''),
        ("def adam(w: Tensor, dw: Tensor, config: Config | None = None)",
         "def adam(w: Tensor, dw: Tensor, config: Config | None = None, amsgrad: bool = False)"),
        body("adagrad", """
            squares = config["cache"] + torch.pow(dw, 2)
            config.update(cache=squares)
            return w - config["learning_rate"] * divided(dw, squares, config["epsilon"]), config
        """),
        body("rmsprop", """
            rho = config["decay_rate"]
            squares = rho * config["cache"] + dw.pow(2) - rho * dw.pow(2)
            return w - divided(config["learning_rate"] * dw, squares, config["epsilon"]), {**config, "cache": squares}
        """),
        body("adam", """
            lr, b1, b2, eps, t = (config[k] for k in ("learning_rate", "beta1", "beta2", "epsilon", "t"))
            m, v, t = b1 * config["m"] + (1 - b1) * dw, b2 * config["v"] + (1 - b2) * dw * dw, t + 1
            next_w = w - lr * divided(m / (1 - b1**t), v / (1 - b2**t), eps)
            config = config | {"m": m, "v": v, "t": t}
            return next_w, config
        """)),
]  # fmt: skip

VARIANTS = LAYERS + MORE_LAYERS + NETS + UPDATES

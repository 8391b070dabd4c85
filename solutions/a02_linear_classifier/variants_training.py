"""Right answers to a02 in other styles: training, settings and features. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("linear_classifier.py")
DRAW, TRAIN, PREDICT = "sample_batch", "train_linear_classifier", "predict_linear_classifier"
SETTING, COLORS, HOG, FEATURES = "test_one_param_set", "color_histogram", "hog_features", "extract_features"
STEP = """\
        X_batch, y_batch = sample_batch(X, y, len(X), batch_size)
        loss, dW = loss_func(W, X_batch, y_batch, reg)
        W = W - learning_rate * dW
        loss_history.append(float(loss))
"""
START = "        W = 1e-6 * torch.randn(X.shape[1], int(y.max()) + 1, dtype=X.dtype, device=X.device)\n"

TRAINING = [
    variant("training: the course of Michigan's own lines",
        body(DRAW, """
            idx = torch.randint(0, num_train, (batch_size,))
            X_batch = X[idx]
            y_batch = y[idx]
            return X_batch, y_batch
        """),
        (START, """\
        num_classes = torch.max(y) + 1
        W = 0.000001 * torch.randn(X.shape[1], num_classes, device=X.device, dtype=X.dtype)
"""),
        (STEP, """\
        X_batch, y_batch = sample_batch(X, y, X.shape[0], batch_size)
        loss, grad = loss_func(W, X_batch, y_batch, reg)
        loss_history.append(loss.item())
        W = W - grad * learning_rate
"""),
        body(PREDICT, """
            y_pred = torch.zeros(X.shape[0], dtype=torch.int64)
            scores = X.mm(W)
            _, y_pred = torch.max(scores, dim=1)
            return y_pred
        """)),
    variant("training: a copy of W that changes in place, batches of its own",
        body(DRAW, """
            rows = torch.multinomial(torch.ones(num_train, device=X.device), batch_size, replacement=True)
            return X.index_select(0, rows), y.index_select(0, rows)
        """),
        (START + "        ### END SOLUTION\n", """\
        W = torch.randn((X.size(1), y.max().item() + 1), dtype=X.dtype, device=X.device).mul_(1e-6)
        ### END SOLUTION
    W = W.clone()
"""),
        (STEP, """\
        rows = torch.randint(0, len(X), size=(batch_size,), device=X.device)
        loss, gradient = loss_func(W, X[rows], y[rows], reg)
        loss_history += [float(loss)]
        W -= learning_rate * gradient
"""),
        body(PREDICT, "return torch.argmax(torch.einsum('dc,nd->nc', W, X), dim=-1)")),
    variant("training: rand scaled to rows, sub with alpha, topk",
        body(DRAW, """
            rows = (torch.rand(batch_size, dtype=torch.float64, device=X.device) * num_train).long()
            return X[rows], y[rows]
        """),
        (START, "        shape = (X.shape[1], int(y.max() + 1))\n"
                "        W = torch.normal(0.0, 1e-6, shape, dtype=X.dtype, device=X.device)\n"),
        (STEP, """\
        batch = sample_batch(X, y, num_train=X.shape[0], batch_size=batch_size)
        loss, dW = loss_func(W, *batch, reg)
        loss_history.append(float(loss.detach()))
        W = W.sub(dW, alpha=learning_rate)
"""),
        body(PREDICT, "return (W.T @ X.T).topk(1, dim=0).indices[0]")),
    variant("one setting: accuracies from the classifier's own W",
        body(SETTING, """
            X_train, y_train = data_dict["X_train"], data_dict["y_train"]
            cls.train(X_train, y_train, learning_rate=lr, reg=reg, num_iters=num_iters, batch_size=200)
            accuracy = (predict_linear_classifier(cls.W, X_train) == y_train).double().mean().item()
            val = (predict_linear_classifier(cls.W, data_dict["X_val"]) == data_dict["y_val"]).double().mean().item()
            return cls, accuracy, val
        """)),
    variant("one setting: positions instead of keywords, 100 * accuracy / 100, sums",
        body(SETTING, """
            X, y, X_val, y_val = (data_dict[k] for k in ("X_train", "y_train", "X_val", "y_val"))
            cls.train(X, y, lr, reg, num_iters, 200, False)
            y_train_pred = cls.predict(X)
            train_acc = 100.0 * (y == y_train_pred).double().mean().item()
            val_acc = 100.0 * (y_val == cls.predict(X_val)).sum().item() / len(y_val)
            return cls, train_acc / 100, val_acc / 100
        """)),
    variant("one setting: a named tuple; settings as a named tuple of lists, and in NumPy's floats",
        body(SETTING, """
            from collections import namedtuple

            parts = ("train", "val")
            cls.train(data_dict["X_train"], data_dict["y_train"], lr, reg, num_iters, 200)
            accuracies = [cls.predict(data_dict["X_" + p]).eq(data_dict["y_" + p]).double().mean() for p in parts]
            return namedtuple("Trained", "classifier train_acc val_acc")(cls, *map(float, accuracies))
        """),
        body("svm_get_search_params", """
            from collections import namedtuple

            Grid = namedtuple("Grid", ["learning_rates", "regularization_strengths"])
            return Grid(regularization_strengths=[1e-3, 1e-2, 1e-1, 3e-1], learning_rates=[3e-4, 1e-3, 3e-3, 1e-2])
        """),
        body("softmax_get_search_params", """
            import numpy as np

            return list(np.array([3e-3, 1e-2, 3e-2, 1e-1])), list(np.geomspace(1e-3, 3e-1, 4))
        """)),
    variant("one setting: checks the type, uses the default batch, returns tensors of no axes",
        body(SETTING, """
            assert isinstance(cls, LinearClassifier)
            history = cls.train(data_dict["X_train"], data_dict["y_train"], num_iters=num_iters, reg=reg,
                                learning_rate=lr, verbose=len(data_dict) < 0)
            assert len(history) > 0 and cls.W is not None
            parts = {}
            for part in ("train", "val"):
                scores = data_dict["X_" + part] @ cls.W
                parts[part] = (scores.argmax(1) == data_dict["y_" + part]).float().mean()
            return cls, parts["train"], parts["val"]
        """)),
    variant("searches: tuples, powers, numbers that are whole",
        body("svm_get_search_params", "return ([10**e for e in (-3.5, -3, -2.5)], (0, 1e-3, 1e-2))"),
        body("softmax_get_search_params", """
            learning_rates = (0.003, 0.01, 0.03)
            return [learning_rates, (1e-3, 1e-2)]
        """)),
]  # fmt: skip

IMAGES = [
    variant("colours: comparison with all edges by broadcasting",
        body(COLORS, """
            N, C = images.shape[:2]
            index = torch.floor(images.reshape(N, C, -1) * bins).clamp(0, bins - 1)
            hits = index[..., None] == torch.arange(bins, device=images.device)
            return hits.to(images.dtype).mean(dim=2).reshape(N, C * bins)
        """)),
    variant("colours: one-hot, and a loop over the bins",
        body(COLORS, """
            N, C, H, W = images.shape
            position = torch.minimum((images * bins).to(torch.int64), torch.tensor(bins - 1, device=images.device))
            shares = torch.zeros(N, C, bins, dtype=images.dtype, device=images.device)
            for k in range(bins):
                shares[:, :, k] = (position == k).sum(dim=(2, 3)) / (H * W)
            return shares.view(N, -1)
        """)),
    variant("colours: bincount of all images at once",
        body(COLORS, """
            N, C = images.shape[0], images.shape[1]
            bin_of = (images.reshape(N * C, -1) * bins).long().clamp_(max=bins - 1)
            offset = bins * torch.arange(N * C, device=images.device)[:, None]
            counts = torch.bincount((bin_of + offset).flatten(), minlength=N * C * bins)
            return (counts.view(N, C * bins) / bin_of.shape[1]).to(images.dtype)
        """)),
    variant("edges: slices with cat instead of padding, a one-hot of both bins",
        body(HOG, """
            N, C, H, W = images.shape
            grey = images.mean(1)
            right = torch.cat([grey[:, :, 1:], grey[:, :, -1:]], dim=2)
            left = torch.cat([grey[:, :, :1], grey[:, :, :-1]], dim=2)
            down = torch.cat([grey[:, 1:], grey[:, -1:]], dim=1)
            up = torch.cat([grey[:, :1], grey[:, :-1]], dim=1)
            gx, gy = 0.5 * (right - left), 0.5 * (down - up)
            magnitude = torch.hypot(gx, gy)
            theta = torch.remainder(torch.atan2(gy, gx), math.pi)
            p = theta * bins / math.pi
            k = p.floor()
            upper = p - k
            k = k.long() % bins
            table = F.one_hot(k, bins).to(images.dtype) * (magnitude * (1 - upper))[..., None]
            table = table + F.one_hot((k + 1) % bins, bins).to(images.dtype) * (magnitude * upper)[..., None]
            rows, columns = H // cell, W // cell
            table = table[:, : rows * cell, : columns * cell]
            v = table.reshape(N, rows, cell, columns, cell, bins).mean(dim=(2, 4))
            v = v / torch.sqrt((v * v).sum(dim=-1, keepdim=True) + 1e-4)
            return v.reshape(N, rows * columns * bins)
        """)),
    variant("edges: a convolution for the differences, unfold for the cells",
        body(HOG, """
            grey = F.pad(images.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
            kernel = torch.tensor([[0.0, 0, 0], [-0.5, 0, 0.5], [0, 0, 0]], dtype=images.dtype, device=images.device)
            g = F.conv2d(grey, torch.stack([kernel, kernel.T])[:, None])
            magnitude = g.pow(2).sum(1).sqrt()
            p = torch.atan2(g[:, 1], g[:, 0]).fmod(math.pi)
            p = torch.where(p < 0, p + math.pi, p) * (bins / math.pi)
            low = torch.floor(p)
            weights = images.new_zeros(len(images), bins, *p.shape[1:])
            weights.scatter_add_(1, (low.long() % bins)[:, None], (magnitude * (low + 1 - p))[:, None])
            weights.scatter_add_(1, ((low.long() + 1) % bins)[:, None], (magnitude * (p - low))[:, None])
            cells = weights.unfold(2, cell, cell).unfold(3, cell, cell).mean(dim=(4, 5))  # (N, bins, rows, columns)
            cells = cells.movedim(1, -1)
            return (cells / (cells.square().sum(-1, keepdim=True) + 0.01**2) ** 0.5).flatten(1)
        """)),
    variant("features: all images at once, a list that grows",
        body(FEATURES, """
            features = []
            for feature_fn in feature_fns:
                features.append(feature_fn(images))
            return torch.hstack(features)
        """)),
    variant("features: image by image",
        body(FEATURES, """
            rows = []
            for image in images:
                rows.append(torch.cat([fn(image.unsqueeze(0)).reshape(-1) for fn in feature_fns]))
            return torch.stack(rows)
        """)),
]  # fmt: skip

VARIANTS = TRAINING + IMAGES

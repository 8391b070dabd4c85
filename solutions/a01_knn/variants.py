"""Right answers to a01 in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("knn.py")
TWO, ONE, NO = "compute_distances_two_loops", "compute_distances_one_loop", "compute_distances_no_loops"
VOTES, PREDICT = "predict_labels", "KnnClassifier.predict"
FOLDS, BEST = "knn_cross_validate", "knn_get_best_k"

DISTANCES = [
    variant("flattens with reshape, names from the shapes, torch.sqrt and torch.sum",
        body(TWO, """
            num_train, num_test = x_train.shape[0], x_test.shape[0]
            x_train, x_test = x_train.reshape(num_train, -1), x_test.reshape(num_test, -1)
            for i in range(num_train):
                for j in range(num_test):
                    dists[i, j] = torch.sqrt(torch.sum((x_train[i] - x_test[j]) ** 2))
        """),
        body(ONE, """
            num_train, num_test = x_train.shape[0], x_test.shape[0]
            dists = torch.zeros(num_train, num_test, dtype=x_train.dtype, device=x_train.device)
            x_train, x_test = x_train.reshape(num_train, -1), x_test.reshape(num_test, -1)
            for i in range(num_train):
                dists[i, :] = torch.sqrt(torch.sum((x_test - x_train[i, :]) ** 2, dim=1))
            return dists
        """),
        body(NO, """
            num_train, num_test = x_train.shape[0], x_test.shape[0]
            x_train, x_test = x_train.reshape(num_train, -1), x_test.reshape(num_test, -1)
            train_sq = torch.sum(x_train**2, dim=1).reshape(num_train, 1)
            test_sq = torch.sum(x_test**2, dim=1).reshape(1, num_test)
            return torch.sqrt(torch.clamp(train_sq - 2 * torch.mm(x_train, x_test.t()) + test_sq, min=0))
        """)),
    variant("rows of a list, a helper function, and einsum",
        ("# %% task=\"compute_distances_two_loops\"\n",
         "def rows_of(x):\n    return x.reshape(len(x), -1)\n\n\n# %% task=\"compute_distances_two_loops\"\n"),
        body(TWO, """
            dists = torch.stack([torch.stack([((a - b) ** 2).sum() ** 0.5 for b in x_test]) for a in x_train])
        """),
        body(ONE, """
            b = rows_of(x_test)
            return torch.stack([((b - a) ** 2).sum(-1) ** 0.5 for a in rows_of(x_train)])
        """),
        body(NO, """
            a, b = rows_of(x_train), rows_of(x_test)
            cross = torch.einsum("id,jd->ij", a, b)
            squared = (a * a).sum(1, keepdim=True) + (b * b).sum(1) - 2 * cross
            return torch.where(squared > 0, squared, torch.zeros_like(squared)).sqrt()
        """)),
    variant("enumerates, and products in the loops",
        body(TWO, """
            for i, image in enumerate(x_train):
                for j, other in enumerate(x_test):
                    gap = (image - other).flatten()
                    dists[i][j] = gap.dot(gap).sqrt()
        """),
        body(ONE, """
            dists = x_train.new_empty(len(x_train), len(x_test))
            x_test = x_test.reshape(x_test.shape[0], -1)
            for i in range(x_train.shape[0]):
                gap = x_train[i].reshape(1, -1) - x_test
                dists[i] = torch.einsum("nd,nd->n", gap, gap).pow(0.5)
            return dists
        """),
        body(NO, """
            a, b = x_train.flatten(1) if x_train.dim() > 2 else x_train, x_test.reshape(len(x_test), -1)
            products = a.matmul(b.transpose(0, 1))
            squared = a.pow(2).sum(dim=1).unsqueeze(1) + b.pow(2).sum(dim=1).unsqueeze(0) - 2 * products
            return squared.abs().sqrt()
        """)),
    variant("nan from rounding is replaced after the root; everything in float64 inside",
        body(NO, """
            a, b = x_train.reshape(len(x_train), -1).double(), x_test.reshape(len(x_test), -1).double()
            squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2.0 * (a @ b.T)
            return torch.nan_to_num(squared.sqrt(), nan=0.0).to(x_train.dtype)
        """)),
    variant("one product of augmented rows, in place on tensors of its own",
        body(NO, """
            a, b = torch.flatten(x_train, start_dim=1), torch.flatten(x_test, start_dim=1)
            left = torch.cat([-2 * a, (a * a).sum(1, True), torch.ones_like(a[:, :1])], dim=1)
            right = torch.cat([b, torch.ones_like(b[:, :1]), (b * b).sum(1, True)], dim=1)
            out = left @ right.T
            out[out < 0] = 0
            out.sqrt_()
            return out
        """)),
    variant("loops over the columns, and baddbmm",
        body(TWO, """
            for j in range(len(x_test)):
                for i in range(len(x_train)):
                    dists[i, j] = torch.sqrt(((x_test[j] - x_train[i]) ** 2).sum())
        """),
        body(NO, """
            a, b = x_train.reshape(len(x_train), -1), x_test.reshape(len(x_test), -1)
            squares = torch.add(a.square().sum(1).view(-1, 1), b.square().sum(1).view(1, -1))
            return torch.baddbmm(squares[None], a[None], b.t()[None], alpha=-2)[0].clamp_min(0).sqrt()
        """)),
    variant("extra arguments with defaults",
        ("def compute_distances_no_loops(x_train: Tensor, x_test: Tensor) -> Tensor:",
         "def compute_distances_no_loops(x_train: Tensor, x_test: Tensor, squared: bool = False) -> Tensor:"),
        ("def predict_labels(dists: Tensor, y_train: Tensor, k: int = 1) -> Tensor:",
         "def predict_labels(dists: Tensor, y_train: Tensor, k: int = 1, verbose: bool = False) -> Tensor:"),
        ("compute_distances_no_loops(self.x_train, part)",
         "compute_distances_no_loops(self.x_train, part, squared=False)"),
        ("predict_labels(dists, self.y_train, k)", "predict_labels(dists, self.y_train, k=k, verbose=False)")),
]  # fmt: skip

LABELS = [
    variant("votes: topk of each column, bincount, argmax",
        body(VOTES, """
            num_test = dists.shape[1]
            y_pred = torch.zeros(num_test, dtype=torch.int64, device=dists.device)
            for i in range(num_test):
                _, idx = torch.topk(dists[:, i], k, largest=False)
                y_pred[i] = torch.argmax(torch.bincount(y_train[idx]))
            return y_pred
        """)),
    variant("votes: sort, and torch.mode, which returns the smallest of several modes",
        body(VOTES, """
            order = torch.sort(dists, dim=0)[1]
            return y_train[order[:k]].mode(dim=0)[0]
        """)),
    variant("votes: unique with counts, in a list that becomes a tensor",
        body(VOTES, """
            y_pred = []
            for column in dists.t():
                closest = y_train[column.argsort()[:k]]
                labels, counts = torch.unique(closest, return_counts=True)
                y_pred.append(labels[counts.argmax()])
            return torch.stack(y_pred)
        """)),
    variant("votes: Python's Counter with a sorted list of labels",
        body(VOTES, """
            from collections import Counter

            y_pred = y_train.new_zeros(dists.shape[1])
            for j in range(dists.shape[1]):
                nearest = dists[:, j].topk(k, largest=False).indices
                counts = Counter(sorted(y_train[nearest].tolist()))
                y_pred[j] = counts.most_common(1)[0][0]
            return y_pred
        """)),
    variant("votes: a dict of counts, kthvalue-free selection by min",
        body(VOTES, """
            answers = []
            for j in range(dists.size(1)):
                neighbours = sorted(range(dists.size(0)), key=lambda i: float(dists[i, j]))[:k]
                votes = {}
                for i in neighbours:
                    label = int(y_train[i])
                    votes[label] = votes.get(label, 0) + 1
                most = max(votes.values())
                answers.append(min(label for label in votes if votes[label] == most))
            return torch.tensor(answers, dtype=torch.int64, device=dists.device)
        """)),
    variant("votes: comparison with all labels by broadcasting",
        body(VOTES, """
            labels = torch.unique(y_train)
            nearest = y_train[torch.topk(dists, k, dim=0, largest=False, sorted=False)[1]]
            votes = (nearest[:, :, None] == labels).sum(dim=0)
            return labels[votes.max(dim=1)[1]]
        """)),
    variant("votes: one-hot rows, and torch.zeros turned into whole numbers at the end",
        body(VOTES, """
            y_pred = torch.zeros(dists.shape[1])
            for j in range(dists.shape[1]):
                nearest = torch.argsort(dists[:, j])[0:k]
                names, where = y_train[nearest].unique(return_inverse=True)
                y_pred[j] = names[torch.nn.functional.one_hot(where).sum(0).argmax()]
            return y_pred.long()
        """)),
    variant("classifier: all test images at once, and keywords",
        body(PREDICT, """
            dists = compute_distances_no_loops(x_train=self.x_train, x_test=x_test)
            y_test_pred = predict_labels(dists=dists, y_train=self.y_train, k=k)
            return y_test_pred
        """)),
    variant("classifier: one image at a time, with the function of one loop",
        body(PREDICT, """
            guesses = [predict_labels(compute_distances_one_loop(self.x_train, x[None]), self.y_train, k=k)
                       for x in x_test]
            return torch.cat(guesses)
        """)),
    variant("classifier: flattens and chunks, and fills a tensor",
        body(PREDICT, """
            y = torch.empty(len(x_test), dtype=torch.long, device=x_test.device)
            for start in range(0, len(x_test), 500):
                part = x_test[start : start + 500].reshape(-1, self.x_train[0].numel())
                d = compute_distances_no_loops(self.x_train.reshape(len(self.x_train), -1), part)
                y[start : start + 500] = predict_labels(d, self.y_train, k)
            return y
        """)),
]  # fmt: skip

VALIDATION = [
    variant("folds: chunk, the classifier's own accuracy, k in the outer loop",
        body(FOLDS, """
            x_folds = torch.chunk(x_train, num_folds)
            y_folds = torch.chunk(y_train, num_folds)
            k_to_accuracies = {}
            for k in k_choices:
                accuracies = []
                for i in range(num_folds):
                    x = torch.cat([x_folds[j] for j in range(num_folds) if j != i], dim=0)
                    y = torch.cat([y_folds[j] for j in range(num_folds) if j != i], dim=0)
                    accuracies.append(KnnClassifier(x, y).check_accuracy(x_folds[i], y_folds[i], k=k, quiet=True))
                k_to_accuracies[k] = accuracies
            return k_to_accuracies
        """),
        body(BEST, """
            best_k, best = 0, -1.0
            for k in sorted(k_to_accuracies):
                mean = sum(k_to_accuracies[k]) / len(k_to_accuracies[k])
                if mean > best:
                    best_k, best = k, mean
            return best_k
        """)),
    variant("folds: a mask of the images that vote, defaultdict, percent from a mean",
        body(FOLDS, """
            from collections import defaultdict

            result = defaultdict(list)
            edges = torch.linspace(0, len(x_train), num_folds + 1).long().tolist()
            for start, end in zip(edges[:-1], edges[1:]):
                inside = torch.zeros(len(x_train), dtype=torch.bool, device=x_train.device)
                inside[start:end] = True
                classifier = KnnClassifier(x_train[~inside], y_train[~inside])
                for k in k_choices:
                    right = classifier.predict(x_train[inside], k) == y_train[inside]
                    result[k].append(right.double().mean().item() * 100)
            return dict(result)
        """),
        body(BEST, """
            means = {k: torch.tensor(v, dtype=torch.float64).mean().item() for k, v in k_to_accuracies.items()}
            return max(sorted(means), key=lambda k: means[k])
        """)),
    variant("folds: index lists, tensors of accuracies, setdefault",
        body(FOLDS, """
            folds = torch.arange(len(x_train)).tensor_split(num_folds)
            found = {}
            for number, fold in enumerate(folds):
                others = torch.cat([f for n, f in enumerate(folds) if n != number])
                dists = compute_distances_no_loops(x_train[others], x_train[fold])
                for k in k_choices:
                    correct = (predict_labels(dists, y_train[others], k=k) == y_train[fold]).sum()
                    found.setdefault(k, []).append(100 * correct.item() / fold.numel())
            return found
        """),
        body(BEST, """
            return sorted(k_to_accuracies, key=lambda k: (-sum(k_to_accuracies[k]) / len(k_to_accuracies[k]), k))[0]
        """)),
    variant("folds: a defaultdict, and indices by NumPy",
        body(FOLDS, """
            from collections import defaultdict

            import numpy as np

            parts = np.array_split(np.arange(len(x_train)), num_folds)
            found = defaultdict(list)
            for i, part in enumerate(parts):
                voters = torch.from_numpy(np.concatenate(parts[:i] + parts[i + 1 :]))
                held = torch.from_numpy(part)
                model = KnnClassifier(x_train[voters], y_train[voters])
                for k in k_choices:
                    found[k].append(model.check_accuracy(x_train[held], y_train[held], k, quiet=True))
            return found
        """)),
    variant("folds: lists that are popped",
        body(FOLDS, """
            xs, ys = list(x_train.tensor_split(num_folds)), list(y_train.tensor_split(num_folds))
            k_to_accuracies = {k: [] for k in k_choices}
            for i in range(num_folds):
                x_val, y_val = xs.pop(0), ys.pop(0)
                model = KnnClassifier(torch.cat(xs), torch.cat(ys))
                for k, accuracies in k_to_accuracies.items():
                    accuracies += [model.check_accuracy(x_val, y_val, k, True)]
                xs.append(x_val)
                ys.append(y_val)
            return k_to_accuracies
        """),
        body(BEST, """
            from statistics import fmean

            best_accuracy = max(fmean(v) for v in k_to_accuracies.values())
            candidates = [k for k, v in k_to_accuracies.items() if fmean(v) >= best_accuracy]
            candidates.sort()
            return candidates[0]
        """)),
]  # fmt: skip

VARIANTS = DISTANCES + LABELS + VALIDATION

"""Right answers to a02 in other styles: rejected batches and losses. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("linear_classifier.py")
VALIDATE = "validate_batch"
SVM_LOOPS, SVM = "svm_loss_naive", "svm_loss_vectorized"
SOFTMAX_LOOPS, SOFTMAX = "softmax_loss_naive", "softmax_loss_vectorized"

BATCHES = [
    variant("validation: shapes, min and max, two messages for labels",
        body(VALIDATE, """
            num_classes = W.shape[1]
            if X.shape[0] == 0:
                raise ValueError("empty batch")
            if y.dtype is not torch.long:
                raise ValueError("y has the dtype {}".format(y.dtype))
            if X.shape[0] != y.shape[0]:
                raise ValueError("%d images, %d labels" % (X.shape[0], y.shape[0]))
            if y.min() < 0:
                raise ValueError(f"{y.min().item()} is not a class")
            if y.max().item() >= num_classes:
                raise ValueError(f"{y.max()} is not a class")
        """)),
    variant("validation: a loop over the four questions, and a mask",
        body(VALIDATE, """
            N, M = len(X), len(y)
            outside = y[(y < 0) + (y > W.size(1) - 1)].tolist()
            for wrong, message in (
                (N < 1, "The batch is EMPTY."),
                (y.dtype != torch.int64, f"Labels must be int64, not {str(y.dtype)}."),
                (N != M, f"There are {N} images and {M} labels."),
                (len(outside) > 0, f"These labels are not classes: {outside}."),
            ):
                if wrong:
                    raise ValueError(message)
            return None
        """)),
    variant("validation: comprehensions over two numbers",
        body(VALIDATE, """
            if len(X) == 0:
                raise ValueError("empty batch")
            if y.dtype != torch.int64:
                raise ValueError(f"labels are {y.dtype}, not int64")
            sizes = [len(part) for part in (X, y)]
            if sizes[0] != sizes[1]:
                raise ValueError(f"lengths {sizes}")
            wrong = [int(label) for label in (y.min(), y.max()) if not 0 <= label < W.shape[1]]
            if any(label is not None for label in wrong):
                raise ValueError(f"no class: {wrong}")
        """)),
    variant("validation: an exception of its own, which is a ValueError",
        ('# %% task="validate_batch"\n',
         'class BatchError(ValueError):\n    pass\n\n\n# %% task="validate_batch"\n'),
        body(VALIDATE, """
            lengths = len(X), len(y)
            if 0 in lengths:
                raise BatchError("empty batch")
            if y.dtype != torch.long:
                raise BatchError(f"labels of dtype {y.dtype}")
            if lengths[0] != lengths[1]:
                raise BatchError("{} images, {} labels".format(*lengths))
            low, high = torch.aminmax(y)
            for label in (int(low), int(high)):
                if label not in range(W.size(-1)):
                    raise BatchError(f"no class has the label {label}")
        """)),
    variant("validation: torch.any, and a helper that refuses",
        ('# %% task="validate_batch"\n',
         'def refuse(text):\n    raise ValueError(text)\n\n\n# %% task="validate_batch"\n'),
        body(VALIDATE, """
            if not X.numel() or not y.numel():
                if not len(X):
                    refuse("an empty batch has no loss")
            if not y.dtype == torch.int64:
                refuse(f"labels are {y.dtype}")
            if not X.shape[0] == y.shape[0]:
                refuse(f"{X.shape[0]} != {y.shape[0]}")
            if torch.any(torch.logical_or(y < 0, y >= W.shape[1])):
                refuse(f"labels out of range: {y[(y < 0) | (y >= W.shape[1])].unique().tolist()}")
        """)),
]  # fmt: skip

HINGE = [
    variant("hinge: a Python float, W[:, j] and in-place steps on dW, as in the course of Michigan",
        body(SVM_LOOPS, """
            validate_batch(W, X, y)
            dW = torch.zeros_like(W)
            num_classes = W.shape[1]
            num_train = X.shape[0]
            loss = 0.0
            for i in range(num_train):
                scores = W.t().mv(X[i])
                correct_class_score = scores[y[i]]
                for j in range(num_classes):
                    if j == y[i]:
                        continue
                    margin = scores[j] - correct_class_score + 1
                    if margin > 0:
                        loss += margin
                        dW[:, j] += X[i]
                        dW[:, y[i]] -= X[i]
            loss /= num_train
            dW /= num_train
            loss += reg * torch.sum(W * W)
            dW += 2 * reg * W
            return loss, dW
        """),
        body(SVM, """
            validate_batch(W, X, y)
            N = X.shape[0]
            scores = X.mm(W)
            correct = scores[torch.arange(N), y].view(-1, 1)
            margins = torch.max(scores - correct + 1, torch.zeros_like(scores))
            margins[torch.arange(N), y] = 0
            loss = margins.sum() / N + reg * torch.sum(W * W)
            mask = torch.zeros_like(margins)
            mask[margins > 0] = 1
            mask[torch.arange(N), y] -= mask.sum(dim=1)
            dW = X.t().mm(mask) / N + 2 * reg * W
            return loss, dW
        """)),
    variant("hinge: rows of a gradient by the scores, outer products, relu",
        body(SVM_LOOPS, """
            validate_batch(W, X, y)
            losses, dW = [], W.new_zeros(W.shape)
            for x, label in zip(X, y.tolist()):
                s = x @ W
                total, direction = s.new_zeros(()), torch.zeros_like(s)
                for j, score in enumerate(s):
                    hinge = (score - s[label] + 1).clamp(min=0)
                    if j != label and hinge > 0:
                        total = total + hinge
                        direction[j] += 1
                        direction[label] -= 1
                losses.append(total)
                dW += torch.outer(x, direction)
            return torch.stack(losses).mean() + reg * W.pow(2).sum(), dW / len(X) + reg * (W + W)
        """),
        body(SVM, """
            validate_batch(W, X, y)
            scores = torch.einsum("nd,dc->nc", X, W)
            hot = F.one_hot(y, W.shape[1]).to(W.dtype)
            own = (scores * hot).sum(dim=1, keepdim=True)
            margins = F.relu(scores - own + 1.0) * (1 - hot)
            G = (margins > 0).to(W.dtype)
            G = (G - hot * G.sum(dim=1, keepdim=True)) / len(X)
            return margins.sum(dim=1).mean() + reg * (W**2).sum(), torch.einsum("nd,nc->dc", X, G) + 2.0 * reg * W
        """)),
    variant("hinge: the true class counts and its margin of 1 is subtracted again",
        body(SVM, """
            validate_batch(W, X, y)
            N = len(X)
            scores = X @ W
            margins = torch.clamp(scores - scores.gather(1, y.unsqueeze(1)) + 1, min=0)
            loss = margins.sum() / N - 1 + reg * (W * W).sum()
            binary = (margins > 0).to(W)
            binary[range(N), y] = 1 - binary.sum(dim=1)
            return loss, X.T.matmul(binary) / N + 2 * reg * W
        """)),
    variant("hinge: where, index_put and a mean over images at the end",
        body(SVM_LOOPS, """
            validate_batch(W, X, y)
            N, C = X.size(0), W.size(1)
            loss = torch.tensor(0.0, dtype=W.dtype, device=W.device)
            dW = torch.zeros(W.size(), dtype=W.dtype, device=W.device)
            for n in range(N):
                violations = 0
                for c in range(C):
                    gap = X[n].dot(W[:, c]) - X[n].dot(W[:, int(y[n])]) + 1
                    if gap > 0 and c != int(y[n]):
                        violations += 1
                        loss += gap
                        dW[:, c] = dW[:, c] + X[n]
                dW[:, int(y[n])] = dW[:, int(y[n])] - violations * X[n]
            loss = loss / N
            return loss + reg * torch.sum(W**2), dW.div(N) + W.mul(2 * reg)
        """),
        body(SVM, """
            validate_batch(W, X, y)
            scores, rows = X @ W, torch.arange(len(X), device=X.device)
            margins = scores - scores[rows, y][:, None] + 1
            margins = margins.index_put((rows, y), margins.new_zeros(()))
            active = torch.where(margins > 0, torch.ones_like(margins), torch.zeros_like(margins))
            active = active.index_put((rows, y), -active.sum(1))
            loss = torch.where(margins > 0, margins, torch.zeros_like(margins)).sum(1).mean()
            return loss + reg * torch.sum(torch.square(W)), X.transpose(0, 1) @ (active / len(X)) + 2 * reg * W
        """)),
]  # fmt: skip

CROSS_ENTROPY = [
    variant("softmax: numbers from a dictionary-free loop, shifted scores, p[y] - 1",
        body(SOFTMAX_LOOPS, """
            validate_batch(W, X, y)
            loss = 0.0
            dW = torch.zeros_like(W)
            N, C = X.shape[0], W.shape[1]
            for i in range(N):
                scores = X[i].matmul(W)
                scores = scores - torch.max(scores)
                sum_exp = torch.sum(torch.exp(scores))
                loss += torch.log(sum_exp) - scores[y[i]]
                for j in range(C):
                    p = torch.exp(scores[j]) / sum_exp
                    if j == y[i]:
                        dW[:, j] += (p - 1) * X[i]
                    else:
                        dW[:, j] += p * X[i]
            loss /= N
            dW /= N
            loss += reg * torch.sum(W * W)
            dW += 2 * reg * W
            return loss, dW
        """),
        body(SOFTMAX, """
            validate_batch(W, X, y)
            N = X.shape[0]
            scores = X.mm(W)
            scores = scores - scores.max(dim=1, keepdim=True)[0]
            exp = torch.exp(scores)
            total = exp.sum(dim=1, keepdim=True)
            probs = exp / total
            loss = (torch.log(total.squeeze(1)) - scores[torch.arange(N), y]).sum() / N
            probs[torch.arange(N), y] -= 1
            dW = X.t().mm(probs) / N
            loss += reg * torch.sum(W * W)
            dW += 2 * reg * W
            return loss, dW
        """)),
    variant("softmax: one-hot matrices, log-probabilities, amax",
        body(SOFTMAX_LOOPS, """
            validate_batch(W, X, y)
            losses, dW = torch.zeros(len(X)).to(W), torch.zeros_like(W)
            for n, (x, label) in enumerate(zip(X, y)):
                s = W.T @ x
                log_p = s - s.amax() - (s - s.amax()).exp().sum().log()
                losses[n] = -log_p[label]
                step = log_p.exp()
                step[label] -= 1
                dW += x[:, None] * step[None]
            return losses.mean() + reg * (W * W).sum(), dW / len(X) + 2 * reg * W
        """),
        body(SOFTMAX, """
            validate_batch(W, X, y)
            scores = X @ W
            top = scores.amax(1, True)
            log_p = scores - (top + torch.log(torch.sum(torch.exp(scores - top), 1, True)))
            truth = torch.eye(W.shape[1], dtype=W.dtype, device=W.device)[y]
            loss = -(truth * log_p).sum() / len(y) + reg * torch.linalg.vecdot(W.flatten(), W.flatten())
            return loss, X.T @ ((log_p.exp() - truth) / len(y)) + 2 * reg * W
        """)),
    variant("softmax: the loss in float64 inside, scatter_add",
        body(SOFTMAX, """
            validate_batch(W, X, y)
            s = (X @ W).double()
            s = s - torch.max(s, dim=1, keepdim=True).values
            z = torch.exp(s).sum(dim=1)
            loss = (z.log() - s.gather(1, y.view(-1, 1)).view(-1)).mean()
            grad = (torch.exp(s) / z[:, None]).scatter_add(1, y.view(-1, 1), torch.full((len(y), 1), -1.0).to(s))
            return loss.to(W.dtype) + reg * (W * W).sum(), X.T @ grad.to(W.dtype) / X.shape[0] + 2 * reg * W
        """)),
    variant("losses: the regulariser and the backward pass in helper functions, extra arguments with defaults",
        ('# %% task="softmax_loss_vectorized"\n', '''def with_penalty(loss, dW, W, reg):
    return loss + reg * (W * W).sum(), dW + 2 * reg * W


def scores_of(W, X):
    return X @ W


# %% task="softmax_loss_vectorized"
'''),
        ("def softmax_loss_vectorized(W: Tensor, X: Tensor, y: Tensor, reg: float)",
         "def softmax_loss_vectorized(W: Tensor, X: Tensor, y: Tensor, reg: float, scale: float = 1.0)"),
        body(SOFTMAX, """
            validate_batch(W=W, X=X, y=y)
            N = len(y)
            scores = scale * scores_of(W, X)
            scores -= scores.max(1)[0].unsqueeze(1)
            e = scores.exp()
            p = e.div(e.sum(1).unsqueeze(1))
            loss = e.sum(1).log().sub(scores.gather(1, y.unsqueeze(1)).squeeze(1)).mean()
            p[torch.arange(N), y] -= 1.0
            return with_penalty(loss, torch.matmul(X.T, p).div(N), W, reg)
        """)),
]  # fmt: skip

VARIANTS = BATCHES + HINGE + CROSS_ENTROPY

"""Right answers to machines.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("machines.py")

# fmt: off
VARIANTS = [
    variant("loops, diagonal matrices, in the style of lecture notes",
        body("pinv", """
            U, s, Vt = np.linalg.svd(A)
            Sigma = np.zeros((A.shape[1], A.shape[0]))
            for n, value in enumerate(s):
                if value > tol * s[0]:
                    Sigma[n, n] = 1 / value
            return Vt.T @ Sigma @ U.T
        """),
        body("perceptron", """
            N, D = X.shape
            w = np.zeros(D)
            total = 0
            for epoch in range(epochs):
                errors = 0
                for i in range(N):
                    if y[i] * np.dot(w, X[i]) <= 0:
                        w += y[i] * X[i]
                        errors += 1
                total += errors
                if errors == 0:
                    break
            return w, total
        """),
        body("kernel_matrix", """
            out = np.zeros((len(A), len(B)))
            for i, a in enumerate(A):
                for j, b in enumerate(B):
                    if kind == "linear":
                        out[i, j] = a @ b
                    elif kind == "poly":
                        out[i, j] = (a @ b + 1) ** degree
                    elif kind == "rbf":
                        out[i, j] = np.exp(-gamma * np.linalg.norm(a - b) ** 2)
                    else:
                        raise ValueError(kind)
            return out
        """),
        body("dual_objective", """
            N = len(y)
            total = np.sum(alpha)
            for i in range(N):
                for j in range(N):
                    total -= 0.5 * alpha[i] * alpha[j] * y[i] * y[j] * K[i, j]
            return total
        """),
        body("decision", "return np.sum((alpha * y)[:, None] * K, axis=0) + b")),
    variant("SMO with the partner of the largest difference, a random one now and then",
        body("smo", """
            n = len(y)
            a, b = np.zeros(n), 0.0
            f = lambda k: np.sum(a * y * K[:, k]) + b
            quiet = 0
            while quiet < max_passes:
                moved = False
                for i in range(n):
                    Ei = f(i) - y[i]
                    if (y[i] * Ei < -tol and a[i] < C) or (y[i] * Ei > tol and a[i] > 0):
                        errors = (a * y) @ K + b - y
                        if np.random.rand() < 0.7:
                            j = int(np.argmax(np.abs(errors - Ei)))
                        else:
                            j = np.random.choice([k for k in range(n) if k != i])
                        if j == i:
                            continue
                        Ej = errors[j]
                        ai, aj = a[i], a[j]
                        if y[i] == y[j]:
                            L, H = max(0, ai + aj - C), min(C, ai + aj)
                        else:
                            L, H = max(0, aj - ai), min(C, C + aj - ai)
                        if L == H:
                            continue
                        eta = 2 * K[i, j] - K[i, i] - K[j, j]
                        if eta >= 0:
                            continue
                        new = aj - y[j] * (Ei - Ej) / eta
                        new = H if new > H else L if new < L else new
                        if abs(new - aj) < 1e-5:
                            continue
                        a[j] = new
                        a[i] = ai + y[i] * y[j] * (aj - new)
                        a[i] = min(max(a[i], 0), C)
                        b1 = b - Ei - y[i] * (a[i] - ai) * K[i, i] - y[j] * (a[j] - aj) * K[i, j]
                        b2 = b - Ej - y[i] * (a[i] - ai) * K[i, j] - y[j] * (a[j] - aj) * K[j, j]
                        if 0 < a[i] < C:
                            b = b1
                        elif 0 < a[j] < C:
                            b = b2
                        else:
                            b = (b1 + b2) / 2
                        moved = True
                quiet = 0 if moved else quiet + 1
            return a, b
        """),
        body("perceptron", """
            w, mistakes, clean, n = np.zeros(X.shape[1]), 0, 0, 0
            while n < epochs * len(X):
                i = n % len(X)
                if i == 0:
                    clean = 0
                if y[i] * X[i].dot(w) > 0:
                    clean += 1
                else:
                    w = w + y[i] * X[i]
                    mistakes += 1
                n += 1
                if i == len(X) - 1 and clean == len(X):
                    break
            return w, mistakes
        """)),
    variant("counts of mistakes, kernels of pairs, errors kept up to date, alphas that rounding carries below 0",
        body("pinv", """
            U, s, V = np.linalg.svd(A)
            S = np.zeros((A.shape[1], A.shape[0]))
            for n, value in enumerate(s):
                if value > tol * s[0]:
                    S[n, n] = 1 / value
            return np.linalg.multi_dot([V.T, S, U.T])
        """),
        body("perceptron", """
            count = np.zeros(len(X), dtype=int)
            G = X @ X.T
            for _ in range(epochs):
                clean = True
                for i in range(len(X)):
                    if y[i] * np.sum(count * y * G[i]) <= 0:
                        count[i] += 1
                        clean = False
                if clean:
                    break
            return np.einsum("n,n,nd->d", count, y, X), int(count.sum())
        """),
        body("kernel_matrix", """
            kernels = {
                "linear": lambda a, b: sum(p * q for p, q in zip(a, b)),
                "poly": lambda a, b: (1.0 + np.dot(a, b)) ** degree,
                "rbf": lambda a, b: np.exp(-gamma * np.linalg.norm(a - b) ** 2),
            }
            if kind not in kernels:
                raise ValueError(kind)
            return np.array([[kernels[kind](a, b) for b in B] for a in A])
        """),
        body("dual_objective", """
            return np.sum(alpha) - np.einsum("i,j,i,j,ij->", alpha, alpha, y, y, K) / 2
        """),
        body("decision", """
            out = np.full(K.shape[1], float(b))
            for a, side, row in zip(alpha, y, K):
                if a:
                    out += a * side * row
            return out
        """),
        body("smo", """
            n = len(y)
            alpha, b, E, quiet = np.zeros(n), 0.0, -y.astype(float), 0
            everyone = np.arange(n)
            while quiet < max_passes:
                changed = False
                for i in everyone:
                    m = y[i] * E[i]
                    if not ((m < -tol and alpha[i] < C) or (m > tol and alpha[i] > 0)):
                        continue
                    j = np.random.choice(np.delete(everyone, i))
                    if y[i] == y[j]:
                        low, high = max(0.0, alpha[i] + alpha[j] - C), min(C, alpha[i] + alpha[j])
                    else:
                        low, high = max(0.0, alpha[j] - alpha[i]), min(C, C + alpha[j] - alpha[i])
                    curve = K[i, i] + K[j, j] - 2 * K[i, j]
                    if low == high or curve <= 0:
                        continue
                    new = min(max(alpha[j] + y[j] * (E[i] - E[j]) / curve, low), high)
                    dj = new - alpha[j]
                    if abs(dj) < 1e-5:
                        continue
                    di = -y[i] * y[j] * dj
                    ni = alpha[i] + di
                    b1 = b - E[i] - y[i] * di * K[i, i] - y[j] * dj * K[i, j]
                    b2 = b - E[j] - y[i] * di * K[i, j] - y[j] * dj * K[j, j]
                    after = b1 if 0 < ni < C else b2 if 0 < new < C else 0.5 * (b1 + b2)
                    E = E + y[i] * di * K[i] + y[j] * dj * K[j] + (after - b)
                    alpha[i], alpha[j], b, changed = ni, new, after, True
                quiet = 0 if changed else quiet + 1
            return alpha, float(b)
        """)),
]

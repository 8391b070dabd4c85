# %% [markdown]
# # Machines before networks
#
# A line that separates two classes: how to find one, which one to take, and what to do when there is none. The
# perceptron learned from its mistakes in 1958. It cannot learn XOR. The support vector machine takes the line with the
# widest margin, and kernels bend it. You write both, and the pseudo-inverse, which answers the same question with
# least squares.
#
# Arrays are of numpy, float64; labels are -1 and 1.
#
# <!-- parts -->

# %%
import numpy as np

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.plots.curves import curves
# from common.plots.figure import new_figure
#
# rng = np.random.default_rng(0)
# separable = rng.uniform(-3, 3, (60, 2))
# height = separable @ np.array([0.5, 1.0]) - 1.0
# separable, sides = separable[np.abs(height) > 0.15], np.sign(height[np.abs(height) > 0.15])
#
#
# def picture(axes, X, y, decide, title, levels=(-1, 0, 1)):
#     """Show points, and where the decision has some values: a line for 0, dashes for others."""
#     (left, low), (right, high) = X.min(axis=0) - 1, X.max(axis=0) + 1
#     x, z = np.meshgrid(np.linspace(left, right, 80), np.linspace(low, high, 80))
#     value = decide(np.c_[x.ravel(), z.ravel()]).reshape(x.shape)
#     axes.contourf(x, z, value > 0, levels=1, cmap="coolwarm", alpha=0.3)
#     styles = ["--" if level else "-" for level in levels]
#     axes.contour(x, z, value, levels=levels, colors="k", linestyles=styles, linewidths=1)
#     axes.plot(*X[y < 0].T, "bo", markersize=3.5)
#     axes.plot(*X[y > 0].T, "r^", markersize=3.5)
#     axes.set(title=title, xticks=[], yticks=[])

# %% [markdown]
# ## 1 The pseudo-inverse
#
# $A x = b$ may have no solution, or many. The **pseudo-inverse** gives the shortest of those $x$ that make
# $\lVert A x - b \rVert$ smallest: with $A = U \Sigma V^\top$, it is $A^+ = V \Sigma^+ U^\top$, where $\Sigma^+$ has
# $1 / \sigma$ for each singular value that is not 0. In floating point, "not 0" means: above a tolerance times the
# largest.


# %% task="pinv" minutes=15 difficulty="easy"
def pinv(A: np.ndarray, tol: float = 1e-10) -> np.ndarray:
    """The pseudo-inverse, by np.linalg.svd. Singular values of at most tol times the largest count as 0.

    np.linalg.pinv and np.linalg.lstsq are not allowed.

    Shapes:
        A    (M, N)  float64; it is not changed
        out  (N, M)
    """
    ### BEGIN SOLUTION
    U, S, Vt = np.linalg.svd(A, full_matrices=False)
    kept = tol * S.max() < S
    return (Vt[kept].T / S[kept]) @ U[:, kept].T
    ### END SOLUTION


# %% [markdown] hint="pinv"
# 1. `np.linalg.svd(A, full_matrices=False)` returns U, S and V transposed. Keep the columns of U and the rows of Vt
#    whose singular value is large enough.
# 2. V times 1 / S times U transposed: `(Vt[kept].T / S[kept]) @ U[:, kept].T`.

# %% [markdown]
# ## 2 The perceptron
#
# Rosenblatt's rule (1958): go through the points; where $y_i \, w \cdot x_i \le 0$, the point is on the wrong side,
# and $w$ becomes $w + y_i x_i$. If some $w^*$ of length 1 separates the points with a margin $\gamma$, and none is
# longer than $R$, there are at most $(R / \gamma)^2$ mistakes in all (Novikoff 1962), however many points there are.
# (For a line that does not go through the origin, the points get a last coordinate of 1.)


# %% task="perceptron" minutes=20 difficulty="easy"
def perceptron(X: np.ndarray, y: np.ndarray, epochs: int) -> tuple[np.ndarray, int]:
    """The weights and the number of mistakes, from w = 0, in the order of the points.

    It stops after an epoch without a mistake, or after `epochs` of them.

    Shapes:
        X    (N, D)  float64; it is not changed
        y    (N,)    -1 or 1
        out  w (D,), and a Python int
    """
    ### BEGIN SOLUTION
    w, mistakes = np.zeros(X.shape[1]), 0
    for _ in range(epochs):
        before = mistakes
        for x, label in zip(X, y, strict=True):
            if label * (w @ x) <= 0:
                w = w + label * x
                mistakes += 1
        if mistakes == before:
            break
    return w, mistakes
    ### END SOLUTION


# %% [markdown] hint="perceptron"
# 1. Two loops: epochs, points. At a mistake w becomes `w + y[i] * X[i]`; at the other points it stays as it is. A value
#    of 0 is a mistake, too; otherwise w = 0 would stay.
# 2. Stop when an epoch had no mistake.

# %% tags=["active-ipynb"]
# figure = new_figure(9, 3, "The perceptron's line after one epoch and at the end; on XOR it never ends.")
# xor = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
# xor_sides = np.array([1.0, 1.0, -1.0, -1.0])
# for number, (X, y, epochs) in enumerate([(separable, sides, 1), (separable, sides, 99), (xor, xor_sides, 99)]):
#     w, mistakes = perceptron(np.c_[X, np.ones(len(X))], y, epochs)
#     axes = figure.add_subplot(1, 3, number + 1)
#     title = f"epochs: at most {epochs}\nmistakes: {mistakes}"
#     picture(axes, X, y, lambda Z, w=w: np.c_[Z, np.ones(len(Z))] @ w, title, levels=[0])
# figure

# %% [markdown] question="machines-q1"
# **Question 1.** Show that no line separates XOR, by adding inequalities. Which third coordinate, computed from the
# two, makes it separable by a plane? How do two lines and a third unit solve it?

# %% [markdown] answer="machines-q1"
# ### BEGIN SOLUTION
# With w1, w2, b: b > 0 and w1 + w2 + b > 0 for one class, w1 + b < 0 and w2 + b < 0 for the other. The sum of the first
# two is w1 + w2 + 2b > 0, that of the others is w1 + w2 + 2b < 0: a contradiction. With x1 x2 as third coordinate, 1 -
# 2 x1 - 2 x2 + 4 x1 x2 is 1, 1, -1, -1. Two lines: one fires for x1 + x2 > 0.5, the other for x1 + x2 > 1.5; the class
# -1 is where the first fires and the second does not.
# ### END SOLUTION

# %% [markdown]
# ## 3 Kernels
#
# The perceptron and the support vector machine need only products of points. Replace the product by a **kernel**, and
# the line is drawn in another space, without ever going there:
#
# | kind | $k(a, b)$ |
# |---|---|
# | linear | $a \cdot b$ |
# | poly | $(1 + a \cdot b)^{\text{degree}}$ |
# | rbf | $\exp(-\gamma \lVert a - b \rVert^2)$ |


# %% task="kernel_matrix" minutes=15 difficulty="easy"
def kernel_matrix(
    A: np.ndarray, B: np.ndarray, kind: str = "linear", degree: int = 3, gamma: float = 1.0
) -> np.ndarray:
    """The kernel of each row of A with each row of B. ValueError for another kind.

    Shapes:
        A    (M, D)  float64
        B    (N, D)  float64
        out  (M, N)
    """
    ### BEGIN SOLUTION
    if kind == "linear":
        return A @ B.T
    if kind == "poly":
        return (1 + A @ B.T) ** degree
    if kind == "rbf":
        return np.exp(-gamma * ((A[:, None] - B[None]) ** 2).sum(axis=2))
    raise ValueError(f"unknown kernel {kind!r}")
    ### END SOLUTION


# %% [markdown] hint="kernel_matrix"
# 1. `A @ B.T` has all products. For rbf, all squared distances: `((A[:, None] - B[None]) ** 2).sum(axis=2)`.

# %% [markdown]
# ## 4 The widest margin
#
# Of all lines that separate, take the one that is farthest from the nearest points: minimise $\frac{1}{2} \lVert w
# \rVert^2$ with $y_i (w \cdot x_i + b) \ge 1$. The margin is then $2 / \lVert w \rVert$ wide. (For one point of each
# class, at 1 and at -1 on a line, $w = 1$ and $b = 0$, and the margin is 2.) If the classes overlap, each point may
# violate its condition at a price of $C$ per unit. The **dual** problem has one number per point: maximise
#
# $$W(\alpha) = \sum_i \alpha_i - \frac{1}{2} \sum_{i, j} \alpha_i \alpha_j y_i y_j K_{ij}, \qquad
# 0 \le \alpha_i \le C, \quad \sum_i \alpha_i y_i = 0$$
#
# The decision is $f(x) = \sum_i \alpha_i y_i k(x_i, x) + b$. Points with $\alpha_i > 0$ are the **support vectors**;
# the others could be left out.


# %% task="dual_objective" minutes=10 difficulty="easy"
def dual_objective(alpha: np.ndarray, K: np.ndarray, y: np.ndarray) -> float:
    """The W(alpha) of the formula above.

    Shapes:
        alpha  (N,)    float64
        K      (N, N)  the kernel of all pairs
        y      (N,)    -1 or 1
        out    a number
    """
    ### BEGIN SOLUTION
    signed = alpha * y
    return float(alpha.sum() - signed @ K @ signed / 2)
    ### END SOLUTION


# %% [markdown] hint="dual_objective"
# 1. With `signed = alpha * y`, the double sum is `signed @ K @ signed`.


# %% task="decision" minutes=10 difficulty="easy"
def decision(alpha: np.ndarray, b: float, y: np.ndarray, K: np.ndarray) -> np.ndarray:
    """The decision f for new points; its sign is their class.

    Shapes:
        alpha, y  (N,)
        b         float
        K         (N, M)  the kernel of the N training points with M new ones
        out       (M,)
    """
    ### BEGIN SOLUTION
    return (alpha * y) @ K + b
    ### END SOLUTION


# %% [markdown] hint="decision"
# 1. `(alpha * y) @ K`, plus b.

# %% [markdown]
# ## 5 Two at a time
#
# Changing a single $\alpha_i$ would break $\sum \alpha_i y_i = 0$. So change two, and solve for them exactly:
# **sequential minimal optimisation** (Platt 1998), here in the simplified form of Stanford's CS229. With the errors
# $E_i = f(x_i) - y_i$, go through all $i$; if $y_i E_i < -\text{tol}$ and $\alpha_i < C$, or $y_i E_i > \text{tol}$
# and $\alpha_i > 0$:
#
# 1. draw another point $j$ at random
# 2. the bounds: if $y_i \ne y_j$: $L = \max(0, \alpha_j - \alpha_i)$, $H = \min(C, C + \alpha_j - \alpha_i)$; else $L =
#    \max(0, \alpha_i + \alpha_j - C)$, $H = \min(C, \alpha_i + \alpha_j)$. If $L = H$, go on with the next $i$
# 3. $\eta = 2 K_{ij} - K_{ii} - K_{jj}$; if it is not negative, go on with the next $i$
# 4. $\alpha_j' = \alpha_j - y_j (E_i - E_j) / \eta$, cut to $[L, H]$; if it moved by less than $10^{-5}$, go on with
#    the next $i$ (and leave $\alpha_j$ as it was)
# 5. $\alpha_i' = \alpha_i + y_i y_j (\alpha_j - \alpha_j')$
# 6. $b_1 = b - E_i - y_i (\alpha_i' - \alpha_i) K_{ii} - y_j (\alpha_j' - \alpha_j) K_{ij}$ and $b_2 = b - E_j - y_i
#    (\alpha_i' - \alpha_i) K_{ij} - y_j (\alpha_j' - \alpha_j) K_{jj}$. The new $b$ is $b_1$ if $0 < \alpha_i' < C$,
#    else $b_2$ if $0 < \alpha_j' < C$, else their mean
#
# It ends after `max_passes` passes over all points, one after the other, in which nothing changed.


# %% task="smo" minutes=50 difficulty="hard"
def smo(K: np.ndarray, y: np.ndarray, C: float, tol: float = 1e-3, max_passes: int = 5) -> tuple[np.ndarray, float]:
    """The solution of the dual problem, with numpy's global random numbers (`np.random`).

    Shapes:
        K    (N, N)  the kernel of all pairs, float64; it is not changed
        y    (N,)    -1 or 1, float64
        out  alpha (N,), and b, a number
    """
    ### BEGIN SOLUTION
    N = len(y)
    alpha, b, passes = np.zeros(N), 0.0, 0
    while passes < max_passes:
        changed = 0
        for i in range(N):
            error = float((alpha * y) @ K[:, i] + b - y[i])
            if not ((y[i] * error < -tol and alpha[i] < C) or (y[i] * error > tol and alpha[i] > 0)):
                continue
            j = (i + np.random.randint(1, N)) % N
            other = float((alpha * y) @ K[:, j] + b - y[j])
            if y[i] != y[j]:
                low, high = max(0.0, alpha[j] - alpha[i]), min(C, C + alpha[j] - alpha[i])
            else:
                low, high = max(0.0, alpha[i] + alpha[j] - C), min(C, alpha[i] + alpha[j])
            eta = 2 * K[i, j] - K[i, i] - K[j, j]
            if low == high or eta >= 0:
                continue
            moved = np.clip(alpha[j] - y[j] * (error - other) / eta, low, high)
            if abs(moved - alpha[j]) < 1e-5:
                continue
            dj, di = moved - alpha[j], y[i] * y[j] * (alpha[j] - moved)
            alpha[i], alpha[j] = np.clip(alpha[i] + di, 0.0, C), moved
            b1 = b - error - y[i] * di * K[i, i] - y[j] * dj * K[i, j]
            b2 = b - other - y[i] * di * K[i, j] - y[j] * dj * K[j, j]
            b = float(b1 if 0 < alpha[i] < C else b2 if 0 < alpha[j] < C else (b1 + b2) / 2)
            changed += 1
        passes = passes + 1 if changed == 0 else 0
    return alpha, b
    ### END SOLUTION


# %% [markdown] hint="smo"
# 1. Begin with alpha = 0, b = 0. An outer loop counts quiet passes, an inner one goes through all i.
# 2. An error is f(x) - y, and f(x) is `(alpha * y) @ K[:, i] + b`. Compute both errors with the *old* alphas before you
#    change anything, and remember the old alphas for step 6.
# 3. `passes` counts only passes in which nothing changed; each change sets it back to 0.

# %% tags=["active-ipynb"]
# np.random.seed(0)
# angle = rng.uniform(0, np.pi, 30)
# moons = np.concatenate([np.c_[np.cos(angle), np.sin(angle)], np.c_[1 - np.cos(angle), 0.4 - np.sin(angle)]])
# moons = 2 * moons + 0.2 * rng.standard_normal(moons.shape)
# halves = np.repeat([-1.0, 1.0], 30)
# figure = new_figure(12, 8, "Margins for three prices C and two kernels; circles are support vectors.")
# for row, kind in enumerate(("linear", "rbf")):
#     for column, C in enumerate((0.05, 1.0, 100.0)):
#         alpha, b = smo(kernel_matrix(moons, moons, kind), halves, C)
#         axes = figure.add_subplot(2, 3, 3 * row + column + 1)
#         picture(axes, moons, halves, lambda Z: decision(alpha, b, halves, kernel_matrix(moons, Z, kind)),
#                 f"{kind}, C = {C}, {(alpha > 1e-6).sum()} support vectors")
#         axes.scatter(*moons[alpha > 1e-6].T, s=50, facecolors="none", edgecolors="k")
# figure

# %% [markdown]
# ## What to take home
#
# The perceptron stops at any line. The margin chooses one, and the dual form shows that only products matter; so a
# kernel may take their place. Two numbers at a time are enough to solve the problem.
#
# **Where to look next.** Boser, Guyon and Vapnik (*A training algorithm for optimal margin classifiers*, 1992) is where
# margin and kernel met. Rahimi and Recht (*Random features for large-scale kernel machines*, 2007) replace the kernel
# by a product of random features. Dalal and Triggs (*Histograms of oriented gradients for human detection*, 2005) and
# Felzenszwalb et al. (*Object detection with discriminatively trained part-based models*, 2010) found people and cars
# with linear machines on gradients.

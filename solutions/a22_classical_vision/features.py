# %% [markdown]
# # Corners, scales and matches
#
# Two photographs of one house, taken from two places: which point here is which point there? A point that can be found
# again must look different from its surroundings in every direction, at its own size, whatever the light and the turn
# of the camera. Here you write Harris's corners, the steps of Lowe's scale-invariant features (SIFT), and RANSAC, which
# finds the motion between two pictures although half of the matches are wrong.
#
# Pictures are numpy arrays of shape (H, W), float64. Points are (row, column).
#
# <!-- parts -->

# %%
import math

import numpy as np

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import photographs
# from common.plots.figure import new_figure
# from common.plots.gallery import gallery
#
#
# def grey(image):
#     """The luma of a colour image."""
#     return image @ np.array([0.2125, 0.7154, 0.0721])

# %% [markdown]
# Three helpers are given: differences of neighbours, smoothing, and pixels between pixels.


# %%
def differences(img: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The derivatives to the right and downwards; one-sided at the border.

    Shapes:
        img  (H, W)
        out  two arrays (H, W)
    """
    down, right = np.gradient(img)
    return right, down


def blur(img: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth with a Gaussian, rows and columns one after the other; the border is repeated.

    Shapes:
        img  (H, W)
        out  (H, W)
    """
    radius = max(1, math.ceil(4 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights = weights / weights.sum()
    for _ in range(2):
        padded = np.pad(img, ((radius, radius), (0, 0)), mode="edge")
        img = sum(w * padded[n : n + img.shape[0]] for n, w in enumerate(weights)).T
    return img


def sample(img: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Pixels between pixels, bilinear; places outside get the nearest pixel.

    Shapes:
        img            (H, W)
        rows, columns  any shape
        out            the same shape
    """
    rows, columns = rows.clip(0, img.shape[0] - 1), columns.clip(0, img.shape[1] - 1)
    top, left = (np.minimum(places.astype(int), n - 2) for places, n in zip((rows, columns), img.shape, strict=True))
    down, right = rows - top, columns - left
    upper = (1 - right) * img[top, left] + right * img[top, left + 1]
    return (1 - down) * upper + down * ((1 - right) * img[top + 1, left] + right * img[top + 1, left + 1])


# %% [markdown]
# ## 1 Corners
#
# Move a small window by $(u, v)$. How much does the picture in it change? In a flat part it hardly changes; along an
# edge there is one direction in which it does not; at a corner it changes in all. For small moves,
#
# $$E(u, v) \approx \begin{bmatrix} u & v \end{bmatrix} M \begin{bmatrix} u \\ v \end{bmatrix}, \qquad
# M = \sum_{\text{window}} \begin{bmatrix} I_x^2 & I_x I_y \\ I_x I_y & I_y^2 \end{bmatrix}$$
#
# Both eigenvalues of $M$ must be large. Harris and Stephens (1988) avoid computing them: with $\det M = \lambda_1
# \lambda_2$ and $\operatorname{tr} M = \lambda_1 + \lambda_2$, the response is
#
# $$R = \det M - k \, (\operatorname{tr} M)^2, \qquad k = 0.04 \text{ to } 0.06$$
#
# At an edge with the eigenvalues $\lambda$ and 0 it is $-k \lambda^2$, which is negative; in a flat part it is 0.


# %% task="harris_corners" minutes=25 difficulty="easy"
def harris_corners(img: np.ndarray, window_size: int = 3, k: float = 0.04) -> np.ndarray:
    """Harris's response, with the derivatives of `differences`.

    The three products are *summed* over the window; products outside of the picture count as 0.

    Shapes:
        img          (H, W)  float64; it is not changed
        window_size  int     odd
        out          (H, W)
    """
    ### BEGIN SOLUTION
    dx, dy = differences(img)
    half, (H, W) = window_size // 2, img.shape

    def summed(product: np.ndarray) -> np.ndarray:
        padded = np.pad(product, half)
        return sum(padded[r : r + H, c : c + W] for r in range(window_size) for c in range(window_size))

    xx, xy, yy = summed(dx * dx), summed(dx * dy), summed(dy * dy)
    return xx * yy - xy * xy - k * (xx + yy) ** 2
    ### END SOLUTION


# %% [markdown] hint="harris_corners"
# 1. `dx, dy = differences(img)`. Make three pictures of products: `dx * dx`, `dx * dy`, `dy * dy`.
# 2. Replace each by the sum over the window around each pixel: pad with zeros and add up the moved pictures.
# 3. The determinant is `xx * yy - xy * xy`, the trace is `xx + yy`.

# %% tags=["active-ipynb"]
# photo = photographs.draw("blocks", seed=3)
# picture = grey(photo.image)
# response = harris_corners(blur(picture, 1.0))
# figure = gallery({"picture and strongest responses": picture, "response": np.cbrt(response)},
#                  "Blocks with marks at corners and some steps of an edge; the response is dark along edges.",
#                  columns=2, width=4)
# left = response.copy()
# for _ in range(16):
#     row, column = divmod(int(left.argmax()), left.shape[1])
#     figure.axes[0].plot(column, row, "r+", markersize=10)
#     left[max(row - 6, 0) : row + 7, max(column - 6, 0) : column + 7] = 0
# figure

# %% tags=["active-ipynb"]
# figure = new_figure(9, 3, "The error of a moved window: flat, a valley along an edge, and a bowl at a corner.")
# u, v = np.meshgrid(np.linspace(-1, 1, 25), np.linspace(-1, 1, 25))
# bowls = {"flat": (0.02, 0, 0.02), "edge": (1, 0, 0.02), "corner": (1, 0.2, 0.8)}
# for number, (title, (a, b, c)) in enumerate(bowls.items()):
#     axes = figure.add_subplot(1, 3, number + 1, projection="3d", title=f"E(u, v), {title}", zlim=(0, 2),
#                               xlabel="u", ylabel="v")
#     axes.plot_surface(u, v, a * u * u + 2 * b * u * v + c * v * v, cmap="viridis")
# figure

# %% [markdown]
# ## 2 Scales
#
# Harris's corner has the size of its window. From twice as near, the same corner is round. So look for points at *all*
# sizes (Lowe 2004): smooth more and more, and see what stands out at which smoothing. Two Gaussians one after the
# other are one, and their variances add: $\sigma^2 = \sigma_1^2 + \sigma_2^2$.
#
# An **octave** doubles sigma in $S$ steps (`scales`, usually 3): level $s$ has $\sigma_s = \sigma_0 2^{s / S}$. It has
# $S + 3$ levels, because three of their $S + 2$ differences are compared each time. The next octave begins with the
# level that has $2 \sigma_0$, level $S$, of which every second row and column is kept: in its own pixels, its
# smoothing is $\sigma_0$ again.


# %% task="gaussian_pyramid" minutes=25 difficulty="medium"
def gaussian_pyramid(img: np.ndarray, octaves: int, scales: int = 3, sigma: float = 1.6) -> list[np.ndarray]:
    """The levels of each octave. The picture itself counts as not smoothed; level 0 is smoothed with sigma.

    Shapes:
        img  (H, W)  float64; it is not changed
        out  a list with an array (scales + 3, H_o, W_o) for each octave; H_o and W_o are halved, rounded up
    """
    ### BEGIN SOLUTION
    pyramid, first = [], blur(img, sigma)
    for _ in range(octaves):
        levels = [first]
        for s in range(1, scales + 3):
            more = sigma * math.sqrt(2 ** (2 * s / scales) - 1)
            levels.append(blur(first, more))
        pyramid.append(np.stack(levels))
        first = levels[scales][::2, ::2]
    return pyramid
    ### END SOLUTION


# %% [markdown] hint="gaussian_pyramid"
# 1. The first level is `blur(img, sigma)`. To get from it to the smoothing sigma_s, smooth with the root of sigma_s^2 -
#    sigma^2.
# 2. There are scales + 3 levels; level number `scales` has twice the first one's sigma.
# 3. The next octave's first level is that one, `[::2, ::2]`. Do not smooth it again.


# %% task="difference_of_gaussians" minutes=10 difficulty="easy"
def difference_of_gaussians(pyramid: list[np.ndarray]) -> list[np.ndarray]:
    """The differences of neighbouring levels in each octave: the one with more smoothing, less the one before.

    Shapes:
        pyramid  a list of arrays (L, H_o, W_o)
        out      a list of arrays (L - 1, H_o, W_o)
    """
    ### BEGIN SOLUTION
    return [levels[1:] - levels[:-1] for levels in pyramid]
    ### END SOLUTION


# %% [markdown] hint="difference_of_gaussians"
# 1. `levels[1:] - levels[:-1]` for each octave.

# %% [markdown]
# The difference is nearly $(2^{1/S} - 1) \, \sigma^2 \nabla^2 G * I$: a filter that answers most to a blob whose
# radius is about $\sqrt 2 \sigma$. So the extrema over place *and* scale are blobs with their size. A point has 26
# neighbours: 8 on its own level, 9 above, 9 below.


# %% task="scale_extrema" minutes=25 difficulty="medium"
def scale_extrema(dog: np.ndarray, threshold: float) -> np.ndarray:
    """Points that are larger than all 26 neighbours, or smaller than all, with an absolute value above the threshold.

    Equal is not larger. Points without all 26 neighbours (first and last level, row, column) do not count.

    Shapes:
        dog  (L, H, W)  float64; it is not changed
        out  (N, 3)     whole numbers: level, row, column, in this order sorted
    """
    ### BEGIN SOLUTION
    middle = dog[1:-1, 1:-1, 1:-1]
    moves = [(a, b, c) for a in range(3) for b in range(3) for c in range(3) if (a, b, c) != (1, 1, 1)]
    L, H, W = middle.shape
    around = np.stack([dog[a : a + L, b : b + H, c : c + W] for a, b, c in moves])
    extreme = (middle > around.max(axis=0)) | (middle < around.min(axis=0))
    return np.argwhere(extreme & (np.abs(middle) > threshold)) + 1
    ### END SOLUTION


# %% [markdown] hint="scale_extrema"
# 1. The points that can count are `dog[1:-1, 1:-1, 1:-1]`. Each of the 26 neighbours is such an array, moved.
# 2. Compare with the largest and the smallest neighbour, strictly.
# 3. `np.argwhere` numbers the inner array; add 1.

# %% tags=["active-ipynb"]
# house = grey(photographs.draw("house", seed=3).image)
# pyramid = gaussian_pyramid(house, 2)
# dogs = difference_of_gaussians(pyramid)
# pictures = {f"octave {o}, level {s}": pyramid[o][s] for o in range(2) for s in range(5)}
# pictures |= {f"difference {o}, {s}": dogs[o][s] for o in range(2) for s in range(5)}
# gallery(pictures, "Two octaves of a house, smoothed more and more, and their differences.", columns=5, width=2.2)

# %% [markdown]
# ## 3 Better places, fewer points
#
# The true extremum lies between the pixels. Near the point, $D(x) = D + g^\top x + \frac{1}{2} x^\top H x$ with the
# gradient $g$ and the second derivatives $H$ in all three directions (level, row, column), by differences of
# neighbours. Its extremum is at
#
# $$\hat x = -H^{-1} g, \qquad D(\hat x) = D + \tfrac{1}{2} g^\top \hat x$$
#
# (Brown and Lowe 2002; the full method moves to the neighbour if $|\hat x| > \frac{1}{2}$, and begins again. You do
# one step.) The second derivative along one axis is $D_{+} - 2 D + D_{-}$, and across two it is $(D_{++} - D_{+-} -
# D_{-+} + D_{--}) / 4$.


# %% task="refine" minutes=30 difficulty="medium"
def refine(dog: np.ndarray, p: tuple[int, int, int]) -> tuple[np.ndarray, float]:
    """One step of Newton's method from a point with 26 neighbours.

    Shapes:
        dog  (L, H, W)  float64; it is not changed
        p    (level, row, column)
        out  the offset (3,) in the order of p, and the value of D there, a number
    """
    ### BEGIN SOLUTION
    s, r, c = p
    cube = dog[s - 1 : s + 2, r - 1 : r + 2, c - 1 : c + 2]
    g, H = np.zeros(3), np.zeros((3, 3))
    steps = np.eye(3, dtype=int)

    def value(step: np.ndarray) -> float:
        return float(cube[tuple(step + 1)])

    for i in range(3):
        g[i] = (value(steps[i]) - value(-steps[i])) / 2
        H[i, i] = value(steps[i]) - 2 * value(0 * steps[i]) + value(-steps[i])
        for j in range(i):
            both, apart = steps[i] + steps[j], steps[i] - steps[j]
            H[i, j] = H[j, i] = (value(both) + value(-both) - value(apart) - value(-apart)) / 4
    offset = -np.linalg.solve(H, g)
    return offset, value(0 * steps[0]) + float(g @ offset) / 2
    ### END SOLUTION


# %% [markdown] hint="refine"
# 1. Cut out the cube of 27 numbers. The middle is `cube[1, 1, 1]`.
# 2. The gradient: `(cube[2, 1, 1] - cube[0, 1, 1]) / 2` and so on. The three mixed derivatives have a 4 below.
# 3. `offset = -np.linalg.solve(H, g)`. The value is that of the middle plus *half* of `g @ offset`.

# %% [markdown]
# Along an edge, a difference of Gaussians answers, too, but the place along the edge is arbitrary. There one curvature
# is large and the other is small. For the 2 x 2 matrix $H$ of second derivatives in rows and columns, with $r$ the
# largest ratio of curvatures that we accept, a point is **not** like an edge if
#
# $$\det H > 0 \quad \text{and} \quad \frac{(\operatorname{tr} H)^2}{\det H} < \frac{(r + 1)^2}{r}$$


# %% task="edge_like" minutes=15 difficulty="easy"
def edge_like(dog: np.ndarray, p: tuple[int, int, int], r: float = 10) -> bool:
    """Whether a point is like an edge, by its four curvatures on its own level.

    Shapes:
        dog  (L, H, W)  float64
        p    (level, row, column)
        out  a Python bool
    """
    ### BEGIN SOLUTION
    s, row, c = p
    part = dog[s, row - 1 : row + 2, c - 1 : c + 2]
    yy, xx = part[2, 1] - 2 * part[1, 1] + part[0, 1], part[1, 2] - 2 * part[1, 1] + part[1, 0]
    xy = (part[2, 2] - part[2, 0] - part[0, 2] + part[0, 0]) / 4
    det = xx * yy - xy * xy
    return not bool(det > 0 and (xx + yy) ** 2 * r < (r + 1) ** 2 * det)
    ### END SOLUTION


# %% [markdown] hint="edge_like"
# 1. Three second derivatives of the 3 x 3 part: along rows, along columns, and mixed (with the 4 below).
# 2. If the determinant is not positive, the curvatures have different signs: answer True. A comparison of numpy's
#    numbers gives a bool of numpy's; `bool(...)` makes Python's of it.

# %% [markdown] question="features-q1"
# **Question 1.** A disc of radius 8 pixels is photographed from half the distance. At which sigma, in which octave and
# near which level ($\sigma_0 = 1.6$, $S = 3$) does the extremum appear before and after? What has to be true of the
# levels of an octave, so that no blob falls between two octaves?

# %% [markdown] answer="features-q1"
# ### BEGIN SOLUTION
# The answer is largest at sigma = radius / sqrt(2): 5.7 before, 11.3 after, which is twice as much. 5.7 = 1.6 * 2^1.82:
# octave 1 (the second one), near level 2.5; 11.3 is one octave later at the same level. Each octave must have one
# difference below and one above the S that it searches, so that the last one searched in an octave is followed by the
# first one of the next: S + 2 differences, S + 3 levels.
# ### END SOLUTION

# %% [markdown]
# ## 4 Direction
#
# If the camera turns, the picture around a point turns. So give each point a direction of its own: the main direction
# of the gradients around it. Each pixel votes into one of 36 bins of 10 degrees. Its weight is the length of the
# gradient times $\exp(-d^2 / 2 (1.5 \sigma)^2)$, with $d$ the distance from the point. A parabola through the highest
# bin and its two neighbours gives a finer angle: with $l, c, r$ the three, it is $\frac{1}{2} (l - r) / (l - 2c + r)$
# bins beyond the middle of the bin. Other peaks of at least 80 % of the highest give further directions.


# %% task="orientation" minutes=35 difficulty="medium"
def orientation(img: np.ndarray, p: tuple[int, int], sigma: float) -> np.ndarray:
    """The directions of a point in degrees, in [0, 360), that of the highest peak first.

    Pixels vote whose row and column are at most round(4.5 * sigma) away, as far as the picture goes. Gradients are
    those of `differences`; bin b has the angles from 10 b up to 10 (b + 1). A peak is higher than both neighbours, on
    the circle.

    Shapes:
        img  (H, W)  float64, a level of the pyramid; it is not changed
        p    (row, column)
        out  (K,)    float64
    """
    ### BEGIN SOLUTION
    dx, dy = differences(img)
    rows, columns = np.indices(img.shape)
    away, reach = (rows - p[0], columns - p[1]), round(4.5 * sigma)
    votes = np.hypot(dx, dy) * np.exp(-(away[0] ** 2 + away[1] ** 2) / (2 * (1.5 * sigma) ** 2))
    near = (abs(away[0]) <= reach) & (abs(away[1]) <= reach)
    bins = (np.rad2deg(np.arctan2(dy, dx)) % 360 // 10).astype(int) % 36
    histogram = np.bincount(bins[near], weights=votes[near], minlength=36)
    left, right = np.roll(histogram, 1), np.roll(histogram, -1)
    peaks = np.flatnonzero((histogram > left) & (histogram > right) & (histogram >= 0.8 * histogram.max()))
    peaks = peaks[np.argsort(-histogram[peaks], kind="stable")]
    l, c, r = left[peaks], histogram[peaks], right[peaks]
    return 10 * (peaks + 0.5 + 0.5 * (l - r) / (l - 2 * c + r)) % 360
    ### END SOLUTION


# %% [markdown] hint="orientation"
# 1. `np.arctan2(dy, dx)` in degrees, modulo 360, divided by 10 without rest, is the bin. `np.bincount` with `weights`
#    adds up the votes.
# 2. `np.roll(histogram, 1)` and `np.roll(histogram, -1)` are the neighbours of each bin on the circle.
# 3. Keep the peaks from 80 % on, sort them by height. The middle of bin b is 10 (b + 0.5).

# %% tags=["active-ipynb"]
# levels, found = gaussian_pyramid(house, 4), []
# for octave, dog in enumerate(difference_of_gaussians(levels)):
#     for level, row, column in scale_extrema(dog, 0.01):
#         offset, value = refine(dog, (level, row, column))
#         if abs(value) < 0.015 or abs(offset).max() > 1 or edge_like(dog, (level, row, column)):
#             continue
#         sigma = 1.6 * 2 ** ((level + offset[0]) / 3)
#         angle = np.deg2rad(orientation(levels[octave][level], (row, column), sigma)[0])
#         found.append([2**octave * (column + offset[2]), 2**octave * (row + offset[1]), 2**octave * sigma, angle])
# figure = gallery({f"{len(found)} points": house}, "A house with a circle for each point: small ones at corners and "
#                  "along the roof, large ones on walls and door. A line in each circle shows its direction.", width=6)
# turn = np.linspace(0, 2 * np.pi, 40)
# for x, y, sigma, angle in found:
#     radius = np.sqrt(2) * sigma
#     figure.axes[0].plot(x + radius * np.cos(turn), y + radius * np.sin(turn), "C0", linewidth=1)
#     figure.axes[0].plot([x, x + radius * np.cos(angle)], [y, y + radius * np.sin(angle)], "r", linewidth=1)
# figure.axes[0].set(xlim=(0, house.shape[1] - 1), ylim=(house.shape[0] - 1, 0))
# figure

# %% [markdown]
# Each circle has the radius $\sqrt 2 \sigma$ of its blob. Corners are found at a small scale, a wall or the door at
# a large one.
#
# ## 5 Description
#
# SIFT describes the gradients around a point, seen from the point's direction: 16 x 16 samples in 4 x 4 cells, each
# with a histogram of 8 directions: 128 numbers. Sample $(u, v)$, with $u, v \in \{-7.5, -6.5, \dots, 7.5\}$, is at
#
# $$\text{column} = p_c + u \cos\alpha - v \sin\alpha, \qquad \text{row} = p_r + u \sin\alpha + v \cos\alpha$$
#
# and its angle is counted from $\alpha$. Its weight is the length of its gradient times $\exp(-(u^2 + v^2) / (2 \cdot
# 8^2))$. So that nothing jumps when a sample moves a little, each is shared between neighbouring cells and directions:
# the coordinates in cells are $(u + 8) / 4 - 0.5$ and $(v + 8) / 4 - 0.5$, and the one in directions is angle / 45. A
# coordinate of 1.3 gives 0.7 to number 1 and 0.3 to number 2. Directions are on a circle; shares of cells below 0 or
# above 3 are lost. At the end: length 1, which forgets contrast; cut at 0.2, so that single strong edges do not decide;
# and length 1 again.


# %% task="sift_descriptor" minutes=45 difficulty="hard"
def sift_descriptor(img: np.ndarray, p: tuple[float, float], angle: float) -> np.ndarray:
    """The 128 numbers of a point with a direction in degrees. Derivatives are those of `differences`, by `sample`.

    The order is row of cells (v), column of cells (u), direction. Where all gradients are 0, the answer is 0.

    Shapes:
        img  (H, W)  float64; it is not changed
        p    (row, column)
        out  (128,)
    """
    ### BEGIN SOLUTION
    v, u = np.mgrid[:16, :16] - 7.5
    turn = math.radians(angle)
    columns = p[1] + u * math.cos(turn) - v * math.sin(turn)
    rows = p[0] + u * math.sin(turn) + v * math.cos(turn)
    dx, dy = (sample(part, rows, columns) for part in differences(img))
    weight = np.hypot(dx, dy) * np.exp(-(u**2 + v**2) / (2 * 8**2))
    direction = (np.rad2deg(np.arctan2(dy, dx)) - angle) % 360 / 45
    out = np.zeros((6, 6, 8))  # with a rim of cells that is lost
    places = ((v + 8) / 4 + 0.5, (u + 8) / 4 + 0.5, direction)
    low = [np.floor(place).astype(int) for place in places]
    for step in np.ndindex(2, 2, 2):
        share = weight
        for place, start, one in zip(places, low, step, strict=True):
            share = share * (place - start if one else 1 - (place - start))
        np.add.at(out, (low[0] + step[0], low[1] + step[1], (low[2] + step[2]) % 8), share)
    found = out[1:-1, 1:-1].ravel()
    if not found.any():
        return found
    found = np.minimum(found / np.linalg.norm(found), 0.2)
    return found / np.linalg.norm(found)
    ### END SOLUTION


# %% [markdown] hint="sift_descriptor"
# 1. `v, u = np.mgrid[:16, :16] - 7.5`. Compute rows and columns of the samples, then dx, dy there by `sample`.
# 2. The direction is `(np.rad2deg(np.arctan2(dy, dx)) - angle) % 360 / 45`. Each sample has eight shares: floor and
#    floor + 1 in three coordinates.
# 3. `np.add.at(out, (i, j, k), share)` adds also where an index occurs several times; `out[i, j, k] += share` does not.
#    A table of 6 x 6 cells whose rim is cut away at the end avoids conditions.

# %% [markdown]
# ## 6 Matches
#
# For a description in the first picture, take the nearest in the second. Is it right? If the second nearest is nearly
# as near, the point is one of many alike (a window of a house), and nobody can tell. So require the **ratio** of both
# distances to be below a threshold.


# %% task="match_descriptors" minutes=15 difficulty="easy"
def match_descriptors(desc1: np.ndarray, desc2: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Pairs whose distance is below threshold times the distance to the second nearest, both by Euclid.

    Shapes:
        desc1  (M, D)  float64
        desc2  (N, D)  float64, N at least 2
        out    (K, 2)  whole numbers: a row of desc1 and one of desc2, sorted by the first
    """
    ### BEGIN SOLUTION
    distances = np.sqrt(((desc1[:, None] - desc2[None]) ** 2).sum(axis=2))
    nearest = distances.argmin(axis=1)
    first, second = np.sort(distances, axis=1)[:, :2].T
    rows = np.flatnonzero(first < threshold * second)
    return np.stack([rows, nearest[rows]], axis=1)
    ### END SOLUTION


# %% [markdown] hint="match_descriptors"
# 1. All distances: `np.sqrt(((desc1[:, None] - desc2[None]) ** 2).sum(axis=2))`, shape (M, N).
# 2. Sort each row; compare the first with threshold times the second.

# %% [markdown]
# ## 7 One motion, many wrong matches
#
# An affine map is a 3 x 3 matrix $H$ whose last column is $(0, 0, 1)$. With points as rows $(\text{row}, \text{column},
# 1)$, CS131 asks for the map from the *second* picture to the *first*: $p_2 H = p_1$, in the sense of least squares.


# %% task="fit_affine_matrix" minutes=15 difficulty="easy"
def fit_affine_matrix(p1: np.ndarray, p2: np.ndarray) -> np.ndarray:
    """The H that makes the sum of squares of p2 H - p1 smallest, with points as (row, column, 1).

    Shapes:
        p1, p2  (N, 2)  float64, N at least 3, not all on a line
        out     (3, 3)  its last column is exactly 0, 0, 1
    """
    ### BEGIN SOLUTION
    H = np.zeros((3, 3))
    ones = np.ones((len(p2), 1))
    H[:, :2] = np.linalg.lstsq(np.concatenate([p2, ones], axis=1), p1, rcond=None)[0]
    H[2, 2] = 1.0
    return H
    ### END SOLUTION


# %% [markdown] hint="fit_affine_matrix"
# 1. Append a column of ones to p2. `np.linalg.lstsq(A, B, rcond=None)[0]` is the X with A X nearest to B.
# 2. Set the last column exactly: rounding errors may not stay there.

# %% [markdown]
# Least squares believes every match, and one wild match pulls the answer away. **RANSAC** (Fischler and Bolles 1981)
# draws the few matches that are needed, fits, and counts who agrees. After many draws, the largest group wins, and the
# map is fitted again to all of the group.
#
# How many draws? If a share $w$ of the matches is right, one draw of $n$ has no wrong match with probability $w^n$. To
# have at least one such draw with probability $p$, you need
#
# $$k = \left\lceil \frac{\log(1 - p)}{\log(1 - w^n)} \right\rceil$$
#
# **By hand.** $p = 0.99$: with $w = 0.5$ it takes 17 draws of two and 72 of four; with $w = 0.3$, 567 of four.


# %% task="ransac_draws" minutes=10 difficulty="easy"
def ransac_draws(p: float, w: float, n: int) -> int:
    """The number of draws of the formula above; 1 if w is 1.

    Shapes:
        p    float  above 0 and below 1
        w    float  above 0, at most 1
        out  a Python int
    """
    ### BEGIN SOLUTION
    return 1 if w == 1 else math.ceil(math.log(1 - p) / math.log(1 - w**n))
    ### END SOLUTION


# %% [markdown] hint="ransac_draws"
# 1. `math.ceil(math.log(1 - p) / math.log(1 - w**n))`. For w = 1 the logarithm of 0 is not a number.


# %% task="ransac" minutes=35 difficulty="medium"
def ransac(
    keypoints1: np.ndarray, keypoints2: np.ndarray, matches: np.ndarray, n_iters: int = 200, threshold: float = 20
) -> tuple[np.ndarray, np.ndarray]:
    """The affine map from the second picture to the first, and the matches that agree with it.

    Each draw takes three matches and fits H; a match agrees if the *squared* distance between p2 H and p1 is below the
    threshold. The largest group of all draws (of equal ones, the first) is returned, and H is fitted to this group.

    Shapes:
        keypoints1  (M, 2)  float64
        keypoints2  (N, 2)  float64
        matches     (K, 2)  whole numbers, as match_descriptors returns them; K at least 3
        out         H (3, 3), and those rows of matches that agree, in their order
    """
    ### BEGIN SOLUTION
    p1, p2 = keypoints1[matches[:, 0]], keypoints2[matches[:, 1]]
    padded = np.concatenate([p2, np.ones((len(p2), 1))], axis=1)
    best = np.zeros(len(matches), dtype=bool)
    for _ in range(n_iters):
        drawn = np.random.permutation(len(matches))[:3]
        H = fit_affine_matrix(p1[drawn], p2[drawn])
        agrees = (((padded @ H)[:, :2] - p1) ** 2).sum(axis=1) < threshold
        if agrees.sum() > best.sum():
            best = agrees
    return fit_affine_matrix(p1[best], p2[best]), matches[best]
    ### END SOLUTION


# %% [markdown] hint="ransac"
# 1. Look up the points: `p1 = keypoints1[matches[:, 0]]`, `p2 = keypoints2[matches[:, 1]]`.
# 2. In each of n_iters draws: three different matches (`np.random.permutation(K)[:3]`), fit, count.
# 3. Keep the largest group seen so far, not the last. After the loop, fit once more, to the whole group.

# %% tags=["active-ipynb"]
# np.random.seed(0)
# view = np.array([[0.95, 0.16, -4.0], [-0.16, 0.95, 18.0], [0.0, 0.0, 1.0]])
# one, two = photographs.draw("house", seed=3), photographs.draw("house", seed=3, view=view)
# noise = np.random.default_rng(0)
# grey1, grey2 = (blur(grey(p.image) + 0.01 * noise.standard_normal(p.mask.shape), 1.0) for p in (one, two))
#
#
# def points_of(img, count):
#     """Corners with their directions and descriptions."""
#     left, found, described = harris_corners(img).copy(), [], []
#     left[:12], left[-12:], left[:, :12], left[:, -12:] = 0, 0, 0, 0
#     for _ in range(count):
#         row, column = divmod(int(left.argmax()), left.shape[1])
#         left[row - 4 : row + 5, column - 4 : column + 5] = 0
#         for angle in orientation(img, (row, column), 2.0)[:2]:
#             found.append((row, column))
#             described.append(sift_descriptor(img, (row, column), angle))
#     return np.array(found, float), np.array(described)
#
#
# (k1, d1), (k2, d2) = points_of(grey1, 40), points_of(grey2, 40)
# matches = match_descriptors(d1, d2, 0.85)
# H, agreed = ransac(k1, k2, matches, n_iters=300, threshold=4)
# both = np.concatenate([one.image, two.image], axis=1)
# figure = gallery({f"{len(matches)} matches": both, f"{len(agreed)} that agree": both},
#                  "Matches between two views of a house: many are wrong; those that agree are right.", columns=1,
#                  width=8)
# for axes, pairs in zip(figure.axes, (matches, agreed)):
#     for a, b in pairs:
#         axes.plot([k1[a, 1], k2[b, 1] + 176], [k1[a, 0], k2[b, 0]], linewidth=0.8)
# figure

# %% tags=["active-ipynb"]
# rows, columns = np.indices(one.mask.shape)
# back = np.stack([rows.ravel(), columns.ravel(), np.ones(rows.size)], axis=1) @ np.linalg.inv(H)
# r, c = back[:, 0].reshape(rows.shape), back[:, 1].reshape(rows.shape)
# warped = np.stack([sample(two.image[..., n], r, c) for n in range(3)], axis=-1)
# print("largest error of a corner, in pixels:",
#       np.abs(np.c_[two.corners, np.ones(4)] @ H - np.c_[one.corners, np.ones(4)]).max().round(2))
# gallery({"first": one.image, "second, brought to the first": warped, "mean": (one.image + warped) / 2},
#         "The second view, brought to the first by the map that was found; their mean shows one sharp house.",
#         columns=3)

# %% [markdown] question="features-q2"
# **Question 2.** Half of your matches are right. How many draws of three do you need to succeed with probability 0.99,
# and how many if the map is a homography, which needs four? Your friend draws twenty matches each time, "because
# more data are more exact". What happens?

# %% [markdown] answer="features-q2"
# ### BEGIN SOLUTION
# log(0.01) / log(1 - 1/8) = 34.5, so 35; with four, 72. With twenty, one draw in 2^20 has only right matches: about 4.8
# million draws. Exactness comes from the last fit, to the whole group; a draw only has to be free of wrong matches.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# Good points change in all directions and have a size and a direction of their own. Descriptions forget light, contrast
# and turns, and the ratio of two distances says how sure a match is. RANSAC needs few matches per draw, counts who
# agrees, and fits at the end.
#
# **Where to look next.** Hartley and Zisserman (*Multiple view geometry in computer vision*, second
# edition 2004) go on from matches to cameras and depth. Brown and Lowe (*Automatic panoramic image
# stitching using invariant features*, 2007) glue photographs with what you wrote here. SuperPoint (DeTone,
# Malisiewicz and Rabinovich, 2018) and SuperGlue (Sarlin et al., 2020) learn points and matches; Jin et
# al. (*Image matching across wide baselines*, 2021) compare both worlds with care.

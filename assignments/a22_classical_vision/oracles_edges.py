"""What the checks of edges share: sums by loops, and loans of filters."""

import math

import numpy as np

RIGHT_AND_DOWN = {0: (0, 1), 1: (1, 1), 2: (1, 0), 3: (1, -1)}  # steps along the rounded angle / 45
FOURIER = ["np.fft.*", "np.convolve", "np.correlate"]

# Loans of filters, by the functions that their tasks forbid.
FILTERS = """
import numpy as np

def conv(image, kernel):
    size = [a + b - 1 for a, b in zip(image.shape, kernel.shape)]
    full = np.fft.irfft2(np.fft.rfft2(image, size) * np.fft.rfft2(kernel, size), size)
    top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
    return full[top : top + image.shape[0], left : left + image.shape[1]]

def along(axis):
    def derivative(img):
        return np.gradient(np.pad(img, 1), axis=axis)[1:-1, 1:-1]
    return derivative
"""
LOANS_OF_CONV = FILTERS + 'LOANS = {"conv_fast": conv}\n'
LOANS_OF_PARTIALS = FILTERS + 'LOANS = {"partial_x": along(1), "partial_y": along(0)}\n'
# Stages that leave a trace instead of finding edges: a check of their order.
STAGES = (
    FILTERS
    + """
LOANS = {
    "conv_fast": conv,
    "gaussian_kernel": lambda size, sigma: np.full((size, size), 1 / (size * size * sigma)),
    "gradient": lambda img: (img % 20, img % 3),
    "non_maximum_suppression": lambda G, theta: G + theta,
    "double_thresholding": lambda img, high, low: (img > high, (img > low) & (img <= high)),
    "link_edges": lambda strong, weak: strong | weak[::-1],
}
"""
)


def at(image, row, column):
    """Return a pixel; 0 outside of the picture."""
    inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
    return float(image[row, column]) if inside else 0.0


def table(shape, value):
    """Return the array of value(row, column)."""
    return np.array([[value(r, c) for c in range(shape[1])] for r in range(shape[0])])


def window(image, row, column, shape):
    """Return the window around a pixel as an array."""
    top, left = row - shape[0] // 2, column - shape[1] // 2
    return table(shape, lambda i, j: at(image, top + i, left + j))


def correlated(image, template):
    """Return the sums of products of a template with each window."""
    return table(image.shape, lambda r, c: float((window(image, r, c, template.shape) * template).sum()))


def derivatives(img):
    """Return half of the differences of neighbours, to the right and downwards."""
    right = table(img.shape, lambda r, c: (at(img, r, c + 1) - at(img, r, c - 1)) / 2)
    return right, table(img.shape, lambda r, c: (at(img, r + 1, c) - at(img, r - 1, c)) / 2)


def coefficient(image, template):
    """Return the correlation coefficient of a template with each window."""

    def one(row, column):
        part = window(image, row, column, template.shape).ravel()
        if part.std() < 1e-9 or template.std() < 1e-9:
            return 0.0
        return float(np.corrcoef(part, template.ravel())[0, 1])

    return table(image.shape, one)


def crests(G, theta, *, steps=RIGHT_AND_DOWN, rule=max):
    """Return G where it is at least as large as both neighbours along the rounded angle; rule=min: as one of them."""

    def one(row, column):
        down, right = steps[math.floor((theta[row, column] + 22.5) / 45) % 4]
        neighbours = at(G, row + down, column + right), at(G, row - down, column - right)
        return float(G[row, column]) if G[row, column] >= rule(neighbours) else 0.0

    return table(G.shape, one)


def tops(G):
    """Return G where it is at least as large as all eight neighbours."""
    return table(G.shape, lambda r, c: float(G[r, c]) if G[r, c] >= window(G, r, c, (3, 3)).max() else 0.0)


def reached(strong, weak, *, corners=True):
    """Return the strong pixels and the weak ones in their components, by merging sets until nothing changes."""
    marked = {(r, c) for r, c in np.argwhere(strong | weak).tolist()}
    steps = [(0, 1), (1, 0), (1, 1), (1, -1)] if corners else [(0, 1), (1, 0)]
    parent = {place: place for place in marked}

    def root(place):
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for r, c in marked:
        for down, right in steps:
            if (r + down, c + right) in marked:
                parent[root((r + down, c + right))] = root((r, c))
    good = {root((r, c)) for r, c in np.argwhere(strong).tolist()}
    out = np.zeros(strong.shape, bool)
    for r, c in marked:
        out[r, c] = root((r, c)) in good
    return out


def reached_around(strong, weak, around):
    """Return what is reached if chains cross the border along the axes in ``around``, by indices below 0: wrong."""
    (H, W), out, left = strong.shape, strong.copy(), np.argwhere(strong).tolist()
    low = [-size if axis in around else 0 for axis, size in enumerate(strong.shape)]
    while left:
        row, column = left.pop()
        for r in range(max(row - 1, low[0]), min(row + 2, H)):
            for c in range(max(column - 1, low[1]), min(column + 2, W)):
                if weak[r, c] and not out[r, c]:
                    out[r, c] = True
                    left.append((r, c))
    return out


def counted(img, *, swap=False, whole=round):
    """Return the table of votes by counting each pixel and angle; ``whole`` makes a whole number of a distance."""
    D = math.ceil(math.hypot(*img.shape))
    votes = np.zeros((2 * D + 1, 180), np.int64)
    for y, x in np.argwhere(img).tolist():
        for degrees in range(-90, 90):
            angle = math.radians(degrees)
            rho = y * math.cos(angle) + x * math.sin(angle) if swap else x * math.cos(angle) + y * math.sin(angle)
            votes[D + whole(rho), degrees + 90] += 1
    return votes

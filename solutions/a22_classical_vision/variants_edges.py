"""Right answers to edges.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("edges.py")

# fmt: off
VARIANTS = [
    variant("in the style of public solutions: flips, loops over pixels, zeros at the border",
        body("conv_nested", """
            Hi, Wi = image.shape
            Hk, Wk = kernel.shape
            out = np.zeros((Hi, Wi))
            kernel = np.flip(np.flip(kernel, 0), 1)
            padded = np.zeros((Hi + 2 * (Hk // 2), Wi + 2 * (Wk // 2)))
            padded[Hk // 2 : Hi + Hk // 2, Wk // 2 : Wi + Wk // 2] = image
            for m in range(Hi):
                for n in range(Wi):
                    out[m, n] = np.sum(padded[m : m + Hk, n : n + Wk] * kernel)
            return out
        """),
        body("gaussian_kernel", """
            kernel = np.zeros((size, size))
            k = (size - 1) / 2
            for i in range(size):
                for j in range(size):
                    kernel[i, j] = np.exp(-((i - k) ** 2 + (j - k) ** 2) / 2 / sigma ** 2) / (2 * np.pi * sigma ** 2)
            return kernel
        """),
        body("partial_x", "return conv_fast(img, np.array([[0.5, 0, -0.5]]))"),
        body("partial_y", "return conv_fast(img, np.array([[0.5], [0], [-0.5]]))"),
        body("non_maximum_suppression", """
            H, W = G.shape
            out = np.zeros((H, W))
            theta = np.floor((theta + 22.5) / 45) * 45
            theta = (theta % 360.0).astype(np.int32)
            for i in range(1, H - 1):
                for j in range(1, W - 1):
                    if theta[i, j] in (0, 180):
                        n = (G[i, j - 1], G[i, j + 1])
                    elif theta[i, j] in (45, 225):
                        n = (G[i - 1, j - 1], G[i + 1, j + 1])
                    elif theta[i, j] in (90, 270):
                        n = (G[i - 1, j], G[i + 1, j])
                    else:
                        n = (G[i - 1, j + 1], G[i + 1, j - 1])
                    if G[i, j] >= n[0] and G[i, j] >= n[1]:
                        out[i, j] = G[i, j]
            return out
        """),
        body("hough_transform", """
            H, W = img.shape
            diag_len = int(np.ceil(np.sqrt(W * W + H * H)))
            rhos = np.linspace(-diag_len, diag_len, diag_len * 2 + 1)
            thetas = np.deg2rad(np.arange(-90.0, 90.0))
            cos_t, sin_t = np.cos(thetas), np.sin(thetas)
            accumulator = np.zeros((2 * diag_len + 1, len(thetas)), dtype=np.uint64)
            ys, xs = np.nonzero(img)
            for x, y in zip(xs, ys):
                for t in range(len(thetas)):
                    rho = int(round(x * cos_t[t] + y * sin_t[t])) + diag_len
                    accumulator[rho, t] += 1
            return accumulator, rhos, thetas
        """)),
    variant("windows as a strided view, einsum",
        body("conv_fast", """
            Hk, Wk = kernel.shape
            padded = np.pad(image, ((Hk // 2,) * 2, (Wk // 2,) * 2), mode="constant")
            windows = np.lib.stride_tricks.sliding_window_view(padded, (Hk, Wk))
            return np.einsum("mnij,ij->mn", windows, kernel[::-1, ::-1])
        """),
        body("cross_correlation", """
            Hk, Wk = template.shape
            padded = np.pad(image, ((Hk // 2,) * 2, (Wk // 2,) * 2))
            return np.tensordot(np.lib.stride_tricks.sliding_window_view(padded, (Hk, Wk)), template, 2)
        """),
        body("gradient", """
            dx, dy = partial_x(img), partial_y(img)
            theta = np.arctan2(dy, dx) * 180 / np.pi
            theta = np.where(theta < 0, theta + 360, theta)
            return np.hypot(dx, dy), theta
        """),
        body("hough_transform", """
            H, W = img.shape
            D = int(np.ceil(np.hypot(H, W)))
            thetas = np.arange(-90, 90) * np.pi / 180
            y, x = np.nonzero(img)
            rho = np.rint(np.outer(x, np.cos(thetas)) + np.outer(y, np.sin(thetas))).astype(int) + D
            votes = np.stack([np.bincount(column, minlength=2 * D + 1) for column in rho.T], axis=1)
            return votes, np.linspace(-D, D, 2 * D + 1), thetas
        """)),
    variant("a matrix product of rows of windows",
        body("conv_fast", """
            (Hi, Wi), (Hk, Wk) = image.shape, kernel.shape
            padded = np.pad(image, ((Hk // 2, Hk // 2), (Wk // 2, Wk // 2)))
            mat = np.zeros((Hi * Wi, Hk * Wk))
            for n in range(Hk * Wk):
                i, j = n // Wk, n % Wk
                mat[:, n] = padded[i : i + Hi, j : j + Wi].ravel()
            return mat.dot(np.flip(kernel).reshape(-1, 1)).reshape(Hi, Wi)
        """),
        body("normalized_cross_correlation", """
            H, W = image.shape
            h, w = template.shape
            padded = np.pad(image, ((h // 2, h // 2), (w // 2, w // 2)))
            out = np.zeros((H, W))
            if template.std() < 1e-9:
                return out
            t = (template - template.mean()) / template.std()
            for r in range(H):
                for c in range(W):
                    p = padded[r : r + h, c : c + w]
                    if p.std() >= 1e-9:
                        out[r, c] = np.mean((p - p.mean()) / p.std() * t)
            return out
        """),
        body("gaussian_kernel", """
            x = np.linspace(-(size // 2), size // 2, size)
            g = np.exp(-x ** 2 / (2 * sigma ** 2)) / (np.sqrt(2 * np.pi) * sigma)
            return np.outer(g, g)
        """)),
    variant("moments instead of windows",
        body("normalized_cross_correlation", """
            n, ones = template.size, np.ones(template.shape)
            mean = conv_fast(image, ones) / n
            variance = np.maximum(conv_fast(image**2, ones) / n - mean**2, 0)
            t = template - template.mean()
            product = conv_fast(image, t[::-1, ::-1]) / n
            below = np.sqrt(variance) * t.std()
            out = np.zeros(image.shape)
            good = (np.sqrt(variance) > 1e-7) & (t.std() > 1e-9)
            out[good] = product[good] / below[good]
            return out
        """),
        body("sobel", """
            smooth, differ = np.array([[1.0], [2.0], [1.0]]), np.array([[1.0, 0.0, -1.0]])
            Gx = conv_fast(conv_fast(img, smooth), differ)
            Gy = conv_fast(conv_fast(img, smooth.T), differ.T)
            return Gx, Gy, np.hypot(Gx, Gy)
        """),
        body("partial_x", """
            out = np.zeros_like(img)
            out[:, :-1] += img[:, 1:] / 2
            out[:, 1:] -= img[:, :-1] / 2
            return out
        """),
        body("partial_y", """
            out = np.zeros(img.shape)
            for r in range(img.shape[0]):
                below = img[r + 1] if r + 1 < img.shape[0] else 0.0
                above = img[r - 1] if r > 0 else 0.0
                out[r] = (below - above) / 2
            return out
        """)),
    variant("breadth first, with a queue",
        body("link_edges", """
            from collections import deque
            H, W = strong_edges.shape
            edges = np.copy(strong_edges)
            queue = deque(map(tuple, np.stack(np.nonzero(strong_edges)).T))
            visited = set(queue)
            while queue:
                y, x = queue.popleft()
                edges[y, x] = True
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        p = (y + dy, x + dx)
                        if p not in visited and 0 <= p[0] < H and 0 <= p[1] < W and weak_edges[p]:
                            visited.add(p)
                            queue.append(p)
            return edges
        """),
        body("double_thresholding", """
            strong_edges = np.zeros(img.shape, dtype=bool)
            weak_edges = np.zeros(img.shape, dtype=bool)
            strong_edges[img > high] = True
            weak_edges[np.logical_and(img > low, img <= high)] = True
            return strong_edges, weak_edges
        """),
        body("hough_peaks", """
            acc = accumulator.astype(float)
            peaks = []
            rows, cols = np.indices(acc.shape)
            for _ in range(n):
                best = np.argmax(acc)
                r, c = best // acc.shape[1], best % acc.shape[1]
                if acc[r, c] <= 0:
                    break
                peaks.append([r, c])
                acc[(abs(rows - r) <= window // 2) & (abs(cols - c) <= window // 2)] = -1
            return np.array(peaks).reshape(len(peaks), 2)
        """)),
    variant("grows until nothing changes; all of Canny in one function",
        body("link_edges", """
            edges, before = strong_edges.copy(), -1
            while edges.sum() != before:
                before = edges.sum()
                for _ in range(60):
                    p = np.pad(edges, 1)
                    wide = p[1:-1, :-2] | p[1:-1, 1:-1] | p[1:-1, 2:]
                    p = np.pad(wide, ((1, 1), (0, 0)))
                    edges = edges | ((p[:-2] | p[1:-1] | p[2:]) & weak_edges)
            return edges
        """),
        body("canny", """
            smoothed = conv_fast(img, gaussian_kernel(kernel_size, sigma))
            G, theta = gradient(smoothed)
            nms = non_maximum_suppression(G, theta)
            strong_edges, weak_edges = double_thresholding(nms, high, low)
            edge = link_edges(strong_edges, weak_edges)
            return edge
        """)),
    variant("pixels that spread their kernel, complex numbers, growth by rings, one sort of all cells",
        body("conv_nested", """
            H, W = image.shape
            hk, wk = kernel.shape
            big = [[0.0] * (W + wk - 1) for _ in range(H + hk - 1)]
            for (y, x), value in np.ndenumerate(image):
                for (i, j), weight in np.ndenumerate(kernel):
                    big[y + i][x + j] += float(value) * float(weight)
            return np.array(big)[hk // 2 : hk // 2 + H, wk // 2 : wk // 2 + W]
        """),
        body("conv_fast", """
            (H, W), (Hk, Wk) = image.shape, kernel.shape
            out = np.zeros((H, W), np.longdouble)
            for (i, j), weight in np.ndenumerate(kernel):
                down, right = i - Hk // 2, j - Wk // 2
                into = np.s_[max(down, 0) : max(H + min(down, 0), 0), max(right, 0) : max(W + min(right, 0), 0)]
                from_ = np.s_[max(-down, 0) : max(H - max(down, 0), 0), max(-right, 0) : max(W - max(right, 0), 0)]
                out[into] += weight * image[from_]
            return out.astype(np.float64)
        """),
        body("cross_correlation", """
            hk, wk = template.shape
            H, W = image.shape
            padded = np.zeros((H + hk - 1, W + wk - 1))
            padded[hk // 2 : hk // 2 + H, wk // 2 : wk // 2 + W] = image
            columns = np.array([padded[i : i + H, j : j + W].ravel() for i in range(hk) for j in range(wk)])
            return np.matmul(template.reshape(1, -1), columns).reshape(H, W)
        """),
        body("normalized_cross_correlation", """
            hk, wk = template.shape
            H, W = image.shape
            out = np.zeros_like(image)
            g = template - np.mean(template)
            g_len = np.sqrt(np.sum(g * g))
            if g_len / np.sqrt(g.size) < 1e-9:
                return out
            padded = np.pad(image, ((hk // 2, hk // 2), (wk // 2, wk // 2)))
            for y in range(H):
                for x in range(W):
                    f = padded[y : y + hk, x : x + wk]
                    f = f - f.mean()
                    f_len = np.linalg.norm(f)
                    if f_len < 1e-9 * np.sqrt(f.size):
                        continue
                    out[y, x] = np.vdot(f, g) / (f_len * g_len)
            return out.clip(-1, 1)
        """),
        body("gaussian_kernel", """
            k = (size - 1) // 2
            line = [math.exp(-(i * i) / (2 * sigma * sigma)) for i in range(-k, k + 1)]
            return np.outer(line, line) / (math.sqrt(2 * math.pi) * sigma) ** 2
        """),
        body("partial_x", """
            out = np.zeros_like(img)
            out[:, :-1] += img[:, 1:]
            out[:, 1:] -= img[:, :-1]
            out /= 2
            return out
        """),
        body("partial_y", """
            return partial_x(img.T).T
        """),
        body("gradient", """
            z = partial_x(img) + 1j * partial_y(img)
            angle = np.angle(z, deg=True)
            angle[angle < 0] += 360
            return abs(z), np.where(angle >= 360, 0.0, angle)
        """),
        body("sobel", """
            def smooth(a):
                b = np.pad(a, ((1, 1), (0, 0)))
                return b[:-2] + 2 * b[1:-1] + b[2:]

            gx = 2 * partial_x(smooth(img))
            gy = 2 * partial_y(smooth(img.T).T)
            return gx, gy, np.abs(gx + 1j * gy)
        """),
        body("non_maximum_suppression", """
            out = G.copy()
            rounded = np.floor((theta + 22.5) / 45) * 45
            steps = {0: (0, 1), 45: (1, 1), 90: (1, 0), 135: (1, -1)}
            for y in range(1, G.shape[0] - 1):
                for x in range(1, G.shape[1] - 1):
                    dy, dx = steps[int(rounded[y, x]) % 180]
                    if G[y, x] < G[y + dy, x + dx] or G[y, x] < G[y - dy, x - dx]:
                        out[y, x] = 0.0
            return out
        """),
        body("double_thresholding", """
            grade = np.digitize(img, [low, high], right=True)
            return grade == 2, grade == 1
        """),
        body("link_edges", """
            allowed = strong_edges | weak_edges
            now = strong_edges.copy()
            while True:
                wide = np.pad(now, 1)
                wide = wide[:-2] | wide[1:-1] | wide[2:]
                wide = wide[:, :-2] | wide[:, 1:-1] | wide[:, 2:]
                grown = wide & allowed
                if np.array_equal(grown, now):
                    return now
                now = grown
        """),
        body("canny", """
            kernel = gaussian_kernel(kernel_size, sigma)
            middle = kernel_size // 2
            column = kernel[:, middle : middle + 1] / kernel[middle, middle]
            length, angle = gradient(conv_fast(conv_fast(img, kernel[middle : middle + 1]), column))
            strong, weak = double_thresholding(non_maximum_suppression(length, angle), high, low)
            return link_edges(strong, weak)
        """),
        body("hough_transform", """
            H, W = img.shape
            D = math.ceil(math.sqrt(H * H + W * W))
            theta = np.linspace(-np.pi / 2, np.pi / 2, 180, endpoint=False)
            votes = np.zeros((2 * D + 1, 180), np.int32)
            for t, angle in enumerate(theta):
                for y, x in zip(*np.where(img != 0)):
                    rho = math.floor(x * math.cos(angle) + y * math.sin(angle) + 0.5)
                    votes[rho + D, t] += 1
            return votes, np.linspace(-D, D, 2 * D + 1), theta
        """),
        body("hough_peaks", """
            R, T = accumulator.shape
            free = np.ones((R, T), bool)
            r = (window - 1) // 2
            found = []
            for flat in np.argsort(-accumulator.ravel().astype(np.int64), kind="stable"):
                row, column = divmod(int(flat), T)
                if len(found) == n or accumulator[row, column] == 0:
                    break
                if free[row, column]:
                    found.append([row, column])
                    free[max(0, row - r) : row + r + 1, max(0, column - r) : column + r + 1] = False
            return np.array(found, np.int16).reshape(len(found), 2)
        """)),
]

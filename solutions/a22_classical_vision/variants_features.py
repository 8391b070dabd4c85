"""Right answers to features.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("features.py")

# fmt: off
VARIANTS = [
    variant("responses, extrema and matches by loops",
        body("harris_corners", """
            H, W = img.shape
            dx, dy = differences(img)
            half = window_size // 2
            response = np.zeros((H, W))
            for i in range(H):
                for j in range(W):
                    a, b = slice(max(0, i - half), i + half + 1), slice(max(0, j - half), j + half + 1)
                    M = np.zeros((2, 2))
                    M[0, 0] = np.sum(dx[a, b] ** 2)
                    M[1, 1] = np.sum(dy[a, b] ** 2)
                    M[0, 1] = M[1, 0] = np.sum(dx[a, b] * dy[a, b])
                    response[i, j] = np.linalg.det(M) - k * np.trace(M) ** 2
            return response
        """),
        body("scale_extrema", """
            points = []
            L, H, W = dog.shape
            for s in range(1, L - 1):
                for r in range(1, H - 1):
                    for c in range(1, W - 1):
                        v = dog[s, r, c]
                        if abs(v) <= threshold:
                            continue
                        cube = dog[s - 1 : s + 2, r - 1 : r + 2, c - 1 : c + 2]
                        if (v == cube.max() or v == cube.min()) and (cube == v).sum() == 1:
                            points.append([s, r, c])
            return np.array(points, dtype=int).reshape(-1, 3)
        """),
        body("match_descriptors", """
            matches = []
            for i in range(desc1.shape[0]):
                d = np.linalg.norm(desc2 - desc1[i], axis=1)
                j = np.argsort(d, kind="stable")
                if d[j[0]] < threshold * d[j[1]]:
                    matches.append([i, j[0]])
            return np.array(matches, dtype=int).reshape(-1, 2)
        """),
        body("ransac", """
            N = matches.shape[0]
            pad = lambda x: np.hstack([x, np.ones((x.shape[0], 1))])
            matched1, matched2 = keypoints1[matches[:, 0]], keypoints2[matches[:, 1]]
            max_inliers, n_inliers = None, -1
            for i in range(n_iters):
                idx = np.random.choice(N, 3, replace=False)
                try:
                    H = fit_affine_matrix(matched1[idx], matched2[idx])
                except np.linalg.LinAlgError:
                    continue
                error = np.sum((np.dot(pad(matched2), H) - pad(matched1)) ** 2, axis=1)
                inliers = np.where(error < threshold)[0]
                if len(inliers) > n_inliers:
                    max_inliers, n_inliers = inliers, len(inliers)
            H = fit_affine_matrix(matched1[max_inliers], matched2[max_inliers])
            return H, matches[max_inliers]
        """)),
    variant("each level from the one before; closed forms; eigenvalues",
        body("gaussian_pyramid", """
            pyramid = []
            base = blur(img, sigma)
            for o in range(octaves):
                levels = [base]
                for s in range(1, scales + 3):
                    before, now = sigma * 2 ** ((s - 1) / scales), sigma * 2 ** (s / scales)
                    levels.append(blur(levels[-1], np.sqrt(now ** 2 - before ** 2)))
                pyramid.append(np.array(levels))
                base = levels[scales][::2, ::2]
            return pyramid
        """),
        body("refine", """
            s, r, c = p
            d = dog
            dD = np.array([d[s + 1, r, c] - d[s - 1, r, c], d[s, r + 1, c] - d[s, r - 1, c],
                           d[s, r, c + 1] - d[s, r, c - 1]]) / 2
            v = d[s, r, c]
            ss = d[s + 1, r, c] - 2 * v + d[s - 1, r, c]
            rr = d[s, r + 1, c] - 2 * v + d[s, r - 1, c]
            cc = d[s, r, c + 1] - 2 * v + d[s, r, c - 1]
            sr = (d[s + 1, r + 1, c] - d[s + 1, r - 1, c] - d[s - 1, r + 1, c] + d[s - 1, r - 1, c]) / 4
            sc = (d[s + 1, r, c + 1] - d[s + 1, r, c - 1] - d[s - 1, r, c + 1] + d[s - 1, r, c - 1]) / 4
            rc = (d[s, r + 1, c + 1] - d[s, r + 1, c - 1] - d[s, r - 1, c + 1] + d[s, r - 1, c - 1]) / 4
            H = np.array([[ss, sr, sc], [sr, rr, rc], [sc, rc, cc]])
            x = -np.linalg.inv(H).dot(dD)
            return x, v + 0.5 * dD.dot(x)
        """),
        body("edge_like", """
            s, i, j = p
            level = dog[s]
            dyy = level[i + 1, j] - 2 * level[i, j] + level[i - 1, j]
            dxx = level[i, j + 1] - 2 * level[i, j] + level[i, j - 1]
            dxy = (level[i + 1, j + 1] - level[i + 1, j - 1] - level[i - 1, j + 1] + level[i - 1, j - 1]) / 4
            small, large = np.linalg.eigvalsh([[dyy, dxy], [dxy, dxx]])
            if small * large <= 0:
                return True
            ratio = max(small / large, large / small)
            return bool(ratio >= r)
        """),
        body("fit_affine_matrix", """
            pad = np.hstack([p2, np.ones((len(p2), 1))])
            target = np.hstack([p1, np.ones((len(p1), 1))])
            H = np.linalg.lstsq(pad, target, rcond=None)[0]
            H[:, 2] = np.array([0, 0, 1])
            return H
        """),
        body("harris_corners", """
            dx, dy = differences(img)
            n = window_size
            windows = lambda a: np.lib.stride_tricks.sliding_window_view(np.pad(a, n // 2), (n, n))
            xx, xy, yy = (windows(a).sum(axis=(2, 3)) for a in (dx ** 2, dx * dy, dy ** 2))
            root = np.sqrt((xx - yy) ** 2 + 4 * xy ** 2)
            one, two = (xx + yy + root) / 2, (xx + yy - root) / 2
            return one * two - k * (one + two) ** 2
        """)),
    variant("samples and votes one by one",
        body("sift_descriptor", """
            dx, dy = differences(img)
            a = np.deg2rad(angle)
            hist = np.zeros((4, 4, 8))
            for i in range(16):
                for j in range(16):
                    u, v = j - 7.5, i - 7.5
                    x = p[1] + u * np.cos(a) - v * np.sin(a)
                    y = p[0] + u * np.sin(a) + v * np.cos(a)
                    gx, gy = sample(dx, np.array([y]), np.array([x]))[0], sample(dy, np.array([y]), np.array([x]))[0]
                    m = np.sqrt(gx * gx + gy * gy) * np.exp(-(u * u + v * v) / 128)
                    o = (np.degrees(np.arctan2(gy, gx)) - angle) % 360 / 45
                    cu, cv = (u + 8) / 4 - 0.5, (v + 8) / 4 - 0.5
                    for r in (int(np.floor(cv)), int(np.floor(cv)) + 1):
                        for c in (int(np.floor(cu)), int(np.floor(cu)) + 1):
                            if not (0 <= r < 4 and 0 <= c < 4):
                                continue
                            for b in (int(o), int(o) + 1):
                                hist[r, c, b % 8] += m * (1 - abs(cv - r)) * (1 - abs(cu - c)) * (1 - abs(o - b))
            d = hist.flatten()
            norm = np.sqrt((d ** 2).sum())
            if norm == 0:
                return d
            d = np.clip(d / norm, 0, 0.2)
            return d / np.sqrt((d ** 2).sum())
        """),
        body("orientation", """
            dx, dy = differences(img)
            hist = np.zeros(36)
            reach = int(round(4.5 * sigma))
            for r in range(max(0, p[0] - reach), min(img.shape[0], p[0] + reach + 1)):
                for c in range(max(0, p[1] - reach), min(img.shape[1], p[1] + reach + 1)):
                    w = np.exp(-((r - p[0]) ** 2 + (c - p[1]) ** 2) / (2 * (1.5 * sigma) ** 2))
                    theta = np.arctan2(dy[r, c], dx[r, c]) * 180 / np.pi % 360
                    hist[int(theta / 10) % 36] += w * np.sqrt(dx[r, c] ** 2 + dy[r, c] ** 2)
            found = []
            for b in range(36):
                l, m, n = hist[(b - 1) % 36], hist[b], hist[(b + 1) % 36]
                if m > l and m > n and m >= 0.8 * hist.max():
                    found.append((m, (10 * (b + 0.5 + (l - n) / (2 * (l - 2 * m + n)))) % 360))
            found.sort(key=lambda pair: -pair[0])
            return np.array([angle for _, angle in found])
        """),
        body("ransac_draws", """
            if w >= 1:
                return 1
            return int(np.ceil(np.log(1 - p) / np.log(1 - w ** n)))
        """)),
    variant("summed areas and eigenvalues, complex numbers and tents, draws that are solved exactly",
        body("harris_corners", """
            right, down = differences(img)
            M = np.stack([right, down], axis=-1)
            M = np.einsum("hwi,hwj->hwij", M, M)
            r = window_size // 2
            table = np.zeros((img.shape[0] + 2 * r + 1, img.shape[1] + 2 * r + 1, 2, 2))
            table[1:, 1:] = np.pad(M, ((r, r), (r, r), (0, 0), (0, 0))).cumsum(0).cumsum(1)
            s = window_size
            total = table[s:, s:] - table[:-s, s:] - table[s:, :-s] + table[:-s, :-s]
            values = np.linalg.eigvalsh(total)
            return values.prod(-1) - k * values.sum(-1) ** 2
        """),
        body("gaussian_pyramid", """
            def octave(base):
                widths = [sigma * math.sqrt(2 ** (2 * s / scales) - 1) for s in range(1, scales + 3)]
                return np.array([base] + [blur(base, width) for width in widths])

            result = [octave(blur(img.astype(float), sigma))]
            while len(result) < octaves:
                result.append(octave(result[-1][scales, 0::2, 0::2].copy()))
            return result
        """),
        body("difference_of_gaussians", """
            return [np.asarray([b - a for a, b in zip(levels[:-1], levels[1:])]) for levels in pyramid]
        """),
        body("scale_extrema", """
            found = []
            L, H, W = dog.shape
            for l in range(1, L - 1):
                for y in range(1, H - 1):
                    for x in range(1, W - 1):
                        cube, value = dog[l - 1 : l + 2, y - 1 : y + 2, x - 1 : x + 2], dog[l, y, x]
                        if abs(value) > threshold and 26 in ((cube < value).sum(), (cube > value).sum()):
                            found.append((l, y, x))
            return np.array(found, dtype=np.int32).reshape(-1, 3)
        """),
        body("refine", """
            p = np.array(p)

            def at(*steps):
                return dog[tuple(p + sum(steps, np.zeros(3, dtype=int)))]

            e = np.eye(3, dtype=int)
            g = np.array([(at(s) - at(-s)) / 2 for s in e])
            H = np.array([[at(a) - 2 * at() + at(-a) if (a == b).all() else
                           (at(a, b) - at(a, -b) - at(-a, b) + at(-a, -b)) / 4 for b in e] for a in e])
            offset = -np.linalg.inv(H) @ g
            return offset, at() + g @ offset / 2
        """),
        body("edge_like", """
            s, y, x = p
            c = dog[s, y - 1 : y + 2, x - 1 : x + 2]
            D = np.array([1.0, -2.0, 1.0]), np.array([-0.5, 0.0, 0.5])
            xy = D[1] @ c @ D[1]
            H = np.array([[D[0] @ c[:, 1], xy], [xy, c[1] @ D[0]]])
            if np.linalg.det(H) <= 0:
                return True
            return bool(H.trace() ** 2 * r >= (r + 1) ** 2 * np.linalg.det(H))
        """),
        body("orientation", """
            right, down = differences(img)
            reach = int(np.rint(4.5 * sigma))
            votes = [0.0] * 36
            for y in range(p[0] - reach, p[0] + reach + 1):
                for x in range(p[1] - reach, p[1] + reach + 1):
                    if not (0 <= y < img.shape[0] and 0 <= x < img.shape[1]):
                        continue
                    z = complex(right[y, x], down[y, x])
                    angle = math.degrees(math.atan2(z.imag, z.real)) % 360.0
                    d2 = (y - p[0]) ** 2 + (x - p[1]) ** 2
                    votes[min(int(angle / 10), 35)] += abs(z) * math.exp(-d2 / (4.5 * sigma**2))
            peaks = []
            for b in range(36):
                l, c, r = votes[b - 1], votes[b], votes[(b + 1) % 36]
                if c > l and c > r and c >= 0.8 * max(votes):
                    peaks.append((c, (b + 0.5 + 0.5 * (l - r) / (l - 2 * c + r)) * 10 % 360))
            peaks.sort(reverse=True)
            return np.array([angle for _, angle in peaks], dtype=float)
        """),
        body("sift_descriptor", """
            right, down = differences(img)
            grid = np.linspace(-7.5, 7.5, 16)
            turn = np.exp(1j * np.deg2rad(angle))
            places = (grid[None, :] + 1j * grid[:, None]) * turn
            rows, columns = p[0] + places.imag, p[1] + places.real
            z = (sample(right, rows, columns) + 1j * sample(down, rows, columns)) / turn
            length = np.abs(z) * np.exp(-np.add.outer(grid**2, grid**2) / 128)
            cells = np.maximum(0, 1 - np.abs((grid[:, None] + 8) / 4 - 0.5 - np.arange(4)))
            away = (np.angle(z, deg=True)[..., None] / 45 - np.arange(8) + 4) % 8 - 4
            directions = np.maximum(0, 1 - np.abs(away))
            vector = np.einsum("vu,vi,uj,vuk->ijk", length, cells, cells, directions).reshape(128)
            for cut in (0.2, np.inf):
                size = math.sqrt(vector @ vector)
                if not size:
                    break
                vector = (vector / size).clip(max=cut)
            return vector
        """),
        body("match_descriptors", """
            pairs = []
            for i, d in enumerate(desc1):
                squared = np.sum((desc2 - d) ** 2, axis=1)
                first = int(np.argmin(squared))
                second = np.delete(squared, first).min()
                if squared[first] < threshold**2 * second:
                    pairs.append([i, first])
            return np.array(pairs, dtype=np.uint16).reshape(-1, 2)
        """),
        body("fit_affine_matrix", """
            m1, m2 = p1.mean(0), p2.mean(0)
            a, b = p2 - m2, p1 - m1
            A = np.linalg.pinv(a.T @ a) @ (a.T @ b)
            H = np.eye(3)
            H[:2, :2] = A
            H[2, :2] = m1 - m2 @ A
            return H
        """),
        body("ransac_draws", """
            good = w**n
            return int(np.ceil(np.log1p(-p) / np.log1p(-good))) if good < 1 else 1
        """),
        body("ransac", """
            rng = np.random.default_rng()
            q1, q2 = keypoints1[matches.T[0]], keypoints2[matches.T[1]]
            best = []
            for _ in range(n_iters):
                draw = rng.permutation(len(matches))[:3]
                source = np.c_[q2[draw], np.ones(3)]
                try:
                    H = np.linalg.solve(source, q1[draw])
                except np.linalg.LinAlgError:
                    continue
                error = np.c_[q2, np.ones(len(q2))] @ H - q1
                agreeing = [k for k in range(len(matches)) if error[k] @ error[k] < threshold]
                if len(agreeing) > len(best):
                    best = agreeing
            return fit_affine_matrix(q1[best], q2[best]), matches[best]
        """)),
]

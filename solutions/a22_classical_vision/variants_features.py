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
]

"""Right answers to grouping.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("grouping.py")

# fmt: off
VARIANTS = [
    variant("groups by loops over points",
        body("kmeans", """
            N, D = features.shape
            k = start.shape[0]
            centers = np.array(start, dtype=float)
            assignments = np.zeros(N, dtype=np.uint32)
            for n in range(num_iters):
                new = np.zeros(N, dtype=np.uint32)
                for i in range(N):
                    new[i] = np.argmin(np.linalg.norm(features[i] - centers, axis=1))
                if n > 0 and np.array_equal(new, assignments):
                    break
                assignments = new
                for j in range(k):
                    if np.any(assignments == j):
                        centers[j] = np.mean(features[assignments == j], axis=0)
            return assignments, centers
        """),
        body("kmeans_pp", """
            N = features.shape[0]
            centers = [features[np.random.choice(N)]]
            while len(centers) < k:
                d2 = np.array([min(np.sum((x - c) ** 2) for c in centers) for x in features])
                r = np.random.rand() * d2.sum()
                centers.append(features[np.searchsorted(np.cumsum(d2), r)])
            return np.array(centers)
        """),
        body("color_position_features", """
            H, W, C = img.shape
            features = np.zeros((H * W, C + 2))
            for i in range(H):
                for j in range(W):
                    features[i * W + j, :C] = img[i, j]
                    features[i * W + j, C:] = i, j
            features -= features.mean(axis=0)
            s = features.std(axis=0)
            s[s < 1e-12] = 1
            features = features / s
            features[:, features.std(axis=0) < 0.5] = 0
            return features
        """),
        body("compression_svd", """
            u, s, vt = np.linalg.svd(image)
            out = np.zeros(image.shape)
            for n in range(num_values):
                out += s[n] * np.outer(u[:, n], vt[n])
            H, W = image.shape
            return out, num_values * (1 + H + W)
        """)),
    variant("tables of distances that are updated",
        body("hierarchical_clustering", """
            N = len(features)
            labels = np.arange(N)
            sq = np.linalg.norm(features[:, None] - features[None], axis=2)
            while len(np.unique(labels)) > k:
                names = np.unique(labels)
                best, pair = np.inf, None
                for a in range(len(names)):
                    for b in range(a + 1, len(names)):
                        A, B = labels == names[a], labels == names[b]
                        if linkage == "centroid":
                            d = np.sqrt(((features[A].mean(0) - features[B].mean(0)) ** 2).sum())
                        elif linkage == "single":
                            d = sq[A][:, B].min()
                        elif linkage == "complete":
                            d = sq[A][:, B].max()
                        else:
                            d = sq[A][:, B].sum() / (A.sum() * B.sum())
                        if d < best:
                            best, pair = d, (names[a], names[b])
                labels[labels == pair[1]] = pair[0]
            return np.searchsorted(np.unique(labels), labels)
        """),
        body("mean_shift", """
            rest = features.copy()
            for i in range(len(rest)):
                moved = np.inf
                while moved >= 1e-6:
                    near = np.linalg.norm(features - rest[i], axis=1) <= bandwidth
                    target = np.mean(features[near], axis=0)
                    moved = np.linalg.norm(target - rest[i])
                    rest[i] = target
            labels, centers = [], []
            for place in rest:
                for n, c in enumerate(centers):
                    if np.linalg.norm(place - c) < bandwidth / 2:
                        labels.append(n)
                        break
                else:
                    labels.append(len(centers))
                    centers.append(place)
            return np.array(labels), np.stack(centers)
        """),
        body("compression_svd", """
            values, vectors = np.linalg.eigh(image @ image.T)
            top = vectors[:, ::-1][:, :num_values]
            return top @ (top.T @ image), num_values * (sum(image.shape) + 1)
        """)),
    variant("groups as 0 and 1, one matrix of distances, all windows at once",
        body("kmeans", """
            k = len(start)
            centres = start.astype(np.float64)
            previous = None
            squares = np.einsum("nd,nd->n", features, features)
            for _ in range(num_iters):
                distance = squares[:, None] - 2 * features @ centres.T + (centres**2).sum(1)
                labels = np.argmin(distance, 1)
                onehot = np.eye(k)[labels]
                counts = onehot.sum(0)
                means = (onehot.T @ features) / np.maximum(counts, 1)[:, None]
                centres = np.where(counts[:, None] > 0, means, centres)
                if previous is not None and np.array_equal(labels, previous):
                    break
                previous = labels
            return labels, centres
        """),
        body("kmeans_pp", """
            chosen = np.empty((k, features.shape[1]))
            chosen[0] = features[int(np.random.random() * len(features))]
            nearest = np.full(len(features), np.inf)
            for n in range(1, k):
                nearest = np.minimum(nearest, ((features - chosen[n - 1]) ** 2).sum(1))
                total = np.cumsum(nearest)
                chosen[n] = features[np.searchsorted(total, np.random.uniform(0, total[-1]), side="right")]
            return chosen
        """),
        body("hierarchical_clustering", """
            n = len(features)
            D = np.array([[np.sum((a - b) ** 2) for b in features] for a in features])
            if linkage != "centroid":
                D = np.sqrt(D)
            np.fill_diagonal(D, np.inf)
            size, label = np.ones(n), np.arange(n)
            for _ in range(n - k):
                i, j = sorted(np.unravel_index(np.argmin(D), D.shape))
                a, b = size[i], size[j]
                match linkage:
                    case "single":
                        row = np.minimum(D[i], D[j])
                    case "complete":
                        row = np.maximum(D[i], D[j])
                    case "average":
                        row = (a * D[i] + b * D[j]) / (a + b)
                    case _:
                        row = (a * D[i] + b * D[j]) / (a + b) - a * b * D[i, j] / (a + b) ** 2
                D[i, :], D[:, i] = row, row
                D[j, :], D[:, j] = np.inf, np.inf
                D[i, i] = np.inf
                size[i] += size[j]
                label[label == j] = i
            return np.unique(label, return_inverse=True)[1]
        """),
        body("mean_shift", """
            windows = features.astype(float)
            moving = np.ones(len(windows), bool)
            while moving.any():
                gap = windows[moving][:, None, :] - features[None, :, :]
                inside = (np.sqrt((gap**2).sum(-1)) <= bandwidth).astype(float)
                after = inside @ features / inside.sum(1, keepdims=True)
                shift = np.sqrt(((after - windows[moving]) ** 2).sum(1))
                windows[moving] = after
                moving[np.flatnonzero(moving)[shift < 1e-6]] = False
            modes = []
            group = []
            for w in windows:
                distances = [float(np.sqrt(np.dot(w - m, w - m))) for m in modes]
                if distances and min(distances) < 0.5 * bandwidth:
                    group.append(distances.index(min(distances)))
                else:
                    group.append(len(modes))
                    modes.append(w)
            return np.array(group), np.vstack(modes)
        """),
        body("color_position_features", """
            H, W, C = img.shape
            table = []
            for y in range(H):
                for x in range(W):
                    table.append([*img[y, x], y, x])
            table = np.array(table, dtype=np.longdouble)
            table -= table.mean(0)
            spread = np.sqrt((table**2).mean(0))
            for column in range(C + 2):
                table[:, column] = table[:, column] / spread[column] if spread[column] > 1e-9 else 0
            return table.astype(float)
        """),
        body("compression_svd", """
            wide = image if image.shape[0] <= image.shape[1] else image.T
            values, vectors = np.linalg.eigh(wide @ wide.T)
            best = vectors[:, np.argsort(values)[::-1][:num_values]]
            out = best @ (best.T @ wide)
            return out if wide is image else out.T, int(num_values * (image.shape[0] + image.shape[1] + 1))
        """)),
]

"""Right answers to seams.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("seams.py")

# fmt: off
VARIANTS = [
    variant("costs and seams by loops",
        body("energy_function", """
            gray_image = rgb2gray(image)
            dy, dx = np.gradient(gray_image)
            return np.absolute(dx) + np.absolute(dy)
        """),
        body("compute_cost", """
            H, W = energy.shape
            cost = np.zeros((H, W))
            paths = np.zeros((H, W), dtype=np.int32)
            cost[0] = energy[0]
            for i in range(1, H):
                for j in range(W):
                    best = np.inf
                    for step in (-1, 0, 1):
                        if 0 <= j + step < W and cost[i - 1, j + step] < best:
                            best = cost[i - 1, j + step]
                            paths[i, j] = step
                    cost[i, j] = energy[i, j] + best
            return cost, paths
        """),
        body("backtrack_seam", """
            H = paths.shape[0]
            seam = -np.ones(H, dtype=int)
            seam[H - 1] = end
            for h in range(H - 2, -1, -1):
                seam[h] = seam[h + 1] + paths[h + 1, seam[h + 1]]
            return seam
        """),
        body("remove_seam", """
            H, W = image.shape[:2]
            out = np.zeros((H, W - 1) + image.shape[2:], dtype=image.dtype)
            for i, c in enumerate(seam):
                out[i, :c] = image[i, :c]
                out[i, c:] = image[i, c + 1 :]
            return out
        """),
        body("reduce", """
            out = np.copy(image)
            if axis == 0:
                out = np.transpose(out, (1, 0, 2))
            while out.shape[1] > size:
                energy = energy_function(out)
                cost, paths = compute_cost(out, energy)
                end = np.argmin(cost[-1])
                out = remove_seam(out, backtrack_seam(paths, end))
            if axis == 0:
                out = np.transpose(out, (1, 0, 2))
            return out
        """)),
    variant("seams found first, doubled one by one from an index map",
        body("enlarge", """
            out = np.transpose(image, (1, 0, 2)) if axis == 0 else image.copy()
            H, W, _ = out.shape
            k = size - W
            temp, indices = out.copy(), np.tile(range(W), (H, 1))
            seams = np.zeros((H, W), dtype=int)
            for i in range(k):
                cost, paths = compute_cost(temp, energy_function(temp))
                seam = backtrack_seam(paths, np.argmin(cost[-1]))
                temp = remove_seam(temp, seam)
                seams[np.arange(H), indices[np.arange(H), seam]] = i + 1
                indices = remove_seam(indices, seam)
            for i in range(k):
                where = np.array([int(np.flatnonzero(row == i + 1)[0]) for row in seams])
                wide = np.zeros((H, out.shape[1] + 1, 3))
                marks = np.zeros((H, out.shape[1] + 1), dtype=int)
                for h in range(H):
                    wide[h] = np.insert(out[h], where[h], out[h, where[h]], axis=0)
                    marks[h] = np.insert(seams[h], where[h], 0)
                out, seams = wide, marks
            return np.transpose(out, (1, 0, 2)) if axis == 0 else out
        """),
        body("compute_forward_cost", """
            I = rgb2gray(image)
            H, W = I.shape
            cost, paths = np.zeros((H, W)), np.zeros((H, W), dtype=int)
            for i in range(H):
                for j in range(W):
                    cu = abs(I[i, j + 1] - I[i, j - 1]) if 0 < j < W - 1 else 0
                    if i == 0:
                        cost[i, j] = energy[i, j] + cu
                        continue
                    options = []
                    if j > 0:
                        options.append((cost[i - 1, j - 1] + cu + abs(I[i - 1, j] - I[i, j - 1]), -1))
                    options.append((cost[i - 1, j] + cu, 0))
                    if j < W - 1:
                        options.append((cost[i - 1, j + 1] + cu + abs(I[i - 1, j] - I[i, j + 1]), 1))
                    best = min(options)
                    cost[i, j] = energy[i, j] + best[0]
                    paths[i, j] = best[1]
            return cost, paths
        """),
        body("remove_object", """
            out, mask = image.copy(), mask.copy()
            W = image.shape[1]
            while np.any(mask > 0):
                energy = energy_function(out)
                energy[mask] = -1000
                cost, paths = compute_cost(out, energy)
                seam = backtrack_seam(paths, np.argmin(cost[-1]))
                out = remove_seam(out, seam)
                mask = remove_seam(mask, seam)
            return enlarge(out, W, axis=1)
        """)),
]

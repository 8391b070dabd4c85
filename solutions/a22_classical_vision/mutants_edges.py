"""Wrong answers to edges.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("edges.py")
NESTED, NESTED2 = "check_convolution_of_a_small_picture", "check_convolutions_of_other_sizes"
FAST, FAST2 = "check_fast_convolution_of_a_small_picture", "check_fast_convolutions_of_other_sizes"
CROSS, CROSS2 = "check_correlation_with_a_template", "check_correlations_of_other_sizes"
NCC, NCC2 = "check_coefficients_with_a_template", "check_coefficients_do_not_depend_on_light"
GAUSS, GAUSS2 = "check_kernel_of_size_5", "check_kernels_of_other_sizes"
DX, DX2 = "check_derivative_to_the_right", "check_derivatives_to_the_right"
DY, DY2 = "check_derivative_downwards", "check_derivatives_downwards"
GRAD, GRAD2 = "check_gradient_of_planes", "check_gradients_of_random_pictures"
SOBEL, SOBEL2 = "check_sobel_of_a_small_picture", "check_sobel_of_other_pictures"
NMS, NMS2 = "check_crests_of_a_small_picture", "check_crests_of_other_pictures"
TWO, TWO2 = "check_two_thresholds", "check_thresholds_of_random_pictures"
LINK, LINK2 = "check_links_of_a_small_picture", "check_long_chains"
CANNY, CANNY2 = "check_canny_joins_the_stages", "check_canny_of_a_small_photograph"
PHOTOS = "check_canny_finds_the_edges_of_photographs"
HOUGH, HOUGH2 = "check_votes_of_a_few_pixels", "check_votes_of_known_lines"
PEAKS, PEAKS2 = "check_peaks_of_a_small_table", "check_peaks_of_other_tables"
PADDED = "padded = np.pad(image, ((Hk // 2, Hk // 2), (Wk // 2, Wk // 2)))\n    out ="
WINDOWS = "padded = np.pad(image, ((Hk // 2, Hk // 2), (Wk // 2, Wk // 2)))\n    windows ="
KERNEL = "return np.exp(-squared / (2 * sigma**2)) / (2 * math.pi * sigma**2)"
ANGLE = "np.rad2deg(np.arctan2(dy, dx)) % 360"
RHO = "np.round(x * np.cos(thetas) + y * np.sin(thetas)).astype(int)"

# fmt: off
MUTANTS = [
    mutant("crests: halves are rounded to even numbers", "check_crests_of_other_pictures", body("non_maximum_suppression", """
        steps = np.array([[0, 1], [1, 1], [1, 0], [1, -1]])[np.round(theta / 45).astype(int) % 4]
        out, around = np.zeros_like(G), np.pad(G, 1)
        for r in range(G.shape[0]):
            for c in range(G.shape[1]):
                d, e = steps[r, c]
                if G[r, c] >= max(around[1 + r + d, 1 + c + e], around[1 + r - d, 1 + c - e]):
                    out[r, c] = G[r, c]
        return out
    """)),
    mutant("canny: another default", "check_canny_of_a_small_photograph", "sigma: float = 1.4, high: float = 20, low", "sigma: float = 1.4, high: float = 25, low"),
    mutant("hough: votes up to 255", "check_votes_of_known_lines", body("hough_transform", """
        D = math.ceil(math.hypot(*img.shape))
        theta = np.deg2rad(np.arange(-90, 90))
        votes = np.zeros((2 * D + 1, 180), np.uint8)
        for y, x in np.argwhere(img):
            votes[np.rint(x * np.cos(theta) + y * np.sin(theta)).astype(int) + D, np.arange(180)] += 1
        return votes, np.arange(-D, D + 1), theta
    """)),
    mutant("peaks: none is a list without pairs", "check_peaks_of_other_tables", body("hough_peaks", """
        left, half, found = accumulator.copy(), window // 2, []
        while len(found) < n and left.max() > 0:
            r, c = np.unravel_index(left.argmax(), left.shape)
            found.append((r, c))
            left[max(r - half, 0) : r + half + 1, max(c - half, 0) : c + half + 1] = 0
        return np.array(found, dtype=int)
    """)),
    mutant("conv_nested: not flipped", NESTED, "m + Hk // 2 - i, n + Wk // 2 - j", "m - Hk // 2 + i, n - Wk // 2 + j"),
    mutant("conv_nested: wraps around at the border", NESTED, "if 0 <= row < H and 0 <= column < W:", "if row < H and column < W:"),
    mutant("conv_nested: for square kernels", NESTED, "Hk, Wk = kernel.shape\n    out", "Hk = Wk = kernel.shape[0]\n    out"),
    mutant("conv_nested: leaves out the border", NESTED, "    for m in range(H):\n        for n in range(W):\n            for i", "    for m in range(1, H - 1):\n        for n in range(W):\n            for i"),
    mutant("conv_nested: float32", NESTED2, "                        out[m, n] += image[row, column] * kernel[i, j]\n    return out", "                        out[m, n] += image[row, column] * kernel[i, j]\n    return out.astype(np.float32)", habit="dtype"),
    mutant("conv_nested: writes zeros into the picture", NESTED2, "    H, W = image.shape\n    Hk, Wk = kernel.shape\n", "    H, W = image.shape\n    Hk, Wk = kernel.shape\n    image[0, 0] += 0.0 if min(H, W) > 5 else 1.0\n"),
    mutant("conv_fast: not flipped", FAST, "kernel[Hk - 1 - i, Wk - 1 - j]", "kernel[i, j]"),
    mutant("conv_fast: flipped one way", FAST, "kernel[Hk - 1 - i, Wk - 1 - j]", "kernel[Hk - 1 - i, j]"),
    mutant("conv_fast: the border is repeated", FAST, PADDED, PADDED.replace("Wk // 2))", 'Wk // 2)), mode="edge"')),
    mutant("conv_fast: by Fourier", FAST, body("conv_fast", """
        (H, W), (Hk, Wk) = image.shape, kernel.shape
        size = H + Hk - 1, W + Wk - 1
        full = np.fft.irfft2(np.fft.rfft2(image, size) * np.fft.rfft2(kernel, size), size)
        return full[Hk // 2 : Hk // 2 + H, Wk // 2 : Wk // 2 + W]
    """)),
    mutant("conv_fast: a loop over pixels", FAST2, body("conv_fast", """
        (H, W), (Hk, Wk) = image.shape, kernel.shape
        padded = np.pad(image, ((Hk // 2, Hk // 2), (Wk // 2, Wk // 2)))
        out = np.zeros((H, W))
        for m in range(H):
            for n in range(W):
                out[m, n] = (padded[m : m + Hk, n : n + Wk] * kernel[::-1, ::-1]).sum()
        return out
    """)),
    mutant("conv_fast: float32", FAST2, "padded[i : i + H, j : j + W]\n    return out", "padded[i : i + H, j : j + W]\n    return out.astype(np.float32)", habit="dtype"),
    mutant("cross_correlation: flipped", CROSS, "return conv_fast(image, template[::-1, ::-1])", "return conv_fast(image, template)"),
    mutant("cross_correlation: without the template's mean", CROSS, "return conv_fast(image, template[::-1, ::-1])", "return conv_fast(image, (template - template.mean())[::-1, ::-1])"),
    mutant("cross_correlation: flips the template itself", CROSS2, "return conv_fast(image, template[::-1, ::-1])", "template[:] = template[::-1, ::-1].copy()\n    return conv_fast(image, template)"),
    mutant("ncc: sums", NCC, "(windows * centred).mean(axis=(2, 3))", "(windows * centred).sum(axis=(2, 3))"),
    mutant("ncc: normalised by the picture", NCC, body("normalized_cross_correlation", """
        whole = (image - image.mean()) / image.std()
        one = (template - template.mean()) / template.std()
        return conv_fast(whole, one[::-1, ::-1]) / template.size
    """)),
    mutant("ncc: not divided", NCC, "products / np.where(flat, 1.0, deviations)", "products"),
    mutant("ncc: nan where it is constant", NCC, "    flat = (windows.std(axis=(2, 3)) < 1e-9) | (centred.std() < 1e-9)\n    return np.where(flat, 0.0, products / np.where(flat, 1.0, deviations))", "    with np.errstate(all='ignore'):\n        return np.where(deviations == 0, np.nan, products / deviations)"),
    mutant("ncc: nan for a constant template", NCC2, " | (centred.std() < 1e-9)", "", also=(("return np.where(flat, 0.0, products / np.where(flat, 1.0, deviations))", "with np.errstate(all='ignore'):\n        return np.where(flat, 0.0, products / np.where(flat, 1.0, deviations))"),)),
    mutant("ncc: float32", NCC2, "return np.where(flat, 0.0, products / np.where(flat, 1.0, deviations))", "return np.where(flat, 0.0, products / np.where(flat, 1.0, deviations)).astype(np.float32)", habit="dtype"),
    mutant("gaussian: sigma not squared in the factor", GAUSS, KERNEL, KERNEL.replace("math.pi * sigma**2", "math.pi * sigma")),
    mutant("gaussian: sigma not squared in the exponent", GAUSS, KERNEL, KERNEL.replace("(2 * sigma**2))", "(2 * sigma))")),
    mutant("gaussian: divided by its sum", GAUSS, KERNEL, "kernel = np.exp(-squared / (2 * sigma**2))\n    return kernel / kernel.sum()"),
    mutant("gaussian: no factor", GAUSS, KERNEL, "return np.exp(-squared / (2 * sigma**2))"),
    mutant("gaussian: always of size 5", (GAUSS2,), "away = np.arange(size) - (size - 1) / 2", "away = np.arange(size) - min((size - 1) / 2, 3)"),
    mutant("dx: not halved", DX, "return (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2", "return padded[1:-1, 2:] - padded[1:-1, :-2]"),
    mutant("dx: from right to left", DX, "(padded[1:-1, 2:] - padded[1:-1, :-2])", "(padded[1:-1, :-2] - padded[1:-1, 2:])"),
    mutant("dx: downwards", DX, "return (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2", "return (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2"),
    mutant("dx: np.gradient", DX, "return (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2", "return np.gradient(padded, axis=1)[1:-1, 1:-1]"),
    mutant("dx: changes the picture", DX2, "    padded = np.pad(img, 1)\n    return (padded[1:-1, 2:]", "    img *= 0.5\n    padded = 2 * np.pad(img, 1)\n    return (padded[1:-1, 2:]"),
    mutant("dy: upwards", DY, "(padded[2:, 1:-1] - padded[:-2, 1:-1])", "(padded[:-2, 1:-1] - padded[2:, 1:-1])"),
    mutant("dy: to the right", DY, "(padded[2:, 1:-1] - padded[:-2, 1:-1])", "(padded[1:-1, 2:] - padded[1:-1, :-2])"),
    mutant("dy: float32", DY2, "return (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2", "return ((padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2).astype(np.float32)", habit="dtype"),
    mutant("gradient: radians", GRAD, ANGLE, "np.arctan2(dy, dx) % (2 * math.pi)"),
    mutant("gradient: arctan", GRAD, ANGLE, "np.rad2deg(np.arctan(dy / np.where(dx == 0, 1e-12, dx))) % 360"),
    mutant("gradient: arctan2 with x first", GRAD, ANGLE, "np.rad2deg(np.arctan2(dx, dy)) % 360"),
    mutant("gradient: negative angles", GRAD, ANGLE, "np.rad2deg(np.arctan2(dy, dx))"),
    mutant("gradient: squared length", GRAD, "return np.sqrt(dx**2 + dy**2), ", "return dx**2 + dy**2, "),
    mutant("gradient: the sum of absolute values", GRAD, "return np.sqrt(dx**2 + dy**2), ", "return abs(dx) + abs(dy), "),
    mutant("gradient: whole degrees", GRAD2, ANGLE, "np.round(np.rad2deg(np.arctan2(dy, dx)) % 360)"),
    mutant("sobel: rows weighted alike", SOBEL, "[2.0, 0.0, -2.0]", "[1.0, 0.0, -1.0]"),
    mutant("sobel: the sign", SOBEL, "[[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]", "[[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]"),
    mutant("sobel: exchanged", SOBEL, "gx, gy = conv_fast(img, kernel), conv_fast(img, kernel.T)", "gy, gx = conv_fast(img, kernel), conv_fast(img, kernel.T)"),
    mutant("sobel: [1 0 1] for y", SOBEL, "conv_fast(img, kernel.T)", "conv_fast(img, abs(kernel.T))"),
    mutant("sobel: float32", SOBEL2, "return gx, gy, np.sqrt(gx**2 + gy**2)", "return gx.astype(np.float32), gy.astype(np.float32), np.hypot(gx, gy).astype(np.float32)", habit="dtype"),
    mutant("thin: along the edge", NMS, "[(0, 1), (1, 1), (1, 0), (1, -1)]", "[(1, 0), (1, -1), (0, 1), (1, 1)]"),
    mutant("thin: rows that grow upwards", NMS, "[(0, 1), (1, 1), (1, 0), (1, -1)]", "[(0, 1), (1, -1), (1, 0), (1, 1)]"),
    mutant("thin: angles cut", NMS, "np.floor((theta + 22.5) / 45).astype", "np.floor(theta / 45).astype"),
    mutant("thin: one neighbour", NMS, "& (after <= G) & (before <= G)", "& (after <= G)"),
    mutant("thin: plateaus vanish", NMS2, "& (after <= G) & (before <= G)", "& (after < G) & (before < G)"),
    mutant("thin: writes into G", NMS2, "    out = np.zeros((H, W))\n    for number", "    out = G\n    for number", also=(("        out[crest] = G[crest]\n", "        out[(direction == number) & ~crest] = 0\n"),)),
    mutant("thin: marks", NMS, "out[crest] = G[crest]", "out[crest] = 1"),
    mutant("thresholds: strong from the high one on", TWO, "strong = img > high", "strong = img >= high"),
    mutant("thresholds: weak with the strong", TWO, "(img > low) & ~strong", "img > low"),
    mutant("thresholds: weak with those below", TWO, "(img > low) & ~strong", "~strong"),
    mutant("thresholds: weak from the low one on", TWO, "(img > low) & ~strong", "(img >= low) & ~strong"),
    mutant("thresholds: writes into the picture", TWO2, "    strong = img > high\n", "    strong = img > high\n    img[img < -5.0 + 5.2] = 0\n"),
    mutant("links: four neighbours", LINK, "if weak_edges[r, c] and not edges[r, c]:", "if weak_edges[r, c] and not edges[r, c] and (r == row or c == column):"),
    mutant("links: one step", LINK, "                    pending.append((r, c))\n", ""),
    mutant("links: only the weak", LINK, "                    pending.append((r, c))\n    return edges", "                    pending.append((r, c))\n    return edges & weak_edges"),
    mutant("links: all weak", LINK, "    edges = strong_edges.copy()\n", "    return strong_edges | weak_edges\n    edges = strong_edges.copy()\n"),
    mutant("links: a function that calls itself", LINK2, body("link_edges", """
        H, W = strong_edges.shape
        edges = strong_edges.copy()

        def visit(row, column):
            for r in range(max(row - 1, 0), min(row + 2, H)):
                for c in range(max(column - 1, 0), min(column + 2, W)):
                    if weak_edges[r, c] and not edges[r, c]:
                        edges[r, c] = True
                        visit(r, c)

        for row, column in np.argwhere(strong_edges):
            visit(row, column)
        return edges
    """)),
    mutant("links: around the border", LINK2, "for r in range(max(row - 1, 0), min(row + 2, H)):", "for r in range(row - 1, min(row + 2, H)):"),
    mutant("links: changes the strong pixels", LINK2, "edges = strong_edges.copy()", "edges = strong_edges"),
    mutant("canny: its own thresholds", CANNY, "return link_edges(*double_thresholding(thin, high, low))", "return link_edges(*double_thresholding(thin, 20, 15))"),
    mutant("canny: its own smoothing", CANNY, "gaussian_kernel(kernel_size, sigma)", "gaussian_kernel(5, 1.4)"),
    mutant("canny: not smoothed", (CANNY, CANNY2, PHOTOS), "smoothed = conv_fast(img, gaussian_kernel(kernel_size, sigma))", "smoothed = img", calibrates=True),
    mutant("canny: not thinned", (CANNY, CANNY2), "thin = non_maximum_suppression(*gradient(smoothed))", "thin = gradient(smoothed)[0]"),
    mutant("canny: strong edges only", CANNY2, "return link_edges(*double_thresholding(thin, high, low))", "return double_thresholding(thin, high, low)[0]"),
    mutant("canny: the length of sobel", CANNY, "thin = non_maximum_suppression(*gradient(smoothed))", "thin = non_maximum_suppression(sobel(smoothed)[2], gradient(smoothed)[1])"),
    mutant("canny: all weak edges", CANNY2, "return link_edges(*double_thresholding(thin, high, low))", "strong, weak = double_thresholding(thin, high, low)\n    return strong | weak"),
    mutant("canny: smoothed by its own small kernel", (CANNY2, PHOTOS), "gaussian_kernel(kernel_size, sigma)", "gaussian_kernel(3, 1.0)", calibrates=True),
    mutant("hough: x and y exchanged", HOUGH, "for y, x in np.argwhere(img):", "for x, y in np.argwhere(img):"),
    mutant("hough: cut", HOUGH, RHO, RHO.replace("np.round(", "(")),
    mutant("hough: degrees", HOUGH, "return votes, np.arange(-D, D + 1).astype(float), thetas", "return votes, np.arange(-D, D + 1).astype(float), np.rad2deg(thetas)"),
    mutant("hough: negative distances at the end", HOUGH, "votes[rho + D, np.arange(len(thetas))] += 1", "votes[rho, np.arange(len(thetas))] += 1"),
    mutant("hough: only the value True", HOUGH2, "np.argwhere(img)", "np.argwhere(img == 1)"),
    mutant("hough: only positive pixels", HOUGH2, "np.argwhere(img)", "np.argwhere(img > 0)"),
    mutant("hough: rounded up", HOUGH, RHO, RHO.replace("np.round(", "np.ceil(")),
    mutant("hough: one vote in all", HOUGH, "votes[rho + D, np.arange(len(thetas))] += 1", "votes[rho + D, np.arange(len(thetas))] = 1"),
    mutant("peaks: nothing cleared", PEAKS, "        left[max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1] = 0\n", "        left[row, column] = 0\n"),
    mutant("peaks: columns first", PEAKS, "peaks.append((row, column))", "peaks.append((column, row))"),
    mutant("peaks: the last of equal ones", PEAKS, "np.unravel_index(left.argmax(), left.shape)", "np.unravel_index(left.size - 1 - left.ravel()[::-1].argmax(), left.shape)"),
    mutant("peaks: a window twice as wide", PEAKS, "window // 2", "window"),
    mutant("peaks: negative starts", PEAKS2, "max(row - half, 0) : row", "row - half : row"),
    mutant("peaks: cells without votes", PEAKS2, "while len(peaks) < n and left.any():", "while len(peaks) < n:"),
    mutant("peaks: clears the table itself", PEAKS2, "accumulator.copy(), window", "accumulator, window"),
    mutant("ncc: a faint window is constant", NCC2, "flat = (windows.std(axis=(2, 3)) < 1e-9) | (centred.std() < 1e-9)", "flat = (windows.std(axis=(2, 3)) < 1e-2) | (centred.std() < 1e-9)"),
    mutant("kernel: the first sigma of each size", GAUSS2, first("gaussian_kernel", "sigma = gaussian_kernel.__dict__.setdefault(size, sigma)")),
    mutant("peaks: a window of 1 is one of 3", PEAKS2, "left, half, peaks = accumulator.copy(), window // 2, []", "left, half, peaks = accumulator.copy(), max(window // 2, 1), []"),
]

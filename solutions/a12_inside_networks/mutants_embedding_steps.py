"""Wrong answers to embedding_steps.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("embedding_steps.py")
COV, COVS = "check_covariance_of_some_points", "check_covariances_of_other_points"
AXES, OTHERS = "check_axes_are_those_of_the_svd", "check_axes_of_other_points"
LOST, NEW = "check_reconstruction_loses_dropped_variance", "check_reconstructions_of_new_points"
WHITE, EPS = "check_whitened_points_have_unit_covariance", "check_whitening_with_a_large_eps"
SIGMA, ROWS, SINGLE = "check_sigma_has_its_perplexity", "check_sigma_of_unusual_rows", "check_sigma_of_float32"
FORCES, MAPS, CLASSES = (
    "check_tsne_gradient_of_a_small_map",
    "check_tsne_gradient_of_other_maps",
    "check_map_keeps_classes_together",
)
FALSE, TRUSTS = "check_trustworthiness_counts_false_neighbours", "check_trustworthiness_of_other_maps"
MEAN = "return centred.T @ centred / len(X)"
SIGN = "return axes * largest.sign()"
BACK = "return mean + (X - mean) @ axes.T @ axes"
DIVIDED = "out = (X - X.mean(dim=0)) @ vectors / (values + eps).sqrt()"
PERPLEXITY = "return math.exp(-float((log_p.exp() * log_p).nan_to_num().sum()))"
GRADIENT = "return 4 * (((P - Q) * kernel)[:, :, None] * apart).sum(dim=1)"
EXPONENT = "torch.log_softmax(-d2 / (2 * sigma * sigma), dim=0)"

# fmt: off
MUTANTS = [
    mutant("covariance: divided by N - 1", COV, MEAN, "return centred.T @ centred / max(len(X) - 1, 1)"),
    mutant("covariance: not divided", COV, MEAN, "return centred.T @ centred"),
    mutant("covariance: not centred", COV, "    centred = X - X.mean(dim=0)\n    return", "    centred = X\n    return"),
    mutant("covariance: divided by D", COV, MEAN, "return centred.T @ centred / X.shape[1]"),
    mutant("covariance: the mean of everything", COV, "centred = X - X.mean(dim=0)\n    return", "centred = X - X.mean()\n    return"),
    mutant("covariance: torch.cov", COV, MEAN, "return torch.cov(X.T, correction=0).reshape(X.shape[1], -1)"),
    mutant("covariance: mean of products minus product of means, in float32", COVS, MEAN,
           "m = X.float().mean(dim=0)\n    return (X.float().T @ X.float() / len(X) - torch.outer(m, m)).to(X)"),
    mutant("covariance: mean of products minus product of means", COVS, MEAN,
           "m = X.mean(dim=0)\n    return X.T @ X / len(X) - torch.outer(m, m)"),
    mutant("covariance: makes float64 torch's default dtype", COVS, MEAN,
           "torch.set_default_dtype(torch.float64)\n    " + MEAN),
    mutant("covariance: centres X itself", COVS, "    centred = X - X.mean(dim=0)\n    return", "    X -= X.mean(dim=0)\n    centred = X\n    return"),
    mutant("covariance: float32", COVS, MEAN, "return (centred.T @ centred / len(X)).float()", habit="dtype"),
    mutant("axes: the smallest variances", AXES, "axes = vectors.flip(1).T[:k]", "axes = vectors.T[:k]"),
    mutant("axes: any sign", AXES, SIGN, "return -axes * largest.sign()"),
    mutant("axes: the first coordinate is positive", AXES, "largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))", "largest = axes[:, :1]"),
    mutant("axes: the sum is positive", AXES, "largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))", "largest = axes.sum(dim=1, keepdim=True)"),
    mutant("axes: columns", AXES, SIGN, "return (axes * largest.sign()).T"),
    mutant("axes: not centred", AXES, "torch.linalg.eigh(covariance(X))\n    axes", "torch.linalg.eigh(X.T @ X)\n    axes"),
    mutant("axes: rows of eigh", AXES, "axes = vectors.flip(1).T[:k]", "axes = vectors.flip(0)[:k]"),
    mutant("axes: scaled by the deviations", AXES, SIGN, "return axes * largest.sign() * covariance(X).trace().sqrt()"),
    mutant("axes: one too many", OTHERS, "vectors.flip(1).T[:k]", "vectors.flip(1).T[: max(k, 2)]"),
    mutant("axes: ten power iterations", OTHERS, body("principal_axes", """
        sigma, rows = covariance(X), []
        for _ in range(k):
            u = torch.ones(X.shape[1], dtype=X.dtype, device=X.device)
            for _ in range(10):
                u = sigma @ u
                u = u / u.norm()
            sigma = sigma - (u @ sigma @ u) * torch.outer(u, u)
            rows.append(u * u[u.abs().argmax()].sign())
        return torch.stack(rows)
    """)),
    mutant("axes: float32", OTHERS, SIGN, "return (axes * largest.sign()).float()", habit="dtype"),
    mutant("reconstruct: without the mean", LOST, BACK, "return (X - mean) @ axes.T @ axes"),
    mutant("reconstruct: projects before centring", LOST, BACK, "return mean + X @ axes.T @ axes"),
    mutant("reconstruct: never centred", LOST, BACK, "return X @ axes.T @ axes"),
    mutant("reconstruct: the coordinates", LOST, BACK, "return (X - mean) @ axes.T"),
    mutant("reconstruct: the mean of X", NEW, BACK, "mean = X.mean(dim=0)\n    " + BACK),
    mutant("reconstruct: in place", NEW, BACK, "X -= mean\n    return mean + X @ axes.T @ axes"),
    mutant("reconstruct: float32", NEW, BACK, "return (mean + (X - mean) @ axes.T @ axes).float()", habit="dtype"),
    mutant("whiten: the power +1/2", WHITE, DIVIDED, DIVIDED.replace(" / ", " * ")),
    mutant("whiten: the power -1", WHITE, DIVIDED, DIVIDED.replace(".sqrt()", "")),
    mutant("whiten: rotated only", WHITE, DIVIDED, "out = (X - X.mean(dim=0)) @ vectors"),
    mutant("whiten: not centred", WHITE, DIVIDED, DIVIDED.replace("(X - X.mean(dim=0))", "X")),
    mutant("whiten: each coordinate alone", WHITE, DIVIDED, "out = (X - X.mean(dim=0)) / covariance(X).diagonal().add(eps).sqrt()"),
    mutant("whiten: eps outside of the root", EPS, DIVIDED, DIVIDED.replace("(values + eps).sqrt()", "(values.sqrt() + eps)")),
    mutant("whiten: no eps", EPS, DIVIDED, DIVIDED.replace("(values + eps)", "values")),
    mutant("whiten: ascending variances", EPS, "values, vectors = values.flip(0), vectors.flip(1)", "pass"),
    mutant("whiten: never rotated back", EPS, "return out @ vectors.T if zca else out", "return out"),
    mutant("whiten: rotated back by the wrong matrix", EPS, "return out @ vectors.T if zca else out", "return out @ vectors if zca else out"),
    mutant("whiten: always rotated back", EPS, "return out @ vectors.T if zca else out", "return out @ vectors.T"),
    mutant("whiten: float32", EPS, "return out @ vectors.T if zca else out", "return (out @ vectors.T if zca else out).float()", habit="dtype"),
    mutant("sigma: a tolerance of its own", ROWS, "if abs(found - perplexity) <= tol:", "if abs(found - perplexity) <= max(tol, 1e-5):"),
    mutant("sigma: the variance", SIGMA, "    return sigma\n", "    return sigma * sigma\n"),
    mutant("sigma: the precision", SIGMA, "    return sigma\n", "    return 1 / (2 * sigma * sigma)\n"),
    mutant("sigma: no factor 2 in the exponent", SIGMA, EXPONENT, "torch.log_softmax(-d2 / (sigma * sigma), dim=0)"),
    mutant("sigma: 2 to the power of H in nats", SIGMA, PERPLEXITY, PERPLEXITY.replace("math.exp(", "2 ** (")),
    mutant("sigma: the entropy", SIGMA, PERPLEXITY, "return -float((log_p.exp() * log_p).nan_to_num().sum()) / math.log(2)"),
    mutant("sigma: the wrong half", SIGMA, "(low, sigma) if found > perplexity", "(low, sigma) if found < perplexity"),
    mutant("sigma: a tensor", SIGMA, "    return sigma\n", "    return torch.tensor(sigma)\n"),
    mutant("sigma: a fixed interval", ROWS, "    while reached(high) < perplexity:\n        low, high = high, 2 * high\n", "    high = 100.0\n"),
    mutant("sigma: ten halvings", ROWS, "for _ in range(200):", "for _ in range(10):"),
    mutant("sigma: fifty halvings from far away", ROWS, "low, high = 0.0, 1.0\n", "low, high = 0.0, 1e15\n", also=(("for _ in range(200):", "for _ in range(50):"),)),
    mutant("sigma: exponentials that vanish", ROWS, "d2 = d2_row.double() - d2_row.double().min()", "d2 = d2_row.double()",
           also=((EXPONENT, "torch.exp(-d2 / (2 * sigma * sigma)).div(torch.exp(-d2 / (2 * sigma * sigma)).sum()).log()"),)),
    mutant("sigma: a number of numpy's precision", ROWS, "abs(found - perplexity) <= tol", "abs(found - perplexity) <= 1e-3"),
    mutant("sigma: written into the row", ROWS, "d2 = d2_row.double() - d2_row.double().min()", "d2 = d2_row.double()\n    d2 -= d2.min()"),
    mutant("sigma: in half precision", SINGLE, "d2 = d2_row.double() - d2_row.double().min()", "d2 = (d2_row - d2_row.min()).to(torch.bfloat16 if d2_row.dtype == torch.float32 else torch.float64)"),
    mutant("forces: the factor 2", FORCES, GRADIENT, GRADIENT.replace("4 *", "2 *")),
    mutant("forces: the wrong sign", (FORCES, CLASSES), GRADIENT, GRADIENT.replace("4 *", "-4 *"), calibrates=True),
    mutant("forces: no last factor", FORCES, GRADIENT, GRADIENT.replace("((P - Q) * kernel)", "(P - Q)")),
    mutant("forces: the normalised kernel as the last factor", FORCES, GRADIENT, GRADIENT.replace("((P - Q) * kernel)", "((P - Q) * Q)")),
    mutant("forces: not normalised", FORCES, "Q = kernel / kernel.sum()", "Q = kernel"),
    mutant("forces: normalised by rows", FORCES, "Q = kernel / kernel.sum()", "Q = kernel / kernel.sum(dim=1, keepdim=True)"),
    mutant("forces: with the diagonal", FORCES, "    kernel = kernel - torch.diag(kernel.diagonal())\n", ""),
    mutant("forces: distances that were not squared", FORCES, "kernel = 1 / (1 + apart.square().sum(dim=2))", "kernel = 1 / (1 + apart.square().sum(dim=2).sqrt())"),
    mutant("forces: a loop over points", FORCES, GRADIENT, "return torch.stack([4 * (((P - Q) * kernel)[i, :, None] * apart[i]).sum(dim=0) for i in range(len(Y))])"),
    mutant("forces: automatic differentiation", FORCES, body("tsne_gradient", """
        def divergence(Y):
            kernel = 1 / (1 + (Y[:, None] - Y[None]).square().sum(dim=2))
            kernel = kernel - torch.diag(kernel.diagonal())
            Q = kernel / kernel.sum()
            return (P * (Q + torch.eye(len(Y), dtype=Y.dtype)).log()).sum().neg()

        return torch.func.grad(divergence)(Y)
    """)),
    mutant("forces: for two dimensions", MAPS, GRADIENT, "out = 4 * (((P - Q) * kernel)[:, :, None] * apart).sum(dim=1)\n    out[:, 2:] = 0\n    return out"),
    mutant("forces: divided by distances", MAPS, GRADIENT, "far = apart.square().sum(dim=2, keepdim=True).sqrt()\n    return 4 * (((P - Q) * kernel)[:, :, None] * apart / far * far).sum(dim=1)"),
    mutant("forces: float32", MAPS, GRADIENT, GRADIENT + ".float()", habit="dtype"),
    mutant("forces: attraction only", (FORCES, CLASSES), "Q = kernel / kernel.sum()", "Q = 0 * kernel", calibrates=True),
    mutant("trust: ranks from 0", FALSE, "return d2.argsort(dim=1).argsort(dim=1) + 1", "return d2.argsort(dim=1).argsort(dim=1)"),
    mutant("trust: ranks without k", FALSE, "(there - k)[false]", "there[false]"),
    mutant("trust: the points exchanged", FALSE, "there, here = ranks(X), ranks(Y)", "there, here = ranks(Y), ranks(X)"),
    mutant("trust: the sum itself", FALSE, "return 1 - float(", "return float("),
    mutant("trust: no factor 2", FALSE, "worst = N * k * (2 * N - 3 * k - 1) / 2", "worst = N * k * (2 * N - 3 * k - 1)"),
    mutant("trust: each point is its own neighbour", FALSE, "d2 = d2 + torch.diag(torch.full((N,), math.inf, dtype=d2.dtype, device=d2.device))\n", "pass\n"),
    mutant("trust: the order, not the rank", FALSE, "return d2.argsort(dim=1).argsort(dim=1) + 1", "return d2.argsort(dim=1) + 1"),
    mutant("trust: a tensor", FALSE, "return 1 - float((there - k)[false].sum()) / worst", "return 1 - (there - k)[false].sum() / worst"),
    mutant("trust: counts, not ranks", TRUSTS, "float((there - k)[false].sum())", "float(false.sum())"),
    mutant("trust: for k = 7 or less", TRUSTS, "    there, here = ranks(X), ranks(Y)\n", "    k = min(k, 7)\n    there, here = ranks(X), ranks(Y)\n"),
]

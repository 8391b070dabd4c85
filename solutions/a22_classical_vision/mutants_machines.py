"""Wrong answers to machines.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("machines.py")
PINV, PINV2 = "check_inverse_of_a_small_matrix", "check_inverses_of_other_matrices"
LEARN, LEARN2 = "check_perceptron_of_a_few_points", "check_perceptron_of_other_points"
KERNEL, KERNEL2 = "check_kernels_of_a_few_points", "check_kernels_of_other_points"
DUAL, DUAL2 = "check_objective_of_a_few_points", "check_objectives_of_other_points"
DECIDE, DECIDE2 = "check_decisions_of_a_few_points", "check_decisions_of_other_points"
SMO, SMO2, XOR = "check_margin_of_two_and_four_points", "check_optima_of_the_dual_problem", "check_machine_solves_xor"
INVERSE = "return (Vt[kept].T / S[kept]) @ U[:, kept].T"
W = "return float(alpha.sum() - signed @ K @ signed / 2)"
F = "return (alpha * y) @ K + b"

# fmt: off
MUTANTS = [
    mutant("inverse: divides zeros by zero", "check_inverses_of_other_matrices", body("pinv", """
        U, s, Vt = np.linalg.svd(A, full_matrices=False)
        kept = s >= tol * s[0]
        return Vt[kept].T / s[kept] @ U[:, kept].T
    """)),
    mutant("pinv: no tolerance", PINV, "kept = tol * S.max() < S", "kept = S > 0"),
    mutant("pinv: multiplied by the values", PINV, INVERSE, INVERSE.replace("/ S[kept]", "* S[kept]")),
    mutant("pinv: not transposed", PINV, INVERSE, "return (U[:, kept] / S[kept]) @ Vt[kept]"),
    mutant("pinv: np.linalg.pinv", PINV, INVERSE, "return np.linalg.pinv(A, rcond=tol)"),
    mutant("pinv: a tolerance that is not relative", PINV2, "kept = tol * S.max() < S", "kept = S > tol"),
    mutant("pinv: a tolerance of its own", PINV2, "kept = tol * S.max() < S", "kept = S > 1e-10 * S.max()"),
    mutant("pinv: float32", PINV2, INVERSE, "return ((Vt[kept].T / S[kept]) @ U[:, kept].T).astype(np.float32)", habit="dtype"),
    mutant("perceptron: learns from the right ones", LEARN, "if label * (w @ x) <= 0:", "if label * (w @ x) >= 0:"),
    mutant("perceptron: 0 is right", LEARN, "if label * (w @ x) <= 0:", "if label * (w @ x) < 0:"),
    mutant("perceptron: subtracts", LEARN, "w = w + label * x", "w = w - label * x"),
    mutant("perceptron: one epoch", LEARN, "for _ in range(epochs):", "for _ in range(1):"),
    mutant("perceptron: one epoch too few", LEARN2, "for _ in range(epochs):", "for _ in range(epochs - 1):"),
    mutant("perceptron: an epoch ends at a right point", LEARN2, "                mistakes += 1\n", "                mistakes += 1\n            elif mistakes > 5:\n                break\n"),
    mutant("perceptron: never stops", LEARN2, "        if mistakes == before:\n            break\n", "        if mistakes == before:\n            w = w + 1e-3\n            break\n"),
    mutant("perceptron: float32", LEARN2, "return w, mistakes", "return w.astype(np.float32), mistakes", habit="dtype"),
    mutant("kernel: no 1", KERNEL, "return (1 + A @ B.T) ** degree", "return (A @ B.T) ** degree"),
    mutant("kernel: degree 3", KERNEL, "return (1 + A @ B.T) ** degree", "return (1 + A @ B.T) ** 3"),
    mutant("kernel: distances that are not squared", KERNEL, "((A[:, None] - B[None]) ** 2).sum(axis=2))", "np.sqrt(((A[:, None] - B[None]) ** 2).sum(axis=2)))"),
    mutant("kernel: no gamma", KERNEL, "np.exp(-gamma * ", "np.exp(-1 * "),
    mutant("kernel: rbf for every other kind", KERNEL2, 'if kind == "rbf":', "if True:"),
    mutant("dual: not halved", DUAL, W, W.replace(" / 2", "")),
    mutant("dual: no labels", DUAL, "signed = alpha * y\n", "signed = alpha\n"),
    mutant("dual: added", DUAL, W, W.replace(" - signed", " + signed")),
    mutant("dual: only support vectors above 1", DUAL2, "signed = alpha * y\n", "signed = alpha.clip(max=1) * y\n"),
    mutant("decision: no b", DECIDE, F, "return (alpha * y) @ K"),
    mutant("decision: b subtracted", DECIDE, F, "return (alpha * y) @ K - b"),
    mutant("decision: no labels", DECIDE, F, "return alpha @ K + b"),
    mutant("decision: signs", DECIDE, F, "return np.sign((alpha * y) @ K + b)"),
    mutant("decision: float32", DECIDE2, F, "return ((alpha * y) @ K + b).astype(np.float32)", habit="dtype"),
    mutant("smo: no bounds", SMO2, "error - other) / eta, low, high)", "error - other) / eta, -1e9, 1e9)", also=(("np.clip(alpha[i] + di, 0.0, C), moved", "alpha[i] + di, moved"),)),
    mutant("smo: b stays 0", SMO, "b = float(b1 if 0 < alpha[i] < C else b2 if 0 < alpha[j] < C else (b1 + b2) / 2)", "b = 0.0"),
    mutant("smo: the sign of eta", SMO, "- y[j] * (error - other) / eta", "+ y[j] * (error - other) / eta"),
    mutant("smo: the partner stays", SMO, "np.clip(alpha[i] + di, 0.0, C), moved", "alpha[i], moved"),
    mutant("smo: no C", SMO2, "    N = len(y)\n    alpha, b", "    N, C = len(y), 1e9\n    alpha, b", also=(("while passes < max_passes:\n        changed = 0", "for _ in range(200):\n        changed = 0"),)),
    mutant("smo: all passes count", SMO2, "passes = passes + 1 if changed == 0 else 0", "passes += 1"),
    mutant("smo: divides by an eta of 0", XOR, "if low == high or eta >= 0:", "if low == high:"),
    mutant("smo: one pass", SMO2, "passes = passes + 1 if changed == 0 else 0", "passes = max_passes"),
    mutant("smo: the kernel is linear in the labels", XOR, "error = float((alpha * y) @ K[:, i] + b - y[i])", "error = float(alpha @ K[:, i] + b - y[i])", also=(("    while passes < max_passes:", "    for _ in range(30):  # else it ends after minutes"),)),
    mutant("pinv: the limit itself counts", PINV2, "kept = tol * S.max() < S", "kept = tol * S.max() <= S"),
    mutant("perceptron: never stops early", LEARN2, "        if mistakes == before:\n            break\n", "", endless=True),
    mutant("smo: y is missing in a condition", SMO2, "(y[i] * error > tol and alpha[i] > 0)", "(error > tol and alpha[i] > 0)"),
    mutant("smo: a pass with changes counts", SMO2, "if changed == 0 else 0", "if changed == 0 else 1"),
]

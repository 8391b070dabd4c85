"""Wrong answers to practice.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("practice.py")
SEARCH, SEARCH2 = "check_best_step_in_a_bowl", "check_best_step_of_other_functions"
NEWTON, NEWTON2 = "check_newton_reaches_the_middle", "check_newton_at_saddles"
KIND, KIND2 = "check_kinds_of_places", "check_kinds_of_other_places"
GABOR, GABOR2 = "check_gabor_loss_and_slope", "check_gabor_at_other_places"
RATE, RATE2 = "check_rates_of_all_kinds", "check_rates_of_other_lengths"
WARM, WARM2 = "check_rates_warm_up", "check_other_warm_ups"
CYCLE, CYCLE2 = "check_rates_of_two_cycles", "check_rates_of_other_cycles"
STOP, STOP2 = "check_stopping_waits_for_its_patience", "check_stopping_of_other_tables"
ADAM, ADAM2 = "check_first_steps_of_adam", "check_many_steps_of_adam"
PROX, PROX2 = "check_soft_threshold", "check_thresholds_minimise"
STEP = "return base * 0.1 ** sum(100 * t >= share * T for share in (30, 60, 90))"

# fmt: off
MUTANTS = [
    mutant("stopping: a loss of 0 is none", STOP2, "if loss < self.best - self.min_delta:", "if not self.state or not self.best or loss < self.best - self.min_delta:"),
    mutant("stopping: restores into evaluation mode", STOP2, "model.load_state_dict(self.state)", "model.load_state_dict(self.state)\n        model.eval()"),
    mutant("search: the largest step", SEARCH, "return (low + high) / 2", "return float(b)"),
    mutant("search: the wrong part is cut off", SEARCH, "if f_left <= f_right:", "if f_left > f_right:"),
    mutant("search: ten rounds", SEARCH, "    while high - low > tol:", "    for _ in range(10):"),
    mutant("search: two dozen rounds", SEARCH2, "    while high - low > tol:", "    for _ in range(24):"),
    mutant("search: a tolerance of its own", SEARCH2, "while high - low > tol:", "while high - low > 1e-3 * b:"),
    mutant("search: a grid", SEARCH2, body("line_search", "best, n = 0.0, int(2 * b / tol) + 1\nvalues = [float(f(x + (b * k / n) * d)) for k in range(n + 1)] if n < 10**5 else [0.0]\nreturn b * values.index(min(values)) / n")),
    mutant("search: leaves x moved", SEARCH2, "    low, high, golden = 0.0", "    x += 0.0 * x + 1e-9\n    low, high, golden = 0.0", habit="in place"),
    mutant("newton: uphill for a bowl", NEWTON, "torch.linalg.solve(H, -g)", "torch.linalg.solve(H, g)"),
    mutant("newton: multiplies", NEWTON, "torch.linalg.solve(H, -g)", "-H @ g"),
    mutant("newton: the gradient", NEWTON, "torch.linalg.solve(H, -g)", "-g"),
    mutant("newton: absolute eigenvalues", NEWTON2, "return torch.linalg.solve(H, -g)", "values, vectors = torch.linalg.eigh(H)\n    return -vectors @ ((vectors.T @ g) / values.abs())"),
    mutant("newton: the diagonal", NEWTON2, "torch.linalg.solve(H, -g)", "-g / H.diagonal()"),
    mutant("kinds: the diagonal", KIND, "torch.linalg.eigvalsh(H)", "H.diagonal()"),
    mutant("kinds: the determinant", KIND2, body("classify_critical", "det = float(torch.linalg.det(H))\nif abs(det) < 1e-12:\n    return 'flat'\nif det < 0:\n    return 'saddle'\nreturn 'minimum' if float(H.trace()) > 0 else 'maximum'")),
    mutant("kinds: flat before saddle", KIND2, "    if up and down:\n        return \"saddle\"\n    if bool((values.abs() <= small).any()):\n        return \"flat\"\n", "    if bool((values.abs() <= small).any()):\n        return \"flat\"\n    if up and down:\n        return \"saddle\"\n"),
    mutant("kinds: a fixed zero", KIND2, "small = 1e-8 * values.abs().max()", "small = 1e-5"),
    mutant("kinds: a zero that is the same at all scales", KIND2, "small = 1e-8 * values.abs().max()", "small = 1e-8"),
    mutant("kinds: nothing is flat", KIND, "if bool((values.abs() <= small).any()):", "if False:"),
    mutant("kinds: minima and maxima exchanged", KIND, 'return "minimum" if up else "maximum"', 'return "maximum" if up else "minimum"'),
    mutant("gabor: no factor 2", GABOR, "slope = 2 * residual", "slope = residual"),
    mutant("gabor: no 0.06", GABOR, "(slope * 0.06 * x).sum()", "(slope * x).sum()"),
    mutant("gabor: the bell is constant", GABOR, "(u.cos() - u / 16 * u.sin())", "u.cos()"),
    mutant("gabor: the mean", GABOR, "return (residual**2).sum(), torch", "return (residual**2).mean(), torch"),
    mutant("gabor: the offset is scaled, too", GABOR, "u = phi[0] + 0.06 * phi[1] * x", "u = 0.06 * (phi[0] + phi[1] * x)"),
    mutant("gabor: automatic", GABOR2, body("gabor_loss", "leaf = phi.detach().clone().requires_grad_()\nu = leaf[0] + 0.06 * leaf[1] * x\nloss = ((u.sin() * (-u * u / 32).exp() - y) ** 2).sum()\nreturn loss.detach(), torch.autograd.grad(loss, leaf)[0]")),
    mutant("gabor: float32", GABOR2, "u = phi[0] + 0.06 * phi[1] * x", "phi, x, y = phi.float(), x.float(), y.float()\n    u = phi[0] + 0.06 * phi[1] * x", habit="dtype"),
    mutant("rates: the cosine is not halved", RATE, "base * 0.5 * (1 + math.cos(math.pi * t / T))", "base * (1 + math.cos(math.pi * t / T))"),
    mutant("rates: half a cosine", RATE, "base * 0.5 * (1 + math.cos(math.pi * t / T))", "base * math.cos(math.pi * t / 2 / T)"),
    mutant("rates: after the change", RATE, "100 * t >= share * T", "100 * t > share * T"),
    mutant("rates: one change", RATE, STEP, "return base * (0.1 if t >= 0.3 * T else 1)"),
    mutant("rates: halves", RATE, "base * 0.1 ** sum", "base * 0.5 ** sum"),
    mutant("rates: infinite at 0", RATE, "base / math.sqrt(t + 1)", "base / math.sqrt(max(t, 1e-9))"),
    mutant("rates: T - 1 is the end", RATE, "base * (1 - t / T)", "base * (1 - t / max(T - 1, 1))"),
    mutant("rates: the base is missing", RATE, "return base / math.sqrt", "return 1 / math.sqrt"),
    mutant("rates: halves of an epoch", RATE2, "100 * t >= share * T", "100 * (t - t % 2) >= share * T"),
    mutant("warm-up: starts again", WARM, body("warmup", "return lambda t: rate(0) * (t + 1) / steps if t < steps else rate(t - steps)")),
    mutant("warm-up: from 0", WARM, "min(1.0, (t + 1) / steps)", "min(1.0, t / steps)"),
    mutant("warm-up: to the first rate", WARM, body("warmup", "return lambda t: rate(0) * (t + 1) / steps if t < steps else rate(t)")),
    mutant("warm-up: counts how often it was asked", WARM, body("warmup", """
        asked = []

        def warmed(t):
            asked.append(t)
            return rate(t) * min(1.0, len(asked) / steps) if steps else rate(t)

        return warmed
    """)),
    mutant("warm-up: never ends", WARM, "min(1.0, (t + 1) / steps)", "((t + 1) / steps)"),
    mutant("warm-up: none divides by 0", WARM2, " if steps else rate(t)", ""),
    mutant("cycles: one", CYCLE, "math.pi * (t % length) / length", "math.pi * t / T"),
    mutant("cycles: down to 0", CYCLE, "(t % length) / length)", "(t % length) / max(length - 1, 1))"),
    mutant("cycles: rounded down", CYCLE2, "math.ceil(T / cycles)", "T // cycles"),
    mutant("cycles: of twenty steps at most", CYCLE2, "length = math.ceil(T / cycles)", "length = min(math.ceil(T / cycles), 20)"),
    mutant("cycles: not halved", CYCLE, "base * 0.5 * (1 + math.cos(math.pi * (t", "base * (1 + math.cos(math.pi * (t"),
    mutant("stopping: a reference", STOP, "copy.deepcopy(model.state_dict())", "model.state_dict()"),
    mutant("stopping: a shallow copy", STOP, "copy.deepcopy(model.state_dict())", "copy.copy(model.state_dict())"),
    mutant("stopping: keeps the last", STOP, "            self.waited += 1\n", "            self.waited += 1\n            self.state = copy.deepcopy(model.state_dict())\n"),
    mutant("stopping: one update too late", STOP, "return self.waited >= self.patience", "return self.waited > self.patience"),
    mutant("stopping: never counts from 0 again", STOP, "self.best, self.waited, self.state = loss, 0, copy", "self.best, self.state = loss, copy"),
    mutant("stopping: compares with the last loss", STOP2, "            self.waited += 1\n", "            self.waited += 1\n            self.best = loss\n"),
    mutant("stopping: the best loss belongs to the class", STOP2, "        self.best, self.waited, self.state = math.inf, 0, {}", "        type(self).best, self.waited, self.state = math.inf, 0, {}", also=(("self.best, self.waited, self.state = loss, 0, copy", "type(self).best, self.waited, self.state = loss, 0, copy"),)),
    mutant("stopping: min_delta is ignored", STOP2, "loss < self.best - self.min_delta", "loss < self.best"),
    mutant("stopping: equal is better", STOP2, "loss < self.best - self.min_delta", "loss <= self.best - self.min_delta"),
    mutant("stopping: losses below a million", STOP2, "self.best, self.waited, self.state = math.inf", "self.best, self.waited, self.state = 1e6"),
    mutant("stopping: weights without buffers", STOP2, "copy.deepcopy(model.state_dict())\n", "{k: v.clone() for k, v in model.state_dict().items() if 'running' not in k}\n", also=(("model.load_state_dict(self.state)", "model.load_state_dict(self.state, strict=False)"),)),
    mutant("stopping: higher is better", STOP, "if loss < self.best - self.min_delta:", "if self.best == math.inf or loss > self.best + self.min_delta:"),
    mutant("adam: decay through the moments", ADAM, "    if decoupled:\n        w = w - lr * weight_decay * w\n", "    if False:\n        pass\n"),
    mutant("adam: decay without the rate", ADAM, "w = w - lr * weight_decay * w", "w = w - weight_decay * w"),
    mutant("adam: no correction", ADAM, "(m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)).sqrt() + eps)", "m / (v.sqrt() + eps)"),
    mutant("adam: counts from 0", ADAM, 't = state.get("t", 0) + 1', 't = max(state.get("t", 0), 1)', also=(('{"t": t, "m"', '{"t": state.get("t", 0) + 1, "m"'),)),
    mutant("adam: eps under the root", ADAM2, ".sqrt() + eps)", " + eps).sqrt()"),
    mutant("adam: betas are fixed", ADAM2, "t = state.get", "betas = (0.9, 0.999)\n    t = state.get"),
    mutant("adam: the state is changed", ADAM2, 'return w - lr * step, {"t": t, "m": m, "v": v}', 'state.update({"t": t, "m": m, "v": v})\n    return w - lr * step, state', habit="in place"),
    mutant("adam: the absolute gradient", ADAM, "(1 - betas[1]) * g * g", "(1 - betas[1]) * g.abs()"),
    mutant("threshold: hard", PROX, "w.sign() * (w.abs() - t).clamp(min=0)", "w * (w.abs() > t)"),
    mutant("threshold: passes 0", PROX, "w.sign() * (w.abs() - t).clamp(min=0)", "w - t * w.sign()"),
    mutant("threshold: no sign", PROX, "w.sign() * (w.abs()", "(w.abs()"),
    mutant("threshold: half", PROX, "(w.abs() - t)", "(w.abs() - t / 2)"),
    mutant("threshold: float32", PROX2, "return w.sign() * (w.abs() - t).clamp(min=0)", "return (w.sign() * (w.abs() - t).clamp(min=0)).float()", habit="dtype"),
]

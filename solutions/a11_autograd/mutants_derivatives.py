"""Wrong answers to autograd.py, derivatives, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("autograd.py")

# fmt: off
CENTRAL, CALLS = "check_numeric_gradient_is_central", "check_numeric_gradient_calls_f_twice_per_element"
OTHER = "check_numeric_gradient_of_other_tensors"
PRODUCT, FUNCTIONS = "check_dual_products_and_powers", "check_dual_functions"
CONSTANTS = "check_dual_with_constants"
QUADRATIC, FLAT = "check_hvp_of_a_quadratic", "check_hvp_of_linear_and_large_functions"
STEPS = "check_two_layer_steps_agree_with_torch"
SAME, LITTLE, CHAINS = (
    "check_checkpoint_has_the_same_gradient", "check_checkpoint_stores_little", "check_checkpoint_of_other_chains",
)
RUN = "            value = f(Var(value)).value  # the graph of f is freed at once\n"
MUTANTS = [
    mutant("numeric: one-sided", CENTRAL, "(f(x + step) - f(x - step)) / (2 * h)", "(f(x + step) - f(x)) / h"),
    mutant("numeric: divides by h", CENTRAL, "/ (2 * h)", "/ h"),
    mutant("numeric: a fixed step of 1e-10", (CENTRAL, CALLS), "if h is None:\n        h = 1e-5",
           "if True:\n        h = 1e-10"),
    mutant("numeric: 1e-3 by default", CALLS, "h = 1e-5 if", "h = 1e-3 if"),
    mutant("numeric: moves all elements", (CENTRAL, CALLS), "        step[i] = h\n", "        step[:] = h\n"),
    mutant("numeric: calls f a third time", CALLS, "        out[i] = (f(x + step)",
           "        f(x)\n        out[i] = (f(x + step)"),
    mutant("numeric: the same step in float32", OTHER, "h = 1e-5 if x.dtype == torch.float64 else 1e-2", "h = 1e-5"),
    mutant("numeric: 1e-2 in float32 alone", OTHER, "h = 1e-5 if x.dtype == torch.float64 else 1e-2",
           "h = 1e-2 if x.dtype == torch.float32 else 1e-5"),
    mutant("numeric: a given step is ignored in float32", OTHER, "    if h is None:\n",
           "    if h is None or x.dtype != torch.float64:\n"),
    mutant("numeric: writes into x", OTHER, "out[i] = (f(x + step) - f(x - step)) / (2 * h)",
           "out[i] = (f(x.add_(step)) - f(x.sub_(2 * step))) / (2 * h)\n        x.add_(step).mul_(1 + 1e-15)"),
    mutant("numeric: for matrices only", OTHER, "    return out.reshape(x.shape)\n",
           "    return out.reshape(x.shape[0], x.shape[1])\n"),
    mutant("numeric: a result as a vector", CENTRAL, "    return out.reshape(x.shape)\n", "    return out\n"),
    mutant("numeric: float64 always", OTHER, "out = torch.zeros(x.numel(), dtype=x.dtype, device=x.device)",
           "out = torch.zeros(x.numel(), dtype=torch.float64, device=x.device)", habit="dtype"),
    mutant("dual: the product lacks a term", PRODUCT, "self.tangent * other.value + self.value * other.tangent",
           "self.tangent * other.value"),
    mutant("dual: the product of tangents", PRODUCT, "self.tangent * other.value + self.value * other.tangent",
           "self.tangent * other.tangent"),
    mutant("dual: the power lacks n", PRODUCT, "n * self.value ** (n - 1) * self.tangent",
           "self.value ** (n - 1) * self.tangent"),
    mutant("dual: the power lacks the tangent", PRODUCT, "n * self.value ** (n - 1) * self.tangent",
           "n * self.value ** (n - 1)"),
    mutant("dual: exp lacks the tangent", FUNCTIONS, "Dual(value, value * self.tangent)", "Dual(value, value)"),
    mutant("dual: exp of the tangent", FUNCTIONS, "Dual(value, value * self.tangent)",
           "Dual(value, self.tangent.exp())"),
    mutant("dual: exp of tensors only", CONSTANTS, "value = self.value.exp()",
           "value = torch.exp(self.value)"),
    mutant("dual: relu of tensors only", CONSTANTS, "Dual(self.value.relu(),",
           "Dual(self.value.clamp(min=0),"),
    mutant("dual: log multiplies", FUNCTIONS, "self.tangent / self.value)", "self.tangent * self.value)"),
    mutant("dual: relu of the tangent", FUNCTIONS, "self.tangent * (self.value > 0)", "self.tangent.relu()"),
    mutant("dual: relu passes everything", FUNCTIONS, "self.tangent * (self.value > 0)", "self.tangent"),
    mutant("dual: relu passes at 0", CONSTANTS, "self.tangent * (self.value > 0)", "self.tangent * (self.value >= 0)"),
    mutant("dual: sigmoid lacks a factor", FUNCTIONS, "value * (1 - value) * self.tangent", "value * self.tangent"),
    mutant("dual: the matrix product lacks a term", CONSTANTS,
           "self.tangent @ other.value + self.value @ other.tangent", "self.tangent @ other.value"),
    mutant("dual: factors exchanged", CONSTANTS, "self.tangent @ other.value + self.value @ other.tangent",
           "other.value @ self.tangent + self.value @ other.tangent"),
    mutant("dual: the tangent of a sum is not summed", CONSTANTS, "self.tangent.sum(dim, keepdim)", "self.tangent"),
    mutant("dual: sums ignore the axis", CONSTANTS, "self.tangent.sum(dim, keepdim)", "self.tangent.sum()"),
    mutant("dual: sums ignore keepdim", CONSTANTS, "Dual(self.value.sum(dim, keepdim), self.tangent.sum(dim, keepdim))",
           "Dual(self.value.sum(dim), self.tangent.sum(dim))"),
    mutant("jvp: returns f(x)", "check_jvp_agrees_with_torch", "Dual.of(f(Dual(x, v))).tangent",
           "Dual.of(f(Dual(x, v))).value"),
    mutant("jvp: along ones", "check_jvp_agrees_with_torch", "f(Dual(x, v))", "f(Dual(x, torch.ones_like(v)))"),
    mutant("jvp: fails if f does not use x", "check_jvp_of_other_functions", "Dual.of(f(Dual(x, v))).tangent",
           "f(Dual(x, v)).tangent"),
    mutant("jvp: by a numeric difference", "check_jvp_of_other_functions", "return Dual.of(f(Dual(x, v))).tangent",
           "return (f(x + 1e-3 * v) - f(x - 1e-3 * v)) / 2e-3"),
    mutant("hvp: the gradient", QUADRATIC, body("hvp", """
        point = Var(x)
        backward(f(point))
        return point.grad
    """)),
    mutant("hvp: the slope", QUADRATIC, "return torch.zeros_like(x) if point.grad is None else point.grad",
           "return slope.value"),
    mutant("hvp: the gradient by the direction", QUADRATIC, body("hvp", """
        direction = Var(v)
        backward(Dual.of(f(Dual(Var(x), direction))).tangent)
        return direction.grad
    """)),
    mutant("hvp: None for a linear function", FLAT, "return torch.zeros_like(x) if point.grad is None else point.grad",
           "return point.grad"),
    mutant("hvp: a numeric difference of gradients", "check_hvp_agrees_with_torch", body("hvp", """
        def slope(x):
            point = Var(x)
            backward(f(point))
            return torch.zeros_like(x) if point.grad is None else point.grad

        return (slope(x + 1e-5 * v) - slope(x - 1e-5 * v)) / 2e-5
    """)),
    mutant("hvp: forms the Hessian", (FLAT, "check_hvp_agrees_with_torch"), body("hvp", """
        rows = []
        for unit in torch.eye(x.numel(), dtype=x.dtype):
            point = Var(x)
            backward(Dual.of(f(Dual(point, Var(unit.reshape(x.shape))))).tangent)
            rows.append(torch.zeros(x.numel(), dtype=x.dtype) if point.grad is None else point.grad.flatten())
        return (torch.stack(rows) @ v.flatten()).reshape(x.shape)
    """)),
    mutant("hvp: of matrices alone", FLAT, "    point = Var(x)\n    slope",
           "    rows, columns = x.shape\n    point = Var(x)\n    slope"),
    mutant("jvp: of matrices alone", "check_jvp_of_other_functions", "return Dual.of(f(Dual(x, v))).tangent",
           "return Dual.of(f(Dual(x, v))).tangent if x.ndim > 1 else torch.zeros_like(v)"),
    mutant("net: four classes at most", "check_two_layer_loss_agrees_with_torch",
           "return softmax_cross_entropy(add(matmul(hidden, p[\"W2\"]), p[\"b2\"]), y)",
           "return softmax_cross_entropy(add(matmul(hidden, p[\"W2\"]), p[\"b2\"]), y % 4)"),
    mutant("net: no ReLU", "check_two_layer_loss_agrees_with_torch",
           "hidden = relu(add(matmul(x, p[\"W1\"]), p[\"b1\"]))", "hidden = add(matmul(x, p[\"W1\"]), p[\"b1\"])"),
    mutant("net: the biases are missing", "check_two_layer_loss_agrees_with_torch",
           "relu(add(matmul(x, p[\"W1\"]), p[\"b1\"]))", "relu(matmul(x, p[\"W1\"]))"),
    mutant("net: copies of the parameters in the graph", "check_two_layer_loss_agrees_with_torch",
           "        p = self.params\n",
           "        p = {name: Var(param.value) for name, param in self.params.items()}\n"),
    mutant("net: sigmoid in place of ReLU", "check_two_layer_loss_agrees_with_torch", "hidden = relu(",
           "hidden = sigmoid("),
    mutant("net: images in float64", "check_two_layer_loss_of_other_batches", "matmul(x, p[\"W1\"])",
           "matmul(x.double(), p[\"W1\"])", habit="dtype"),
    mutant("step: gradients of earlier steps stay", STEPS, "            p.grad = None\n", "            pass\n"),
    mutant("step: uphill", STEPS, "p.value - learning_rate * p.grad", "p.value + learning_rate * p.grad"),
    mutant("step: no learning rate", STEPS, "p.value - learning_rate * p.grad", "p.value - p.grad"),
    mutant("step: changes the tensors that were given", "check_two_layer_trains_on_glyphs",
           "p.value = p.value - learning_rate * p.grad", "p.value -= learning_rate * p.grad"),
    mutant("step: returns the loss after the step", STEPS, "return loss.value.item()",
           "return self.loss(x, y).value.item()"),
    mutant("step: goes on with the first batch", "check_two_layer_trains_on_glyphs",
           "        loss = self.loss(x, y)\n",
           "        self.batch = getattr(self, 'batch', (x, y))\n        loss = self.loss(*self.batch)\n"),
    mutant("step: goes on with the first rate", "check_two_layer_trains_on_glyphs",
           "        loss = self.loss(x, y)\n",
           "        self.rate = learning_rate = getattr(self, 'rate', learning_rate)\n"
           "        loss = self.loss(x, y)\n"),
    mutant("step: only the weights", STEPS, "            p.value = p.value - learning_rate * p.grad\n",
           "            p.value = p.value - learning_rate * p.grad if p.value.ndim > 1 else p.value\n"),
    mutant("step: stops learning after a hundred steps", "check_two_layer_trains_on_glyphs",
           "        loss = self.loss(x, y)\n",
           "        self.count = getattr(self, 'count', 0) + 1\n        learning_rate *= self.count <= 100\n"
           "        loss = self.loss(x, y)\n"),
    mutant("step: moves the parameters one after the other", STEPS, body("TwoLayer.step", """
        first = self.loss(x, y).value.item()
        for p in self.params.values():
            for other in self.params.values():
                other.grad = None
            backward(self.loss(x, y))
            p.value = p.value - learning_rate * p.grad
        return first
    """)),
    mutant("checkpoint: keeps everything", LITTLE, body("checkpoint", """
        start = node = Var(x)
        for f in fs:
            node = f(node)
        backward(node)
        return node.value, start.grad
    """)),
    mutant("checkpoint: keeps the graphs of the way forwards", LITTLE, RUN,
           "            graphs.append(f(Var(value)))\n            value = graphs[-1].value\n",
           also=(("    value = x\n    for start", "    value, graphs = x, []\n    for start"),)),
    mutant("checkpoint: computes each value from the start", LITTLE, body("checkpoint", """
        def value_at(number):
            value = x
            for f in fs[:number]:
                value = f(Var(value)).value
            return value

        grad = torch.ones(())
        for number in reversed(range(len(fs))):
            inside = Var(value_at(number))
            out = fs[number](inside)
            backward(out, grad.to(out.value.dtype))
            grad = inside.grad
        return value_at(len(fs)), grad
    """)),
    mutant("checkpoint: keeps all values on the way forwards", LITTLE, RUN,
           RUN + "            kept_all.append(value)\n",
           also=(("    value = x\n    for start", "    value, kept_all = x, []\n    for start"),)),
    mutant("checkpoint: x needs an axis", CHAINS, "    starts = range(0, len(fs), every)\n",
           "    starts = range(0, len(fs) if x.ndim else 0, every)\n"),
    mutant("checkpoint: blocks from the first to the last", SAME, "for start in reversed(starts):",
           "for start in starts:"),
    mutant("checkpoint: each block starts with ones", SAME, "backward(node, grad)",
           "backward(node, torch.ones_like(node.value))"),
    mutant("checkpoint: the last uneven block is left out", (SAME, CHAINS), "starts = range(0, len(fs), every)",
           "starts = range(0, len(fs) - every + 1, every)"),
    mutant("checkpoint: runs the last function a third time", (LITTLE, CHAINS), "    return value, grad\n    ### END",
           "    fs[-1](Var(torch.ones(3)))\n    return value, grad\n    ### END"),
    mutant("checkpoint: changes x in place", CHAINS, "    return value, grad\n    ### END",
           "    x.mul_(2)\n    return value, grad\n    ### END"),
    mutant("checkpoint: no more blocks than the root of the length allows", CHAINS,
           "    starts = range(0, len(fs), every)\n",
           "    every = min(every, int(len(fs) ** 0.5))\n    starts = range(0, len(fs), every)[: every + 1]\n"),
    mutant("jvp: moves its point", "check_jvp_agrees_with_torch", first("jvp", "x.mul_(1 + 1e-7)")),
]
# fmt: on

"""Right answers to autograd.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("autograd.py")

# fmt: off
VARIANTS = [
    variant("order: pairs of node and finished on a stack",
        body("topological_order", """
            order, visited = [], set()
            stack = [(root, False)]
            while stack:
                node, finished = stack.pop()
                if finished:
                    order.append(node)
                elif id(node) not in visited:
                    visited.add(id(node))
                    stack.append((node, True))
                    for parent in node.parents:
                        stack.append((parent, False))
            return order
        """)),
    variant("order: Kahn's counts of children",
        body("topological_order", """
            children = {root: 0}
            todo = [root]
            while todo:
                for parent in todo.pop().parents:
                    if parent not in children:
                        children[parent] = 0
                        todo.append(parent)
                    children[parent] += 1
            ready, order = [root], []
            while ready:
                node = ready.pop()
                order.append(node)
                for parent in node.parents:
                    children[parent] -= 1
                    if children[parent] == 0:
                        ready.append(parent)
            order.reverse()
            return order
        """)),
    variant("order: recursion with a higher limit",
        body("topological_order", """
            import sys

            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(10**6)
            order, seen = [], set()

            def visit(node):
                if node in seen:
                    return
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

            try:
                visit(root)
            finally:
                sys.setrecursionlimit(limit)
            return order
        """)),
    variant("backward: an attribute of each node, cleared first",
        body("backward", """
            if grad is None:
                if root.value.numel() > 1:
                    raise ValueError("root is not a scalar")
                grad = torch.ones_like(root.value)
            nodes = topological_order(root)
            for node in nodes:
                node.now = torch.zeros_like(node.value)
            root.now = root.now + grad
            for node in nodes[::-1]:
                if node.backward:
                    for parent, part in zip(node.parents, node.backward(node.now)):
                        parent.now = parent.now + part
            for node in nodes:
                node.grad = node.now.clone() if node.grad is None else node.grad + node.now
                del node.now
        """),
        body("graph_table", """
            nodes = topological_order(root)
            numbers = {}
            table = []
            for node in nodes:
                numbers[node] = len(numbers)
                table.append((node.name, node.value, node.grad, tuple(numbers[p] for p in node.parents)))
            return table
        """)),
    variant("backward: lists of parts that are summed late",
        body("backward", """
            from collections import defaultdict

            if grad is None and root.value.numel() != 1:
                raise ValueError("give grad")
            parts = defaultdict(list)
            parts[root].append(torch.ones_like(root.value) if grad is None else grad)
            for node in reversed(topological_order(root)):
                total = torch.stack([part.expand(node.shape) for part in parts.pop(node)]).sum(0)
                if node.grad is None:
                    node.grad = torch.zeros_like(node.value)
                node.grad = node.grad + total
                if node.parents:
                    for i, part in enumerate(node.backward(total)):
                        parts[node.parents[i]].append(part)
        """),
        body("graph_table", """
            nodes = topological_order(root)
            where = dict(zip(nodes, range(len(nodes))))
            return [(n.name, n.value, n.grad, [where[p] for p in n.parents]) for n in nodes]
        """)),
    variant("unbroadcast: one axis at a time; gates with inner functions",
        body("unbroadcast", """
            while grad.ndim > len(shape):
                grad = grad.sum(dim=0)
            for axis in range(len(shape)):
                if shape[axis] == 1 and grad.shape[axis] != 1:
                    grad = grad.sum(dim=axis, keepdim=True)
            return grad
        """),
        body("add", """
            out = Var(a.value + b.value, (a, b), name="add")

            def back(grad):
                return unbroadcast(grad, a.value.shape), unbroadcast(grad, b.value.shape)

            out.backward = back
            return out
        """),
        body("mul", """
            def back(grad):
                da = grad * b.value
                db = grad * a.value
                return [unbroadcast(da, tuple(a.shape)), unbroadcast(db, tuple(b.shape))]

            return Var(torch.mul(a.value, b.value), [a, b], back, "mul")
        """),
        body("exp", """
            out = Var(torch.exp(a.value), (a,), None, "exp")
            out.backward = lambda grad: (grad * out.value,)
            return out
        """),
        body("relu", """
            mask = a.value > 0

            def back(grad):
                return (torch.where(mask, grad, torch.zeros_like(grad)),)

            return Var(torch.where(mask, a.value, torch.zeros_like(a.value)), (a,), back, name="relu")
        """)),
    variant("unbroadcast: sum_to_size",
        body("unbroadcast", "return grad.sum_to_size(tuple(shape))"),
        body("maximum", """
            def back(grad):
                equal = a.value == b.value
                to_a = torch.where(equal, 0.5 * grad, grad * (a.value > b.value))
                return unbroadcast(to_a, a.shape), unbroadcast(grad - to_a, b.shape)

            return Var(torch.max(a.value, b.value), (a, b), back)
        """),
        body("power", """
            def back(grad):
                if n == 0:
                    return (torch.zeros_like(grad),)
                return (n * a.value.pow(n - 1) * grad,)

            return Var(a.value.pow(n), (a,), back, "pow")
        """)),
    variant("gates made of gates",
        body("div", "return mul(a, power(b, -1))"),
        body("sum_over", """
            ones = torch.ones_like(a.value)
            axes = tuple(range(a.value.ndim)) if dim is None else (dim,)
            value = a.value.sum(axes, keepdim=keepdim) if a.value.ndim else a.value.clone()
            kept = a.value.sum(axes, keepdim=True).shape if a.value.ndim else ()
            return Var(value, (a,), lambda grad: (grad.reshape(kept) * ones,), "sum")
        """),
        body("softmax_cross_entropy", """
            N, C = scores.shape
            shift = scores.value.max(dim=1, keepdim=True).values
            centred = scores - shift
            truth = torch.zeros_like(scores.value)
            truth[torch.arange(N), y] = 1
            total = centred.exp().sum(dim=1).log() - (centred * truth).sum(dim=1)
            return total.sum() / N
        """),
        body("maximum", "return add(mul(0.5, add(a, b)), mul(0.5, add(relu(sub(a, b)), relu(sub(b, a)))))")),
    variant("values by torch's functions of other names",
        body("sigmoid", """
            s = torch.sigmoid(a.value)
            return Var(s, (a,), lambda g: (g * s * (1.0 - s),), name="sigmoid")
        """),
        body("log", "return Var(torch.log(a.value), (a,), lambda g: (g * a.value.reciprocal(),), name='log')"),
        body("relu", "return Var(torch.relu(a.value), (a,), lambda g: (g * torch.gt(a.value, 0).to(g.dtype),))"),
        body("div", """
            q = torch.div(a.value, b.value)
            return Var(q, (a, b), lambda g: (unbroadcast(g / b.value, a.shape), unbroadcast(-g * q / b.value, b.shape)))
        """),
        body("matmul", """
            def back(grad):
                da = torch.matmul(grad, b.value.transpose(-1, -2))
                db = torch.matmul(a.value.transpose(-2, -1), grad)
                return unbroadcast(da, a.shape), unbroadcast(db, b.shape)

            return Var(torch.matmul(a.value, b.value), (a, b), back, "matmul")
        """),
        body("softmax_cross_entropy", """
            value = torch.nn.functional.cross_entropy(scores.value, y)

            def back(grad):
                p = torch.softmax(scores.value, dim=1)
                truth = torch.nn.functional.one_hot(y, p.shape[1]).to(p.dtype)
                return (grad * (p - truth) / p.shape[0],)

            return Var(value, (scores,), back)
        """)),
    variant("a stable sigmoid by hand, einsum, and a shift by hand",
        body("sigmoid", """
            z = torch.exp(-a.value.abs())
            s = torch.where(a.value >= 0, 1 / (1 + z), z / (1 + z))
            return Var(s, (a,), lambda g: (g * s - g * s * s,), "sigma")
        """),
        body("matmul", """
            def back(grad):
                da = torch.einsum("...np,...mp->...nm", grad, b.value)
                db = torch.einsum("...nm,...np->...mp", a.value, grad)
                return unbroadcast(da, a.shape), unbroadcast(db, b.shape)

            return Var(a.value.matmul(b.value), (a, b), back)
        """),
        body("softmax_cross_entropy", """
            x = scores.value - torch.max(scores.value, dim=1, keepdim=True)[0]
            e = x.exp()
            sums = e.sum(1, keepdim=True)
            n = x.shape[0]
            loss = -(x - sums.log()).gather(1, y[:, None]).sum() / n

            def back(grad):
                d = e / sums
                d[range(n), y] -= 1
                return (d / n * grad,)

            return Var(loss, [scores], back, "cross-entropy")
        """)),
    variant("numeric: one element of a flat copy at a time, set and set back",
        body("numeric_gradient", """
            if h is None:
                h = {torch.float64: 1e-5}.get(x.dtype, 1e-2)
            point = x.clone().contiguous()
            flat, grad = point.view(-1), torch.empty_like(point)
            for i in range(flat.numel()):
                old = flat[i].item()
                flat[i] = old + h
                up = float(f(point))
                flat[i] = old - h
                down = float(f(point))
                flat[i] = old
                grad.view(-1)[i] = (up - down) / (2 * h)
            return grad
        """)),
    variant("numeric: unit tensors, a list that is stacked",
        body("numeric_gradient", """
            step = h if h is not None else (1e-5 if x.dtype == torch.float64 else 1e-2)
            units = torch.eye(x.numel(), dtype=x.dtype).reshape(x.numel(), *x.shape)
            slopes = [(f(x + step * unit) - f(x - step * unit)) / (2.0 * step) for unit in units]
            return torch.stack([torch.as_tensor(slope, dtype=x.dtype) for slope in slopes]).reshape(x.shape)
        """)),
    variant("dual: attributes unpacked; functions by one rule",
        body("Dual.__mul__", """
            a, da, b, db = self.value, self.tangent, other.value, other.tangent
            return Dual(a * b, a * db + b * da)
        """),
        body("Dual.__pow__", """
            slope = self.value ** (n - 1) * n
            return Dual(slope * self.value / n, slope * self.tangent)
        """),
        body("Dual.__matmul__", "return Dual(self.value @ other.value, "
                                "self.value @ other.tangent + self.tangent @ other.value)"),
        body("Dual.exp", "return Dual(self.value.exp(), self.tangent * self.value.exp())"),
        body("Dual.log", "return Dual(self.value.log(), self.tangent * self.value ** -1)"),
        body("Dual.sigmoid", """
            s = 1 / (1 + (-self.value).exp())
            return Dual(s, self.tangent * s * (1 - s))
        """),
        body("Dual.sum", "return Dual(self.value.sum(dim=dim, keepdim=keepdim), "
                         "self.tangent.sum(dim=dim, keepdim=keepdim))"),
        body("jvp", """
            out = f(Dual(x, v))
            if not isinstance(out, Dual):
                return torch.zeros_like(out)
            return out.tangent
        """)),
    variant("dual: torch's functions, which do not fit Vars; a second derivative by reverse over reverse",
        body("Dual.exp", """
            e = torch.exp(self.value) if isinstance(self.value, Tensor) else self.value.exp()
            return Dual(e, e * self.tangent)
        """),
        body("Dual.relu", """
            mask = self.value > 0
            return Dual(self.value * mask, self.tangent * mask)
        """),
        body("hvp", """
            start = Var(x, name="x")
            result = f(Dual(start, Var(v, name="v")))
            if not isinstance(result, Dual):
                return torch.zeros_like(x)
            backward(result.tangent, torch.ones_like(result.tangent.value))
            if start.grad is None:
                return x * 0
            return start.grad
        """)),
    variant("hvp: the direction as a plain tensor, if the tangent is a Var",
        body("hvp", """
            point = Var(x)
            slope = Dual.of(f(Dual(point, v))).tangent
            if isinstance(slope, Var):
                backward(slope)
            return point.grad if point.grad is not None else torch.zeros(x.shape, dtype=x.dtype)
        """)),
    variant("net: operators, and new Vars in each step",
        body("TwoLayer.loss", """
            W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
            scores = (x @ W1 + b1).relu() @ W2 + b2
            return softmax_cross_entropy(scores, y)
        """),
        body("TwoLayer.step", """
            self.params = {name: Var(p.value, name=name) for name, p in self.params.items()}
            loss = self.loss(x, y)
            backward(loss)
            for name in self.params:
                old = self.params[name]
                self.params[name] = Var(old.value - learning_rate * old.grad, name=name)
            return float(loss.value)
        """)),
    variant("net: gradients set back after the step, the loss as a tensor",
        body("TwoLayer.loss", """
            hidden = maximum(Var(x) @ self.params["W1"] + self.params["b1"], 0.0)
            return softmax_cross_entropy(matmul(hidden, self.params["W2"]) + self.params["b2"], y)
        """),
        body("TwoLayer.step", """
            loss = self.loss(x, y)
            backward(loss)
            for p in self.params.values():
                p.value = p.value.add(p.grad, alpha=-learning_rate)
                p.grad = None
            return loss.value
        """)),
    variant("checkpoint: a dict of stored values, one function at a time",
        body("checkpoint", """
            L = len(fs)
            stored, value = {}, x
            for i in range(L):
                if i % every == 0:
                    stored[i] = value
                value = fs[i](Var(value)).value
            out, grad = value, torch.ones_like(value)
            for begin in sorted(stored, reverse=True):
                inputs = [Var(stored.pop(begin))]
                results = []
                for i in range(begin, min(begin + every, L)):
                    result = fs[i](inputs[-1])
                    results.append(result)
                    inputs.append(Var(result.value))
                while results:
                    result = results.pop()
                    inputs.pop()
                    backward(result, grad)
                    grad = inputs[-1].grad
                    grad = torch.zeros_like(inputs[-1].value) if grad is None else grad
            return out, grad
        """)),
    variant("checkpoint: the last block is not computed twice",
        body("checkpoint", """
            values = [x]
            last = (len(fs) - 1) // every
            value = x
            for block in range(last):
                for f in fs[block * every : (block + 1) * every]:
                    value = f(Var(value)).value
                values.append(value)
            grad = out = None
            for block in range(last, -1, -1):
                start = Var(values.pop())
                node = start
                for f in fs[block * every : (block + 1) * every]:
                    node = f(node)
                out = node.value if out is None else out
                backward(node, grad)
                grad = start.grad
            return out, grad
        """)),
]
# fmt: on

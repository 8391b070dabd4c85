"""Wrong answers to autograd.py, graphs, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("autograd.py")
ORDER = "check_order_of_diamonds"
SMALL, TWICE, LARGE, GIVEN = (
    "check_backward_of_small_graphs",
    "check_backward_twice",
    "check_backward_of_large_graphs",
    "check_backward_with_a_gradient",
)
ADDED = "found[id(parent)] = found[id(parent)] + part if id(parent) in found else part"
GATHER = "node.grad = above if node.grad is None else node.grad + above"

# fmt: off
MUTANTS = [
    mutant("order: recursion, which ends at 1,000 nodes", "check_order_of_a_long_chain", body("topological_order", """
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(root)
        return order
    """)),
    mutant("order: no memory of visited nodes", ORDER, body("topological_order", """
        order, stack = [], [root]
        while stack:
            node = stack.pop()
            order.append(node)
            stack += node.parents
        return order[::-1]
    """)),
    mutant("order: breadth first, each node when it is first seen", ORDER, body("topological_order", """
        order, seen = [root], {id(root)}
        for node in order:
            for parent in node.parents:
                if id(parent) not in seen:
                    seen.add(id(parent))
                    order.append(parent)
        return order[::-1]
    """)),
    mutant("order: children before parents", ORDER, "    return order\n    ### END",
           "    return order[::-1]\n    ### END"),
    mutant("order: without the root", ORDER, "    return order\n    ### END", "    return order[:-1]\n    ### END"),
    mutant("order: without inputs", ORDER, "            order.append(node)\n",
           "            order += [node] if node.parents else []\n"),
    mutant("order: compares values instead of nodes", "check_order_of_random_graphs",
           "if id(parent) not in seen:\n                seen.add(id(parent))",
           "if float(parent.value.sum()) not in seen:\n                seen.add(float(parent.value.sum()))"),
    mutant("order: marks the nodes themselves", "check_order_of_random_graphs", body("topological_order", """
        order, stack = [], [(root, False)]
        while stack:
            node, finished = stack.pop()
            if finished:
                order.append(node)
            elif not getattr(node, "visited", False):
                node.visited = True
                stack += [(node, True), *[(parent, False) for parent in node.parents]]
        return order
    """)),
    mutant("order: takes parents from their nodes", "check_order_of_random_graphs", body("topological_order", """
        order, stack, seen = [], [root], {id(root)}
        while stack:
            node = stack[-1]
            if node.parents:
                parent, node.parents = node.parents[0], node.parents[1:]
                if id(parent) not in seen:
                    seen.add(id(parent))
                    stack.append(parent)
            else:
                order.append(stack.pop())
        return order
    """)),
    mutant("order: at most 5,000 nodes", "check_order_of_random_graphs", "while stack:",
           "while stack and len(order) < 5000:"),
    mutant("order: walks every path, and removes what occurs twice at the end", "check_order_of_random_graphs",
           body("topological_order", """
        found, stack = [], [root]
        while stack:
            node = stack.pop()
            found.append(node)
            stack += node.parents
        order, seen = [], set()
        for node in reversed(found):
            if id(node) not in seen:
                seen.add(id(node))
                order.append(node)
        return order
    """), endless=True),
    mutant("backward: the last path replaces the others", SMALL, ADDED, "found[id(parent)] = part"),
    mutant("backward: visits the nodes from the inputs on", SMALL,
           "for node in reversed(order):\n        above = found.pop(id(node))",
           "for node in order:\n        above = found.pop(id(node), grad)"),
    mutant("backward: root gets no gradient", SMALL, GATHER, "if node is not root:\n            " + GATHER),
    mutant("backward: only inputs keep gradients", SMALL, GATHER, "if not node.parents:\n            " + GATHER),
    mutant("backward: starts with 0", SMALL, "grad = torch.ones_like(root", "grad = torch.zeros_like(root"),
    mutant("backward: starts with the value", SMALL, "grad = torch.ones_like(root.value)", "grad = root.value"),
    mutant("backward: passes down after the first use", SMALL, body("backward", """
        if grad is None:
            if root.value.numel() != 1:
                raise ValueError("grad is missing")
            grad = torch.ones_like(root.value)
        totals = {id(root): grad}
        done = set()
        queue = [root]
        while queue:
            node = queue.pop(0)
            if id(node) in done:
                continue
            done.add(id(node))
            above = totals[id(node)]
            node.grad = above if node.grad is None else node.grad + above
            for parent, part in zip(node.parents, node.backward(above) if node.backward else ()):
                totals[id(parent)] = totals[id(parent)] + part if id(parent) in totals else part
                queue.append(parent)
    """)),
    mutant("backward: a second call replaces the gradients", TWICE, GATHER, "node.grad = above"),
    mutant("backward: passes down what an earlier call left", TWICE, "node.backward(above)",
           "node.backward(node.grad)"),
    mutant("backward: along every path, which never ends on diamonds", LARGE, body("backward", """
        if grad is None:
            if root.value.numel() != 1:
                raise ValueError("grad is missing")
            grad = torch.ones_like(root.value)
        waiting = [(root, grad)]
        while waiting:
            node, above = waiting.pop()
            node.grad = above if node.grad is None else node.grad + above
            if node.backward is not None:
                waiting += zip(node.parents, node.backward(above))
    """), endless=True),
    mutant("backward: ignores the gradient that is given", GIVEN, "    order = topological_order(root)\n    found",
           "    order = topological_order(root)\n    grad = torch.ones_like(root.value)\n    found"),
    mutant("backward: a root of several numbers starts with ones", GIVEN, "if root.value.numel() != 1:", "if False:"),
    mutant("backward: a root of shape (1, 1) is refused", GIVEN, "if root.value.numel() != 1:", "if root.value.ndim:"),
    mutant("backward: adds in place, to tensors that other nodes share", GIVEN, ADDED,
           "found[id(parent)] = found[id(parent)].add_(part) if id(parent) in found else part"),
    mutant("backward: adds to the gradients of an earlier call in place", GIVEN, GATHER,
           "node.grad = above if node.grad is None else node.grad.add_(above)"),
    mutant("table: a row for each use", ("check_table_of_a_shared_graph", "check_table_of_random_graphs"),
           "    order = topological_order(root)\n    row =",
           "    order = [n for node in topological_order(root) for n in (*node.parents, node)]\n    row ="),
    mutant("table: the nodes themselves as parents", "check_table_of_a_shared_graph",
           "tuple(row[id(parent)] for parent", "tuple(parent.name for parent"),
    mutant("table: rows are counted from 1", "check_table_of_a_shared_graph", "row = {id(node): number for",
           "row = {id(node): number + 1 for"),
    mutant("table: without gradients", "check_table_of_random_graphs", "node.value, node.grad, tuple",
           "node.value, None, tuple"),
    mutant("table: the same parent twice is named once", "check_table_of_random_graphs",
           "tuple(row[id(parent)] for parent in node.parents)",
           "tuple(dict.fromkeys(row[id(parent)] for parent in node.parents))"),
    mutant("table: children before parents", "check_table_of_a_shared_graph",
           "    order = topological_order(root)\n    row =", "    order = topological_order(root)[::-1]\n    row ="),
    mutant("unbroadcast: only axes in front", "check_unbroadcast_of_common_shapes",
           "axes = [*range(added), *stretched]", "axes = list(range(added))"),
    mutant("unbroadcast: only axes of length 1", "check_unbroadcast_of_common_shapes",
           "return grad.sum(dim=axes, keepdim=True).reshape(shape) if axes else grad",
           "return grad.sum(dim=stretched, keepdim=True) if stretched else grad"),
    mutant("unbroadcast: drops axes of length 1", "check_unbroadcast_of_common_shapes", "keepdim=True).reshape(shape)",
           "keepdim=False)"),
    mutant("unbroadcast: the mean", "check_unbroadcast_of_common_shapes", "grad.sum(dim=axes", "grad.mean(dim=axes"),
    mutant("unbroadcast: counts axes from the front", "check_unbroadcast_of_thirty_shapes",
           "size == 1 != grad.shape[added + axis]", "size == 1 < grad.shape[axis]"),
    mutant("unbroadcast: at most two axes", "check_unbroadcast_of_thirty_shapes", "axes = [*range(added), *stretched]",
           "axes = [*range(added), *stretched][:2]"),
    mutant("unbroadcast: always float64", "check_unbroadcast_of_thirty_shapes", "return grad.sum(",
           "return grad.double().sum(", habit="dtype"),
    mutant("unbroadcast: writes into the gradient", "check_unbroadcast_of_thirty_shapes",
           "    added = grad.ndim - len(shape)\n",
           "    grad *= 1.5\n    grad /= 3\n    grad *= 2\n    added = grad.ndim - len(shape)\n"),
]
# fmt: on

"""Right solutions of gradients.py in other styles: no check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("gradients.py")

VARIANTS = [
    variant(
        "the derivative along a line",
        body(
            "directional_derivative",
            """
            t = torch.zeros((), dtype=x.dtype, requires_grad=True)
            return torch.autograd.grad(f(x + t * v), t)[0]
            """,
        ),
    ),
    variant(
        "one path after the other",
        body(
            "Value.backward",
            """
            waiting = [(self, 1.0)]
            while waiting:
                value, factor = waiting.pop()
                value.grad += factor
                waiting += [(p, s * factor) for p, s in zip(value.parents, value.slopes)]
            """,
        ),
    ),
]

"""Which layers a module uses, seen at torch's functions and not at calls.

So a layer counts if it is called as `layer(x)` or `layer.forward(x)`, or if only its weights are used, as in
`F.linear(x, layer.weight)`. Parameters that do not affect the result play no role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

_CONVERSIONS = ("to", "type_as", "zeros_like", "ones_like", "empty_like", "rand_like", "randn_like")
SEED = 5_046_812_389  # of `repeatable`: a seed that nobody else would choose


class Watcher(TorchFunctionMode):
    """Records which of a module's parameters torch's functions get, in the order of first use.

    Functions written with torch.autograd.Function are not seen, so a call of a layer counts too.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.used: dict[int, Tensor] = {}  # by id
        self._parameters = {id(p): p for p in module.parameters()}
        self._layers = [part for part in module.modules() if not any(part.children())]
        self._hooks: list[Any] = []

    def __enter__(self) -> Watcher:
        self._hooks = [layer.register_forward_pre_hook(self._called) for layer in self._layers]
        TorchFunctionMode.__enter__(self)
        return self

    def __exit__(self, *exception: Any) -> None:
        TorchFunctionMode.__exit__(self, *exception)
        for hook in self._hooks:
            hook.remove()

    def _called(self, layer: nn.Module, inputs: Any) -> None:
        for parameter in layer.parameters(recurse=False):
            self.see(parameter)

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if tensors(out) and getattr(func, "__name__", "") not in _CONVERSIONS:
            for x in tensors((args, kwargs)):
                self.see(x)
        return out

    def see(self, x: Tensor) -> None:
        """Record the use of a parameter; ignore other tensors."""
        if id(x) in self._parameters:
            self.used.setdefault(id(x), x)


def used_layers(module: nn.Module, *inputs: Any) -> list[nn.Module]:
    """Return the modules with parameters of their own that affect the result, in the order of first use."""
    watcher = Watcher(module)
    with evaluated(module):
        run = repeatable(module, inputs)
        with watcher:
            out = run()
        idle = {id(p) for p in without_effect(run, list(watcher.used.values()), out)}
    owners = owners_of(module)
    return list(dict.fromkeys(owners[number] for number in watcher.used if number not in idle))


def owners_of(module: nn.Module) -> dict[int, nn.Module]:
    """Return the module to which each parameter belongs, by the parameter's id."""
    return {id(p): part for part in module.modules() for p in part.parameters(recurse=False)}


@contextmanager
def seeded(number: int) -> Iterator[None]:
    """Run the block with this seed, and restore the generator, unless the block seeds it: then it keeps that seed."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(number)  # torch.manual_seed takes 2 ms where CUDA was not used yet
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(number)
        yield
        left = torch.default_generator.initial_seed()
    if left != number:
        torch.default_generator.manual_seed(left)


def repeatable(module: nn.Module, inputs: Sequence[Any]) -> Callable[[], list[Tensor]]:
    """Return a function that calls the module and returns the float tensors of its result, the same each time."""

    def run() -> list[Tensor]:
        with seeded(SEED):
            return [x for x in tensors(module(*inputs)) if x.is_floating_point()]

    return run


@contextmanager
def evaluated(module: nn.Module) -> Iterator[None]:
    """Let the module be in evaluation mode, with gradients for all float parameters, and restore both afterwards."""
    modes = [(part, part.training) for part in module.modules()]
    frozen = [p for p in module.parameters() if p.is_floating_point() and not p.requires_grad]
    module.eval()
    for p in frozen:
        p.requires_grad_()
    try:
        with torch.enable_grad():
            yield
    finally:
        for p in frozen:
            p.requires_grad_(False)
        for part, mode in modes:
            part.training = mode


def without_effect(
    run: Callable[[], list[Tensor]], parameters: Sequence[Tensor], out: list[Tensor] | None = None
) -> list[Tensor]:
    """Return the parameters that no gradient reaches and whose values do not matter for the result of run.

    If it returns no float tensors, all parameters count as having an effect. ``out`` is its result, if it ran already.
    """
    before = run() if out is None else out
    with_gradient = [x for x in before if x.requires_grad]
    reached: Sequence[Tensor | None] = [None] * len(parameters)
    if with_gradient and parameters:
        total = sum((x.sum() for x in with_gradient), torch.zeros(()))
        reached = torch.autograd.grad(total, list(parameters), allow_unused=True)
    suspects = [p for p, gradient in zip(parameters, reached, strict=True) if gradient is None and before]
    with torch.no_grad():
        before = (
            run() if suspects else []
        )  # some layers of torch take another way, and round otherwise, without gradients
        return [p for p in suspects if not _matters(p, run, before)]


def _matters(parameter: Tensor, run: Callable[[], list[Tensor]], before: Sequence[Tensor]) -> bool:
    """Return whether other values of the parameter change the result of run, which is ``before``."""
    values = parameter.clone()
    parameter.add_(torch.arange(1.0, parameter.numel() + 1).cos().view(parameter.shape).to(parameter))
    try:
        after = run()
    finally:
        parameter.copy_(values)
    return not all(map(torch.equal, before, after))


def passes(module: nn.Module, inputs: Sequence[Any], kinds: Sequence[type]) -> list[tuple[Tensor, Tensor]]:
    """Return the first tensor that each part of these classes got and made, in the order in which they finished.

    A part counts whether it is called itself or its method forward is.
    """
    seen: list[tuple[Tensor, Tensor]] = []

    def watched(forward: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            first = tensors((args, options))[0].clone()
            out = forward(*args, **options)
            seen.append((first, tensors(out)[0].clone()))
            return out

        return run

    parts: list[Any] = [part for part in module.modules() if isinstance(part, tuple(kinds))]
    own = [part for part in parts if "forward" not in vars(part)]
    for part in own:
        part.forward = watched(part.forward)
    try:
        with torch.no_grad():
            module(*inputs)
    finally:
        for part in own:
            del part.forward
    return seen


def tensors(tree: Any) -> list[Tensor]:
    """Return the tensors in a nesting of containers."""
    return [x for x in tree_leaves(tree) if isinstance(x, Tensor)]

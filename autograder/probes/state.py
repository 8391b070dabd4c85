"""What a call may leave behind: the state of modules. Checks run this in the student's process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

KINDS = ("mode", "requires_grad", "parameters", "buffers", "grads")


class Watch:
    """Remembers the state of modules.

    Any other object counts for the modules among its attributes.
    """

    def __init__(self, objects: Mapping[str, Any]) -> None:
        self.modules = {name: module for label, value in objects.items() for name, module in _modules(label, value)}
        self.before = self._state()

    def changes(self) -> dict[str, list[str]]:
        """Return, for each of KINDS, what is different now, in parts of sentences: "the mode of net.norm"."""
        now = self._state()
        return {
            kind: [text for text, value in self.before[kind].items() if not _same(value, now[kind].get(text, value))]
            for kind in KINDS
        }

    def _state(self) -> dict[str, dict[str, Any]]:
        state: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        for label, module in self.modules.items():
            for name, part in module.named_modules():
                state["mode"][_path(label, name)] = part.training
            for name, parameter in module.named_parameters():
                path = _path(label, name)
                state["requires_grad"][path] = parameter.requires_grad
                state["parameters"][path] = parameter.detach().clone()
                state["grads"][path] = None if parameter.grad is None else parameter.grad.detach().clone()
            for name, buffer in module.named_buffers():
                state["buffers"][_path(label, name)] = buffer.detach().clone()
        return state


def watch(objects: Mapping[str, Any]) -> Watch:
    """Return a watch over these objects, by their names in messages."""
    return Watch(objects)


def _modules(label: str, value: Any) -> Iterator[tuple[str, nn.Module]]:
    if isinstance(value, nn.Module):
        yield label, value
        return
    for name, part in getattr(value, "__dict__", {}).items():
        if isinstance(part, nn.Module):
            yield f"{label}.{name}", part


def _path(label: str, name: str) -> str:
    return f"{label}.{name}" if name else label


def _same(before: Any, now: Any) -> bool:
    if isinstance(before, Tensor) and isinstance(now, Tensor):
        same_kind = before.shape == now.shape and before.dtype == now.dtype
        return same_kind and bool(((before == now) | ((before != before) & (now != now))).all())
    return type(before) is type(now) and bool(before == now)

"""Patterns for the dotted paths that a task forbids."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import translate
from importlib import import_module

from autograder.core.course_file import importable_packages
from autograder.source_rules.resolve import loaded

_SHORT = {"F": "torch.nn.functional", "nn": "torch.nn", "np": "numpy", "Tensor": "torch.Tensor"}
_OF_TORCH = ("torch", "F.", "nn.", "Tensor")  # how rules about torch begin
_SAME = (  # other places of torch's functions
    "torch.functional", "torch.Tensor", "torch._VF", "torch._C._VariableFunctions", "torch._C.TensorBase",
    "torch._C._TensorBase", "torch.ops.aten", "torch._tensor.Tensor",
)  # fmt: skip
_FUNCTIONAL = "torch.nn.functional"
_CLASSES = "torch.nn.modules."  # torch.nn.Linear is defined in torch.nn.modules.linear


def import_subjects(rules: Sequence[str]) -> None:
    """Import torch, if a rule is about it: names are looked up there. Without torch, nobody can break such a rule."""
    if any(rule.lstrip("!").startswith(_OF_TORCH) for rule in rules):
        with suppress(ImportError):
            import_module("torch.nn.functional")


class Pattern:
    """Rules such as "torch.cdist", "F.conv2d", "torch.nn.*", "!F.pad" and ".grad_fn" (an attribute of any object).

    Rules in ``always`` hold whatever ``rules`` allow.
    """

    def __init__(self, rules: Sequence[str], *, always: Sequence[str] = ()) -> None:
        self._forbidden = [_Rule(rule) for rule in rules if not rule.startswith(("!", "."))]
        self._allowed = [_Rule(rule[1:]) for rule in rules if rule.startswith("!")]
        self._always = [_Rule(rule) for rule in always]
        self._attributes = [rule[1:] for rule in rules if rule.startswith(".")]
        self.known: dict[frozenset[str], str] = {}  # the first match of several paths, where it was looked for
        self._matches: dict[str, str] = {}

    def attribute(self, name: str) -> str:
        """Return the attribute as shown in a message, ".grad_fn", if it is forbidden; otherwise an empty string."""
        return f".{name}" if name in self._attributes else ""

    def match(self, path: str) -> str:
        """Return the forbidden part of the path as the student wrote it, or an empty string."""
        if path not in self._matches:
            self._matches[path] = self._match(path)
        return self._matches[path]

    def _match(self, path: str) -> str:
        parts = path.split(".")
        for end in range(2, len(parts) + 1):
            part = ".".join(parts[:end])
            if part in sys.modules:  # a module is a place, not a call
                continue
            places = _places(part)
            if any(rule.covers(*places) for rule in self._always):
                return part
            if any(rule.covers(*places) for rule in self._allowed):
                return ""
            if any(rule.covers(*places) for rule in self._forbidden):
                return part
        return ""


class _Rule:
    """One rule. It covers a path by one of its names; "torch.nn.*" covers places and not what is also found there."""

    def __init__(self, rule: str) -> None:
        full = _full(rule)
        self._match = re.compile(translate(full)).match
        self._of_places = full.endswith(".*")

    def covers(self, names: tuple[str, ...], functional: str) -> bool:
        return any(map(self._match, names)) or bool(functional and not self._of_places and self._match(functional))


def _full(rule: str) -> str:
    """Return the rule in full: "torch.nn.functional.conv2d" for "F.conv2d". A module covers all of its members."""
    first, dot, rest = rule.partition(".")
    full = _canonical(_SHORT.get(first, first) + dot + rest)
    return f"{full}.*" if full in sys.modules else full


def _places(path: str) -> tuple[tuple[str, ...], str]:
    """Return the names of a path, and its name among torch's functional ones or an empty string.

    torch.conv2d is also torch.nn.functional.conv2d.
    """
    name = _canonical(path)
    last = name.removeprefix("torch.")
    functional = hasattr(sys.modules.get(_FUNCTIONAL), last) and not path.startswith("torch.Tensor.")
    return (name, path), f"{_FUNCTIONAL}.{last}" if functional else ""


def _canonical(path: str) -> str:
    """Return one name for all places of a torch function, and the new name of a module that moved.

    A package of the course that renamed modules has a function ``current_name``, from dotted path to dotted path.
    """
    package = path.partition(".")[0]
    if package in importable_packages():
        path = getattr(loaded(package), "current_name", str)(path)
    if ".torch." in path:  # torch.nn.functional.torch.cdist
        path = "torch." + path.rpartition(".torch.")[2]
    for home in _SAME:
        if path.startswith(home + "."):
            return "torch." + path.removeprefix(home + ".").partition(".")[0]
    if path.startswith(_CLASSES):
        module, _, name = path.removeprefix(_CLASSES).partition(".")
        inside = name if _CLASSES + module in sys.modules else path.removeprefix(_CLASSES)
        path = f"torch.nn.{inside}" if inside not in ("", "*") else path
        path = path.replace("torch.nn.F.", _FUNCTIONAL + ".")  # name of the import in conv.py and others
    return path.replace("torch._C._nn.", _FUNCTIONAL + ".")

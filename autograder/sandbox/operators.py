"""Operators of a handle: Python evaluates them in the student's process, like a call of the student's code.

Where an operator needs the object itself (np.asarray, torch's functions, copy, pickle), the message names another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from autograder.checks.describe import describe
from autograder.core.message import Message, glued
from autograder.core.report import Cause
from autograder.sandbox.faults import StudentFault

LONGEST = 10_000_000  # of a student's object: list(x) reserves memory for so many items before it has one
MAX_ITEMS = 100_000  # that a check may take from one object of a student: an iterator need not end

WAY_OUT = (
    "This is an object in the student's process, and {what} needs its value here. In a check, student.value(x) copies "
    "it, x.name and x[i] read parts of it, and student.define(...) runs code where the object is."
)
BINARY = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "lshift": "<<", "rshift": ">>", "and_": "&", "or_": "|", "xor": "^",
}  # fmt: skip
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
UNARY = {"neg": "-", "pos": "+", "invert": "~", "abs": "abs"}
CONVERSIONS: dict[str, type] = {"truth": bool, "float": float, "int": int, "complex": complex, "index": int, "len": int,
                                "str": str, "format": str, "contains": bool}  # fmt: skip


class Operators:
    """What Python's operators do with a handle. ``_remote``, ``_ref`` and ``_label`` belong to the handle."""

    __slots__ = ()
    _remote: Any
    _label: str

    @property
    def _ref(self) -> Any: ...

    __array_ufunc__ = None  # so that numpy leaves `array + handle` to the handle

    def __setitem__(self, key: Any, value: Any) -> None:
        self._remote.ask("setitem", target=self._ref, key=key, value=value)

    def __delitem__(self, key: Any) -> None:
        self._remote.ask("delitem", target=self._ref, key=key)

    def __delattr__(self, name: str) -> None:
        self._remote.ask("delattr", target=self._ref, name=name)

    def __iter__(self) -> Iterator[Any]:
        whole = self._remote.ask("list", target=self._ref, label=self._label)
        return iter(whole) if type(whole) is list else self._items(whole)

    def _items(self, iterator: Any) -> Iterator[Any]:
        for _ in range(MAX_ITEMS):
            if not (found := self._remote.ask("next", target=iterator._ref, label=self._label)):
                return
            yield found[0]
        raise StudentFault(
            Cause.ERROR,
            Message(
                "{name} does not end: this check takes at most {limit:,} items of it.",
                name=self._label,
                limit=MAX_ITEMS,
            ),
        )

    def __next__(self) -> Any:
        if not (found := self._remote.ask("next", target=self._ref, label=glued("next(", self._label, ")"))):
            raise StopIteration
        return found[0]

    def __enter__(self) -> Any:
        return self._remote.ask("enter", target=self._ref, label=self._label)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        self._remote.ask("exit", target=self._ref, failed=kind is not None)  # it cannot hide what a check raises

    def __len__(self) -> int:
        length: int = self._convert("len")
        if length > LONGEST:
            raise StudentFault(
                Cause.ERROR,
                Message("len({name}) is {size:.3g}, more than a check can use.", name=self._label, size=length),
            )
        return length

    def __bool__(self) -> bool:
        return self._convert("truth")  # type: ignore[no-any-return]

    def __contains__(self, item: object) -> bool:
        return self._convert("contains", item)  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return self._convert("float")  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return self._convert("int")  # type: ignore[no-any-return]

    def __complex__(self) -> complex:
        return self._convert("complex")  # type: ignore[no-any-return]

    def __index__(self) -> int:
        return self._convert("index")  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return self._convert("str")  # type: ignore[no-any-return]

    def __format__(self, form: str) -> str:
        return self._convert("format", form)  # type: ignore[no-any-return]

    def _convert(self, name: str, *more: Any) -> Any:
        value = self._remote.operate(name, (self, *more), glued(f"{name}(", self._label, ")"))
        if type(value) is not CONVERSIONS[name]:
            raise StudentFault(Cause.CRASHED, "The process that runs your code sent an unexpected message.")
        return value

    def __hash__(self) -> int:
        return id(self)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(WAY_OUT.format(what="numpy"))

    @classmethod
    def __torch_function__(cls, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(WAY_OUT.format(what="torch"))

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(WAY_OUT.format(what="a copy"))


def _binary(name: str, symbol: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the methods for `handle + other` and `other + handle`."""

    def forward(self: Any, other: Any) -> Any:
        return self._remote.operate(name, (self, other), glued(self._label, f" {symbol} ", _shown(other)))

    def reflected(self: Any, other: Any) -> Any:
        return self._remote.operate(name, (other, self), glued(_shown(other), f" {symbol} ", self._label))

    return forward, reflected


def _comparison(name: str, symbol: str) -> Callable[..., Any]:
    """Return the method for `handle == other`. It never equals a plain value: its class would decide on points."""
    forward = _binary(name, symbol)[0]

    def compare(self: Any, other: Any) -> Any:
        return forward(self, other) if isinstance(other, Operators) else NotImplemented

    return compare


def _unary(name: str, symbol: str) -> Callable[..., Any]:
    def method(self: Any) -> Any:
        return self._remote.operate(name, (self,), glued(f"{symbol}(", self._label, ")"))

    return method


def _shown(value: Any) -> str:
    return value._label if isinstance(value, Operators) else describe(value)


def _divmod(self: Any, other: Any) -> Any:
    return self._remote.operate("divmod", (self, other), glued("divmod(", self._label, ", ", _shown(other), ")"))


def _round(self: Any, *digits: int) -> Any:
    return self._remote.operate("round", (self, *digits), glued("round(", self._label, ")"))


for _name, _symbol in BINARY.items():
    _plain = _name.rstrip("_")
    _forward, _reflected = _binary(_name, _symbol)
    setattr(Operators, f"__{_plain}__", _forward)
    setattr(Operators, f"__r{_plain}__", _reflected)
    setattr(Operators, f"__i{_plain}__", _binary(f"i{_plain}", f"{_symbol}=")[0])
for _name, _symbol in COMPARISONS.items():
    setattr(Operators, f"__{_name}__", _comparison(_name, _symbol))
for _name, _symbol in UNARY.items():
    setattr(Operators, f"__{_name}__", _unary(_name, _symbol))
for _name, _method in {"divmod": _divmod, "round": _round}.items():
    setattr(Operators, f"__{_name}__", _method)

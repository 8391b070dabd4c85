"""The last call of a failed check as Python code: a student pastes it and works on the mistake without the check."""

from __future__ import annotations

import ast
import pickle
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.describe import TENSORS, dtype_name
from autograder.core.language import say
from autograder.sandbox.call_log import CALLS, CallLog, Step
from autograder.sandbox.proxy import Handle

INLINE = 60  # numbers of a tensor that are written as code; a larger one is saved to a file
LONGEST = 2000  # characters of a value that is written as code; a longer one is saved, too
SHORT = 40  # characters of a value that is written inside the call
WIDTH = 90  # characters of a line
STEPS = 30  # calls before the last one that its objects need


def code_of(log: CallLog, shown: str, module: str, source: str, store: Path, notebooks: Path | None = None) -> str:
    """Return code that repeats the call that a report shows as ``shown``, with what it needs; empty if there is none.

    ``module`` is what the code imports: the student's module, or "__main__" in a notebook. ``source`` is its text, for
    the names of parameters. Tensors with many numbers are saved to the file ``store``. ``notebooks`` is the folder
    whose notebook the module is: a script of its name is not imported.
    """
    last = log.last_call(shown)
    return _Writer(log, module, source, store, notebooks).write(last) if last else ""


@dataclass
class _Writer:
    log: CallLog
    module: str
    source: str
    store: Path
    notebooks: Path | None
    made: dict[int, tuple[Step, str]] = field(default_factory=dict)  # object -> the step that returned it, and where
    names: dict[int, str] = field(default_factory=dict)  # step -> the variable that has its result
    used: dict[str, int] = field(default_factory=dict)
    roots: dict[str, None] = field(default_factory=dict)  # names of the student's module
    lines: list[str] = field(default_factory=list)
    saved: dict[str, Any] = field(default_factory=dict)
    helpers: dict[str, None] = field(default_factory=dict)  # code of the check

    def write(self, last: Step) -> str:
        for step in self.log.steps:
            for handle, place in _handles(step.value):
                self.made[handle] = step, place
        for step in self._needed(last):
            self._add(step, last)
        used = "".join(self.lines)
        imports = ["import pickle"] * bool(self.saved) + ["import random"] * ("random.seed" in used)
        imports += ["from pathlib import Path"] * bool(self.saved)
        imports += ["import numpy as np"] * ("np." in used) + ["import torch"] * ("torch." in used)
        if re.search(r"\b(inf|nan)\b", "".join(self.lines)):
            imports.append("from math import inf, nan")
        if self.notebooks:
            finder = "from autograder.students.siblings import find_siblings"
            why = say("your notebook is imported, not the script")
            call = f'find_siblings(Path("{self.notebooks.as_posix()}"))  # {why}'
            imports = list(dict.fromkeys([*imports, "from pathlib import Path", finder, call]))
        if self.helpers:
            imports.append(f"import {self.module} as student")
        if self.roots and self.module != "__main__":
            imports.append(f"from {self.module} import {', '.join(self.roots)}")
        if self.saved:
            self.store.parent.mkdir(parents=True, exist_ok=True)
            self.store.write_bytes(pickle.dumps(self.saved))
            self.lines.insert(0, f'saved = pickle.loads(Path("{self.store.as_posix()}").read_bytes())')
        parts = ["\n".join(imports), *self.helpers, "\n".join(map(_wrapped, self.lines))]
        return "\n\n".join(filter(None, parts)) + "\n"

    def _needed(self, last: Step) -> list[Step]:
        """Return the calls that made or changed what the last call needs, in order."""
        needed = {id(last)}
        objects = self._objects(last)
        for step in reversed(self.log.steps[: self._place(last)]):
            mine = {handle for handle, _ in _handles(step.value)} & objects
            touched = step.verb in (*CALLS, "setattr") and self._owner(step) in objects
            if _wraps(step):
                continue
            helped = step.verb in CALLS and self._is_helper(step) and bool(self._given(step) & objects)
            if (mine and step.verb in CALLS) or touched or helped or step.verb == "seed":
                needed.add(id(step))
                objects |= self._objects(step)
        steps = [step for step in self.log.steps if id(step) in needed]
        return steps[-STEPS:]

    def _place(self, step: Step) -> int:
        return next(index for index, other in enumerate(self.log.steps) if other is step)

    def _objects(self, step: Step) -> set[int]:
        """Return the objects that a request names, and those that they are attributes or items of."""
        fields = step.fields
        found = self._given(step)
        found |= {ref.id for key in ("f", "target") if (ref := fields.get(key)) is not None}
        for handle in list(found):
            while (outer := self._outer(handle)) is not None:
                handle = outer
                found.add(handle)
        return found - {self.log.root}

    def _given(self, step: Step) -> set[int]:
        """Return the objects among the arguments of a request."""
        fields = step.fields
        return {handle for handle, _ in _handles([fields.get("args"), fields.get("kwargs"), fields.get("value")])}

    def _is_helper(self, step: Step) -> bool:
        """Return whether a call is one of the check's own functions, which may change what it gets."""
        made = self.made.get(step.fields["f"].id)
        home = self.made.get(made[0].fields["target"].id) if made and made[0].verb == "getattr" else None
        return home is not None and home[0].verb == "define"

    def _outer(self, handle: int) -> int | None:
        """Return the object that ``handle`` is an attribute or an item of, or the function that it wraps."""
        step = self.made[handle][0] if handle in self.made else None
        if step and step.verb in ("getattr", "getitem", "list"):
            return int(step.fields["target"].id)
        return int(step.fields["args"][0]._ref.id) if step and _wraps(step) else None

    def _owner(self, step: Step) -> int:
        """Return the object whose method a step calls, or whose attribute it sets."""
        if step.verb == "setattr":
            return int(step.fields["target"].id)
        made = self.made.get(step.fields["f"].id)
        return int(made[0].fields["target"].id) if made and made[0].verb == "getattr" else -1

    def _add(self, step: Step, last: Step) -> None:
        fields = step.fields
        if step.verb == "seed":
            seeds = ["random.seed", "np.random.seed", *(["torch.manual_seed"] if "torch" in sys.modules else [])]
            self.lines += [f"{seed}({fields['seed']})" for seed in seeds]
            return
        if step.verb == "setattr":
            target = self._object(fields["target"].id)
            self.lines.append(f"{target}.{fields['name']} = {self._value(fields['value'], fields['name'])}")
            return
        function = self._object(fields["f"].id)
        parameters = next(filter(None, (_parameters(text, function) for text in (self.source, *self.helpers))), ())
        given = [
            self._value(value, parameters[place] if place < len(parameters) else f"argument_{place + 1}")
            for place, value in enumerate(fields["args"])
        ]
        given += [f"{key}={self._value(value, key)}" for key, value in fields["kwargs"].items()]
        call = f"{function}({', '.join(given)})"
        if step is last:
            self.lines.append(call)
        elif _handles(step.value):
            self.names[id(step)] = self._fresh("result")
            self.lines.append(f"{self.names[id(step)]} = {call}")
        else:
            self.lines.append(call)

    def _object(self, handle: int) -> str:
        """Return the expression for an object of the student's process."""
        if handle not in self.made:
            return self.module if handle == self.log.root else "..."
        step, place = self.made[handle]
        if step.verb == "define":
            self.helpers[textwrap.dedent(str(step.fields["source"])).strip()] = None
            return ""
        if _wraps(step):
            return self._object(step.fields["args"][0]._ref.id)
        if step.verb in CALLS:
            return self.names.get(id(step), "...") + place
        target = step.fields["target"].id
        if step.verb == "getattr":
            name = str(step.fields["name"])
            if target == self.log.root:
                self.roots[name] = None
                return name
            owner = self._object(target)
            return f"{owner}.{name}" if owner else name
        item = f"[{self._value(step.fields['key'], 'key')}]" if step.verb == "getitem" else place
        return self._object(target) + item

    def _value(self, value: Any, name: str) -> str:
        """Return the expression for an argument; a long one becomes a variable with the parameter's name."""
        text = self._expression(value, name)
        if type(value) is Handle or (len(text) <= SHORT and not _is_array(value)):
            return text
        if len(text) > LONGEST and not _handles(value):
            text = self._saved(value, name)
        variable = self._fresh(name)
        self.lines.append(f"{variable} = {text}")
        return variable

    def _saved(self, value: Any, name: str) -> str:
        key = name if name not in self.saved else f"{name}_{len(self.saved) + 1}"
        self.saved[key] = value
        return f'saved["{key}"]'

    def _expression(self, value: Any, name: str) -> str:
        if type(value) is Handle:
            return self._object(value._ref.id)
        if _is_array(value):
            text = _tensor(value) if type(value) in TENSORS else _array(value)
            return text or self._saved(value, name)
        if type(value) in (list, tuple, set, frozenset) and value:
            inside = ", ".join(self._expression(item, name) for item in value)
            if type(value) is tuple:
                return f"({inside}{',' if len(value) == 1 else ''})"
            if type(value) is list:
                return f"[{inside}]"
            return f"{{{inside}}}" if type(value) is set else f"frozenset(({inside},))"
        if type(value) is dict:
            pairs = (f"{self._expression(key, name)}: {self._expression(item, name)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}"
        kind = f"{type(value).__module__}.{type(value).__name__}"
        if kind == "torch.device":
            return f"torch.device({str(value)!r})"
        return str(value) if kind == "torch.dtype" else repr(value)

    def _fresh(self, name: str) -> str:
        """Return a variable's name that is not used yet."""
        name = name if name.isidentifier() and name not in self.roots else f"{name}_"
        self.used[name] = self.used.get(name, 0) + 1
        return name if self.used[name] == 1 else f"{name}_{self.used[name]}"


def _is_array(value: Any) -> bool:
    return type(value) in TENSORS or type(value) is np.ndarray


def _wraps(step: Step) -> bool:
    """Return whether a check only wraps a function of the student's: the code calls the function itself."""
    given = step.fields.get("args", ())
    return step.verb == "call" and not step.text and len(given) == 1 and type(given[0]) is Handle


def _wrapped(line: str) -> str:
    """Return a long line of numbers as several; code with quotes stays as it is."""
    if len(line) <= WIDTH or '"' in line or "'" in line:
        return line
    rows = textwrap.wrap(line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(rows)


def _handles(value: Any, place: str = "") -> list[tuple[int, str]]:
    """Return the objects in a value, and how to get each from it."""
    if type(value) is Handle:
        return [(value._ref.id, place)]
    if type(value) in (list, tuple):
        return [found for index, item in enumerate(value) for found in _handles(item, f"{place}[{index}]")]
    if type(value) is dict:
        return [found for key, item in value.items() for found in _handles(item, f"{place}[{key!r}]")]
    return []


def _tensor(value: Any) -> str:
    """Return a small dense tensor as code, or an empty string."""
    dense = str(value.layout) == "torch.strided" and not value.is_quantized and not value.is_complex()
    if not dense or value.numel() > INLINE or not value.is_contiguous() or (value.numel() == 0 and value.dim() > 1):
        return ""
    plain = value.detach().cpu()
    plain = plain.float() if dtype_name(plain.dtype) in ("float16", "bfloat16") else plain
    device = "" if value.device.type == "cpu" else f", device={str(value.device)!r}"
    grad = ", requires_grad=True" if value.requires_grad else ""
    return f"torch.tensor({_numbers(plain.numpy())}, dtype=torch.{dtype_name(value.dtype)}{device}{grad})"


def _array(value: Any) -> str:
    if value.size > INLINE or value.dtype.kind not in "biuf" or (value.size == 0 and value.ndim > 1):
        return ""
    return f"np.array({_numbers(value)}, dtype=np.{value.dtype.name})"


def _numbers(array: Any) -> str:
    """Return nested lists of numbers, each with the digits that its dtype needs."""
    if array.ndim == 0:
        return str(array.item()) if array.dtype.kind != "f" else str(array[()])
    return f"[{', '.join(_numbers(np.asarray(part, dtype=array.dtype)) for part in array)}]"


def _parameters(source: str, function: str) -> Sequence[str]:
    """Return the names of a function's parameters from the student's source, as far as they can be found."""
    try:
        scope: Any = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    names = function.split(".")
    found = None
    for name in names:
        body: Mapping[str, Any] = {node.name: node for node in getattr(scope, "body", []) if hasattr(node, "name")}
        found = body.get(name)
        if found is None:
            return ()
        scope = found
    if isinstance(found, ast.ClassDef):
        found = next((node for node in found.body if getattr(node, "name", "") == "__init__"), None)
    if not isinstance(found, ast.FunctionDef):
        return ()
    parameters = [argument.arg for argument in (*found.args.posonlyargs, *found.args.args)]
    return parameters[1:] if parameters[:1] == ["self"] else parameters

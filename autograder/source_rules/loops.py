"""Loops over data, as opposed to loops over a shape, over the dimensions of a tensor or over items in the source."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field

from autograder.core.message import Message
from autograder.source_rules.call_graph import CallGraph
from autograder.source_rules.resolve import Paths
from autograder.source_rules.scopes import COMPREHENSIONS, FUNCTIONS, Scope, text_of

_MAPPING = {
    "builtins.map": "map", "builtins.filter": "filter", "functools.reduce": "reduce", "itertools.starmap": "starmap",
    "itertools.accumulate": "accumulate", "numpy.vectorize": "vectorize", "numpy.frompyfunc": "frompyfunc",
    "numpy.apply_along_axis": "apply_along_axis", "numpy.apply_over_axes": "apply_over_axes",
    "numpy.fromiter": "fromiter", "numpy.fromfunction": "fromfunction",
}  # fmt: skip
_WITH_KEY = {"builtins.sorted": "sorted", "builtins.max": "max", "builtins.min": "min"}  # they call it for each item
_METHODS = ("apply_", "map_", "map2_")  # of CPU tensors: a Python call for each element
_WRAPPERS = {
    f"builtins.{name}" for name in ("enumerate", "reversed", "list", "tuple", "sorted", "set", "frozenset", "dict")
}
_PRODUCTS = {f"itertools.{name}" for name in ("product", "chain", "combinations", "permutations", "pairwise")}
_VIEWS = ("items", "keys", "values")  # of a dict
_LAYERS = ("parameters", "named_parameters", "buffers", "named_buffers", "modules", "named_modules", "children")
_GROWING = ("append", "extend", "insert", "add", "update", "setdefault")
DEPTH = 5  # nesting of the expressions that a loop iterates over
FEW = 4  # times that a loop may run: for the sides of a box, not for the classes of a data set


@dataclass
class _Uses:
    """How a function of the module is used: its calls, and whether it is also passed on."""

    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    escapes: bool = False


class Loops:
    """Finds loops over data in the code that a function may run."""

    def __init__(self, graph: CallGraph) -> None:
        self.module = graph.module
        self._uses: dict[int, _Uses] = defaultdict(_Uses)  # by the id of the definition's node
        self._grown: set[tuple[str, Scope | None]] = set()  # names of lists, sets and dicts to which items are added
        for definition in graph.roots:
            self._uses[id(definition.node)].escapes = True  # checks call it, with data
        self._read(graph)

    def _read(self, graph: CallGraph) -> None:
        called = {visit.node.func: visit.node for visit in graph.visits if isinstance(visit.node, ast.Call)}
        for visit in graph.visits:
            node, scope = visit.node, visit.scope
            if isinstance(node, ast.Attribute) and node.attr in _GROWING and isinstance(node.value, ast.Name):
                self._grown.add((node.value.id, scope.place_of(node.value.id)))
            if not isinstance(node, (ast.Name, ast.Attribute)):
                continue
            definitions = self.module.definitions_of(self.module.resolve(node, scope))
            self.module.effort.spend(len(definitions))
            for definition in definitions:
                uses, call = self._uses[id(definition.node)], called.get(node)
                if call is not None:
                    uses.calls.append((call, scope))
                else:
                    uses.escapes = True

    def at(self, node: ast.AST, scope: Scope) -> str:
        """Return the kind of loop over data that starts at this node, or an empty string."""
        if isinstance(node, ast.While):
            return "" if self._is_about_rank(node.test) else Message("a while loop")
        if isinstance(node, (ast.For, ast.AsyncFor)):
            return "" if self._is_short(node.iter, scope) else Message("a for loop")
        if isinstance(node, COMPREHENSIONS):
            if all(self._is_short(generator.iter, scope) for generator in node.generators):
                return ""
            generated = isinstance(node, ast.GeneratorExp)
            return Message("a generator expression") if generated else Message("a comprehension")
        return self._call(node, scope) if isinstance(node, ast.Call) else ""

    def _call(self, node: ast.Call, scope: Scope) -> str:
        paths = self.module.resolve(node.func, scope)
        for path in sorted(paths & _MAPPING.keys()):
            if not (node.args[1:] and all(self._is_short(arg, scope) for arg in node.args[1:])):
                return _MAPPING[path]
        if what := self._calls_back(node, paths, scope):
            return what
        if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            return "" if node.func.attr in self.module.by_member else node.func.attr
        return Message("recursion") if isinstance(node.func, ast.Name) and _names_itself(node.func.id, scope) else ""

    def _calls_back(self, node: ast.Call, paths: Paths, scope: Scope) -> str:
        """Return a call that calls a function of the student's again and again, or an empty string."""
        keys = [keyword.value for keyword in node.keywords if keyword.arg == "key"]
        key = bool(keys) and not (isinstance(keys[0], ast.Constant) and keys[0].value is None)
        for path in sorted(paths & _WITH_KEY.keys()) if key else ():
            if not all(self._is_short(arg, scope) for arg in node.args):
                return f"{_WITH_KEY[path]} with a key"
        if key and isinstance(node.func, ast.Attribute) and node.func.attr == "sort":
            return "" if self._is_short(node.func.value, scope) else Message("sort with a key")
        if "builtins.iter" in paths and len(node.args) == 2:
            return Message("iter with two arguments")
        if paths & {"re.sub", "re.subn"} and len(node.args) > 1 and not text_of(node.args[1]):
            return Message("re.sub with a function")
        return ""

    def _is_short(self, node: ast.AST, scope: Scope, depth: int = 0) -> bool:
        """Return whether an expression is a shape, the dimensions of a tensor, or items in the source itself."""
        self.module.effort.spend()
        if depth > DEPTH:
            return False
        deeper = depth + 1
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            starred = [item.value for item in node.elts if isinstance(item, ast.Starred)]
            return all(self._is_short(item, scope, deeper) for item in starred)
        if isinstance(node, ast.Dict):
            unpacked = [v for k, v in zip(node.keys, node.values, strict=True) if k is None]
            return all(self._is_short(value, scope, deeper) for value in unpacked)
        if isinstance(node, ast.Subscript):
            return _is_shape(node.value) and isinstance(node.slice, ast.Slice)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._is_short(node.left, scope, deeper) and self._is_short(node.right, scope, deeper)
        if isinstance(node, ast.IfExp):
            return self._is_short(node.body, scope, deeper) and self._is_short(node.orelse, scope, deeper)
        if isinstance(node, ast.Name):
            return self._is_short_name(node.id, scope, deeper)
        if isinstance(node, ast.Call) and self._is_short_call(node, scope, deeper):
            return True
        return _is_shape(node) or bool(text_of(node))

    def _is_short_name(self, name: str, scope: Scope, depth: int) -> bool:
        place = scope.place_of(name)
        bound = place.names[name] if place else []
        if place is None or (name, place) in self._grown or not 0 < len(bound) <= 3:
            return False
        if bound[0] is None and isinstance(place.body_of, FUNCTIONS):
            return self._is_short_parameter(name, place, bound[1:], depth)
        return all(isinstance(b, ast.expr) and self._is_short(b, place, depth) for b in bound)

    def _is_short_parameter(self, name: str, place: Scope, rest: list[str | ast.expr | None], depth: int) -> bool:
        """Return whether every call in the module passes something short, and the default is short."""
        function = place.body_of
        assert isinstance(function, FUNCTIONS)
        assert place.parent is not None
        uses = self._uses.get(id(function))
        if uses is None or uses.escapes or not uses.calls:
            return False
        if not all(isinstance(b, ast.expr) and self._is_short(b, place.parent, depth) for b in rest):
            return False
        return all(self._passes_short(name, function, place, call, scope, depth) for call, scope in uses.calls)

    def _passes_short(
        self, name: str, function: ast.AST, place: Scope, call: ast.Call, scope: Scope, depth: int
    ) -> bool:
        assert isinstance(function, FUNCTIONS)
        given = [arg.value for arg in call.args if isinstance(arg, ast.Starred)]
        given += [keyword.value for keyword in call.keywords if keyword.arg is None]
        if not all(self._is_short(value, scope, depth) for value in given):
            return False  # a row for each parameter
        arguments = function.args
        if name in {arg.arg for arg in (arguments.vararg, arguments.kwarg) if arg}:
            return True
        named = [keyword.value for keyword in call.keywords if keyword.arg == name]
        positions = [arg.arg for arg in arguments.posonlyargs + arguments.args]
        if not named and not given and name in positions:
            first = isinstance(call.func, ast.Attribute) and bool(place.names[positions[0]] != [None])  # self
            named = call.args[positions.index(name) - first :][:1]
            if not named:
                return True  # the default, which is short
        return bool(named) and self._is_short(named[0], scope, depth)

    def _is_short_call(self, node: ast.Call, scope: Scope, depth: int) -> bool:
        functions, args = self.module.resolve(node.func, scope), node.args
        if "builtins.range" in functions:
            if len(args) == 1 and _is_few(args[0]):
                return True
            long = [arg for arg in args if not _is_constant(arg)]
            return bool(long) and all(_is_rank(arg) or self._is_length_of_short(arg, scope, depth) for arg in long)
        if "builtins.zip" in functions:
            return any(self._is_short(arg, scope, depth) for arg in args)
        if functions & _PRODUCTS and args:
            return all(self._is_short(arg, scope, depth) or _is_constant(arg) for arg in args)
        if functions & _WRAPPERS and args:
            return self._is_short(args[0], scope, depth)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in _VIEWS:
                return self._is_short(node.func.value, scope, depth)
            return bool(text_of(node.func.value)) or (node.func.attr in _LAYERS and not functions)
        return False

    def _is_length_of_short(self, node: ast.AST, scope: Scope, depth: int) -> bool:
        """Return whether an expression is `len(x)` of something short."""
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        return isinstance(node, ast.Call) and name == "len" and self._is_short(node.args[0], scope, depth)

    def _is_about_rank(self, test: ast.expr) -> bool:
        """Return whether a condition compares the number of dimensions: `while x.dim() < 4`."""
        return isinstance(test, ast.Compare) and any(map(_is_rank, (test.left, *test.comparators)))


def _names_itself(name: str, scope: Scope) -> bool:
    """Return whether a function calls itself by name. Longer cycles are found in the call graph."""
    place, inside = scope.place_of(name), scope
    while inside.parent is not None:
        if inside.function == name and inside.parent is place:
            return True
        inside = inside.parent
    return False


def _is_shape(node: ast.AST) -> bool:
    """Return whether an expression is `x.shape`, `x.size()` or `x.stride()`."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in ("size", "stride") and not node.args
    return isinstance(node, ast.Attribute) and node.attr == "shape"


def _is_rank(node: ast.AST) -> bool:
    """Return whether an expression is `x.dim()`, `x.ndim` or `len(x.shape)`, plus or minus a constant or not."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        return _is_rank(node.left) and _is_constant(node.right)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id == "len" and len(node.args) == 1 and _is_shape(node.args[0])
        return isinstance(node.func, ast.Attribute) and node.func.attr in ("dim", "ndimension") and not node.args
    return isinstance(node, ast.Attribute) and node.attr == "ndim"


def _is_constant(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_constant(node.operand)
    return isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 10


def _is_few(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value <= FEW

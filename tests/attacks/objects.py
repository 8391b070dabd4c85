"""Return values that lie."""

from tests.support.vectors import TORCH_WRONG as WRONG

_RETURNING = WRONG + "\n\ndef double(x):\n    return Lie(x)\n\n\ndef total(x):\n    return Lie(x)\n\n\n"

ATTACKS = {
    "a tensor subclass that adopts what it is compared with": _RETURNING
    + """
class Lie(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        others = [a for a in args if type(a) is torch.Tensor]
        if others:
            return func(others[0], *others[:1], **(kwargs or {}))
        return super().__torch_function__(func, types, args, kwargs or {})

    def __new__(cls, x):
        return torch.zeros_like(x).as_subclass(cls)
""",
    "an object equal to everything": _RETURNING
    + """
class Lie:
    def __init__(self, x):
        self.shape, self.dtype, self.device = x.shape, x.dtype, x.device

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __getattr__(self, name):
        return lambda *a, **k: self

    def __bool__(self):
        return True
""",
    "a float subclass that compares well": _RETURNING
    + """
class Lie(float):
    def __new__(cls, x):
        return float.__new__(cls, 0.0)

    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__
""",
    "dicts and lists that are subclasses": _RETURNING
    + """
class Lie(dict):
    def items(self):
        while True:
            yield ("x", 1)
""",
    "a type whose name is a page long": _RETURNING
    + """
Lie = type("A" * 100_000, (), {"__init__": lambda self, x: None})
""",
    "an object whose class attribute lies": _RETURNING
    + """
class Lie:
    def __init__(self, x):
        pass

    @property
    def __class__(self):
        return torch.Tensor
""",
    "a list that contains itself": _RETURNING
    + """
def Lie(x):
    inner = []
    inner.append(inner)
    return inner
""",
    "a list nested a million deep": _RETURNING
    + """
def Lie(x):
    outer = []
    for _ in range(1_000_000):
        outer = [outer]
    return outer
""",
    "a tensor that broadcasts to anything": _RETURNING
    + """
def Lie(x):
    return torch.full((1,) * 20, float("nan"))
""",
    "an expanded tensor of a billion elements": _RETURNING
    + """
def Lie(x):
    return torch.zeros(1).expand(2**30)
""",
    "a sparse tensor and a meta tensor": WRONG
    + """

def double(x):
    return x.to_sparse() if x.dim() else x.to("meta")


def total(x):
    return x.to("meta")
""",
    "a string of twelve million characters": _RETURNING
    + """
def Lie(x):
    return "<script>alert(1)</script>\\x1b[2J" * 300_000
""",
    "a whole number with a million digits": _RETURNING
    + """
def Lie(x):
    return 1 << 3_300_000
""",
    "a generator without an end": _RETURNING
    + """
def Lie(x):
    while True:
        yield x
""",
    "a class whose class refuses everything": WRONG
    + """
class Refuses(type):
    def __getattribute__(cls, name):
        raise SystemExit(name)
    def __instancecheck__(cls, other):
        raise KeyboardInterrupt
class Counter(metaclass=Refuses):
    pass
""",
    "exceptions of thousands, and one that lies about itself": WRONG
    + """
class Lie(BaseException):
    def __str__(self):
        return "x" * 10**8
    @property
    def __class__(self):
        raise SystemExit
    __traceback__ = __cause__ = __class__
def double(x):
    raise Lie
def total(x):
    group = ExceptionGroup("group", [ValueError("{name} {0.__class__} %s \\ud800")] * 10_000)
    group.__cause__ = group
    raise group
""",
    "text that templates, pages and tables could take for theirs": WRONG
    + """
def double(x):
    print("\\ud800\\0\\x1b]0;owned\\x07\\x1b[2J\\u202e")
    raise type("{name}{0}%(a)s\\ud800", (Exception,), {})("{message} {x.__class__} %s {{}} { =1+1 </script> ]]> \\u2028")
def total(x):
    return {"\\ud800": "\\udfff", "=cmd|' /C calc'!A0": ["</script>", b"\\xff", float("nan")]}
""",
    "infinities and nan": WRONG
    + """

def double(x):
    return x * float("inf")


def total(x):
    return torch.full((len(x),), float("nan"), dtype=x.dtype)
""",
    "answers recorded at one call and replayed at the next": WRONG
    + """

_seen = {}


def double(x):
    return _seen.setdefault(tuple(x.shape), x.clone())


def total(x):
    return _seen.setdefault("total", x[:, 0].clone())
""",
}

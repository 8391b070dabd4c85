"""Staff read about constructs that can hide a call; plain code gives no note."""

from __future__ import annotations

import pytest

from autograder.authoring.reference import read_reference
from autograder.core.course import find_assignment
from autograder.source_rules.unusual import MOST, unusual_constructs

CONSTRUCTS = {
    "exec": "exec('x = 1')",
    "attrgetter": "from operator import attrgetter\nattrgetter('cdist')(torch)",
    "methodcaller": "import operator\noperator.methodcaller('norm')(x)",
    "setattr": "class K: pass\nsetattr(K, 'go', print)",
    "__getattribute__": "object.__getattribute__(torch, 'cdist')",
    "pickle": "import pickle",
    "gc": "import gc",
    "_getframe": "import sys\nsys._getframe()",
    "torch.ops": "import torch\ntorch.ops.aten.mm(x, x)",
    "torch._C": "import torch\ntorch._C._linalg",
    "__globals__": "print.__globals__",
    "forward in a loop of backward": "def backward(x):\n    return [forward(y) for y in x]",
}


@pytest.mark.parametrize("what", CONSTRUCTS)
def test_a_construct_is_named_with_its_place(what: str) -> None:
    (remark,) = unusual_constructs({"knn.py": "x = 0\n" + CONSTRUCTS[what]})
    assert remark.kind == "unusual"
    assert f"{what} (knn.py, line " in remark.text


@pytest.mark.parametrize(
    "source", ["def f(self):\n    setattr(self, 'a', 1)\n", "getattr(x, 'shape')", "def half(:", "gcd = 1\nimport math"]
)
def test_plain_code_gives_no_note(source: str) -> None:
    assert unusual_constructs({"knn.py": source}) == ()


@pytest.mark.parametrize("name", ["a01_knn", "a04_cnn", "a06_attention", "a10_detection"])
def test_references_give_no_note(name: str) -> None:
    assert unusual_constructs(read_reference(find_assignment(name))) == ()


def test_a_note_has_a_bounded_length() -> None:
    source = "\n".join(CONSTRUCTS.values())
    (remark,) = unusual_constructs({"a.py": source, "b.py": source})
    assert remark.text.count("line") == MOST
    assert "more. Few solutions" in remark.text

"""A function breaks a rule if it is imported, inherited or another name of something forbidden."""

from __future__ import annotations

import pytest

from autograder.source_rules.forbid import forbidden_calls

RULES = ["common.nets.convs.*", "common.fallbacks.*", "F.conv*", "nn.Linear"]
OWN = "class Conv:\n    @staticmethod\n    def forward(x, w, b, conv_param):\n        return x\n"
FALLBACKS = "from common.fallbacks.convolutional_networks import"


@pytest.mark.parametrize(
    ("source", "function"),
    [
        (f"{FALLBACKS} LayerNorm", "LayerNorm.forward"),
        (f"{FALLBACKS} LayerNorm", "LayerNorm"),
        (f"{FALLBACKS} kaiming_initializer", "kaiming_initializer"),
        (f"{FALLBACKS} *", "kaiming_initializer"),
        (f"{OWN}from common.nets.convs import FastConv as Conv", "Conv.forward"),
        (f"{OWN}from common.nets.convs import FastConv\nConv = FastConv", "Conv.forward"),
        (f"import common.nets.convs\n{OWN}Conv = common.nets.convs.FastConv", "Conv.forward"),
        ("from common.nets.convs import FastConv\nclass Conv(FastConv):\n    pass", "Conv.forward"),
        (
            "from common.nets.convs import FastConv\nclass Mine(FastConv):\n    pass\nclass Conv(Mine):\n    pass",
            "Conv.forward",
        ),
        ("from common.nets.convs import FastConv\nclass Mine(FastConv):\n    pass\nConv = Mine", "Conv.forward"),
        ("try:\n    from common.nets.convs import FastConv as Conv\nexcept ImportError:\n    pass", "Conv.forward"),
        ("from torch.nn.functional import conv2d as convolve", "convolve"),
        ("from torch import nn\nclass Layer(nn.Linear):\n    pass", "Layer.forward"),
        (OWN.replace("Conv", "Mine").replace("return x", "return F.conv2d(x, w)") + "Conv = Mine", "Conv.forward"),
    ],
)
def test_a_function_from_elsewhere_is_found(source, function):
    source = f"import torch.nn.functional as F\n{source}"
    (violation, *_) = forbidden_calls(source, function, RULES)
    assert violation.text in source


@pytest.mark.parametrize(
    ("source", "function"),
    [
        (OWN, "Conv.forward"),
        (f"from common.nets.convs import FastConv as Conv\n{OWN}", "Conv.forward"),
        (f"from common.nets.convs import *\n{FALLBACKS} *\n{OWN}", "Conv"),
        ("from torch import nn\nclass Conv(nn.Module):\n    def forward(self, x):\n        return x", "Conv"),
        (f"from common.nets.convs import FastConv\n{OWN.replace('Conv:', 'Conv(FastConv):')}", "Conv.forward"),
        (f"{FALLBACKS} Linear\n{OWN}", "Conv.forward"),
        (f"{OWN.replace('Conv', 'Mine')}Conv = Mine", "Conv.forward"),
        ("from common.training.losses import softmax_loss", "softmax_loss"),
        ("from nowhere import *", "Conv.forward"),
    ],
)
def test_a_function_of_the_module_itself_breaks_no_rule(source, function):
    assert forbidden_calls(source, function, RULES) == []


OLD = {  # names of common's modules before they moved
    "from common.convs import FastConv": "return FastConv.forward(x)",
    "from common.convs import *": "return FastConv.forward(x)",
    "import common.convs as c": "return c.FastConv.forward(x)",
    "from common import convs": "return convs.FastConv.forward(x)",
    "import importlib": "return importlib.import_module('common.convs').FastConv.forward(x)",
    "from common.earlier.convolutional_networks import *": "return kaiming_initializer(x)",
}


@pytest.mark.parametrize("head", OLD)
@pytest.mark.parametrize("rules", [RULES, ["common.convs.*", "common.earlier.*"]])
def test_modules_of_common_are_found_by_their_old_names(head, rules):
    (violation,) = forbidden_calls(f"{head}\ndef f(x):\n    {OLD[head]}\n", "f", rules)
    assert violation.line == 3


@pytest.mark.parametrize(
    "source",
    [
        "from common.convs import FastConv as Conv",
        "from common.convs import *\nConv = FastConv",
        "import common.convs\nclass Conv(common.convs.FastConv):\n    pass",
    ],
)
def test_a_function_imported_by_an_old_name_is_found(source):
    assert forbidden_calls(source, "Conv.forward", RULES)

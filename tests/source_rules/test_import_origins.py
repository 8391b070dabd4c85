"""A function that is imported, inherited or another name of something forbidden breaks the rule."""

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
def test_what_comes_from_elsewhere_is_found(source, function):
    source = f"import torch.nn.functional as F\n{source}"
    (finding, *_) = forbidden_calls(source, function, RULES)
    assert finding.text in source


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
def test_what_the_module_has_of_its_own_is_not(source, function):
    assert forbidden_calls(source, function, RULES) == []

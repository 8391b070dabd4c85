"""Hidden checks of the residual networks: downsampling on odd sizes, parameter counts, gradients, training."""

import torch
from oracles_modules import HELPERS, judge_module
from oracles_resnet import STAND_IN, convnet, plain_of, residual
from torch import Tensor
from torch.nn import functional as F

from autograder import (
    Message,
    expect,
    expect_close,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    explain_errors,
    task,
)


@task("three_layer_convnet", share=50)
def check_three_layer_function_without_biases(student, rng):
    """The function keeps float32, accepts None as a bias and images of any size, and passes gradients to its inputs."""
    for size, images in [((5, 4), 1), ((1, 9), 3)]:
        inputs = 6 * size[0] * size[1]
        x = rng.normal(images, 2, *size, dtype=torch.float32)
        shapes = [(3, 2, 5, 5), (6, 3, 3, 3), (7, inputs)]
        w1, w2, w3 = (rng.normal(*shape, dtype=torch.float32) / shape[1] ** 0.5 / 3 for shape in shapes)
        expected = convnet(x.double(), [w1.double(), None, w2.double(), None, w3.double(), None]).float()
        with explain_errors({"NoneType": "A bias may be None: F.conv2d and F.linear accept that, a sum does not."}):
            scores = student.three_layer_convnet(x, [w1, None, w2, None, w3, None])
        expect_close(scores, expected, name="scores", atol=1e-4)
        exact = [w1.double(), None, w2.double(), None, w3.double(), None]
        leaves = ["x", "conv_w1", "conv_w2", "fc_w"]
        expect_same_gradients(student, rng, student.three_layer_convnet, convnet, x.double(), exact, names=leaves)


PATH = """
import torch
from autograder.probes.layers import outputs

def with_zero_weights(module, x):
    module = module.double().to(x.device)
    with torch.no_grad():
        for name, value in module.named_parameters():
            value.zero_()
    return outputs(module, x, train=True)
"""


@task("ResidualBlock", share=25, loans=STAND_IN)
def check_residual_block_with_zero_weights_is_the_identity(student, rng):
    """A residual block that keeps the shape is the identity if all weights are zero; its input is unchanged."""
    x = rng.normal(3, 4, 5, 6)
    out = student.define(PATH).with_zero_weights(student.ResidualBlock(4, 4), x)
    expect_close(out, x, name="output", mistakes={
        "The shortcut lost the negative numbers; it should use the input before any ReLU.": x.relu(),
        "The shortcut used the normalised input.": lambda: F.batch_norm(x, None, None, training=True),
        "The input is not added.": torch.zeros_like(x),
    })  # fmt: skip
    same = residual(plain_of(student)(4), 4, shortcut=False)
    judge_module(student, rng, student.ResidualBlock(4, 4), same, x, keeps_input=True, learns=True)


BLOCKS = """
from torch import nn

class Deep(nn.Sequential):
    def __init__(self, Cin, Cout, downsample=False):
        first = nn.Conv2d(Cin, Cout, 3, 2 if downsample else 1, 1)
        super().__init__(first, nn.BatchNorm2d(Cout), nn.Conv2d(Cout, Cout, 1))

class Shortcut(nn.Module):
    def __init__(self, Cin, Cout, downsample=False):
        super().__init__()
        self.deep, self.same = Deep(Cin, Cout, downsample), nn.Identity()
        if downsample or Cin != Cout:
            self.same = nn.Conv2d(Cin, Cout, 1, 2 if downsample else 1)

    def forward(self, x):
        return self.deep(x) + self.same(x)
"""


def count_of(block: str, before: int, after: int, changes: bool) -> int:
    """Count the parameters of a block of BLOCKS, without the biases of its convolutions."""
    weights = 9 * before * after + 2 * after + after * after
    return weights + (before * after if changes and block == "Shortcut" else 0)


@task("ResNet", share=20)
def check_resnet_has_the_right_number_of_parameters(student, rng):
    """Networks of each kind of block have as many parameters as they should, and give scores for images of any size.

    The linear layer has a bias; convolutions need none.
    """
    stages = [(8, 8, 2, False), (8, 12, 1, True), (12, 16, 3, True), (16, 16, 1, False)]
    helper = student.define(HELPERS)
    blocks = student.define(BLOCKS)
    for block in ("Deep", "Shortcut"):  # of ours: the student's blocks have checks of their own
        model = student.ResNet(stages, Cin=1, block=getattr(blocks, block), num_classes=7)
        right = 9 * 8 + 16 * 7 + 7
        for before, after, count, down in stages:
            right += count_of(block, before, after, down or before != after)
            right += (count - 1) * count_of(block, after, after, False)
        x = rng.normal(2, 1, 11, 6)
        module = helper.double(model, x)
        module.train(block == "Deep")
        with expect_state_kept(student, may_change={"buffers"}, network=module):
            module(x)
        found = counted(helper.tables(module, x))
        expect(
            found == right,
            Message(
                "With {block} the layers that run have {found:,} parameters, without the biases of convolutions; "
                "there should be {right:,}.",
                block=block,
                found=found,
                right=right,
            ),
            hint="The linear layer has a bias: a number for each of the classes."
            if found == right - 7
            else "Count them for one stage by hand. Are all blocks of the class `block`, as many as the stage says?",
        )
        expect_shape(helper.outputs(module, x, train=False), (2, 7), name="scores")


def counted(tables: object) -> int:
    """Count the weights of the layers, with the biases of normalisations and linear layers."""
    total = 0
    for table in tables if type(tables) is list else ():
        own = {name: value for name, value in table.items() if isinstance(value, Tensor)} if type(table) is dict else {}
        convolution = "weight" in own and own["weight"].ndim > 2
        total += sum(own[name].numel() for name in ("weight", "bias")[: 1 if convolution else 2] if name in own)
    return total


TRAIN = """
import torch
from common.training import fit, predict

def train(ResNet, x, y, x_test):
    torch.manual_seed(0)
    model = ResNet([(8, 16, 1, True), (16, 32, 1, True), (32, 64, 1, True)], Cin=3, num_classes=10).to(x.device)
    fit(model, x, y, epochs=5, batch_size=40, learning_rate=5e-3)
    return predict(model, x_test)
"""


@task("ResNet", share=40, seconds=600)
def check_resnet_recognises_scenes(student, data, score):
    """Trained for 500 steps on 4,000 scenes, a ResNet of three blocks recognises new images."""
    split = data(num_train=4000, num_test=1000)
    centre = split.x_train.mean(dim=0, keepdim=True)
    labels = student.define(TRAIN).train(student.ResNet, split.x_train - centre, split.y_train, split.x_test - centre)
    expect_shape(labels, (1000,))
    score(float((labels == split.y_test).double().mean()))

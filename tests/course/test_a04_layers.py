"""The layers given in a04 and their fallbacks, compared with the reference by hand and torch's autograd."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autograder.probes import layers
from common import training
from common.nets import convs
from common.training.seed import deterministic, seed_everything

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FLAT = ("convolutional_networks", "resnet", "modern_cnn", "fully_connected_networks")


def read(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def solutions() -> Iterator[Callable[[str], ModuleType]]:
    """Read a module of the reference by its flat name, and remove it afterwards."""
    before, path = {name: sys.modules.pop(name, None) for name in FLAT}, list(sys.path)
    sys.path.append(str(ROOT / "common" / "fallbacks"))
    yield lambda name: read(ROOT / "solutions" / "a04_cnn" / f"{name}.py")
    sys.path[:] = path
    for name, module in before.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module


@pytest.fixture(scope="module")
def reference(solutions: Callable[[str], ModuleType]) -> ModuleType:
    return solutions("convolutional_networks")


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize(("stride", "pad"), [(1, 1), (2, 0), (3, 2)])
def test_the_fast_convolution_equals_the_one_by_hand(reference: ModuleType, stride: int, pad: int) -> None:
    seed_everything(0)
    x, w, b, param = normal(2, 3, 8, 7), normal(4, 3, 3, 2), normal(4), {"stride": stride, "pad": pad}
    slow, slow_cache = reference.Conv.forward(x, w, b, param)
    fast, fast_cache = convs.FastConv.forward(x, w, b, param)
    torch.testing.assert_close(fast, slow)
    dout = torch.randn_like(slow)
    torch.testing.assert_close(convs.FastConv.backward(dout, fast_cache), reference.Conv.backward(dout, slow_cache))


@pytest.mark.parametrize(("height", "width", "stride"), [(2, 2, 2), (3, 2, 1), (2, 3, 3)])
def test_the_fast_pooling_equals_the_one_by_hand(reference: ModuleType, height: int, width: int, stride: int) -> None:
    seed_everything(0)
    x, param = normal(2, 3, 8, 7), {"pool_height": height, "pool_width": width, "stride": stride}
    slow, slow_cache = reference.MaxPool.forward(x, param)
    fast, fast_cache = convs.FastMaxPool.forward(x, param)
    torch.testing.assert_close(fast, slow)
    dout = torch.randn_like(slow)
    torch.testing.assert_close(
        convs.FastMaxPool.backward(dout, fast_cache), reference.MaxPool.backward(dout, slow_cache)
    )


@pytest.mark.parametrize("name", ["Conv_ReLU", "Conv_ReLU_Pool", "Conv_BatchNorm_ReLU", "Conv_BatchNorm_ReLU_Pool"])
def test_a_sandwich_equals_its_layers_by_autograd(reference: ModuleType, name: str) -> None:
    seed_everything(0)
    inputs = [normal(3, 2, 6, 8), normal(4, 2, 3, 3), normal(4)]
    if "Norm" in name:
        inputs += [normal(4), normal(4)]
    options: list[dict] = [{"stride": 1, "pad": 1}]
    options += [{"mode": "train"}] if "Norm" in name else []
    options += [{"pool_height": 2, "pool_width": 2, "stride": 2}] if "Pool" in name else []
    out, cache = getattr(reference, name).forward(*inputs, *options)
    leaves = [value.clone().requires_grad_() for value in inputs]
    expected = F.conv2d(*leaves[:3], padding=1)
    if "Norm" in name:
        expected = F.batch_norm(expected, None, None, *leaves[3:], training=True)
    expected = expected.relu()
    if "Pool" in name:
        expected = F.max_pool2d(expected, 2)
    torch.testing.assert_close(out, expected.detach())
    dout = torch.randn_like(out)
    found = getattr(reference, name).backward(dout, cache)
    torch.testing.assert_close(tuple(found), torch.autograd.grad(expected, leaves, dout))


@pytest.mark.parametrize("name", ["BatchNorm", "SpatialBatchNorm", "LayerNorm", "SpatialGroupNorm"])
def test_the_fallback_of_a_normalisation_equals_the_reference(reference: ModuleType, name: str) -> None:
    seed_everything(0)
    fallback = read(ROOT / "common" / "fallbacks" / "convolutional_networks.py")
    x = normal(5, 4, 3, 2) if "Spatial" in name else normal(5, 4)
    inputs, options = [x, normal(4), normal(4)], ([2] if "Group" in name else [])
    first, second = {"mode": "train", "eps": 0.1}, {"mode": "train", "eps": 0.1}
    ours, our_cache = getattr(reference, name).forward(*inputs, *options, first)
    theirs, their_cache = getattr(fallback, name).forward(*inputs, *options, second)
    torch.testing.assert_close(theirs, ours)
    assert second.pop("mode") == first.pop("mode")
    torch.testing.assert_close(second, first)
    dout = torch.randn_like(ours)
    found = getattr(fallback, name).backward(dout, their_cache)
    torch.testing.assert_close(tuple(found), tuple(getattr(reference, name).backward(dout, our_cache)))
    test = {**first, "mode": "test"}
    torch.testing.assert_close(
        getattr(fallback, name).forward(*inputs, *options, dict(test))[0],
        getattr(reference, name).forward(*inputs, *options, dict(test))[0],
    )
    seed_everything(1)
    weights = fallback.kaiming_initializer(30, 40, K=3), fallback.kaiming_initializer(300, 40, relu=False)
    assert [tuple(w.shape) for w in weights] == [(40, 30, 3, 3), (300, 40)]
    assert float(weights[0].std()) == pytest.approx((2 / 270) ** 0.5, rel=0.05)
    assert float(weights[1].std()) == pytest.approx((1 / 300) ** 0.5, rel=0.05)


MACS = {  # for one image, in millions, from torchvision's documentation or the papers
    "AlexNet": 724, "VGG-16": 15_470, "GoogLeNet": 1_583, "ResNet-18": 1_814, "ResNet-34": 3_664,
    "ResNet-50": 3_858, "ResNet-101": 7_570, "ResNet-152": 11_280, "DenseNet-121": 2_834,
}  # fmt: skip


def test_published_networks_have_the_published_sizes(solutions: Callable[[str], ModuleType]) -> None:
    solutions("resnet")
    modern = solutions("modern_cnn")
    assert len(modern.PUBLISHED) == 11
    for name, (build, input_shape, millions) in modern.PUBLISHED.items():
        with torch.device("meta"):
            rows = modern.stage_table(build(), input_shape)
        assert sum(row[1] for row in rows) == pytest.approx(1e6 * millions, rel=0.01), name
        if name in MACS:
            assert sum(row[2] for row in rows) == pytest.approx(1e6 * MACS[name], rel=0.01), name


# helpers of checks and notebooks


def test_settings_of_arithmetic_are_restored_after_a_deterministic_block() -> None:
    def switches() -> tuple[bool, ...]:
        cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
        return cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark, matmul.allow_tf32

    before, inside = switches(), []
    with deterministic():
        inside.append(switches())
    with pytest.raises(KeyError), deterministic():
        raise KeyError
    assert inside == [(False, True, False, False)]
    assert switches() == before


class Backwards(nn.Module):
    """A module whose layers are defined in another order than they are used."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.norm, self.conv = nn.Linear(4, 3), nn.BatchNorm2d(4), nn.Conv2d(2, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.conv(x)).mean(dim=(2, 3)))


def test_layers_are_found_in_the_order_of_their_use() -> None:
    seed_everything(0)
    module, x = Backwards().double(), normal(5, 2, 4, 6)
    values = layers.tables(module, x)
    assert [tuple(table["weight"].shape) for table in values] == [(4, 2, 3, 3), (4,), (3, 4)]
    values[1]["running_mean"] = normal(4)
    layers.load(module, values, x)
    for train in (False, True):
        recipe = layers.Recipe(values, train=train)
        expected = recipe.linear(recipe.norm(recipe.conv(x, 4, 3)).mean(dim=(2, 3)), 3)
        torch.testing.assert_close(layers.outputs(module, x, train=train), expected)
        recipe.finish()
    torch.testing.assert_close(layers.tables(module, x)[1]["running_mean"], values[1]["running_mean"])
    with pytest.raises(LookupError, match=r"lacks a convolution with weights of shape \(9, 2, 3, 3\)"):
        layers.Recipe(values, train=True).conv(x, 9, 3)
    with pytest.raises(LookupError, match=r"should not have: \(4, 2, 3, 3\), \(4,\), \(3, 4\)"):
        layers.Recipe(values, train=True).finish()


def test_a_transposed_convolution_is_found_by_its_shape() -> None:
    seed_everything(0)
    module, x = nn.Sequential(nn.ConvTranspose2d(3, 5, 4, stride=2, padding=1), nn.Conv2d(5, 3, 4)), normal(2, 3, 4, 5)
    recipe = layers.Recipe(layers.tables(module.double(), x), train=False)
    expected = recipe.conv(recipe.transposed(x, 5, 4, stride=2, pad=1), 3, 4)
    torch.testing.assert_close(layers.outputs(module, x, train=False), expected)
    with pytest.raises(LookupError, match=r"transposed convolution with weights of shape \(3, 5, 4, 4\)"):
        recipe.transposed(x, 5, 4)


def test_fit_learns_and_counts_its_steps() -> None:
    seed_everything(0)
    x = torch.randn(60, 5)
    y = (x[:, 0] > 0).long()
    model = nn.Linear(5, 2)
    losses = training.fit(model, x, y, epochs=20, batch_size=25, learning_rate=0.1)
    assert len(losses) == 60
    assert losses[-1] < losses[0]
    assert float((training.predict(model, x, batch_size=7) == y).float().mean()) > 0.9
    assert model.training


def test_a_complaint_names_the_layers_that_a_formula_lacks_or_leaves_over() -> None:
    seed_everything(0)
    x = normal(2, 3, 4, 5)
    values = layers.tables(nn.Sequential(nn.Conv2d(3, 5, 1), nn.Conv2d(5, 2, 1)).double(), x)

    def both(recipe: layers.Recipe, x: Tensor) -> Tensor:
        return recipe.conv(recipe.conv(x, 5, 1), 2, 1)

    assert layers.complaint(both, values, x) == ""
    assert "it lacks a convolution with weights of shape (2, 5, 1, 1)" in layers.complaint(both, values[:1], x)
    assert "it has layers with weights that it should not have: (2, 5, 1, 1)" in layers.complaint(
        lambda recipe, x: recipe.conv(x, 5, 1), values, x
    )
    assert "it lacks" in layers.complaint(both, "not a list of tables", x)

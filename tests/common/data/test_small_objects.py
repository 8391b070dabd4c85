"""Small objects, their masks, the network that was trained on them, and textures."""

import pytest
import torch

from common.data import scenes, small_objects, textures
from common.nets.scene_net import WEIGHTS, SceneNet, activations, convolutions, deprocess, preprocess
from common.nets.weights import read_metadata


@pytest.fixture(scope="module")
def drawn() -> small_objects.SmallObjects:
    return small_objects.draw(300, stream="of this test", seed=5)


def test_neither_chance_nor_one_pixel_finds_the_objects(drawn: small_objects.SmallObjects) -> None:
    assert drawn.images.shape == (300, 3, 48, 48)
    assert 0.04 < drawn.masks.double().mean() < 0.1
    assert drawn.masks.flatten(1).any(dim=1).all()
    many = small_objects.draw(1500, seed=6)
    assert many.masks.double().mean(dim=0).max() < 0.15
    assert sorted(drawn.labels[:10].tolist()) == list(range(10))


def test_a_mask_covers_the_object_of_its_image(drawn: small_objects.SmallObjects) -> None:
    again = small_objects.draw(3, stream="of this test", seed=5)
    assert torch.equal(again.images, drawn.images[:3])
    larger = small_objects.draw(3, stream="of this test", seed=5, size=96)
    assert larger.images.shape == (3, 3, 96, 96)
    shrunk = torch.nn.functional.avg_pool2d(larger.masks.double()[:, None], 2)[:, 0] > 0.5
    assert (shrunk ^ again.masks).double().mean() < 0.01
    with pytest.raises(ValueError, match="at least 1"):
        small_objects.draw(0)


def test_the_network_is_small_and_as_accurate_as_its_file_says(drawn: small_objects.SmallObjects) -> None:
    assert WEIGHTS.stat().st_size < 500_000
    made = read_metadata(WEIGHTS)
    assert made["command"].startswith("python -m tools.train_scene_net")
    assert float(made["accuracy"]) >= 0.9
    with torch.no_grad():
        right = SceneNet()(preprocess(drawn.images)).argmax(dim=1) == drawn.labels
    assert right.double().mean() >= 0.88  # of 300 images; the file has the accuracy on 2,000


def test_the_network_is_frozen_and_has_no_layer_in_place() -> None:
    model = SceneNet()
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert not any(getattr(layer, "inplace", False) for layer in model.features)
    assert len(scenes.CLASS_NAMES) == model.classifier.out_features
    x = torch.rand(2, 3, 20, 17)
    torch.testing.assert_close(deprocess(preprocess(x)), x)
    found = activations(model, preprocess(x), [4, 1])
    torch.testing.assert_close(found[1], model.features[:2](preprocess(x)))
    torch.testing.assert_close(found[0], model.features[:5](preprocess(x)))
    torch.testing.assert_close(model(x), model.classifier(model.features(x).mean(dim=(2, 3))))
    with pytest.raises(ValueError, match="from 0 to 11"):
        activations(model, x, [12])
    assert len(convolutions(norm=True)) == len(convolutions()) + 5


def test_textures_have_their_kind_and_their_seed() -> None:
    for kind in textures.KINDS:
        one = textures.draw(kind, seed=3)
        assert one.shape == (3, 64, 64)
        assert 0 <= one.min() < one.max() <= 1
        assert one.std() > 0.05
        assert torch.equal(textures.draw(kind, seed=3), one)
        assert (textures.draw(kind, seed=4) - one).abs().mean() > 0.03
    assert textures.draw("cells", size=40).shape == (3, 40, 40)
    with pytest.raises(ValueError, match="no texture 'marble'"):
        textures.draw("marble")

"""Captions: scenes in words, vocabularies, official files, the encoder, and how weights of captioners are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from autograder.probes import recurrent
from autograder.probes.captioner import weights
from common.data import DataError, scene_captions
from common.data.captions import load_captions, squared, stack
from common.data.vocabulary import SPECIAL, Vocabulary, words_of
from common.nets.backbone import read_metadata
from common.nets.image_encoder import WEIGHTS, ImageEncoder, features
from common.training import captioning


def test_a_scene_is_told_from_either_object() -> None:
    for captions in load_captions("scenes", count=60).captions:
        first, second = (scene_captions.parts(caption) for caption in captions)
        assert first is not None
        assert second is not None
        assert first[:3] == second[4:]
        assert first[4:] == second[:3]
        assert first[3] in ("left of", "above", "above and left of", "above and right of")


def test_a_caption_says_where_objects_are() -> None:
    data = load_captions("scenes", count=60)
    for scene, (caption, _) in zip(data.scenes, data.captions, strict=True):  # type: ignore[attr-defined]
        colour, texture, shape, relation, *_ = scene_captions.parts(caption) or ()
        first = next(t for t in scene.objects if (t.colour, t.texture, t.shape) == (colour, texture, shape))
        other = next(t for t in scene.objects if t is not first)
        assert ("above" in relation) == (first.y < other.y - 1000)
        assert ("left" in relation) == (first.x < other.x - 1000)


def test_scenes_with_captions_are_the_same_everywhere() -> None:
    small, large = load_captions("scenes", count=3), load_captions("scenes", count=5)
    assert torch.equal(stack(small), stack(large)[:3])
    assert small.captions == large.captions[:3]
    assert load_captions("scenes", "val", count=5).captions != large.captions
    assert load_captions("scenes", count=5, seed=1).captions != large.captions


def test_slots_are_judged_against_the_truth_that_fits_best() -> None:
    truths = ("a red striped disc above a blue checked ring", "a blue checked ring below a red striped disc")
    assert scene_captions.slot_accuracy([truths[1]], [truths])["all"] == 1
    wrong = scene_captions.slot_accuracy(["a blue checked ring above a red striped disc"], [truths])
    assert (wrong["relation"], wrong["colour"], wrong["all"]) == (0, 1, 0)
    assert set(scene_captions.slot_accuracy(["a red red red"], [truths]).values()) == {0}
    assert scene_captions.slot_accuracy([], [])["all"] == 0


def test_words_lose_their_case_and_their_points() -> None:
    assert words_of("A dog's ball, well-worn .") == ["a", "dog's", "ball", "well-worn"]


def test_captions_survive_the_way_into_numbers_and_back() -> None:
    vocabulary = Vocabulary.of(["a red disc", "a blue disc", "a ring"], least=2)
    assert vocabulary.words == (*SPECIAL, "a", "disc")
    tokens = vocabulary.encode(["a red disc", "disc"])
    assert tokens.tolist() == [[1, 4, 3, 5, 2], [1, 5, 2, 0, 0]]
    assert vocabulary.decode(tokens) == ["a <UNK> disc", "disc"]
    assert vocabulary.encode(["a a a a"], length=4).tolist() == [[1, 4, 4, 2]]
    assert vocabulary.encode([]).shape == (0, 2)
    with pytest.raises(ValueError, match="at least two tokens"):
        vocabulary.encode(["a"], length=1)
    with pytest.raises(ValueError, match="begins with"):
        Vocabulary(("a", "b"))


@pytest.mark.parametrize("arguments", [("places",), ("scenes", "all")])
def test_what_does_not_exist_is_named(arguments: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match=r"choose one of|has the parts"):
        load_captions(*arguments)
    with pytest.raises(DataError, match="whole number"):
        load_captions("scenes", count=-1)
    with pytest.raises(DataError, match="32 to 112"):
        load_captions("scenes", count=1, size=20)


def picture(path: Path, width: int = 8, height: int = 6) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), (255, 0, 0)).save(path)


def test_coco_captions_are_read(tmp_path: Path) -> None:
    table = {
        "images": [{"id": 7, "file_name": "7.jpg"}, {"id": 3, "file_name": "3.jpg"}, {"id": 9, "file_name": "9.jpg"}],
        "annotations": [{"image_id": 7, "caption": "A bus. "}, {"image_id": 3, "caption": "Red."}],
    }
    (tmp_path / "coco/annotations").mkdir(parents=True)
    (tmp_path / "coco/annotations/captions_val2017.json").write_text(json.dumps(table))
    with pytest.raises(DataError, match="none of the images"):
        load_captions("coco", "val", root=tmp_path)
    for number in (3, 7):
        picture(tmp_path / f"coco/val2017/{number}.jpg")
    data = load_captions("coco", "val", root=tmp_path, size=4)
    assert data.captions == [("Red.",), ("A bus.",)]
    assert stack(data).shape == (2, 3, 4, 4)
    with pytest.raises(DataError, match="not public"):
        load_captions("coco", "test", root=tmp_path)


@pytest.mark.parametrize("layout", ["captions.txt", "Flickr8k_text/Flickr8k.token.txt"])
def test_flickr8k_is_read_in_both_of_its_forms(tmp_path: Path, layout: str) -> None:
    rows = [("a.jpg", "A dog, running ."), ("a.jpg", "Dog ."), ("b.jpg", "A boy .")]
    path = tmp_path / layout
    (tmp_path / "Flickr8k_text").mkdir()
    if layout == "captions.txt":
        path.write_text("image,caption\n" + "".join(f'{name},"{text}"\n' for name, text in rows))
    else:
        path.write_text("".join(f"{name}#{n}\t{text}\n" for n, (name, text) in enumerate(rows)))
    (tmp_path / "Flickr8k_text/Flickr_8k.devImages.txt").write_text("b.jpg\na.jpg\nmissing.jpg\n")
    for name in ("a", "b"):
        picture(tmp_path / f"Images/{name}.jpg")
    data = load_captions("flickr8k", "val", root=tmp_path, size=6)
    assert data.captions == [("A boy .",), ("A dog, running .", "Dog .")]
    assert data[0].image.shape == (3, 6, 6)
    assert stack(data, progress=True).shape == (2, 3, 6, 6)
    assert len(load_captions("flickr8k", "val", root=tmp_path, count=1)) == 1


def test_absent_and_damaged_files_are_explained(tmp_path: Path) -> None:
    for name in ("coco", "flickr8k"):
        with pytest.raises(DataError, match="GRADLAB_DATA"):
            load_captions(name, root=tmp_path)
    (tmp_path / "Flickr_8k.trainImages.txt").write_text("a.jpg\n")
    (tmp_path / "captions.txt").write_text("something else\n")
    with pytest.raises(DataError, match="Unpack it again"):
        load_captions("flickr8k", root=tmp_path)


def test_an_image_is_scaled_by_its_shorter_side() -> None:
    image = torch.zeros(3, 10, 40)
    image[:, :, 15:25] = 1
    assert torch.equal(squared(image, 10), torch.ones(3, 10, 10))
    assert squared(torch.rand(3, 37, 23), 16).shape == (3, 16, 16)


def test_the_encoder_is_frozen_and_small_and_says_how_it_was_made() -> None:
    encoder = ImageEncoder().train()
    assert not encoder.training
    assert not any(p.requires_grad for p in encoder.parameters())
    assert WEIGHTS.stat().st_size < 1 << 20
    made = read_metadata(WEIGHTS)
    assert made["command"].startswith("python -m tools.train_image_encoder")
    assert float(made["accuracy of colour"]) > 0.95
    assert float(made["accuracy of shape"]) > 0.9


def test_features_pass_through_and_tell_where_they_are() -> None:
    encoder, images = ImageEncoder(), torch.rand(3, 3, 24, 24)
    seen = features(encoder, images, batch_size=2)
    assert seen.shape == (3, encoder.out_channels, 3, 3)
    assert encoder(seen) is seen
    assert seen[0, -2, 0].tolist() == [-4.5, 0, 4.5]
    assert seen[0, -1, :, 0].tolist() == [-4.5, 0, 4.5]
    assert not torch.equal(features(ImageEncoder(pretrained=False), images), seen)


def test_a_network_of_torchvision_is_asked_for_in_vain_without_torchvision() -> None:
    pytest.importorskip("torch")
    try:
        import torchvision  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match="not installed"):
            ImageEncoder(pretrained="resnet18")


class Captioner(nn.Module):
    """Other names, other orientations."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.last = nn.Parameter(torch.zeros(5, 11))
        self.words, self.cell, self.look = nn.Embedding(11, 4), cell, nn.Conv2d(7, 5, 1, bias=False)


class Cell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.Wx, self.Wh = nn.Parameter(torch.zeros(4, 20)), nn.Parameter(torch.zeros(5, 20))
        self.b = nn.Parameter(torch.zeros(20))


def test_weights_of_a_captioner_are_found_by_their_shapes() -> None:
    sizes = {"V": 11, "D": 7, "E": 4, "H": 5}
    model = Captioner(Cell())
    found = weights(model, sizes, 0, torch.zeros(1, dtype=torch.float64))
    assert torch.equal(found["output"][0], model.last.T)
    assert found["output"][1].tolist() == [0] * 11
    assert torch.equal(found["projection"][0], model.look.weight[:, :, 0, 0])
    assert set(found["cell"]) == {"Wx", "Wh", "b"}
    assert found["embedding"].dtype == torch.float64
    model.extra = nn.Linear(5, 2)
    with pytest.raises(LookupError, match="more parameters"):
        weights(model, sizes, 0, torch.zeros(1))
    with pytest.raises(LookupError, match="recurrent networks"):
        weights(Captioner(nn.Linear(2, 2)), sizes, 0, torch.zeros(1))


def test_the_lstm_of_the_oracle_is_torchs_with_its_gates_in_our_order() -> None:
    torch.manual_seed(0)
    cell = nn.LSTMCell(3, 4)
    order = [0, 1, 3, 2]  # torch: i, f, g, o
    wx, wh, b = (
        torch.cat([part.chunk(4)[k] for k in order]).detach()
        for part in (cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh)
    )
    x, state = torch.randn(2, 3), (torch.randn(2, 4), torch.randn(2, 4))
    for ours, theirs in zip(recurrent.lstm_step(x, state, wx.T, wh.T, b), cell(x, state), strict=True):
        torch.testing.assert_close(ours, theirs.detach())


def test_captions_and_maps_are_drawn() -> None:
    images = torch.rand(3, 3, 16, 16)
    figure = captioning.pictures(images, ["a red disc"] * 3)
    assert len(figure.axes) == 3
    assert figure._repr_png_().startswith(b"\x89PNG")
    maps = captioning.attention_maps(images[0], ["a", "red", "disc"], torch.rand(5, 2, 2).softmax(1))
    assert len(maps.axes) == 3
    with pytest.raises(ValueError, match="one for each"):
        captioning.pictures(images, ["a red disc"])

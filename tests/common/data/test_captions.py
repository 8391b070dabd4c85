"""Captions: scenes in words, vocabularies, official files, and the image encoder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from common.data import DataError, scene_captions
from common.data.captions import load_captions, squared, stack
from common.data.vocabulary import SPECIAL, Vocabulary, words_of
from common.nets.image_encoder import WEIGHTS, ImageEncoder, features
from common.nets.weights import read_metadata


def test_each_object_of_a_scene_comes_first_in_one_caption() -> None:
    for captions in load_captions("scenes", count=60).captions:
        first, second = (scene_captions.parts(caption) for caption in captions)
        assert first is not None
        assert second is not None
        assert first[:3] == second[4:]
        assert first[4:] == second[:3]
        assert first[3] in ("left of", "above", "above and left of", "above and right of")


def test_a_caption_is_right_about_the_places_of_objects() -> None:
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


def test_slots_are_compared_with_the_true_caption_that_fits_best() -> None:
    truths = ("a red striped disc above a blue checked ring", "a blue checked ring below a red striped disc")
    assert scene_captions.slot_accuracy([truths[1]], [truths])["all"] == 1
    wrong = scene_captions.slot_accuracy(["a blue checked ring above a red striped disc"], [truths])
    assert (wrong["relation"], wrong["colour"], wrong["all"]) == (0, 1, 0)
    assert set(scene_captions.slot_accuracy(["a red red red"], [truths]).values()) == {0}
    assert scene_captions.slot_accuracy([], [])["all"] == 0


def test_words_are_in_lower_case_without_punctuation() -> None:
    assert words_of("A dog's ball, well-worn .") == ["a", "dog's", "ball", "well-worn"]


def test_captions_can_be_encoded_and_decoded() -> None:
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


def test_unknown_names_parts_and_counts_are_refused() -> None:
    with pytest.raises(DataError, match="no data set 'places' with captions; choose one of: coco, flickr8k, scenes"):
        load_captions("places")
    with pytest.raises(DataError, match="have the parts 'train', 'val' and 'test'; there is no part 'all'"):
        load_captions("scenes", "all")
    with pytest.raises(DataError, match="count is a number of images"):
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
def test_both_forms_of_flickr8k_are_read(tmp_path: Path, layout: str) -> None:
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


def test_the_encoder_is_frozen_and_small_and_its_file_says_how_it_was_made() -> None:
    encoder = ImageEncoder().train()
    assert not encoder.training
    assert not any(p.requires_grad for p in encoder.parameters())
    assert WEIGHTS.stat().st_size < 1 << 20
    made = read_metadata(WEIGHTS)
    assert made["command"].startswith("python -m tools.train_image_encoder")
    assert float(made["accuracy of colour"]) > 0.95
    assert float(made["accuracy of shape"]) > 0.9


def test_features_pass_through_and_have_coordinates() -> None:
    encoder, images = ImageEncoder(), torch.rand(3, 3, 24, 24)
    seen = features(encoder, images, batch_size=2)
    assert seen.shape == (3, encoder.out_channels, 3, 3)
    assert encoder(seen) is seen
    assert seen[0, -2, 0].tolist() == [-4.5, 0, 4.5]
    assert seen[0, -1, :, 0].tolist() == [-4.5, 0, 4.5]
    assert not torch.equal(features(ImageEncoder(pretrained=False), images), seen)


def test_a_network_of_torchvision_needs_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)  # as if it were not installed
    with pytest.raises(ImportError, match="not installed"):
        ImageEncoder(pretrained="resnet18")

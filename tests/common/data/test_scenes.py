"""The generated scenes: the same everywhere, balanced, and true to their description."""

import hashlib
import math

import numpy as np
import pytest
import torch

from common.data import DataError, cache, draws, labelled_scenes, load, render, scenes

# The bytes of the first 200 training images and labels, then of 100 test ones. If they change, raise scenes.VERSION:
# calibrated thresholds were measured on these.
PINNED = "4f648717095ed1436b5efe250f93de6358670f28a2f2a55d49496dbd03f6a900"
PINNED_MANY_OBJECTS = "ee9b59dcffa964e263c8c6ac9fe400d239c9b786f7961c33bd44685d24d302ba"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def digest(*arrays):
    joined = hashlib.sha256()
    for array in arrays:
        joined.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return joined.hexdigest()


def test_the_same_seed_gives_the_same_bytes_on_every_machine():
    train, test = labelled_scenes.read(200, 100)
    assert digest(train.images, train.labels, test.images, test.labels) == PINNED


def test_scenes_of_many_objects_are_the_same_everywhere_too():
    described = scenes.describe(3, range(8), recipe=scenes.Recipe(objects=(1, 4), colour_hint=0))
    marked = [render.annotate(scene, 64) for scene in described]
    assert digest(render.render(described, 64), *(m.boxes for m in marked)) == PINNED_MANY_OBJECTS


def test_the_sine_table_does_not_depend_on_the_c_library():
    exact = [math.sin(2 * math.pi * angle / scenes.TURN) * (1 << 14) for angle in range(scenes.TURN)]
    assert min(abs(value % 1 - 0.5) for value in exact) > 1e-4


def test_images_are_floats_from_0_to_1_and_labels_int64():
    split = load("scenes", num_train=50, num_test=20)
    assert split.x_train.shape == (50, 3, 32, 32)
    assert split.x_test.shape == (20, 3, 32, 32)
    assert split.x_train.dtype == torch.float32
    assert split.y_train.dtype == split.y_test.dtype == torch.int64
    assert 0 <= split.x_train.min() < 0.1
    assert 0.9 < split.x_train.max() <= 1
    assert split.class_names[int(split.y_train[0])] in scenes.CLASS_NAMES
    assert split.name == "scenes"


def test_the_first_images_of_a_larger_set_are_the_smaller_set():
    small, large = load(num_train=30, num_test=10), load(num_train=70, num_test=25)
    assert torch.equal(large.x_train[:30], small.x_train)
    assert torch.equal(large.y_test[:10], small.y_test)
    again = load(num_train=30, num_test=10)  # now from the cache of the larger
    assert torch.equal(again.x_train, small.x_train)
    assert torch.equal(again.y_train, small.y_train)


def test_one_scene_can_be_described_without_the_others():
    assert scenes.describe(5, [17]) == scenes.describe(5, range(20))[17:18]


def test_training_and_test_images_are_disjoint():
    split = load(num_train=600, num_test=300)
    images = [image.tobytes() for image in torch.cat([split.x_train, split.x_test]).numpy()]
    assert len(set(images)) == 900


def test_other_seeds_give_other_images_and_leave_no_files(own_cache):
    first, second = load(num_train=20, num_test=5, seed=1), load(num_train=20, num_test=5, seed=2**63 + 1)
    assert not torch.equal(first.x_train, second.x_train)
    assert not own_cache.exists()


def test_every_ten_images_show_every_class_once():
    labels = load(num_train=100, num_test=50).y_train.reshape(10, 10)
    assert torch.equal(labels.sort(dim=1).values, torch.arange(10).expand(10, 10))
    assert len({tuple(row) for row in labels.tolist()}) > 5


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other", "wrong shape"])
def test_a_damaged_cache_file_is_replaced(damage, own_cache):
    good = load(num_train=40, num_test=10)
    path = own_cache / f"scenes-v{scenes.VERSION}-train.npz"
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    if damage == "wrong shape":
        cache.store_arrays(path, {"images": np.zeros((40, 3, 8, 8), np.uint8), "labels": np.zeros(40, np.int64)})
    else:
        path.write_bytes({"flip": content, "cut": content[:-500], "empty": b"", "other": b"hello"}[damage])
    assert torch.equal(load(num_train=40, num_test=10).x_train, good.x_train)
    stored = cache.read_arrays(path)
    assert stored is not None
    assert stored["images"].shape == (40, 3, 32, 32)
    assert [file.name for file in own_cache.iterdir() if file.suffix == ".tmp"] == []


def test_a_cache_folder_that_cannot_be_written_to_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("GRADLAB_CACHE", str(tmp_path / "file"))
    assert len(load(num_train=10, num_test=5).y_train) == 10


def test_writing_into_a_tensor_does_not_change_the_next_load():
    first = load(num_train=10, num_test=5)
    before = first.x_train.clone()
    first.x_train.zero_()
    assert torch.equal(load(num_train=10, num_test=5).x_train, before)


def test_an_unknown_name_is_answered_with_the_known_names():
    with pytest.raises(DataError, match=r"no data set 'cifar11' with labels; choose one of: cifar10, .*scenes"):
        load("cifar11")


@pytest.mark.parametrize("count", [-1, 2.5, True, "all"])
def test_a_wrong_number_of_images_is_refused(count):
    with pytest.raises(DataError, match="num_train is a number of images"):
        load(num_train=count)


def test_boxes_and_masks_agree_with_the_picture():
    recipe = scenes.Recipe(objects=(2, 4), noise=0, slope=0)
    for scene in scenes.describe(7, range(20), recipe=recipe):
        marked = render.annotate(scene, 96)
        bare = scenes.Scene((), scene.background, scene.noise_key, 0)
        changed = (render.render([scene], 96) != render.render([bare], 96))[0].any(axis=0)
        assert len(marked.boxes) == len(scene.objects) == len(marked.labels) == len(marked.masks)
        assert not (changed & ~_grown(_grown(marked.masks.any(axis=0)))).any()
        for (x1, y1, x2, y2), mask, thing in zip(marked.boxes, marked.masks, scene.objects, strict=True):
            assert 0 <= x1 < x2 <= 96
            assert 0 <= y1 < y2 <= 96
            assert not mask[:, :x1].any()
            assert not mask[y2:].any()
            assert abs((x1 + x2) / 2 * scenes.SIDE / 96 - thing.x) < thing.radius
        assert (marked.masks.sum(axis=0) <= 1).all()


def _grown(mask):
    """The mask and its neighbours: edges are a pixel soft, and corners two."""
    padded = np.pad(mask, 1)
    height, width = mask.shape
    return np.any([padded[i : i + height, j : j + width] for i in range(3) for j in range(3)], axis=0)


def test_an_object_in_front_hides_the_object_behind_it():
    scene = scenes.describe(0, [0])[0]
    behind = scene.objects[0]
    marked = render.annotate(scenes.Scene((behind, behind), scene.background, 0, 0), 32)
    assert not marked.masks[0].any()
    assert marked.boxes[0].tolist() == marked.boxes[1].tolist()


def test_a_scene_looks_the_same_at_any_size():
    described = scenes.describe(0, range(10), recipe=scenes.Recipe(noise=0))
    small, large = render.render(described, 32).astype(float), render.render(described, 128)
    shrunk = large.reshape(10, 3, 32, 4, 32, 4).mean(axis=(3, 5))
    assert abs(shrunk - small).mean() < 4


def test_a_caption_names_the_objects_from_left_to_right():
    described = scenes.describe(0, range(40), recipe=scenes.Recipe(objects=(1, 3)))
    for scene in described:
        words = scenes.caption(scene)
        places = [words.index(f"{thing.colour} {thing.texture} {thing.shape}") for thing in scene.objects]
        if len(set(places)) == len(places):
            assert np.argsort(places).tolist() == np.argsort([thing.x for thing in scene.objects]).tolist()
    assert any(" and " in scenes.caption(scene) for scene in described)


def test_impossible_recipes_and_sizes_are_refused():
    with pytest.raises(ValueError, match="fewest, most"):
        scenes.describe(0, [0], recipe=scenes.Recipe(objects=(3, 2)))
    with pytest.raises(ValueError, match="8 to 1024 pixels"):
        render.render(scenes.describe(0, [0]), 4)


def test_random_words_are_spread_evenly():
    words = draws.words(draws.key(1, 2), np.arange(1000), 20)
    assert len(np.unique(words)) == words.size
    counts = np.bincount(draws.below(words, 10).ravel(), minlength=10)
    assert abs(counts - 2000).max() < 200

"""Glyphs are the same everywhere, balanced and varied; MNIST is read from its files, and errors are explained."""

import gzip
import hashlib
import os
import struct

import numpy as np
import pytest
import torch

from common.data import DataError, glyphs, load, mnist
from common.data.download import Archive

# The bytes of the first 300 training glyphs and labels, then of 100 test ones. Thresholds were measured on these.
PINNED = "0b4ebf8f9229efb33172171a29457383f3522947a94fb2b1ee42a9b67028109c"


def digest(*arrays):
    joined = hashlib.sha256()
    for array in arrays:
        joined.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return joined.hexdigest()


def test_the_same_seed_gives_the_same_bytes_on_every_machine():
    train, test = glyphs.read(300, 100)
    assert digest(train.images, train.labels, test.images, test.labels) == PINNED


def test_glyphs_are_grey_floats_from_0_to_1():
    split = load("glyphs", num_train=50, num_test=20)
    assert split.x_train.shape == (50, 1, 28, 28)
    assert split.x_test.shape == (20, 1, 28, 28)
    assert split.x_train.dtype == torch.float32
    assert split.y_train.dtype == split.y_test.dtype == torch.int64
    assert split.x_train.min() == 0
    assert 0.9 < split.x_train.max() <= 1
    assert len(split.class_names) == 10
    assert len(load("glyphs", num_train=0, num_test=0).y_train) == 0


def test_every_ten_glyphs_show_every_class():
    labels = glyphs.draw(range(200)).labels.reshape(20, 10)
    assert (np.sort(labels, axis=1) == np.arange(10)).all()
    assert len(np.unique(labels, axis=0)) == 20


def test_a_glyph_depends_only_on_seed_stream_and_number():
    many = glyphs.draw(range(90), seed=3)
    some = glyphs.draw(range(40, 70), seed=3)
    assert (many.images[40:70] == some.images).all()
    assert (many.labels[40:70] == some.labels).all()
    whole = np.concatenate(
        [many.images, *(glyphs.draw(range(90), seed=s, stream=t).images for s, t in [(3, "test"), (4, "train")])]
    )
    assert len(np.unique(whole.reshape(270, -1), axis=0)) == 270


def test_no_glyph_is_empty_or_cut_off():
    images = glyphs.draw(range(2000), seed=1).images[:, 0]
    ink = images.astype(int).sum((1, 2)) / 255
    assert ink.min() > 15
    assert ink.max() < 300
    border = images[:, [0, -1]].max((1, 2)).astype(int) + images[:, :, [0, -1]].max((1, 2))
    assert (border > 0).mean() < 0.02


def test_too_many_glyphs_are_refused():
    with pytest.raises(DataError, match="2,000,000 generated images"):
        load("glyphs", num_train=2_000_000)


@pytest.fixture
def official(tmp_path, monkeypatch):
    """Small files in the official format replace the official ones: 9 training and 5 test images."""
    random = np.random.default_rng(0)
    folder = tmp_path / "mnist"
    folder.mkdir()
    for name, count in (("TRAIN", 9), ("TEST", 5)):
        images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = random.integers(0, 10, count, dtype=np.uint8)
        contents = [
            struct.pack(">4I", 0x803, count, 28, 28) + images.tobytes(),
            struct.pack(">2I", 0x801, count) + labels.tobytes(),
        ]
        archives = []
        for archive, content in zip(getattr(mnist, name), contents, strict=True):
            packed = gzip.compress(content)
            (folder / archive.filename).write_bytes(packed)
            md5 = hashlib.md5(packed).hexdigest()
            archives.append(Archive(f"http://127.0.0.1:9/{archive.filename}", md5, archive.size))
        monkeypatch.setattr(mnist, name, tuple(archives))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("GRADLAB_DATA", str(tmp_path))
    return folder


@pytest.mark.parametrize("named", ["around", "itself", "torchvision's"])
def test_mnist_is_found_in_the_usual_folders(official, tmp_path, monkeypatch, named):
    if named == "itself":
        monkeypatch.setenv("GRADLAB_DATA", str(official))
    if named == "torchvision's":
        (tmp_path / "MNIST").mkdir()
        official.rename(tmp_path / "MNIST" / "raw")
    split = load("mnist", num_train=7)
    assert split.x_train.shape == (7, 1, 28, 28)
    assert split.x_test.shape == (5, 1, 28, 28)
    content = np.random.default_rng(0).integers(0, 256, (9, 28, 28), dtype=np.uint8)
    assert torch.equal((split.x_train[:, 0] * 255).round().byte(), torch.from_numpy(content[:7]))
    assert split.class_names[7] == "7"


def test_without_files_and_network_the_message_says_which_files_to_copy_where(official):
    (official / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError) as caught:
        load("mnist")
    for part in ("127.0.0.1:9/t10k-labels", str(official), "GRADLAB_DATA", "load('glyphs')"):
        assert part in str(caught.value)


def test_asking_mnist_for_too_many_images_shows_how_many_there_are(official):
    with pytest.raises(DataError, match="has 9 training images; you asked for 10"):
        load("mnist", num_train=10)


def damaged(content):
    plain = gzip.decompress(content)
    yield "is text", b"<html>", "cannot be unpacked"
    yield "is cut", content[:-20], "cannot be unpacked"
    yield "is empty inside", gzip.compress(b""), "not a file of MNIST"
    yield "lacks a byte", gzip.compress(plain[:-1]), "not a file of MNIST"
    yield "has another magic number", gzip.compress(b"\0\0\0\0" + plain[4:]), "not a file of MNIST"
    yield "has another size", gzip.compress(plain[:11] + b"\x1d" + plain[12:]), "not a file of MNIST"


@pytest.mark.filterwarnings("ignore:.*is not the official file")
def test_a_damaged_file_of_mnist_is_explained(official):
    path = official / "train-images-idx3-ubyte.gz"
    for story, content, message in [*damaged(path.read_bytes())]:
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            load("mnist")
        assert story


def test_a_file_that_is_not_official_causes_a_warning(official):
    path = official / "train-labels-idx1-ubyte.gz"
    plain = bytearray(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(bytes(plain[:-1]) + b"\x03"))
    with pytest.warns(UserWarning, match="not the official file"):
        assert load("mnist").y_train[-1] == 3
    path.write_bytes(gzip.compress(bytes(plain[:-1]) + b"\x0b"))
    with (
        pytest.warns(UserWarning, match="not the official file"),
        pytest.raises(DataError, match="do not belong together"),
    ):
        load("mnist")


@pytest.mark.skipif("GRADLAB_DATA" not in os.environ, reason="GRADLAB_DATA is not set: no official MNIST to try")
def test_the_official_mnist_loads():
    split = load("mnist", num_train=100)
    assert split.y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert split.y_test.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]

"""CIFAR-10 from folders, archives and servers, most of them damaged. Nothing here needs the network."""

import hashlib
import http.server
import io
import os
import pickle
import tarfile
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from common.data import DataError, cifar10, load
from common.data.download import Archive
from common.data.unpickle import read_pickle

PER_BATCH = 20


def fake_batches():
    """Batches in the official layout: a dictionary with bytes for keys, images as rows of red, green, blue planes."""
    random = np.random.default_rng(0)
    batches = {}
    for name in [*cifar10.TRAIN_BATCHES, *cifar10.TEST_BATCHES]:
        labels = random.integers(0, 10, PER_BATCH).tolist()
        images = random.integers(0, 256, (PER_BATCH, 3072), dtype=np.uint8)
        batches[name] = pickle.dumps({b"batch_label": b"fake", b"labels": labels, b"data": images}, protocol=3)
    return batches


def make_tar(batches):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in batches.items():
            member = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@dataclass
class Server:
    """Content that a local server sends, and the requests that it got."""

    content: bytes
    resumable: bool = True
    cut_after: int | None = None  # bytes of the first answer
    ranges: list = field(default_factory=list)
    url: str = ""


@pytest.fixture
def official(monkeypatch):
    """The fake batches and their archive replace the official ones."""
    batches = fake_batches()
    for table in (cifar10.TRAIN_BATCHES, cifar10.TEST_BATCHES):
        for name in table:
            monkeypatch.setitem(table, name, hashlib.md5(batches[name]).hexdigest())
    archive = make_tar(batches)
    nowhere = Archive("http://127.0.0.1:9/cifar-10-python.tar.gz", hashlib.md5(archive).hexdigest(), "1 MB")
    monkeypatch.setattr(cifar10, "ARCHIVE", nowhere)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("GRADLAB_DATA", raising=False)
    return batches, archive


@pytest.fixture
def server(official, monkeypatch):
    served = Server(official[1])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range")
            served.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and served.resumable else 0
            if start >= len(served.content):
                return self.send_error(416)
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(served.content) - start))
            self.end_headers()
            end = served.cut_after if len(served.ranges) == 1 and served.cut_after else None
            return self.wfile.write(served.content[start:end])

        def log_message(self, *args):
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{listening.server_port}/cifar-10-python.tar.gz"
    monkeypatch.setattr(cifar10, "ARCHIVE", Archive(url, cifar10.ARCHIVE.md5, "1 MB"))
    yield served
    listening.shutdown()
    listening.server_close()
    thread.join()


def write_folder(folder, batches):
    folder.mkdir(parents=True)
    for name, content in batches.items():
        (folder / name).write_bytes(content)


def test_images_come_in_the_order_of_the_files(official, tmp_path):
    write_folder(tmp_path / cifar10.FOLDER, official[0])
    split = load("cifar10", num_train=PER_BATCH + 5, num_test=7, root=tmp_path)
    first, second = (read_pickle(official[0][f"data_batch_{n}"]) for n in (1, 2))
    expected = np.concatenate([first[b"data"], second[b"data"]])[: PER_BATCH + 5].reshape(-1, 3, 32, 32)
    assert torch.equal((split.x_train * 255).round().byte(), torch.from_numpy(expected))
    assert split.y_train.tolist() == (first[b"labels"] + second[b"labels"])[: PER_BATCH + 5]
    assert split.x_test.shape == (7, 3, 32, 32)
    assert split.class_names[3] == "cat"


@pytest.mark.parametrize("inside", [True, False])
def test_gradlab_data_may_be_the_folder_of_the_batches_or_its_parent(official, tmp_path, monkeypatch, inside):
    write_folder(tmp_path / cifar10.FOLDER, official[0])
    monkeypatch.setenv("GRADLAB_DATA", str(tmp_path / cifar10.FOLDER if inside else tmp_path))
    assert len(load("cifar10").y_train) == 5 * PER_BATCH


def test_an_archive_copied_by_hand_is_unpacked_once(official, tmp_path):
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(official[1])
    assert len(load("cifar10", root=tmp_path).y_test) == PER_BATCH
    (tmp_path / "cifar-10-python.tar.gz").unlink()
    assert len(load("cifar10", root=tmp_path).y_train) == 5 * PER_BATCH


def test_an_archive_is_downloaded_checked_and_unpacked(server, tmp_path):
    assert len(load("cifar10", root=tmp_path).y_train) == 5 * PER_BATCH
    assert server.ranges == [None]
    assert sorted(file.name for file in tmp_path.iterdir()) == [cifar10.FOLDER, "cifar-10-python.tar.gz"]


def test_an_interrupted_download_is_resumed(server, tmp_path):
    server.cut_after = 3000
    assert len(load("cifar10", root=tmp_path).y_train) == 5 * PER_BATCH
    assert server.ranges == [None, "bytes=3000-"]


@pytest.mark.parametrize("resumable", [True, False])
def test_a_part_of_an_earlier_download_is_used_if_the_server_supports_it(server, tmp_path, resumable):
    server.resumable = resumable
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(server.content[:1000])
    assert len(load("cifar10", root=tmp_path).y_train) == 5 * PER_BATCH
    assert server.ranges == ["bytes=1000-"]


def test_a_part_that_is_too_long_is_deleted(server, tmp_path):
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(server.content + b"more")
    assert len(load("cifar10", root=tmp_path).y_train) == 5 * PER_BATCH


def test_a_download_that_is_not_the_official_file_is_deleted(server, tmp_path):
    server.content = b"<html>Please log in</html>"
    with pytest.raises(DataError, match=r"not the official file.*GRADLAB_DATA"):
        load("cifar10", root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_offline_the_message_says_which_file_to_copy_where(official, tmp_path):
    with pytest.raises(DataError) as caught:
        load("cifar10", root=tmp_path)
    for part in ("127.0.0.1:9", "cifar-10-python.tar.gz", str(tmp_path), "GRADLAB_DATA", "load('scenes')"):
        assert part in str(caught.value)


def test_a_damaged_archive_is_named_when_offline(official, tmp_path):
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(official[1][:-10])
    with pytest.raises(DataError, match="exists, but it is damaged"):
        load("cifar10", root=tmp_path)


def test_an_archive_without_the_batches_is_refused(official, tmp_path, monkeypatch):
    other = make_tar({"data_batch_1": b"x", "../../escape": b"x"})
    monkeypatch.setattr(cifar10, "ARCHIVE", Archive(cifar10.ARCHIVE.url, hashlib.md5(other).hexdigest(), "1 MB"))
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(other)
    with pytest.raises(DataError, match="cannot be unpacked"):
        load("cifar10", root=tmp_path)


def test_asking_for_too_many_images_shows_how_many_there_are(official, tmp_path):
    write_folder(tmp_path / cifar10.FOLDER, official[0])
    with pytest.raises(DataError, match="has 100 training images; you asked for 101"):
        load("cifar10", num_train=101, root=tmp_path)


def test_a_missing_batch_is_named(official, tmp_path):
    write_folder(tmp_path / cifar10.FOLDER, official[0])
    (tmp_path / cifar10.FOLDER / "data_batch_4").unlink()
    assert len(load("cifar10", num_train=3 * PER_BATCH, root=tmp_path).y_train) == 3 * PER_BATCH
    with pytest.raises(DataError, match="data_batch_4 cannot be read"):
        load("cifar10", root=tmp_path)


def test_batches_that_are_not_official_cause_a_warning(official, tmp_path):
    write_folder(tmp_path / cifar10.FOLDER, official[0])
    (tmp_path / cifar10.FOLDER / "data_batch_1").write_bytes(official[0]["data_batch_2"])
    with pytest.warns(UserWarning, match="data_batch_1 is not the official file"):
        load("cifar10", root=tmp_path)


class Hostile:
    def __reduce__(self):
        return os.mkdir, ("owned",)


def damaged_batches():
    good = {b"labels": [0, 1], b"data": np.zeros((2, 3072), np.uint8)}
    yield "calls mkdir", pickle.dumps({b"labels": [0, 1], b"data": Hostile()})
    yield "is cut", pickle.dumps(good, protocol=3)[:-50]
    yield "is text", b"<html>"
    yield "is empty", b""
    yield "is a list", pickle.dumps([1, 2])
    yield "lacks labels", pickle.dumps({b"data": good[b"data"]}, protocol=3)
    yield "has floats", pickle.dumps({**good, b"data": np.zeros((2, 3072))}, protocol=3)
    yield "has few pixels", pickle.dumps({**good, b"data": np.zeros((2, 100), np.uint8)}, protocol=3)
    yield "has too few labels", pickle.dumps({**good, b"labels": [0]}, protocol=3)
    yield "has a label 10", pickle.dumps({**good, b"labels": [0, 10]}, protocol=3)
    yield "has words for labels", pickle.dumps({**good, b"labels": ["cat", "dog"]}, protocol=3)


@pytest.mark.filterwarnings("ignore:.*is not the official file")
@pytest.mark.parametrize(("story", "content"), [pytest.param(*pair, id=pair[0]) for pair in damaged_batches()])
def test_a_file_that_is_not_a_batch_is_explained_and_runs_no_code(official, tmp_path, monkeypatch, story, content):
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / cifar10.FOLDER, official[0])
    (tmp_path / cifar10.FOLDER / "data_batch_1").write_bytes(content)
    with pytest.raises(DataError, match="data_batch_1 is not a CIFAR-10 batch"):
        load("cifar10", root=tmp_path)
    assert not (tmp_path / "owned").exists()


@pytest.mark.skipif("GRADLAB_DATA" not in os.environ, reason="GRADLAB_DATA is not set: no official CIFAR-10 to try")
def test_the_official_batches_load():
    split = load("cifar10", num_train=1000, num_test=10_000)
    assert split.y_test.bincount().tolist() == [1000] * 10
    assert [split.class_names[label] for label in split.y_train[:3].tolist()] == ["frog", "truck", "truck"]

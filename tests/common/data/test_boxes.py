"""Images with boxes: one interface for scenes, COCO and VOC, and boxes that move with their image."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from common.data import DataError, boxes
from common.data.boxes import Example, collate, load_boxes
from common.nets.backbone import WEIGHTS, Backbone
from common.nets.detection import box_offsets, generate_grid, mirror, to_map
from common.nets.weights import read_metadata, read_tensors, write_tensors
from tools.train_backbone import draw


def bounds(mask: Tensor) -> list[int]:
    rows, columns = mask.any(1).nonzero()[:, 0], mask.any(0).nonzero()[:, 0]
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


@pytest.mark.parametrize("size", [64, (64, 112), (112, 80)])
def test_scenes_have_up_to_five_objects_and_boxes_contain_the_masks(size: int | tuple[int, int]) -> None:
    data = load_boxes("scenes", count=48, size=size)
    counts = [len(example.boxes) for example in data]
    assert set(counts) >= {0, 1, 3}
    assert max(counts) <= 5
    height, width = (size, size) if isinstance(size, int) else size
    for example in data:
        assert example.image.shape == (3, height, width)
        assert example.image.dtype == torch.float32
        assert example.image.min() >= 0
        assert example.image.max() <= 1
        assert len(example.boxes) == len(example.labels) == len(example.masks)
        for box, mask in zip(example.boxes, example.masks, strict=True):
            assert mask.shape == (height, width)
            if mask.any():  # objects in front may hide parts
                x0, y0, x1, y1 = bounds(mask)
                assert box[0] <= x0
                assert box[1] <= y0
                assert x1 <= box[2]
                assert y1 <= box[3]


def test_a_scene_depends_only_on_seed_part_and_index() -> None:
    few, many = load_boxes("scenes", count=3, seed=4), load_boxes("scenes", count=20, seed=4)
    assert torch.equal(few[2].image, many[2].image)
    assert torch.equal(few[2].boxes, many[2].boxes)
    other = load_boxes("scenes", "val", count=3, seed=4)
    assert not torch.equal(few[2].image, other[2].image)
    assert not torch.equal(few[2].image, load_boxes("scenes", count=3, seed=5)[2].image)


def test_collate_pads_with_minus_one() -> None:
    data = load_boxes("scenes", count=12)
    batch = collate([*data])
    assert batch.images.shape == (12, 3, 64, 64)
    for example, rows in zip(data, batch.boxes, strict=True):
        count = len(example.boxes)
        assert torch.equal(rows[:count, :4], example.boxes)
        assert rows[:count, 4].tolist() == example.labels.tolist()
        assert (rows[count:] == -1).all()
    empty = collate([data[11]])
    assert empty.boxes.shape == (1, 0, 5)


def test_collating_images_of_several_sizes_does_not_move_boxes() -> None:
    one, two = load_boxes("scenes", count=1, size=64)[0], load_boxes("scenes", count=1, size=(80, 96))[0]
    batch = collate([one, two])
    assert batch.images.shape == (2, 3, 80, 96)
    assert torch.equal(batch.images[0, :, :64, :64], one.image)
    assert (batch.images[0, :, 64:] == 0).all()
    assert torch.equal(batch.boxes[0, : len(one.boxes), :4], one.boxes)


def marked() -> Example:
    """A black image of 40 x 60 with two white rectangles in their boxes."""
    image, rows = torch.zeros(3, 40, 60), [[4, 6, 20, 16], [30, 20, 52, 38]]
    masks = torch.zeros(2, 40, 60, dtype=torch.bool)
    for mask, (x0, y0, x1, y1) in zip(masks, rows, strict=True):
        image[:, y0:y1, x0:x1] = 1
        mask[y0:y1, x0:x1] = True
    return Example(image, torch.tensor(rows).float(), torch.tensor([3, 1]), masks)


MOVES: dict[str, Callable[[Example], Example]] = {
    "flip": boxes.flip,
    "crop": lambda example: boxes.crop(example, 3, 5, 30, 50),
    "resize": lambda example: boxes.resize(example, 80, 90),
}


@pytest.mark.parametrize("name", MOVES)
def test_boxes_and_masks_move_with_the_image(name: str) -> None:
    moved = MOVES[name](marked())
    assert moved.labels.tolist() == [3, 1]
    for box, mask in zip(moved.boxes, moved.masks, strict=True):
        assert bounds(mask) == box.tolist()
        assert (moved.image[0][mask] > 0.5).all()


def test_augmented_boxes_still_match_the_white_rectangles() -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        moved = boxes.augment(marked(), generator)
        assert moved.image.shape == (3, 40, 60)
        for box in moved.boxes.round().long().tolist():
            inside = moved.image[0, box[1] + 2 : box[3] - 2, box[0] + 2 : box[2] - 2]
            assert (inside > 0.5).all()


def test_an_image_without_objects_can_be_augmented() -> None:
    empty = load_boxes("scenes", count=12)[11]
    moved = boxes.augment(empty, torch.Generator().manual_seed(0))
    assert moved.boxes.shape == (0, 4)
    assert moved.masks.shape == (0, 64, 64)


def test_a_crop_drops_objects_that_are_hardly_visible() -> None:
    window = boxes.crop(marked(), 0, 0, 22, 40)  # of the second rectangle, 20 of 396 pixels are left
    assert window.labels.tolist() == [3]
    assert len(window.masks) == 1
    assert len(boxes.crop(marked(), 0, 0, 4, 4).boxes) == 0


def jpeg(path: Path, height: int, width: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), 128, np.uint8)).save(path)


def coco(root: Path) -> Path:
    images = [{"id": 7, "file_name": "7.jpg"}, {"id": 3, "file_name": "3.jpg"}]
    for image in images:
        jpeg(root / "val2017" / image["file_name"], 40, 60)
    notes = [
        {"image_id": 7, "category_id": 18, "bbox": [10, 5, 20, 30], "iscrowd": 0},
        {"image_id": 7, "category_id": 1, "bbox": [0, 0, 60, 40], "iscrowd": 1},
        {"image_id": 7, "category_id": 1, "bbox": [50.5, 30, 20, 20], "iscrowd": 0},
        {"image_id": 7, "category_id": 1, "bbox": [5, 5, 0, 4], "iscrowd": 0},
    ]
    table = {
        "images": images,
        "annotations": notes,
        "categories": [{"id": 18, "name": "dog"}, {"id": 1, "name": "person"}],
    }
    (root / "annotations").mkdir()
    (root / "annotations" / "instances_val2017.json").write_text(json.dumps(table))
    return root


def test_coco_boxes_are_xyxy_without_crowds_and_clipped_at_the_edge(tmp_path: Path) -> None:
    data = load_boxes("coco", "val", root=coco(tmp_path))
    assert data.class_names == ("person", "dog")
    assert len(data) == 2
    assert len(data[0].boxes) == 0
    assert data[1].boxes.tolist() == [[10, 5, 30, 35], [50.5, 30, 60, 40]]
    assert data[1].labels.tolist() == [1, 0]
    small = load_boxes("coco", "val", root=tmp_path, size=(20, 60))[1]
    assert small.image.shape == (3, 20, 60)
    assert small.boxes[0].tolist() == [10, 2.5, 30, 17.5]
    assert collate([*load_boxes("coco", "val", root=tmp_path)]).boxes.shape == (2, 2, 5)


def voc(root: Path) -> Path:
    folder = root / "VOCdevkit" / "VOC2007"
    jpeg(folder / "JPEGImages" / "000005.jpg", 40, 60)
    things = [("dog", 0, 11, 6, 30, 35), ("chair", 1, 1, 1, 5, 5), ("tvmonitor", 0, 1, 1, 60, 40)]
    objects = "".join(
        f"<object><name>{name}</name><difficult>{hard}</difficult><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin>"
        f"<xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        for name, hard, x0, y0, x1, y1 in things
    )
    (folder / "Annotations").mkdir()
    (folder / "Annotations" / "000005.xml").write_text(f"<annotation>{objects}</annotation>")
    (folder / "ImageSets" / "Main").mkdir(parents=True)
    (folder / "ImageSets" / "Main" / "train.txt").write_text("000005\n")
    return root


def test_voc_boxes_count_pixels_from_one_and_difficult_objects_are_left_out(tmp_path: Path) -> None:
    data = load_boxes("voc", "train", root=voc(tmp_path))
    assert len(data) == 1
    assert len(data.class_names) == 20
    assert data[0].boxes.tolist() == [[10, 5, 30, 35], [0, 0, 60, 40]]
    assert [data.class_names[label] for label in data[0].labels] == ["dog", "tvmonitor"]


def test_missing_and_damaged_files_are_explained(tmp_path: Path) -> None:
    for name in ("coco", "voc"):
        with pytest.raises(DataError, match="GRADLAB_DATA"):
            load_boxes(name, "train", root=tmp_path)
    with pytest.raises(DataError, match="no data set 'cifar' with boxes; choose one of: coco, scenes, voc"):
        load_boxes("cifar", "train")
    with pytest.raises(DataError, match="with boxes have the parts 'train' and 'val'; there is no part 'test'"):
        load_boxes("scenes", "test")
    with pytest.raises(DataError, match="count is a number of images"):
        load_boxes("scenes", count=-1)
    with pytest.raises(DataError, match="64 to 112"):
        load_boxes("scenes", size=32)
    path = coco(tmp_path) / "annotations" / "instances_val2017.json"
    (tmp_path / "val2017" / "7.jpg").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"7\.jpg cannot be read"):
        load_boxes("coco", "val", root=tmp_path)[1]
    for text in ("{", "[]", '{"images": []}', '{"images": [3], "categories": [], "annotations": []}'):
        path.write_text(text)
        with pytest.raises(DataError, match="cannot be read"):
            load_boxes("coco", "val", root=tmp_path)
    annotation = voc(tmp_path) / "VOCdevkit" / "VOC2007" / "Annotations" / "000005.xml"
    for text in (
        "<annotation>",
        "<a><object><name>dog</name></object></a>",
        "<a><object><name>gnu</name></object></a>",
    ):
        annotation.write_text(text)
        with pytest.raises(DataError, match="cannot be read"):
            load_boxes("voc", "train", root=tmp_path)


def test_the_backbone_is_small_and_as_accurate_as_its_file_says() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000
    made = read_metadata(WEIGHTS)
    assert made["command"].startswith("python -m tools.train_backbone")
    assert made["seed"] == "0"
    assert float(made["accuracy"]) > 0.9
    images, labels = draw("backbone", 300, 1)  # images that it was not trained on
    with torch.no_grad():
        maps = Backbone()(images)
    assert maps.shape == (300, Backbone.out_channels, 4, 4)
    centres = torch.stack([maps[:200].mean(dim=(2, 3))[labels[:200] == label].mean(dim=0) for label in range(10)])
    nearest = torch.cdist(maps[200:].mean(dim=(2, 3)), centres).argmin(dim=1)
    assert (nearest == labels[200:]).double().mean() > 0.8


def test_weights_are_float16_on_disk_and_float32_in_memory(tmp_path: Path) -> None:
    path, values = tmp_path / "x.safetensors", torch.randn(3, 4)
    write_tensors(path, {"convs.0.weight": values.T}, {"seed": "0"})
    tensors = read_tensors(path)
    assert tensors["convs.0.weight"].dtype == torch.float32
    assert torch.equal(tensors["convs.0.weight"], values.T.half().float())
    assert read_metadata(path) == {"seed": "0"}
    assert load_file(path)["convs.0.weight"].dtype == torch.float16


def test_damaged_weights_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    for content in (None, b"", b"\xff" * 30, WEIGHTS.read_bytes()[:5000]):
        if content is not None:
            path.write_bytes(content)
        for read in (read_tensors, read_metadata):
            with pytest.raises(ValueError, match=r"x\.safetensors is not a file of weights .* Restore it from git"):
                read(path)
    save_file({"w": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match=r"'w' has the dtype torch\.float32, not float16"):
        read_tensors(path)


def test_grids_maps_and_offsets_are_in_units_of_cells() -> None:
    grid = generate_grid(torch.zeros(2, 5, 3, 4, dtype=torch.float64))
    assert grid.shape == (2, 3, 4, 2)
    assert grid.dtype == torch.float64
    assert grid[1, 2, 3].tolist() == [3.5, 2.5]
    rows = torch.tensor([[[8.0, 16, 24, 40, 5], [-1, -1, -1, -1, -1]]])
    assert to_map(rows).tolist() == [[[1, 2, 3, 5, 5], [-1, -1, -1, -1, -1]]]
    images, mirrored = mirror(torch.arange(4.0).expand(1, 3, 2, 4), torch.tensor([[[0.0, 0, 1, 2, 5], [-1] * 5]]))
    assert images[0, 0, 0].tolist() == [3, 2, 1, 0]
    assert mirrored.tolist() == [[[3, 0, 4, 2, 5], [-1, -1, -1, -1, -1]]]
    anchor, box = torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 0, 3, 4]])
    assert box_offsets(anchor, box, "YOLO")[0, :2].tolist() == [1, 1]
    assert box_offsets(anchor, box, "FasterRCNN")[0, :2].tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match="FasterRCNN"):
        box_offsets(anchor, box, "SSD")

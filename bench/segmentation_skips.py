"""Measure what skips add to a13's segmentation networks: object against background, on scenes or on COCO's masks.

    python bench/segmentation_skips.py                                   # generated scenes: no download
    GRADLAB_DATA=DATA python bench/segmentation_skips.py --data coco    # DATA holds coco/ or coco-mini/
    python bench/segmentation_skips.py --seeds 0 1 2 --only U-Net

Printed are the IoU of the object's class over the whole test set, the mean IoU of both classes, and the share of right
pixels within two pixels of an outline. No setting was chosen on the test images, and no published figure is known for
these sets. Without the files of COCO, the script says so and ends.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from cifar10.entry import read_solution
from torch import Tensor, nn

from common.data import DataError, cache, render, scenes
from common.data.coco import FOLDERS
from common.data.files import find_file, read_image
from common.training.seed import seed_everything

IGNORED = 255  # groups that COCO outlines as a whole
WIDTHS = (12, 24, 48, 64)
Sets = tuple[Tensor, Tensor, Tensor, Tensor]


class WithoutSkips(nn.Module):
    """a13's U-Net, whose skips are replaced by zeros."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, 2, H, W)."""
        net, sizes = self.net, []
        for block in net.down[:-1]:
            x = block(x)
            sizes.append(x.shape)
            x = F.max_pool2d(x, 2)
        x = net.down[-1](x)
        for level in reversed(range(len(net.up))):
            x = torch.cat([x.new_zeros(sizes[level]), net.up[level](x)], dim=1)
            x = net.merge[level](x)
        out: Tensor = net.last(x)
        return out


def networks() -> dict[str, Callable[[], nn.Module]]:
    """Return the networks by name."""
    module = read_solution("a13_dense_prediction", "segmentation")
    return {
        "U-Net": lambda: module.UNet(3, 2, WIDTHS),
        "U-Net without skips": lambda: WithoutSkips(module.UNet(3, 2, WIDTHS)),
        "FCN-32s": lambda: module.FCN(module.Backbone(), 2, 32),
        "FCN-16s": lambda: module.FCN(module.Backbone(), 2, 16),
        "FCN-8s": lambda: module.FCN(module.Backbone(), 2, 8),
    }


def of_scenes(seed: int) -> Sets:
    """Draw 1,000 and 300 scenes of 32 x 32 pixels with the masks of their objects."""
    found: list[Tensor] = []
    for stream, count in (("train", 1000), ("test", 300)):
        described = scenes.describe(seed, range(count), stream=stream)
        masks = [torch.from_numpy(render.annotate(scene, 32).masks).any(dim=0) for scene in described]
        found += [torch.from_numpy(render.render(described, 32)).float() / 255, torch.stack(masks).long()]
    return found[0], found[1], found[2], found[3]


def of_coco(seed: int, size: int = 64) -> Sets:
    """Read images and masks of COCO 2017; class 1 is any object. ``seed`` is not used. Raises DataError."""
    return *_coco("train", size), *_coco("val", size)


def _coco(part: str, size: int) -> tuple[Tensor, Tensor]:
    path = find_file(f"annotations/instances_{part}2017.json", cache.data_folder(None), FOLDERS, title="COCO",
                     instead="--data scenes")  # fmt: skip
    table = json.loads(path.read_text(encoding="utf-8"))
    masks = {image["id"]: np.zeros((size, size), np.int64) for image in table["images"]}
    shapes = {image["id"]: (image["height"], image["width"]) for image in table["images"]}
    for note in sorted(table["annotations"], key=lambda note: -note.get("iscrowd", 0)):  # groups first, below objects
        mask, (height, width) = masks[note["image_id"]], shapes[note["image_id"]]
        if isinstance(note["segmentation"], dict):
            mask[_of_runs(note["segmentation"]["counts"], height, width, size)] = IGNORED
        for polygon in note["segmentation"] if isinstance(note["segmentation"], list) else ():
            mask[_inside(np.array(polygon, float).reshape(-1, 2), height, width, size)] = 1
    images = []
    for image in table["images"]:
        pixels = read_image(path.parent.parent / f"{part}2017" / Path(image["file_name"]).name)
        images.append(F.interpolate(pixels[None], (size, size), mode="bilinear", antialias=True)[0].clamp(0, 1))
    return torch.stack(images), torch.from_numpy(np.stack([masks[image["id"]] for image in table["images"]]))


def _centres(height: int, width: int, size: int) -> tuple[Any, Any]:
    """Return where the centres of the pixels of a size x size grid are in an image."""
    centre = (np.arange(size) + 0.5) / size
    return centre[:, None] * height, centre[None, :] * width


def _inside(points: Any, height: int, width: int, size: int) -> Any:
    """Return which centres a polygon surrounds: a ray to the right crosses its sides an odd number of times."""
    y, x = _centres(height, width, size)
    inside = np.zeros((size, size), bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y0 != y1:
            between = (np.minimum(y0, y1) <= y) & (y < np.maximum(y0, y1))
            inside ^= between & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return inside


def _of_runs(counts: list[int] | str, height: int, width: int, size: int) -> Any:
    """Return a mask from lengths of runs of 0 and 1, column after column, at the centres of a grid."""
    if isinstance(counts, str):
        raise DataError("Masks in COCO's compressed form are not read; the official files have lists of counts.")
    flat = np.repeat(np.arange(len(counts)) % 2, counts).astype(bool)
    y, x = _centres(height, width, size)
    return flat.reshape(width, height).T[y.astype(int), x.astype(int)]


def train(net: nn.Module, x: Tensor, y: Tensor, epochs: int) -> None:
    """Train with Adam and a one-cycle schedule up to 4e-3, batches of 32; leave the network in eval mode."""
    loss_of = read_solution("a13_dense_prediction", "segmentation").pixel_cross_entropy
    per = max(len(x) // 32, 1)
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=epochs * per)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for n in range(per):
            batch = order[32 * n : 32 * n + 32]
            optimizer.zero_grad()
            loss_of(net(x[batch]), y[batch]).backward()
            optimizer.step()
            schedule.step()
    net.eval()


def measure(net: nn.Module, x: Tensor, y: Tensor) -> str:
    """Return the three measures as a sentence."""
    module = read_solution("a13_dense_prediction", "segmentation")
    with torch.no_grad():
        pred = torch.cat([net(part).argmax(dim=1) for part in x.split(100)])
    conf = module.confusion(pred, y, 2)
    object_iou = conf[1, 1].item() / max(int(conf[1].sum() + conf[0, 1]), 1)
    inside = (y == 1)[:, None].float()
    near = (F.max_pool2d(inside, 5, 1, 2) + F.max_pool2d(-inside, 5, 1, 2))[:, 0] > 0
    right = float((pred == y)[near & (y != IGNORED)].double().mean())
    return f"IoU of objects {object_iou:.3f}, mean IoU {module.miou(conf):.3f}, near outlines {right:.3f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=["scenes", "coco"], default="scenes")
    parser.add_argument("--only", default="", metavar="WORD", help="only networks with this word in their name")
    parser.add_argument("--epochs", type=int, default=None, metavar="N", help="default: 6 on scenes, 20 on COCO")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="N")
    options = parser.parse_args()
    read = of_scenes if options.data == "scenes" else of_coco
    epochs = options.epochs or (6 if options.data == "scenes" else 20)
    for seed in options.seeds:
        try:
            x, y, x_test, y_test = read(seed)
        except DataError as error:
            print(f"skipped: {error}")
            return 0
        print(f"torch {torch.__version__}, {options.data}, seed {seed}: {len(x)} and {len(x_test)} images", flush=True)
        for name, make in networks().items():
            if options.only.lower() in name.lower():
                seed_everything(seed)
                net, begun = make(), time.process_time()
                train(net, x, y, epochs)
                seconds = time.process_time() - begun
                print(f"  {name}: {measure(net, x_test, y_test)}; {seconds:.0f} s of processor time", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

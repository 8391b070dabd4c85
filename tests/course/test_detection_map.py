"""a10's mAP compared with pycocotools, where that is installed: the same right detections, the same precisions."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor

pytest.importorskip("pycocotools", reason="pycocotools is not installed (pip install pycocotools)")

REFERENCE = Path(__file__).resolve().parents[2] / "solutions" / "a10_detection"
Shot = dict[str, Tensor]


@pytest.fixture(scope="module")
def reference() -> Iterator[ModuleType]:
    if not REFERENCE.is_dir():
        pytest.skip("this copy has no solutions")
    sys.path.insert(0, str(REFERENCE))
    try:
        import single_stage_detector

        yield single_stage_detector
    finally:
        sys.path.remove(str(REFERENCE))
        sys.modules.pop("single_stage_detector", None)


def scenes(seed: int, images: int = 30, classes: int = 4) -> tuple[list[Shot], list[Shot]]:
    """Draw objects far apart (the two rules differ only where a box overlaps two objects), and detections near them."""
    rng = np.random.default_rng(seed)
    predictions, targets = [], []
    for _ in range(images):
        cells = rng.permutation(9)[: rng.integers(0, 6)]
        middle = np.stack([cells % 3, cells // 3], axis=1) * 40 + 20 + rng.uniform(-4, 4, (len(cells), 2))
        half = rng.uniform(6, 14, (len(cells), 2))
        boxes, labels = np.concatenate([middle - half, middle + half], axis=1), rng.integers(0, classes, len(cells))
        near = np.repeat(boxes, 3, axis=0) + rng.normal(0, 3, (3 * len(cells), 4))
        named = np.where(rng.random(len(near)) < 0.8, np.repeat(labels, 3), rng.integers(0, classes, len(near)))
        scores = rng.permutation(len(near)) / 100 + rng.random()
        targets.append({"boxes": torch.tensor(boxes), "labels": torch.tensor(labels)})
        predictions.append({"boxes": torch.tensor(near), "scores": torch.tensor(scores), "labels": torch.tensor(named)})
    return predictions, targets


def by_pycocotools(predictions: list[Shot], targets: list[Shot], threshold: float) -> dict[int, np.ndarray]:
    """Compute the precision at 101 recalls for each class."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def rows(shots: list[Shot]) -> list[dict]:
        found = []
        for image, shot in enumerate(shots):
            for row, (x0, y0, x1, y1) in enumerate(shot["boxes"].tolist()):
                box = [x0, y0, x1 - x0, y1 - y0]
                entry = {
                    "image_id": image,
                    "category_id": int(shot["labels"][row]),
                    "bbox": box,
                    "area": box[2] * box[3],
                }
                score = {"score": float(shot["scores"][row])} if "scores" in shot else {"iscrowd": 0}
                found.append({"id": len(found) + 1, **entry, **score})
        return found

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        labels = sorted({int(label) for shot in targets for label in shot["labels"]})
        truth.dataset = {
            "images": [{"id": image} for image in range(len(targets))],
            "annotations": rows(targets),
            "categories": [{"id": label} for label in labels],
        }
        truth.createIndex()
        known = [row for row in rows(predictions) if row["category_id"] in labels]
        run = COCOeval(truth, truth.loadRes(known), "bbox")
        run.params.iouThrs = np.array([threshold])
        run.params.maxDets = [1000]
        run.evaluate()
        run.accumulate()
    return {label: run.eval["precision"][0, :, k, 0, 0] for k, label in enumerate(labels)}


@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_precision_at_every_recall_agrees_with_pycocotools(reference: ModuleType, threshold: float) -> None:
    predictions, targets = scenes(seed=3)
    expected = by_pycocotools(predictions, targets, threshold)
    assert len(expected) == 4
    for label, precisions in expected.items():
        recall, precision = reference.precision_recall(predictions, targets, label, threshold)
        at = [
            precision[recall >= r - 1e-9].max().item() if (recall >= r - 1e-9).any() else 0.0
            for r in np.linspace(0, 1, 101)
        ]
        np.testing.assert_allclose(at, precisions, atol=1e-9)
        area = reference.average_precision(recall, precision)
        assert abs(area - precisions.mean()) < 0.015  # the mean at 101 recalls is nearly the area


def test_map_is_near_that_of_pycocotools(reference: ModuleType) -> None:
    predictions, targets = scenes(seed=8, images=60)
    expected = float(np.mean([p.mean() for p in by_pycocotools(predictions, targets, 0.5).values()]))
    assert 0.3 < expected < 0.95
    assert abs(reference.mean_average_precision(predictions, targets) - expected) < 0.01

"""Mean average precision by plain loops, and that of a detector trained on scenes."""

from oracles_hidden import PROBES, plain_iou
from torch import Tensor

from autograder import Message, expect, expect_shape
from common.data.boxes import collate, load_boxes
from common.nets.detection import ANCHORS

MOST = 8 * 8 * len(ANCHORS)  # detections that an image of 64 x 64 can have


def scene_sets(rng, train: int, test: int):
    """Draw training and test scenes that the student's process cannot generate itself."""
    seed = rng.key()
    parts = (load_boxes("scenes", part, count=count, seed=seed) for part, count in (("train", train), ("val", test)))
    return tuple(collate([*part]) for part in parts)


def detect(detector, images: Tensor, stride: int = 8) -> list[dict]:
    """Return the detections of all images, in pixels, as tensors; a malformed result raises some exception."""
    found = []
    for part in images.split(50):
        result = detector.inference(part, thresh=0.05, nms_thresh=0.5)
        for boxes, scores, labels in zip(*result, strict=True):
            expect_shape(boxes, (len(scores), 4), name="the boxes of an image")
            expect_shape(labels, (len(scores),), name="the classes of an image")
            expect(
                len(scores) <= MOST,
                Message(
                    "inference gave {count} detections in one image, for {most} anchors.", count=len(scores), most=MOST
                ),
            )
            boxes, scores, labels = boxes.double().cpu() * stride, scores.double().cpu(), labels.cpu()
            found.append({"boxes": boxes, "scores": scores, "labels": labels})
    expect(
        len(found) == len(images),
        Message("inference gave detections for {found} of {images} images.", found=len(found), images=len(images)),
    )
    return found


def loop_curve(predictions: list[dict], targets: list[dict], label: int, threshold: float) -> tuple[list, list, int]:
    """Compute recall and precision after each detection with lists, and the number of objects."""
    rows = []
    for image, detections in enumerate(predictions):
        for box, score, own in zip(*(detections[key].tolist() for key in ("boxes", "scores", "labels")), strict=True):
            rows += [(score, image, box)] if own == label else []
    rows.sort(key=lambda row: -row[0])  # stable
    wanted = [t["boxes"][t["labels"] == label].tolist() for t in targets]
    objects, right, found, recall, precision = sum(map(len, wanted)), 0, set(), [], []
    for count, (_, image, box) in enumerate(rows, start=1):
        overlaps = [plain_iou(box, other) for other in wanted[image]]
        best = max(range(len(overlaps)), key=lambda n: (overlaps[n], -n), default=None)
        if best is not None and overlaps[best] >= threshold and (image, best) not in found:
            found.add((image, best))
            right += 1
        recall.append(right / objects if objects else 0.0)
        precision.append(right / count)
    return recall, precision, objects


def loop_ap(recall: list, precision: list) -> float:
    """Compute the area under the interpolated curve, point by point."""
    area, before = 0.0, 0.0
    for k, here in enumerate(recall):
        area += (here - before) * max(precision[k:])
        before = here
    return area


def loop_map(predictions: list[dict], targets: list[dict], threshold: float = 0.5) -> float:
    """Compute the mean of loop_ap over the classes of the targets."""
    labels = {label for t in targets for label in t["labels"].tolist()}
    areas = [loop_ap(*loop_curve(predictions, targets, label, threshold)[:2]) for label in labels]
    return sum(areas) / len(areas) if areas else 0.0


def trained_map(student, rng, detector_class) -> float:
    """Train a detector in the student's process, 200 steps on 800 scenes; return its mAP on 200 new scenes."""
    train, test = scene_sets(rng, 800, 200)
    student.seed(rng.int(0, 2**31))
    detector = detector_class(num_classes=10, drop_ratio=0.0).to(rng.device)
    student.define(PROBES).train(detector, train.images.to(rng.device), train.boxes.to(rng.device), 200)
    found = detect(detector, test.images.to(rng.device))
    targets = [{"boxes": b[b[:, 4] >= 0, :4].double(), "labels": b[b[:, 4] >= 0, 4].long()} for b in test.boxes]
    return loop_map(found, targets)

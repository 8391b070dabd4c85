"""Hidden checks of the first stage: loops over anchors on random boxes, edge cases, gradients."""

from functools import partial

import torch
from oracles import expect_modes_kept, tensor
from oracles_hidden import (
    ABOVE,
    NEGATIVE,
    PROBES,
    SHAPES,
    SIZES,
    anchors_of,
    boxes_of,
    expect_layers,
    judge_dropout,
    loop_iou,
    loop_match,
    plain_iou,
)
from oracles_loans import LOANS_OF_PROPOSALS
from oracles_loans_hidden import LOANS_OF_DETECTORS
from oracles_two_stage import TOYS, proposal_module, six, toy_rpn
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_same_gradients, expect_shape, task
from common.nets.detection import box_offsets


@task("ProposalModule", share="1/6", loans=LOANS_OF_PROPOSALS)
def check_proposal_module_without_positives(student, rng):
    """Sizes agree with the arguments and the defaults 256 and 9, also for one cell and no positive anchor."""
    features = rng.normal(1, 11, 2, 2, dtype=torch.float32)
    expect_layers(student, student.ProposalModule(11).to(rng.device), features, [(256, 11, 3, 3), (54, 256, 1, 1)])
    module = student.ProposalModule(5, hidden_dim=3, num_anchors=2).to(rng.device).eval()
    none = tensor(rng, [], torch.int64)
    for B, H, W in ((1, 1, 1), (2, 4, 3)):
        features = rng.normal(B, 5, H, W, dtype=torch.float32)
        scores, offsets = module(features)
        expect_shape(scores, (B, 2, 2, H, W), name="scores")
        expect_shape(offsets, (B, 2, 4, H, W), name="offsets")
        some = rng.permutation(2 * B * H * W)[:2]
        picked, offsets, proposals = module(features, tensor(rng, [], torch.float32).reshape(0, 4), none, some)
        expect_close(picked, scores.movedim(2, -1).reshape(-1, 2)[some], name="scores of negative anchors")
        expect_shape(offsets, (0, 4), name="offsets of no anchor")
        expect_shape(proposals, (0, 4), name="proposals of no anchor")
    expect_modes_kept(student, module, partial(module, features))


@task("ProposalModule", share="1/6", loans=LOANS_OF_PROPOSALS)
def check_proposal_module_drops_in_training(student, rng):
    """Dropout acts in training at the given ratio, and never in evaluation."""
    features = rng.normal(2, 6, 3, 4, dtype=torch.float32)
    modules = {ratio: student.ProposalModule(6, 8, 2, drop_ratio=ratio).to(rng.device) for ratio in (0.0, 0.5)}
    judge_dropout(student, modules, features, 0, Message("scores"))


@task("ProposalModule", share="1/6", loans=LOANS_OF_PROPOSALS)
def check_proposal_module_learns_everywhere(student, rng):
    """Gradients of all three outputs agree with the formula, in every parameter and the features; images do not mix."""
    features = rng.normal(2, 6, 3, 4)
    made = proposal_module(student, rng, 6, 8, 2, features.float())
    module, order = made.network, rng.permutation(48)
    coord = boxes_of(rng, 24)

    def formula(x: Tensor, coord: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, ...]:
        rows = six(made, 2, 8, x).movedim(2, -1).reshape(-1, 6)
        offsets = rows[positive, 2:]
        middle, size = (coord[:, :2] + coord[:, 2:]) / 2, coord[:, 2:] - coord[:, :2]
        moved, half = middle + size * offsets[:, :2], size * offsets[:, 2:].exp() / 2
        return rows[torch.cat([positive, negative]), :2], offsets, torch.cat([moved - half, moved + half], dim=1)

    def detached(number: int):
        return lambda *inputs: [v.detach() if n == number else v for n, v in enumerate(formula(*inputs))]

    names = (Message("scores"), Message("offsets"), Message("proposals"))
    expect_same_gradients(
        student, rng, module, formula, features, coord, order[:24], order[24:],
        weights=made.values, train=False, names=(Message("the features"), "pos_anchor_coord"),
        mistakes={
            Message("The {name} are detached.", name=name): detached(number) for number, name in enumerate(names)
        },
    )  # fmt: skip
    whole, alone = module(features)[1], module(features[1:])[1]
    expect_close(alone, whole[1:], name="the offsets of a single image")


def plain_rpn(scores, offsets, bboxes, *, pos=0.5, neg=0.3, yolo=False, square=True) -> tuple[Tensor, list]:
    """Sum the loss over anchors; return it with the positive anchors' proposals, images, classes and rows of bboxes.

    The options are known mistakes: other thresholds, YOLO's offsets, absolute values.
    """
    expected, rows = scores.new_zeros(()), []
    anchors = anchors_of(SHAPES, scores[:, 0])
    for b, wanted in enumerate(bboxes.tolist()):
        real = [n for n, row in enumerate(wanted) if row[4] >= 0]
        flat = anchors[b].reshape(-1, 4)
        iou = [[plain_iou(anchor, wanted[n][:4]) for n in real] for anchor in flat.tolist()]
        best = [max(row[c] for row in iou) for c in range(len(real))]
        for k, row in enumerate(iou):
            log = scores[b].movedim(1, -1).reshape(-1, 2)[k].log_softmax(dim=0)
            if any(v >= pos or (v == top and v > 0) for v, top in zip(row, best, strict=True)):
                n = real[row.index(max(row))]
                move = offsets[b].movedim(1, -1).reshape(-1, 4)[k]
                off = move - box_offsets(flat[k], bboxes[b, n, :4], "YOLO" if yolo else "FasterRCNN")
                expected = expected - log[0] + 10 * (off.square() if square else off.abs()).sum()
                middle, size = (flat[k, :2] + flat[k, 2:]) / 2, flat[k, 2:] - flat[k, :2]
                middle, half = middle + size * move[:2], size * move[2:].exp() / 2
                rows.append((torch.cat([middle - half, middle + half]), b, int(bboxes[b, n, 4]), n))
            elif all(v < neg for v in row):
                expected = expected - log[1]
    return expected / max(len(rows), 1), rows


def judge_rpn(student, rng, H, W, bboxes, *, name):
    """Compare the loss and the other outputs with loops over anchors."""
    B, A = len(bboxes), len(SHAPES)
    scores, offsets = rng.normal(B, A, 2, H, W), 0.3 * rng.normal(B, A, 4, H, W)
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, SHAPES)
    images = rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32)
    loss, table = rpn(images, bboxes), rpn(images, bboxes, output_mode="all")

    expected, rows = plain_rpn(scores, offsets, bboxes)

    def wrong(**options):
        return lambda: plain_rpn(scores, offsets, bboxes, **options)[0]

    mistakes = {
        "Anchors were matched with neg_thresh=0.4; here it is 0.3.": wrong(neg=0.4),
        "Anchors were matched with pos_thresh=0.7; here it is 0.5.": wrong(pos=0.7),
        "Anchors were matched with thresholds of one stage; here they are 0.5 and 0.3.": wrong(pos=0.7, neg=0.4),
        "The offsets were computed by YOLO's method; here it is Faster R-CNN's.": wrong(yolo=True),
        "The offsets' differences are squared, not absolute values.": wrong(square=False),
        "The sum was divided by the number of images; divide it by that of the positive anchors.":
            lambda: plain_rpn(scores, offsets, bboxes)[0] * max(len(rows), 1) / B,
        "The sum was not divided by the number of positive anchors.":
            lambda: plain_rpn(scores, offsets, bboxes)[0] * max(len(rows), 1),
        "Anchors were matched by YOLO's rule; this network uses Faster R-CNN's.":
            lambda: by_yolo(scores, offsets, bboxes),
        "Divide by max(P, 1): there may be no positive anchor.":
            loss if isinstance(loss, Tensor) and loss.isinf().any() else None,
        "Images without boxes have the loss of their negative anchors, not 0.": torch.zeros_like(expected),
    }  # fmt: skip
    expect_close(loss, expected, check_dtype=False, name=Message("the loss, {name}", name=name), mistakes=mistakes)
    expect(type(table) is dict, "With output_mode='all', RPN returns a dict.")
    missing = {"loss", "features", "proposals", "images", "labels"} - set(table)
    expect(not missing, Message("The dict of output_mode='all' has no {missing}.", missing=sorted(missing)))
    expect_close(
        table["loss"], expected, check_dtype=False, name=Message("'loss', {name}", name=name), mistakes=mistakes
    )
    maps = torch.arange(B * H * W, device=rng.device).reshape(B, 1, H, W).double()
    expect_equal(table["features"], maps, name=Message("'features', {name}", name=name))
    boxes = torch.stack([row[0] for row in rows]) if rows else maps.new_zeros(0, 4)
    expect_close(table["proposals"], boxes, name=Message("'proposals', {name}", name=name), mistakes={
        "These are the anchors; return their proposals.": lambda: positive_anchors(scores, offsets, bboxes),
    })  # fmt: skip
    expect_equal(
        table["images"], tensor(rng, [row[1] for row in rows], torch.int64), name=Message("'images', {name}", name=name)
    )
    labels = tensor(rng, [row[2] for row in rows], torch.int64)
    expect_equal(table["labels"], labels, name=Message("'labels', {name}", name=name), mistakes={
        "These are rows of bboxes; the label of a box is its fifth number.":
            tensor(rng, [row[3] for row in rows], torch.int64),
    })  # fmt: skip


def positive_anchors(scores: Tensor, offsets: Tensor, bboxes: Tensor) -> Tensor:
    """Return the positive anchors: the proposals of offsets that are 0."""
    return torch.stack([row[0] for row in plain_rpn(scores, 0 * offsets, bboxes)[1]])


def by_yolo(scores: Tensor, offsets: Tensor, bboxes: Tensor) -> Tensor:
    """Compute the loss with YOLO's rule, a known mistake."""
    anchors = anchors_of(SHAPES, scores[:, 0])
    matches = loop_match(anchors, bboxes, loop_iou(anchors, bboxes), 0.5, 0.3, "YOLO")
    image, positive = (matches >= 0).nonzero(as_tuple=True)
    log = scores.log_softmax(dim=2).movedim(2, -1).flatten(1, 3)  # (B, K, 2)
    right = box_offsets(
        anchors.flatten(1, 3)[image, positive], bboxes[image, matches[image, positive], :4], "FasterRCNN"
    )
    move = offsets.movedim(2, -1).flatten(1, 3)[image, positive]
    total = -log[image, positive, 0].sum() - log[matches == NEGATIVE][:, 1].sum() + 10 * (move - right).square().sum()
    return total / max(len(image), 1)


def random_boxes(rng, B: int, N: int, H: int, W: int) -> Tensor:
    """Draw boxes of classes 0 to 6; the last rows of some images are padding: (B, N, 5)."""
    middle, half = rng.uniform(B, N, 2) * tensor(rng, [float(W), float(H)]), rng.uniform(B, N, 2, low=0.6, high=1.2)
    bboxes = torch.cat([middle - half, middle + half, rng.integers(0, 7, B, N, 1).double()], dim=-1)
    for image in range(B):
        bboxes[image, N - image % (N + 1) :] = -1
    return bboxes


@task("RPN.forward", share=20, loans=LOANS_OF_DETECTORS)
def check_rpn_agrees_with_loops(student, rng):
    """Loss, proposals, images and classes agree with loops over anchors, for one image and several, of any shape."""
    for B, N, H, W in ((3, 6, 5, 4), (1, 4, 2, 6)):
        judge_rpn(student, rng, H, W, random_boxes(rng, B, N, H, W), name=Message("{count} images", count=B))


@task("RPN.forward", share=20, loans=LOANS_OF_DETECTORS)
def check_rpn_without_boxes(student, rng):
    """Images without boxes (only padding, or N = 0) have the loss of their negative anchors and no proposals."""
    judge_rpn(student, rng, 3, 4, torch.full((2, 2, 5), -1.0, device=rng.device).double(), name=Message("only padding"))
    judge_rpn(student, rng, 3, 4, torch.zeros(2, 0, 5, device=rng.device).double(), name="N = 0")


@task("RPN.forward", share=20, loans=LOANS_OF_DETECTORS)
def check_rpn_learns(student, rng):
    """The loss has the gradients of its formula, features and loss pass them on, and the modes stay as they are."""
    bboxes = random_boxes(rng, 2, 3, 4, 3)
    scores, offsets = rng.normal(2, 3, 2, 4, 3), 0.3 * rng.normal(2, 3, 4, 4, 3)
    toys, maps = student.define(TOYS), torch.arange(24, device=rng.device).reshape(2, 1, 4, 3).double()
    rpn = toy_rpn(student, toys, scores, offsets, SHAPES)
    images = rng.uniform(2, 3, 32, 24, dtype=torch.float32)
    expect_modes_kept(student, rpn, lambda: rpn(images, bboxes))
    whole = student.RPN(hidden_dim=4, drop_ratio=0.0).to(rng.device)
    found, right = student.define(PROBES).losses_after(whole, images, bboxes.float())
    expect_close(found, right, name="the loss after a call with smaller images", hint=SIZES)

    def loss(*inputs, cut: int | None = None) -> tuple[Tensor, Tensor]:
        tie = (maps - maps.detach())[:, :, None] if cut != 2 else 0.0  # the toy's outputs depend on the features
        moved = [v.detach() if n == cut else v for n, v in enumerate((scores + tie, offsets + tie))]
        return plain_rpn(*moved, bboxes)[0], maps.detach() if cut == 3 else 1.0 * maps

    names = (Message("scores"), Message("offsets"), Message("features"), Message('features of output_mode="all"'))
    expect_same_gradients(
        student, rng, student.define(PROBES).stage_of, loss, rpn, (2, 3, 32, 24), bboxes.tolist(),
        weights=(scores, offsets, maps),
        mistakes={Message("The {name} are detached.", name=name): partial(loss, cut=n) for n, name in enumerate(names)},
    )  # fmt: skip


@task("RPN.inference", share=25, loans=LOANS_OF_DETECTORS)
def check_rpn_suppresses_and_sorts(student, rng):
    """Proposals are sorted by confidence, after suppression in each image by nms_thresh."""
    scores = torch.zeros(2, 2, 2, 1, 3, dtype=torch.float64, device=rng.device)
    scores[0, :, 0, 0] = tensor(rng, [[1.0, 3.0, 2.0], [0.5, 0.25, 4.0]])
    scores[1, :, 0, 0] = tensor(rng, [[-1.0, 0.0, -2.0], [-1.0, -1.0, 5.0]])
    offsets = torch.zeros(2, 2, 4, 1, 3, dtype=torch.float64, device=rng.device)
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, [[3.0, 1.0], [3.0, 1.0]]).eval()
    images = rng.uniform(2, 3, 8, 24, dtype=torch.float32)
    every = scores.softmax(dim=2)[:, :, 0].flatten(1)
    # Neighbouring anchors of 3 x 1 cells have an IoU of 1/2, the outer two of 1/5.
    for threshold, first, second in ((0.1, [4.0], [5.0]), (0.4, [4.0, 1.0], [5.0]), (0.6, [4.0, 3.0, 1.0], [5.0])):
        _, confidences = rpn.inference(images, thresh=0.5, nms_thresh=threshold)
        for image, leads in enumerate((first, second)):
            expected = tensor(rng, leads).sigmoid()
            name = Message("confidences of image {image} with nms_thresh={threshold}", image=image, threshold=threshold)
            expect_close(confidences[image], expected, name=name, mistakes={
                "Nothing was suppressed.": every[image][every[image] > 0.5].sort(descending=True).values,
                "Return the proposals in the order of nms, by falling confidence.": expected.flip(0),
                ABOVE: torch.cat([expected, 0 * expected[:1] + 0.5]),
            }, hint="Hand nms_thresh on to nms as it is.")  # fmt: skip
    many = torch.full((1, 1, 2, 20, 20), 2.0, device=rng.device).double()
    many[:, :, 1] = 0
    rpn = toy_rpn(student, student.define(TOYS), many, torch.cat([0 * many] * 2, dim=2), [[0.5, 0.5]])
    boxes, _ = rpn.inference(rng.uniform(1, 3, 160, 160, dtype=torch.float32))
    expect(
        len(boxes[0]) == 400,
        Message("Of 400 sure boxes that do not overlap, inference gave {count}.", count=len(boxes[0])),
        hint="All boxes that nms keeps are proposals: do not limit their number with topk.",
    )
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, [[3.0, 1.0], [3.0, 1.0]])
    expect_modes_kept(student, rpn, lambda: rpn.inference(images))


@task("RPN.inference", share=25, loans=LOANS_OF_DETECTORS)
def check_rpn_gives_features_to_the_second_stage(student, rng):
    """With mode="FasterRCNN" the features are the third result; images without proposals give empty tensors."""
    scores = torch.zeros(2, 1, 2, 3, 2, dtype=torch.float64, device=rng.device)  # all at exactly 0.5
    offsets = torch.zeros_like(scores).repeat(1, 1, 2, 1, 1)
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, [[0.5, 0.5]]).eval()
    images = rng.uniform(2, 3, 24, 16, dtype=torch.float32)
    boxes, confidences, features = rpn.inference(images, thresh=0.5, nms_thresh=0.5, mode="FasterRCNN")
    expect_equal(features, torch.arange(12, device=rng.device).reshape(2, 1, 3, 2).double(), name="the features")
    expect_equal(list(boxes), [scores.new_zeros(0, 4)] * 2, name="boxes with a confidence above 0.5", hint=ABOVE)
    expect_equal(list(confidences), [scores.new_zeros(0)] * 2, name="confidences above 0.5")
    boxes, _ = rpn.inference(images[:1], thresh=0.25, nms_thresh=0.5)
    expect_equal([len(b) for b in boxes], [6], name="numbers of boxes above 0.25 in a single image")

"""Hidden checks of the first stage: loops over anchors on random boxes, edge cases, gradients."""

import torch
from oracles import tensor
from oracles_hidden import PROBES, SHAPES, anchors_of, judge_dropout, plain_iou
from oracles_two_stage import TOYS, toy_rpn
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_shape, task
from common.nets.detection import box_offsets


@task("ProposalModule", points=1)
def check_proposal_module_without_positives(student, rng):
    """Sizes agree with the arguments and the defaults 256 and 9, also for one cell and no positive anchor."""
    found = sorted(student.define(PROBES).shapes(student.ProposalModule(11)))
    expect_equal(found, sorted([(256, 11, 3, 3), (256,), (54, 256, 1, 1), (54,)]), name="the shapes of the parameters")
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


@task("ProposalModule", points=1)
def check_proposal_module_drops_in_training(student, rng):
    """Dropout acts in training at the given ratio, and never in evaluation."""
    features = rng.normal(2, 6, 3, 4, dtype=torch.float32)
    modules = {ratio: student.ProposalModule(6, 8, 2, drop_ratio=ratio).to(rng.device) for ratio in (0.0, 0.5)}
    judge_dropout(student, modules, features, 0, "scores")


@task("ProposalModule", points=1)
def check_proposal_module_learns_everywhere(student, rng):
    """Gradients of all three outputs reach every parameter and the features; an image does not depend on others."""
    module = student.ProposalModule(6, 8, 2, drop_ratio=0.2).to(rng.device)
    features = rng.normal(2, 6, 3, 4, dtype=torch.float32)
    order, coord = rng.permutation(48), tensor(rng, [[0.0, 1.0, 2.0, 2.5]], torch.float32).repeat(24, 1)
    numbers = student.define(PROBES).without_full_gradient(module, features, coord, order[:24], order[24:])
    names = ["scores", "offsets", "proposals"]
    expect_equal([names[number] for number in numbers], [], name="outputs with a missing gradient")
    whole, alone = module(features)[1], module(features[1:])[1]
    expect_close(alone, whole[1:], name="the offsets of a single image")


def judge_rpn(student, rng, H, W, bboxes, *, name):
    """Compare the loss and the other outputs with loops over anchors."""
    B, A, N = len(bboxes), len(SHAPES), bboxes.shape[1]
    scores, offsets = rng.normal(B, A, 2, H, W), 0.3 * rng.normal(B, A, 4, H, W)
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, SHAPES)
    images = rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32)
    loss, table = rpn(images, bboxes), rpn(images, bboxes, output_mode="all")

    anchors = anchors_of(SHAPES, scores[:, 0])
    expected, rows = 0.0, []
    for b in range(B):
        real = [n for n in range(N) if bboxes[b, n, 4] >= 0]
        flat, wanted = anchors[b].reshape(-1, 4).tolist(), bboxes[b].tolist()
        iou = [[plain_iou(anchor, wanted[n][:4]) for n in real] for anchor in flat]
        best = [max(row[c] for row in iou) for c in range(len(real))]
        for k, row in enumerate(iou):
            log = scores[b].movedim(1, -1).reshape(-1, 2)[k].log_softmax(dim=0)
            if any(v >= 0.5 or (v == top and v > 0) for v, top in zip(row, best, strict=True)):
                n = real[row.index(max(row))]
                move = offsets[b].movedim(1, -1).reshape(-1, 4)[k]
                anchor = anchors[b].reshape(-1, 4)[k]
                right = box_offsets(anchor, bboxes[b, n, :4], "FasterRCNN")
                expected = expected - log[0] + 10 * (move - right).square().sum()
                size = anchor[2:] - anchor[:2]
                middle = (anchor[2:] + anchor[:2]) / 2 + move[:2] * size
                reach = size * move[2:].exp() / 2
                rows.append((torch.cat([middle - reach, middle + reach]), b, int(wanted[n][4])))
            elif all(v < 0.3 for v in row):
                expected = expected - log[1]
    expected = expected / max(len(rows), 1)
    expect_close(loss, expected, check_dtype=False, name=f"the loss, {name}")
    expect(isinstance(table, dict), "With output_mode='all', RPN returns a dict.")
    expect_equal(sorted(table), ["features", "images", "labels", "loss", "proposals"], name="the keys")
    expect_close(table["loss"], expected, check_dtype=False, name=f"'loss', {name}")
    maps = torch.arange(B * H * W, device=rng.device).reshape(B, 1, H, W).double()
    expect_equal(table["features"], maps, name=f"'features', {name}")
    boxes = torch.stack([row[0] for row in rows]) if rows else maps.new_zeros(0, 4)
    expect_close(table["proposals"], boxes, name=f"'proposals', {name}")
    expect_equal(table["images"], tensor(rng, [row[1] for row in rows], torch.int64), name=f"'images', {name}")
    expect_equal(table["labels"], tensor(rng, [row[2] for row in rows], torch.int64), name=f"'labels', {name}")


def random_boxes(rng, B: int, N: int, H: int, W: int) -> Tensor:
    """Draw boxes of classes 0 to 6; the last rows of some images are padding: (B, N, 5)."""
    middle, half = rng.uniform(B, N, 2) * tensor(rng, [float(W), float(H)]), rng.uniform(B, N, 2, low=0.6, high=1.2)
    bboxes = torch.cat([middle - half, middle + half, rng.integers(0, 7, B, N, 1).double()], dim=-1)
    for image in range(B):
        bboxes[image, N - image % (N + 1) :] = -1
    return bboxes


@task("RPN.forward", points=2)
def check_rpn_agrees_with_loops(student, rng):
    """Loss, proposals, images and classes agree with loops over anchors, for one image and several, of any shape."""
    for B, N, H, W in ((3, 6, 5, 4), (1, 4, 2, 6)):
        judge_rpn(student, rng, H, W, random_boxes(rng, B, N, H, W), name=f"{B} images")


@task("RPN.forward", points=1)
def check_rpn_without_boxes(student, rng):
    """Images without boxes (only padding, or N = 0) have the loss of their negative anchors and no proposals."""
    judge_rpn(student, rng, 3, 4, torch.full((2, 2, 5), -1.0, device=rng.device).double(), name="only padding")
    judge_rpn(student, rng, 3, 4, torch.zeros(2, 0, 5, device=rng.device).double(), name="N = 0")


@task("RPN.inference", points=1)
def check_rpn_suppresses_and_sorts(student, rng):
    """Proposals are sorted by confidence, after suppression in each image by nms_thresh."""
    scores = torch.zeros(2, 2, 2, 1, 3, dtype=torch.float64, device=rng.device)
    scores[0, :, 0, 0] = tensor(rng, [[1.0, 3.0, 2.0], [0.5, 0.25, 4.0]])
    scores[1, :, 0, 0] = tensor(rng, [[-1.0, 0.0, -2.0], [-1.0, -1.0, 5.0]])
    offsets = torch.zeros(2, 2, 4, 1, 3, dtype=torch.float64, device=rng.device)
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, [[3.0, 1.0], [3.0, 1.0]]).eval()
    images = rng.uniform(2, 3, 8, 24, dtype=torch.float32)
    # Neighbouring anchors of 3 x 1 cells have an IoU of 1/2, the outer two of 1/5.
    for threshold, first, second in ((0.4, [4.0, 1.0], [5.0]), (0.6, [4.0, 3.0, 1.0], [5.0])):
        _, confidences = rpn.inference(images, thresh=0.5, nms_thresh=threshold)
        for image, leads in enumerate((first, second)):
            expected = tensor(rng, leads).sigmoid()
            expect_close(confidences[image], expected, name=f"confidences of image {image} with nms_thresh={threshold}")


@task("RPN.inference", points=1)
def check_rpn_gives_features_to_the_second_stage(student, rng):
    """With mode="FasterRCNN" the features are the third result; images without proposals give empty tensors."""
    scores = torch.zeros(2, 1, 2, 3, 2, dtype=torch.float64, device=rng.device)  # all at exactly 0.5
    offsets = torch.zeros_like(scores).repeat(1, 1, 2, 1, 1)
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, [[0.5, 0.5]]).eval()
    images = rng.uniform(2, 3, 24, 16, dtype=torch.float32)
    boxes, confidences, features = rpn.inference(images, thresh=0.5, nms_thresh=0.5, mode="FasterRCNN")
    expect_equal(features, torch.arange(12, device=rng.device).reshape(2, 1, 3, 2).double(), name="the features")
    expect_equal(boxes, [scores.new_zeros(0, 4)] * 2, name="boxes with a confidence above 0.5")
    expect_equal(confidences, [scores.new_zeros(0)] * 2, name="confidences above 0.5")
    boxes, _ = rpn.inference(images[:1], thresh=0.25, nms_thresh=0.5)
    expect_equal([len(b) for b in boxes], [6], name="numbers of boxes above 0.25 in a single image")

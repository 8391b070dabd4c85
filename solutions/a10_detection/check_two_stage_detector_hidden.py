"""Hidden checks of a10, two_stage_detector: plain loops on random inputs, edges, gradients, and a training run."""

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, expect_gradient, expect_shape, forbid, task
from common.data.boxes import collate, load_boxes
from common.detection import ANCHORS, box_offsets, generate_grid

READY_MADE = [
    "F.grid_sample", "F.affine_grid", "F.interpolate", "F.upsample", "F.unfold", "nn.Upsample*", "torchvision",
]  # fmt: skip

TOYS = """
import torch
from torch import nn
from common.roles import load, tables


class Features(nn.Module):
    def __init__(self, maps):
        super().__init__()
        self.maps = nn.Parameter(maps)

    def forward(self, images):
        return self.maps[: len(images)]


class Proposals(nn.Module):
    def __init__(self, scores, offsets):
        super().__init__()
        self.scores, self.offsets = nn.Parameter(scores), nn.Parameter(offsets)

    def forward(self, features, pos_anchor_coord=None, pos_anchor_idx=None, neg_anchor_idx=None):
        from single_stage_detector import GenerateProposal

        if pos_anchor_idx is None:
            return self.scores[: len(features)], self.offsets[: len(features)]
        scores = self.scores.permute(0, 1, 3, 4, 2).reshape(-1, 2)[torch.cat([pos_anchor_idx, neg_anchor_idx])]
        offsets = self.offsets.permute(0, 1, 3, 4, 2).reshape(-1, 4)[pos_anchor_idx]
        proposals = GenerateProposal(pos_anchor_coord, offsets, "FasterRCNN")
        return scores, offsets, proposals


class FirstStage(nn.Module):
    def __init__(self, loss, features, proposals, images, labels, found):
        super().__init__()
        self.features = nn.Parameter(features)
        self.table = {"loss": loss, "proposals": proposals, "images": images, "labels": labels}
        self.found = found

    def forward(self, images, bboxes, output_mode="loss"):
        return self.table["loss"] if output_mode == "loss" else {**self.table, "features": self.features}

    def inference(self, images, thresh=0.5, nms_thresh=0.7, mode="RPN"):
        boxes, confidences = zip(*[(b[c > thresh], c[c > thresh]) for b, c in self.found])
        return list(boxes), list(confidences), self.features


def weights(network):
    return [p.detach() for p in network.parameters()]


def get_weights(network, features):
    return tables(network, features)


def set_weights(network, features, values):
    network.eval()
    load(network, values, features)


def shapes(network):
    return [tuple(p.shape) for p in network.parameters()]


def outputs(network, features, train):
    return network.train(train)(features)


def silent(network, *inputs):
    # The numbers of the outputs that give some parameter, or the first input, no gradient.
    inputs[0].requires_grad_()
    lost = []
    for number, part in enumerate(network.eval()(*inputs)):
        asked = [inputs[0], *network.parameters()]
        if not part.requires_grad:
            lost.append(number)
            continue
        total = (part * torch.rand_like(part)).sum()
        found = torch.autograd.grad(total, asked, retain_graph=True, allow_unused=True)
        lost += [number] if any(g is None or not g.any() for g in found) else []
    return lost


def without_gradient(detector, images, bboxes):
    detector(images, bboxes).backward()
    return [name for name, p in detector.named_parameters() if p.grad is None or not p.grad.any()]


def pooled_gradient(roi_align, features, boxes, size, direction):
    features.requires_grad_()
    (roi_align(features, boxes, size) * direction).sum().backward()
    return features.grad


class Watched(FirstStage):
    # Its proposals want a gradient, and tell whether they got one.
    def __init__(self, *parts):
        super().__init__(*parts)
        self.leaf = self.table["proposals"].clone().requires_grad_()
        self.table["proposals"] = self.leaf * 1


def box_gradient(detector, stage, images, bboxes):
    detector.rpn = stage
    detector(images, bboxes).backward()
    return tuple(part.grad is not None and bool(part.grad.any()) for part in (stage.leaf, stage.features))


def train(detector, images, boxes, steps):
    from common.detection import train_detector

    train_detector(detector, images, boxes, steps=steps)
"""
MOST = 8 * 8 * len(ANCHORS)  # detections that an image of 64 x 64 can have


def tensor(rng, rows, dtype=torch.float64) -> Tensor:
    """Numbers on the run's device."""
    return torch.tensor(rows, dtype=dtype, device=rng.device)


def sampled(features: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """RoI Align by torch's grid_sample: 2 x 2 points in each bin, then their mean. (R, C, height, width)"""
    _, _, H, W = features.shape
    image, *sides = boxes.T

    def points(low: Tensor, high: Tensor, count: int, cells: int) -> Tensor:
        steps = (2 * torch.arange(count, dtype=boxes.dtype, device=boxes.device) + 1) / (2 * count)
        return 2 * torch.lerp(low[:, None], high[:, None], steps) / cells - 1  # (R, count), -1 .. 1 over the map

    x, y = points(*sides[0::2], 2 * size[1], W), points(*sides[1::2], 2 * size[0], H)
    shape = (len(boxes), y.shape[1], x.shape[1])
    where = torch.stack([x[:, None].expand(shape), y[:, :, None].expand(shape)], dim=-1)
    samples = F.grid_sample(features[image.long()], where, padding_mode="border", align_corners=False)
    return F.avg_pool2d(samples, 2)


def rois_of(rng, images: int, count: int, H: int, W: int) -> Tensor:
    """Boxes inside the map, each with the number of its image: (R, 5)."""
    ends = rng.uniform(count, 2, 2).sort(dim=1).values * tensor(rng, [float(W), float(H)])
    return torch.cat([rng.integers(0, images, count, 1).double(), ends.flatten(1)], dim=1)


def toy_rpn(student, toys, scores, offsets, anchors):
    """A proposal network whose backbone and proposal module say what is given."""
    B, _, _, H, W = scores.shape
    rpn = student.RPN(hidden_dim=4, drop_ratio=0.0, anchors=anchors)
    rpn.feat_extractor = toys.Features(torch.arange(B * H * W, device=scores.device).reshape(B, 1, H, W).to(scores))
    rpn.prop_module = toys.Proposals(scores, offsets)
    return rpn.to(scores.device)


def toy_detector(student, rng, B, C, H, W, classes, count, found=()):
    """A two-stage detector with a first stage that says what is given; its parts for the oracle."""
    features, boxes = rng.normal(B, C, H, W), rois_of(rng, B, count, H, W)
    labels, loss = rng.integers(0, classes, count), rng.uniform(1)[0]
    size = {"roi_output_h": 3, "roi_output_w": 2}
    detector = student.TwoStageDetector(in_dim=C, hidden_dim=5, num_classes=classes, drop_ratio=0.0, **size)
    toys = student.define(TOYS)
    detector.rpn = toys.FirstStage(loss, features, boxes[:, 1:], boxes[:, 0].long(), labels, list(found))
    detector = detector.double().to(rng.device)
    w1, b1, w2, b2 = toys.weights(detector.classifier)

    def classify(rois: Tensor) -> Tensor:
        return F.linear(F.linear(sampled(features, rois, (3, 2)).flatten(1), w1, b1).relu(), w2, b2)

    return detector, classify, boxes, labels, loss


def plain_iou(a: list[float], b: list[float]) -> float:
    """IoU of two boxes, by the definition."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared) if shared > 0 else 0.0


@task("ProposalModule", points=1)
def check_proposal_module_without_positives(student, rng):
    """Sizes follow the arguments: defaults of 256 and 9, one cell, and no positive anchor at all."""
    toys = student.define(TOYS)
    found = sorted(toys.shapes(student.ProposalModule(11)))
    expect_equal(found, sorted([(256, 11, 3, 3), (256,), (54, 256, 1, 1), (54,)]), name="the shapes of its parameters")
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
    """Dropout acts in training at the ratio asked for, and never in evaluation."""
    toys = student.define(TOYS)
    features = rng.normal(2, 6, 3, 4, dtype=torch.float32)

    def scores(ratio: float, train: bool) -> Tensor:
        return toys.outputs(module[ratio], features, train)[0]

    module = {ratio: student.ProposalModule(6, 8, 2, drop_ratio=ratio).to(rng.device) for ratio in (0.0, 0.5)}
    expect_equal(scores(0.0, True), scores(0.0, False), name="scores in training and in evaluation, with ratio 0")
    expect_equal(scores(0.5, False), scores(0.5, False), name="scores of two calls in evaluation")
    same = torch.equal(scores(0.5, True), scores(0.5, True))
    expect(not same, "With drop_ratio=0.5, two calls in training gave the same scores: nothing was dropped.")


@task("ProposalModule", points=1)
def check_proposal_module_learns_everywhere(student, rng):
    """Gradients of all three outputs reach every parameter and the features; an image does not depend on others."""
    module = student.ProposalModule(6, 8, 2, drop_ratio=0.2).to(rng.device)
    features = rng.normal(2, 6, 3, 4, dtype=torch.float32)
    order, coord = rng.permutation(48), tensor(rng, [[0.0, 1.0, 2.0, 2.5]], torch.float32).repeat(24, 1)
    lost = student.define(TOYS).silent(module, features, coord, order[:24], order[24:])
    names = ["scores", "offsets", "proposals"]
    expect_equal([names[number] for number in lost], [], name="outputs from which some gradient is missing")
    whole, alone = module(features)[1], module(features[1:])[1]
    expect_close(alone, whole[1:], name="the offsets of an image that is passed alone")


SHAPES = [[1.25, 1.25], [2.0, 1.5], [1.5, 2.5]]


def judge_rpn(student, rng, H, W, bboxes, *, name):
    """Loss and other outputs agree with what loops over anchors give."""
    B, A, N = len(bboxes), len(SHAPES), bboxes.shape[1]
    scores, offsets = rng.normal(B, A, 2, H, W), 0.3 * rng.normal(B, A, 4, H, W)
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, SHAPES)
    images = rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32)
    loss, table = rpn(images, bboxes), rpn(images, bboxes, output_mode="all")

    grid, half = generate_grid(scores[:, 0, :1])[:, None], (tensor(rng, SHAPES) / 2)[:, None, None]
    anchors = torch.cat([grid - half, grid + half], dim=-1)  # (B, A, H, W, 4)
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
    """Boxes of classes 0 to 6, the last rows of some images padding: (B, N, 5)."""
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
    """Images without boxes, by padding alone or by N = 0, have the loss of their negative anchors and no proposal."""
    judge_rpn(student, rng, 3, 4, torch.full((2, 2, 5), -1.0, device=rng.device).double(), name="padding alone")
    judge_rpn(student, rng, 3, 4, torch.zeros(2, 0, 5, device=rng.device).double(), name="N = 0")


@task("RPN.inference", points=1)
def check_rpn_suppresses_and_sorts(student, rng):
    """Proposals come by falling confidence, after suppression across the image by nms_thresh."""
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
    """With mode="FasterRCNN" the features come third; images where nothing is sure give empty tensors."""
    scores = torch.zeros(2, 1, 2, 3, 2, dtype=torch.float64, device=rng.device)  # all at exactly 0.5
    offsets = torch.zeros_like(scores).repeat(1, 1, 2, 1, 1)
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, [[0.5, 0.5]]).eval()
    images = rng.uniform(2, 3, 24, 16, dtype=torch.float32)
    boxes, confidences, features = rpn.inference(images, thresh=0.5, nms_thresh=0.5, mode="FasterRCNN")
    expect_equal(features, torch.arange(12, device=rng.device).reshape(2, 1, 3, 2).double(), name="the features")
    expect_equal(boxes, [scores.new_zeros(0, 4)] * 2, name="boxes with a confidence above 0.5")
    expect_equal(confidences, [scores.new_zeros(0)] * 2, name="confidences above 0.5")
    boxes, _ = rpn.inference(images[:1], thresh=0.25, nms_thresh=0.5)
    expect_equal([len(b) for b in boxes], [6], name="numbers of boxes above 0.25 in one image alone")


@task("roi_align", points=1)
def check_roi_align_of_other_sizes(student, rng):
    """RoI Align is right for other outputs, one channel, one box, no box, and a map of one cell."""
    forbid(student, "roi_align", calls=READY_MADE)
    for (B, C, H, W), count, size in (
        ((1, 1, 4, 4), 1, (1, 1)), ((2, 3, 7, 3), 5, (4, 1)), ((2, 2, 1, 1), 3, (2, 2)), ((2, 3, 1, 6), 4, (3, 5)),
        ((2, 3, 5, 4), 0, (2, 3)),
    ):  # fmt: skip
        features, boxes = rng.normal(B, C, H, W), rois_of(rng, B, count, H, W)
        expected = sampled(features, boxes, size) if count else features.new_zeros(0, C, *size)
        expect_close(student.roi_align(features, boxes, size), expected, name=f"{count} boxes on {H} x {W} cells")


@task("roi_align", points=2)
def check_roi_align_beyond_the_map(student, rng):
    """Boxes that reach beyond the map see its border go on; boxes without an area see one point, or a line."""
    forbid(student, "roi_align", calls=READY_MADE)
    features = rng.normal(1, 3, 4, 6)
    boxes = tensor(rng, [[0, -3, -2, 2, 3], [0, 4, 2, 9, 8], [0, -5, -5, -2, -1], [0, -2, -2, 8, 6], [0, 0, 0, 6, 4],
                         [0, 2.3, 1.7, 2.3, 1.7], [0, 1, 2.2, 5, 2.2], [0, 6, 4, 6, 4]])  # fmt: skip
    expect_close(student.roi_align(features, boxes, (2, 2)), sampled(features, boxes, (2, 2)))


@task("roi_align", points=1)
def check_roi_align_passes_gradients_on(student, rng):
    """The gradient of RoI Align reaches the features, with the weights of the samples."""
    forbid(student, "roi_align", calls=READY_MADE)
    features, boxes, direction = rng.normal(2, 3, 4, 5), rois_of(rng, 2, 6, 4, 5), rng.normal(6, 3, 2, 2)
    grad = student.define(TOYS).pooled_gradient(student.roi_align, features, boxes, (2, 2), direction)
    expect_gradient(lambda x: (sampled(x, boxes, (2, 2)) * direction).sum(), features, grad, name="features")


@task("roi_align", points=1)
def check_roi_align_keeps_its_inputs(student, rng):
    """RoI Align keeps float32, takes views, and leaves its inputs as they are."""
    forbid(student, "roi_align", calls=READY_MADE)
    features = rng.normal(5, 2, 7, 3, dtype=torch.float32).permute(1, 3, 0, 2)  # (2, 3, 5, 7)
    boxes = rois_of(rng, 2, 6, 5, 7).float().T.contiguous().T
    seen = student.inspect(student.roi_align, features, boxes, (3, 2))
    expect_close(seen.value, sampled(features, boxes, (3, 2)), rtol=1e-3, atol=1e-4)
    expect_equal(seen.args[:2], (features, boxes), name="the inputs after the call")


@task("TwoStageDetector.forward", points=1)
def check_two_stage_loss_without_boxes(student, rng):
    """Without positive anchors the loss is the first stage's alone, a number; with one image it is right, too."""
    detector, _, _, _, loss = toy_detector(student, rng, 2, 4, 5, 7, 3, 0)
    value = detector(rng.uniform(2, 3, 40, 56, dtype=torch.float32), rng.normal(2, 0, 5))
    expect_close(value, loss, name="the loss without proposals")
    detector, classify, boxes, labels, loss = toy_detector(student, rng, 1, 2, 3, 6, 7, 2)
    value = detector(rng.uniform(1, 3, 24, 48, dtype=torch.float32), rng.normal(1, 1, 5))
    expect_close(value, loss + F.cross_entropy(classify(boxes), labels), name="the loss of one image")


@task("TwoStageDetector.forward", points=1)
def check_two_stage_training_reaches_every_parameter(student, rng):
    """The loss reaches every parameter of both stages, and the features, but not the proposals' coordinates."""
    toys = student.define(TOYS)
    detector = student.TwoStageDetector(hidden_dim=8, num_classes=3, drop_ratio=0.0).to(rng.device)
    images = rng.uniform(2, 3, 32, 48, dtype=torch.float32)
    bboxes = tensor(rng, [[[0.5, 0.5, 2.0, 2.2, 1]], [[2.1, 1.2, 4.0, 3.0, 2]]], torch.float32)
    lost = toys.without_gradient(detector, images, bboxes)
    expect_equal(lost, [], name="parameters without a gradient")
    features, rois = rng.normal(2, detector_width(), 4, 6, dtype=torch.float32), rois_of(rng, 2, 3, 4, 6).float()
    parts = rng.uniform(1, dtype=torch.float32)[0], features, rois[:, 1:], rois[:, 0].long(), rng.integers(0, 3, 3)
    boxes, maps = toys.box_gradient(detector, toys.Watched(*parts, []), images, bboxes)
    expect_equal(maps, True, name="whether the features get a gradient")
    expect_equal(boxes, False, name="whether the proposals' coordinates get a gradient")


def detector_width() -> int:
    """Channels of the backbone's map."""
    from common.backbone import Backbone

    return Backbone.out_channels


@task("TwoStageDetector.inference", points=1)
def check_two_stage_inference_without_proposals(student, rng):
    """Images without sure proposals give empty tensors; thresh goes to the first stage; images do not mix."""
    found = [(rois_of(rng, 1, n, 5, 7)[:, 1:], rng.uniform(n, low=0.3, high=0.4)) for n in (3, 0, 2)]
    found[2] = found[2][0], tensor(rng, [0.5, 0.55])
    detector, classify, *_ = toy_detector(student, rng, 3, 4, 5, 7, 3, 1, found)
    images = rng.uniform(3, 3, 40, 56, dtype=torch.float32)
    boxes, confidences, classes = detector.eval().inference(images, thresh=0.5)
    for image, count in enumerate((0, 0, 1)):
        expect_shape(boxes[image], (count, 4), name=f"boxes of image {image}")
        expect_shape(confidences[image], (count,), name=f"confidences of image {image}")
        expect_shape(classes[image], (count,), name=f"classes of image {image}")
        expect(classes[image].dtype == torch.int64, f"classes of image {image} are {classes[image].dtype}, not int64.")
    probability, label = classify(torch.cat([tensor(rng, [[2.0]]), found[2][0][1:]], dim=1)).softmax(dim=1).max(dim=1)
    expect_close(confidences[2], 0.55 * probability, name="confidences of image 2")
    expect_equal(classes[2], label, name="classes of image 2")


def scene_sets(rng, train: int, test: int):
    """Batches of scenes that the student's process cannot generate for itself: training and test."""
    seed = rng.int(1, 2**31)
    parts = (load_boxes("scenes", part, count=count, seed=seed) for part, count in (("train", train), ("val", test)))
    return tuple(collate([*part]) for part in parts)


def detect(detector, images: Tensor, stride: int = 8) -> list[dict]:
    """Detections of all images, in pixels, as plain tensors; raises whatever a malformed answer makes it raise."""
    found = []
    for part in images.split(50):
        answer = detector.inference(part, thresh=0.05, nms_thresh=0.5)
        for boxes, scores, labels in zip(*answer, strict=True):
            expect_shape(boxes, (len(scores), 4), name="the boxes of an image")
            expect_shape(labels, (len(scores),), name="the classes of an image")
            expect(len(scores) <= MOST, f"inference gave {len(scores)} detections in one image, for {MOST} anchors.")
            boxes, scores, labels = boxes.double().cpu() * stride, scores.double().cpu(), labels.cpu()
            found.append({"boxes": boxes, "scores": scores, "labels": labels})
    expect(len(found) == len(images), f"inference gave detections for {len(found)} of {len(images)} images.")
    return found


def loop_curve(predictions: list[dict], targets: list[dict], label: int, threshold: float) -> tuple[list, list, int]:
    """Recall and precision on lists, after each detection, and the number of objects."""
    rows = []
    for image, found in enumerate(predictions):
        for box, score, own in zip(*(found[key].tolist() for key in ("boxes", "scores", "labels")), strict=True):
            rows += [(score, image, box)] if own == label else []
    rows.sort(key=lambda row: -row[0])  # stable
    wanted = [t["boxes"][t["labels"] == label].tolist() for t in targets]
    objects, right, claimed, recall, precision = sum(map(len, wanted)), 0, set(), [], []
    for count, (_, image, box) in enumerate(rows, start=1):
        overlaps = [plain_iou(box, other) for other in wanted[image]]
        best = max(range(len(overlaps)), key=lambda n: (overlaps[n], -n), default=None)
        if best is not None and overlaps[best] >= threshold and (image, best) not in claimed:
            claimed.add((image, best))
            right += 1
        recall.append(right / objects if objects else 0.0)
        precision.append(right / count)
    return recall, precision, objects


def loop_ap(recall: list, precision: list) -> float:
    """Area under the interpolated curve, one point at a time."""
    area, before = 0.0, 0.0
    for k, here in enumerate(recall):
        area += (here - before) * max(precision[k:])
        before = here
    return area


def loop_map(predictions: list[dict], targets: list[dict], threshold: float = 0.5) -> float:
    """Mean of loop_ap over the classes of the targets."""
    labels = {label for t in targets for label in t["labels"].tolist()}
    areas = [loop_ap(*loop_curve(predictions, targets, label, threshold)[:2]) for label in labels]
    return sum(areas) / len(areas) if areas else 0.0


@task("TwoStageDetector.inference", points=2, seconds=240, memory_mb=4096)
def check_two_stage_learns_scenes(student, rng, score):
    """Trained for 200 steps on 800 scenes, two stages do better on 200 others than one stage is expected to do."""
    train, test = scene_sets(rng, 800, 200)
    student.seed(rng.int(0, 2**31))
    detector = student.TwoStageDetector(num_classes=10, drop_ratio=0.0).to(rng.device)
    student.define(TOYS).train(detector, train.images.to(rng.device), train.boxes.to(rng.device), 200)
    found = detect(detector, test.images.to(rng.device))
    targets = [{"boxes": b[b[:, 4] >= 0, :4].double(), "labels": b[b[:, 4] >= 0, 4].long()} for b in test.boxes]
    score(loop_map(found, targets), "mAP at IoU 0.5")

"""Wrong answers that people hand in for a10's two-stage detector, and the checks that must notice each."""
# ruff: noqa: E501 - the lines quoted are those of the reference

from autograder.authoring.mutants import Mutant


def two(
    story: str, noticed_by: str | tuple[str, ...], replace: str, by: str, *, count: int = 1, calibrates: bool = False
) -> Mutant:
    return Mutant(
        story,
        file="two_stage_detector.py",
        replace=replace,
        by=by,
        noticed_by=noticed_by,
        count=count,
        calibrates=calibrates,
    )


# fmt: off
FIRST_STAGE = [
    two("module: reads the channels as 6 x A", "check_proposal_module_predicts_all_anchors",
        "out = out.reshape(B, self.num_anchors, 6, H, W)", "out = out.reshape(B, 6, self.num_anchors, H, W).transpose(1, 2)"),
    two("module: 1x1 instead of 3x3", ("check_proposal_module_predicts_all_anchors", "check_proposal_module_without_positives"),
        "nn.Conv2d(in_dim, hidden_dim, 3, padding=1)", "nn.Conv2d(in_dim, hidden_dim, 1)"),
    two("module: proposals by YOLO's method", "check_proposal_module_picks_the_anchors_asked_for",
        'GenerateProposal(pos_anchor_coord, offsets, method="FasterRCNN")', "GenerateProposal(pos_anchor_coord, offsets)"),
    two("module: takes no positive anchors for inference", "check_proposal_module_without_positives",
        "if pos_anchor_idx is None:", "if pos_anchor_idx is None or len(pos_anchor_idx) == 0:"),
    two("module: forgets dropout", "check_proposal_module_drops_in_training",
        "            nn.Dropout(drop_ratio),\n            nn.LeakyReLU(),\n", "            nn.LeakyReLU(),\n"),
    two("module: detaches the offsets", "check_proposal_module_learns_everywhere",
        "offsets = rows[pos_anchor_idx][:, 2:]", "offsets = rows[pos_anchor_idx][:, 2:].detach()"),
    two("RPN: object is index 1", ("check_rpn_loss_of_a_case_by_hand", "check_rpn_agrees_with_loops"),
        "background[: len(pos_idx)] = 0", "background[len(pos_idx) :] = 0"),
    two("RPN: neutral anchors count as background", "check_rpn_loss_of_a_case_by_hand",
        "(matches == -1).flatten().nonzero()[:, 0]", "(matches < 0).flatten().nonzero()[:, 0]"),
    two("RPN: the class is the box's row", "check_rpn_agrees_with_loops",
        "labels = targets[:, 4].long()", "labels = matches[image, positive]"),
    two("RPN: matches with the default threshold of 0.7", "check_rpn_agrees_with_loops",
        "pos_thresh=0.5, neg_thresh=0.3, method=\"FasterRCNN\"", "method=\"FasterRCNN\""),
    two("RPN: divides by zero without boxes", "check_rpn_without_boxes",
        "        loss = loss / max(len(pos_idx), 1)\n        if", "        loss = loss / len(pos_idx)\n        if"),
    two("RPN: takes background for object", "check_rpn_gives_sure_proposals",
        "confidence = scores.softmax(dim=2)[:, :, 0].flatten(1)", "confidence = scores.softmax(dim=2)[:, :, 1].flatten(1)"),
    two("RPN: no suppression", "check_rpn_suppresses_and_sorts",
        "kept = nms(image_boxes, image_confidence, iou_threshold=nms_thresh)", "kept = image_confidence.argsort(descending=True)"),
    two("RPN: the images' order of anchors", "check_rpn_suppresses_and_sorts",
        "kept = nms(image_boxes, image_confidence, iou_threshold=nms_thresh)",
        "kept = nms(image_boxes, image_confidence, iou_threshold=nms_thresh).sort().values"),
    two("RPN: keeps what is exactly at the threshold", "check_rpn_gives_features_to_the_second_stage",
        "sure = image_confidence > thresh", "sure = image_confidence >= thresh"),
]

SECOND_STAGE = [
    two("RoI Align: swaps height and width", ("check_roi_align_agrees_with_grid_sample", "check_roi_align_of_ramps"),
        "R, (height, width) = len(boxes), output_size", "R, (width, height) = len(boxes), output_size"),
    two("RoI Align: the first cell's centre at 0", ("check_roi_align_agrees_with_grid_sample", "check_roi_align_of_ramps"),
        "share - 0.5).clamp(0, cells - 1)", "share).clamp(0, cells - 1)"),
    two("RoI Align: everything from image 0", ("check_roi_align_agrees_with_grid_sample", "check_roi_align_of_other_sizes"),
        "cells[image.long()[:, None, None],", "cells[0 * image.long()[:, None, None],"),
    two("RoI Align: calls grid_sample", "check_roi_align_agrees_with_grid_sample",
        "    image, x0, y0, x1, y1 = boxes.unbind(dim=1)\n",
        "    F.grid_sample(features[:1], features.new_zeros(1, 1, 1, 2))\n    image, x0, y0, x1, y1 = boxes.unbind(dim=1)\n"),
    two("RoI Align: rounds to the nearest cell", "check_roi_align_agrees_with_grid_sample",
        "        before = at.floor().long()\n", "        at = at.round()\n        before = at.floor().long()\n"),
    two("RoI Align: runs over the edge", ("check_roi_align_beyond_the_map", "check_roi_align_of_other_sizes"),
        "(before + 1).clamp(max=cells - 1)", "before + 1"),
    two("RoI Align: zero beyond the map", "check_roi_align_beyond_the_map",
        "    return samples.reshape(R, height, 2, width, 2, C)",
        "    beyond = (boxes[:, 1:3] < 0).any(1) | (x1 > W) | (y1 > H)\n    samples = samples * (~beyond)[:, None, None, None]\n"
        "    return samples.reshape(R, height, 2, width, 2, C)"),
    two("RoI Align: cuts the gradient", "check_roi_align_passes_gradients_on",
        "cells = features.movedim(1, -1)", "cells = features.detach().requires_grad_().movedim(1, -1)"),
    two("RoI Align: needs contiguous features", "check_roi_align_keeps_its_inputs",
        "cells = features.movedim(1, -1)", "cells = features.view(B0, C, H * W).reshape(B0, C, H, W).movedim(1, -1)".replace("B0", "len(features)")),
    two("RoI Align: moves the boxes in place", "check_roi_align_keeps_its_inputs",
        "    image, x0, y0, x1, y1 = boxes.unbind(dim=1)\n", "    boxes[:, 1:] += 1e-6\n    image, x0, y0, x1, y1 = boxes.unbind(dim=1)\n"),
    two("second stage: forgets the first one's loss", ("check_two_stage_loss_adds_the_classes", "check_two_stage_loss_without_boxes"),
        'return stage["loss"] + class_loss', "return class_loss"),
    two("second stage: sums the classes' loss", "check_two_stage_loss_adds_the_classes",
        'reduction="sum") / max(len(rois), 1)\n        return stage', 'reduction="sum")\n        return stage'),
    two("second stage: the mean over no proposal is nan", "check_two_stage_loss_without_boxes",
        'F.cross_entropy(scores, stage["labels"], reduction="sum") / max(len(rois), 1)', 'F.cross_entropy(scores, stage["labels"])'),
    two("second stage: detaches the features, not the boxes", "check_two_stage_training_reaches_every_parameter",
        'pooled = roi_align(stage["features"], rois,', 'pooled = roi_align(stage["features"].detach(), rois,'),
    two("second stage: lets the gradient move the boxes", "check_two_stage_training_reaches_every_parameter",
        'proposals = stage["proposals"].detach()', 'proposals = stage["proposals"]'),
    two("second stage: confidence of the first alone", "check_two_stage_inference_names_proposals",
        "                confident = confident * probability\n", ""),
    two("second stage: cuts all proposals out of image 0",
        ("check_two_stage_inference_names_proposals", "check_two_stage_inference_without_proposals"),
        "torch.full_like(own[:, :1], number)", "torch.full_like(own[:, :1], 0)"),
    two("second stage: forgets thresh", "check_two_stage_inference_without_proposals",
        "self.rpn.inference(images, thresh, nms_thresh, mode=\"FasterRCNN\")", "self.rpn.inference(images, nms_thresh=nms_thresh, thresh=0.05, mode=\"FasterRCNN\")"),
    two("scores in two stages: never learns", "check_two_stage_learns_scenes",
        'return stage["loss"] + class_loss', 'return 0 * (stage["loss"] + class_loss)', calibrates=True),
    two("scores in two stages: does not look at the image", "check_two_stage_learns_scenes",
        "features = self.feat_extractor(images)", "features = self.feat_extractor(torch.zeros_like(images))",
        count=2, calibrates=True),
    two("scores in two stages: a leftover from debugging, three images of each batch", "check_two_stage_learns_scenes",
        'stage = self.rpn(images, bboxes, output_mode="all")', 'stage = self.rpn(images[:3], bboxes[:3], output_mode="all")',
        calibrates=True),
]
# fmt: on

MUTANTS = FIRST_STAGE + SECOND_STAGE

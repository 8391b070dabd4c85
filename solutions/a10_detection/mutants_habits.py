"""Answers to a10 in float32 whatever the input: this habit costs one check of a task, and no other task."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("single_stage_detector.py")
of_two_stages = mutants_of("two_stage_detector.py")

MUTANTS = [
    mutant("proposals: in float32 whatever the input", "check_proposals_undo_offsets", "half = size * offsets[..., 2:].exp() / 2\n    return torch.cat([centre - half, centre + half], dim=-1)",
           "half = size * offsets[..., 2:].exp() / 2\n    return torch.cat([centre - half, centre + half], dim=-1).float()", habit="dtype"),
    mutant("anchors: in float32 whatever the input", "check_anchors_on_other_maps", "half = (anc.to(grid) / 2)[:, None, None]  # (A, 1, 1, 2)\n    return torch.cat([centre - half, centre + half], dim=-1)",
           "half = (anc.to(grid) / 2)[:, None, None]  # (A, 1, 1, 2)\n    return torch.cat([centre - half, centre + half], dim=-1).float()", habit="dtype"),
    mutant("IoU: in float32 whatever the input", "check_iou_without_boxes", "return shared.div_(covered).nan_to_num_(nan=0.0)",
           "return shared.div_(covered).nan_to_num_(nan=0.0).float()", habit="dtype"),
    of_two_stages("roi_align: in float32 whatever the input", "check_roi_align_of_other_sizes", "sums.reshape(R, height, width, C).movedim(-1, 1)",
           "sums.reshape(R, height, width, C).movedim(-1, 1).float()", habit="dtype"),
]  # fmt: skip

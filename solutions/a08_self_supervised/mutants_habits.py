"""Answers to a08 in float32 whatever the input: this habit costs one check of a task, and no other task."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("simclr.py")

MUTANTS = [
    mutant("grey: in float32 whatever the input", "check_grey_pixel_by_pixel", "(weights * image).sum(dim=0, keepdim=True).repeat(3, 1, 1)",
           "(weights * image).sum(dim=0, keepdim=True).repeat(3, 1, 1).float()", habit="dtype"),
    mutant("brightness: in float32 whatever the input", "check_brightness_pixel_by_pixel", "return (factor * image).clamp(0, 1)",
           "return (factor * image).clamp(0, 1).float()", habit="dtype"),
    mutant("contrast: in float32 whatever the input", "check_contrast_pixel_by_pixel", "to_grey(image).mean()).clamp(0, 1)",
           "to_grey(image).mean()).clamp(0, 1).float()", habit="dtype"),
    mutant("saturation: in float32 whatever the input", "check_saturation_pixel_by_pixel", "(1 - factor) * to_grey(image)).clamp(0, 1)",
           "(1 - factor) * to_grey(image)).clamp(0, 1).float()", habit="dtype"),
    mutant("hue: in float32 whatever the input", "check_hue_of_other_images_and_shifts", "return value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)",
           "return (value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)).float()", habit="dtype"),
    mutant("resized crop: in float32 whatever the input", "check_crop_agrees_with_a_plain_loop", "align_corners=False)[0]",
           "align_corners=False)[0].float()", habit="dtype"),
    mutant("sim: in float32 whatever the input", "check_cosine_of_any_vectors", "return (z_i @ z_j) / (z_i.norm() * z_j.norm())",
           "return ((z_i @ z_j) / (z_i.norm() * z_j.norm())).float()", habit="dtype"),
    mutant("loss with loops: in float32 whatever the input", "check_naive_loss_at_several_temperatures", "return total / (2 * num_pairs)",
           "return (total / (2 * num_pairs)).float()", habit="dtype"),
    mutant("loss without loops: in float32 whatever the input", "check_loss_at_several_temperatures", "return log_sums.mean() - positives.mean()",
           "return (log_sums.mean() - positives.mean()).float()", habit="dtype"),
    mutant("positive pairs: in float32 whatever the input", "check_positive_pairs_agree_with_a_loop", "return (F.normalize(out_left, dim=1) * F.normalize(out_right, dim=1)).sum(dim=1, keepdim=True)",
           "return (F.normalize(out_left, dim=1) * F.normalize(out_right, dim=1)).sum(dim=1, keepdim=True).float()", habit="dtype"),
    mutant("matrix: in float32 whatever the input", "check_matrix_is_right_and_small", "return rows @ rows.T",
           "return (rows @ rows.T).float()", habit="dtype"),
    mutant("rotations: in float32 whatever the input", "check_rotations_agree_with_rot90", "rotated = torch.cat([images, quarter, images.flip(2, 3), quarter.flip(2, 3)])",
           "rotated = torch.cat([images, quarter, images.flip(2, 3), quarter.flip(2, 3)]).float()", habit="dtype"),
]  # fmt: skip

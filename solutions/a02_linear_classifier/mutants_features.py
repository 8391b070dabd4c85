"""Wrong answers to a02, features, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

INTERVAL = "interval = (channels * bins).long().clamp(max=bins - 1)"
FRACTION = "return counts.flatten(1) / channels.shape[2]"
GREY = 'F.pad(images.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")'
POSITION = "torch.atan2(dy, dx) % math.pi * bins / math.pi"
SHARE = "(1 - torch.minimum(distance, bins - distance)).clamp(min=0)"
POOL = "F.avg_pool2d(share * magnitude[:, None], cell)"
NORM = "(histogram.square().sum(dim=1, keepdim=True) + 0.01**2).sqrt()"
ORDER = "histogram.permute(0, 2, 3, 1).flatten(1)"
PARTS = "parts = images.split(1000)"
SIDE_BY_SIDE = "torch.cat([compute(part) for compute in feature_fns], dim=1)"


mutant = mutants_of("linear_classifier.py")


# fmt: off
FEATURES = [
    mutant("colours: counts, not fractions", "check_color_histogram_counts_pixels",
           FRACTION, "return counts.flatten(1)"),
    mutant("colours: intervals before channels", "check_color_histogram_counts_pixels",
           FRACTION, FRACTION.replace("counts.flatten(1)", "counts.mT.flatten(1)")),
    mutant("colours: rounds to the nearest edge", "check_color_histogram_counts_pixels",
           INTERVAL, INTERVAL.replace(".long()", ".round().long()")),
    mutant("colours: an edge belongs to the interval below", "check_color_histogram_on_the_edges",
           INTERVAL, "interval = ((channels * bins).ceil().long() - 1).clamp(min=0)"),
    mutant("colours: a value of 1 counts in the first interval", "check_color_histogram_on_the_edges",
           INTERVAL, "interval = (channels * bins).long() % bins"),
    mutant("colours: always float64", "check_color_histogram_on_the_edges",
           FRACTION, "return (counts.flatten(1) / channels.shape[2]).double()", habit="dtype"),
    mutant("colours: always float32", "check_color_histogram_on_other_sizes",
           FRACTION, "return (counts.flatten(1) / channels.shape[2]).float()", habit="dtype"),
    mutant("colours: a value of 1 is out of range", "check_color_histogram_on_the_edges",
           INTERVAL, INTERVAL.replace(".clamp(max=bins - 1)", "")),
    mutant("colours: a loop over the images", "check_color_histogram_on_other_sizes",
           FRACTION, "return torch.stack([each.flatten() for each in counts]) / channels.shape[2]"),
    mutant("colours: ten intervals by default", "check_color_histogram_on_other_sizes",
           "color_histogram(images: Tensor, bins: int = 25)", "color_histogram(images: Tensor, bins: int = 10)"),
    mutant("edges: zeros outside the image", "check_hog_agrees_with_plain_loops",
           GREY, GREY.replace('mode="replicate"', 'mode="constant"')),
    mutant("edges: mirrored at the border", "check_hog_agrees_with_plain_loops",
           GREY, GREY.replace('mode="replicate"', 'mode="reflect"')),
    mutant("edges: only the first channel", "check_hog_agrees_with_plain_loops",
           GREY, GREY.replace("images.mean(dim=1, keepdim=True)", "images[:, :1]")),
    mutant("edges: bins half a bin further", "check_hog_agrees_with_plain_loops",
           POSITION, f"({POSITION} - 0.5) % bins"),
    mutant("edges: each magnitude goes into one bin", "check_hog_agrees_with_plain_loops",
           POSITION, f"({POSITION}).floor()"),
    mutant("edges: no scaling by contrast", "check_hog_agrees_with_plain_loops",
           "    histogram = histogram / " + NORM + "\n", ""),
    mutant("edges: bins before cells", "check_hog_agrees_with_plain_loops",
           ORDER, "histogram.flatten(1)"),
    mutant("edges: orientations modulo 2 pi", "check_hog_knows_the_direction_of_a_ramp",
           POSITION, "torch.atan2(dy, dx) % (2 * math.pi) * bins / (2 * math.pi)"),
    mutant("edges: the bins do not form a ring", "check_hog_knows_the_direction_of_a_ramp",
           SHARE, "(1 - distance).clamp(min=0)"),
    mutant("edges: atan2 with its arguments swapped", "check_hog_knows_the_direction_of_a_ramp",
           POSITION, POSITION.replace("dy, dx", "dx, dy")),
    mutant("edges: incomplete cells count too", "check_hog_on_other_sizes",
           POOL, POOL.replace("cell)", "cell, ceil_mode=True)")),
    mutant("edges: scales by the whole image", "check_hog_on_other_sizes",
           NORM, NORM.replace("dim=1", "dim=(1, 2, 3)")),
    mutant("edges: divides by a length of 0 in uniform cells", "check_hog_of_plain_and_faint_images",
           NORM, "histogram.square().sum(dim=1, keepdim=True).sqrt()"),
    mutant("edges: the constant is added after the root", "check_hog_of_plain_and_faint_images",
           NORM, "(histogram.square().sum(dim=1, keepdim=True).sqrt() + 0.01)"),
    mutant("edges: one image after the other", "check_hog_takes_many_images_at_once",
           "    " + GREY.join(["grey = ", "[:, 0]  # (N, H+2, W+2)"]),
           "    if len(images) > 1:\n        return torch.cat([hog_features(x[None], cell, bins) for x in images])\n"
           + "    " + GREY.join(["grey = ", "[:, 0]  # (N, H+2, W+2)"])),
    mutant("features: the columns in reverse order", "check_features_stand_side_by_side",
           SIDE_BY_SIDE, "torch.cat([compute(part).T for compute in feature_fns]).T.flip(1)"),
    mutant("features: the last, incomplete part is dropped", "check_features_of_many_images",
           PARTS, PARTS.replace("split(1000)", "split(1000)[: max(1, len(images) // 1000)]")),
    mutant("features: moves its images", "check_features_stand_side_by_side",
           first("extract_features", "images.mul_(1 + 1e-6)")),
]
# fmt: on

MUTANTS = FEATURES

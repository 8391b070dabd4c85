"""Wrong answers to a08, the colours, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("simclr.py")


LUMA = "(weights * image).sum(dim=0, keepdim=True).repeat(3, 1, 1)"
WEIGHTS = "weights = image.new_tensor([0.299, 0.587, 0.114]).view(3, 1, 1)"
BRIGHTNESS = "return (factor * image).clamp(0, 1)"
CONTRAST = "(factor * image + (1 - factor) * to_grey(image).mean()).clamp(0, 1)"
SATURATION = "(factor * image + (1 - factor) * to_grey(image)).clamp(0, 1)"
DIVISOR = "divisor = torch.where(chroma > 0, chroma, 1.0)"
CYCLE = "k = (image.new_tensor([5.0, 3.0, 1.0]).view(3, 1, 1) + hue + 6 * shift) % 6"
BACK = "value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)"
NESTED = """\
        value == red,
        (green - blue) / divisor,
"""

# fmt: off
MUTANTS = [
    mutant("grey: the plain mean of the channels", ("check_grey_of_known_colours", "check_grey_pixel_by_pixel"),
           LUMA, "image.mean(dim=0, keepdim=True).repeat(3, 1, 1)"),
    mutant("grey: one channel is left", "check_grey_of_known_colours", LUMA, LUMA.replace(".repeat(3, 1, 1)", "")),
    mutant("grey: weights for BGR", "check_grey_of_known_colours", WEIGHTS, WEIGHTS.replace(
           "0.299, 0.587, 0.114", "0.114, 0.587, 0.299")),
    mutant("grey: weights in float64, so float32 images change their dtype", "check_grey_pixel_by_pixel",
           WEIGHTS, "weights = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64).view(3, 1, 1)"),
    mutant("grey: weights on the CPU", "check_grey_pixel_by_pixel",
           WEIGHTS, "weights = torch.tensor([0.299, 0.587, 0.114], dtype=image.dtype).view(3, 1, 1)"),
    mutant("grey: views the image as a table, which needs contiguous pixels", "check_grey_pixel_by_pixel",
           WEIGHTS, WEIGHTS + "\n    image.view(-1)"),
    mutant("grey: writes into the image", "check_grey_pixel_by_pixel",
           "return " + LUMA, "image *= weights\n    return image.sum(dim=0, keepdim=True).repeat(3, 1, 1)"),
    mutant("brightness: adds instead of multiplying",
           ("check_brightness_of_known_pixels", "check_brightness_pixel_by_pixel"),
           BRIGHTNESS, "return (image + factor - 1).clamp(0, 1)"),
    mutant("brightness: does not clamp", ("check_brightness_of_known_pixels", "check_brightness_pixel_by_pixel"),
           BRIGHTNESS, "return factor * image"),
    mutant("brightness: in place", "check_brightness_of_known_pixels", BRIGHTNESS,
           "return image.mul_(factor).clamp(0, 1)"),
    mutant("contrast: around the mean of all numbers, not the mean luma",
           ("check_contrast_moves_away_from_the_mean_luma", "check_contrast_pixel_by_pixel"),
           CONTRAST, CONTRAST.replace("to_grey(image).mean()", "image.mean()")),
    mutant("contrast: around the mean of each channel", "check_contrast_moves_away_from_the_mean_luma",
           CONTRAST, CONTRAST.replace("to_grey(image).mean()", "image.mean((1, 2), keepdim=True)")),
    mutant("contrast: around each pixel's own grey", "check_contrast_moves_away_from_the_mean_luma",
           CONTRAST, CONTRAST.replace(".mean()", "")),
    mutant("contrast: around the middle of the range", "check_contrast_moves_away_from_the_mean_luma",
           CONTRAST, CONTRAST.replace("to_grey(image).mean()", "0.5")),
    mutant("contrast: does not clamp", "check_contrast_pixel_by_pixel", CONTRAST, CONTRAST.replace(".clamp(0, 1)", "")),
    mutant("saturation: around the grey of the whole image", "check_saturation_moves_away_from_grey",
           SATURATION, SATURATION.replace("to_grey(image)", "to_grey(image).mean((1, 2), keepdim=True)")),
    mutant("saturation: the factors are swapped", "check_saturation_moves_away_from_grey",
           SATURATION, "((1 - factor) * image + factor * to_grey(image)).clamp(0, 1)"),
    mutant("saturation: does not clamp", "check_saturation_pixel_by_pixel",
           SATURATION, SATURATION.replace(".clamp(0, 1)", "")),
    mutant("saturation: never leaves the range of the image", "check_saturation_pixel_by_pixel",
           SATURATION, SATURATION.replace("clamp(0, 1)", "clamp(image.min(), image.max())")),
    mutant("hue: divides by zero for greys", "check_hue_of_grey_pixels", DIVISOR, "divisor = chroma"),
    mutant("hue: the shift is in sixths of a turn",
           ("check_hue_agrees_with_colorsys", "check_hue_of_other_images_and_shifts"),
           CYCLE, CYCLE.replace("6 * shift", "shift")),
    mutant("hue: shifts the wrong way", ("check_hue_agrees_with_colorsys", "check_hue_where_channels_are_equal"),
           CYCLE, CYCLE.replace("+ 6 * shift", "- 6 * shift")),
    mutant("hue: does not wrap around the circle", "check_hue_agrees_with_colorsys",
           CYCLE, CYCLE.replace(" % 6", "")),
    mutant("hue: blue and green are swapped on the way back", "check_hue_agrees_with_colorsys",
           CYCLE, CYCLE.replace("5.0, 3.0, 1.0", "5.0, 1.0, 3.0")),
    mutant("hue: is right for the lightest colours only", "check_hue_of_other_images_and_shifts",
           BACK, BACK.replace("value - chroma", "value - chroma.clamp(max=0.5)")),
    mutant("hue: negative hues of purple are cut off", "check_hue_agrees_with_colorsys",
           NESTED, NESTED.replace("(green - blue) / divisor", "((green - blue) / divisor).clamp(min=0)")),
    mutant("hue: the offsets of the channels are made on the CPU", "check_hue_on_the_device_of_the_image",
           CYCLE, CYCLE.replace("image.new_tensor(", "torch.tensor(")),
    mutant("hue: the constant against division by zero is too large", "check_hue_where_channels_are_equal",
           DIVISOR, "divisor = chroma + 1e-2"),
]

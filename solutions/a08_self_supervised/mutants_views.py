"""Wrong answers to a08, crops, jitter, transform and pairs, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("simclr.py")


AREA = "area = height * width * float(torch.empty(()).uniform_(*scale))"
ASPECT = "math.exp(float(torch.empty(()).uniform_(math.log(ratio[0]), math.log(ratio[1]))))"
SIDES = "round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))"
FITS = "if 0 < h <= height and 0 < w <= width:"
PLACE = "return int(torch.randint(height - h + 1, ())), int(torch.randint(width - w + 1, ())), h, w"
ATTEMPTS = "for _ in range(10):\n        area"
WHOLE = "return 0, 0, height, width"
BOX = "image[:, top : top + height, left : left + width]"
RESIZE = 'F.interpolate(box[None], size=(size, size), mode="bilinear", align_corners=False)[0]'
DRAW = "float(torch.empty(()).uniform_(centre - strength, centre + strength))"
CENTRES = "for centre, strength in ((1, brightness), (1, contrast), (1, saturation), (0, hue))"
DARKEN = "image = adjust_contrast(adjust_brightness(image, brightness), contrast)"
TURN = "return adjust_hue(adjust_saturation(image, saturation), hue)"
FOUR = DARKEN + "\n    " + TURN
SEED = "    torch.manual_seed(seed)\n"
CROP = "box = sample_crop(*image.shape[1:], scale=scale)"
CUT = "image = resized_crop(image, *box, size=size)"
COINS = "flip, jitter, grey = torch.rand(3).tolist()"
JITTER = """\
        if jitter < 0.8:
            image = color_jitter(image)
"""
GREY = """\
        if grey < 0.2:
            image = to_grey(image)
"""
CHAIN = f"""\
        {CROP}
        {CUT}
        {COINS}
        if flip < 0.5:
            image = image.flip(-1)
{JITTER}"""
VIEWS = "return self.transform(image), self.transform(image), target"

# fmt: off
CROPS = [
    mutant("box: the default scale and ratio", "check_boxes_lie_inside_the_image", AREA,
           "scale, ratio = (0.5, 1.0), (3 / 4, 4 / 3)\n        " + AREA),
    mutant("crop: height and width are the other corner", "check_crop_of_a_slope", BOX,
           "image[:, top:height, left:width]"),
    mutant("box: never at the last place", "check_every_place_is_possible", PLACE,
           "return int(torch.randint(max(height - h, 1), ())), int(torch.randint(max(width - w, 1), ())), h, w"),
    mutant("box: always in the middle", ("check_every_place_is_possible", "check_law_of_the_boxes"),
           PLACE, "return (height - h) // 2, (width - w) // 2, h, w"),
    mutant("box: one number for top and left", "check_law_of_the_boxes", PLACE,
           "u = float(torch.rand(()))\n            "
           "return int(u * (height - h + 1)), int(u * (width - w + 1)), h, w"),
    mutant("box: smaller than the image in both directions", "check_every_place_is_possible",
           FITS, "if 0 < h < height and 0 < w < width:"),
    mutant("sample_crop: boxes are two pixels wide at least", "check_boxes_that_never_fit",
           FITS, "if 0 < h <= height and 1 < w <= width:"),
    mutant("sample_crop: boxes are two pixels high at least", "check_boxes_that_never_fit",
           FITS, "if 1 < h <= height and 0 < w <= width:"),
    mutant("sample_crop: boxes may be empty", "check_boxes_that_never_fit",
           FITS, "if h <= height and w <= width:"),
    mutant("box: returns height and width swapped",
           ("check_boxes_lie_inside_the_image", "check_boxes_in_images_that_are_not_square"),
           PLACE, PLACE.replace("h, w", "w, h")),
    mutant("box: may begin anywhere and end outside the image", "check_boxes_lie_inside_the_image",
           PLACE, PLACE.replace("height - h + 1", "height").replace("width - w + 1", "width")),
    mutant("box: the share is one of the side, not of the area", "check_law_of_the_boxes",
           SIDES, "round(height * area / height / width / aspect**0.5), round(area / height * aspect**0.5)"),
    mutant("box: the ratio is height / width", "check_boxes_in_images_that_are_not_square",
           SIDES, "round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))"),
    mutant("box: the ratio itself is uniform, so wide boxes come more often", "check_law_of_the_boxes",
           ASPECT, "float(torch.empty(()).uniform_(*ratio))"),
    mutant("box: assumes a square image", "check_boxes_in_images_that_are_not_square",
           AREA, AREA.replace("height * width", "height * height")),
    mutant("box: gives up after the first try", "check_boxes_that_never_fit",
           ATTEMPTS, ATTEMPTS.replace("10", "1")),
    mutant("box: clips boxes that do not fit", "check_boxes_that_never_fit",
           FITS, "h, w = min(h, height), min(w, width)\n        " + FITS),
    mutant("box: returns nothing when nothing fits", "check_boxes_that_never_fit", WHOLE, "return None"),
    mutant("crop: rows and columns are swapped", ("check_crop_of_a_slope", "check_crop_agrees_with_a_plain_loop"),
           BOX, "image[:, left : left + height, top : top + width]"),
    mutant("crop: height and width taken for the other corner", "check_crop_of_a_slope",
           BOX, "image[:, top : max(height, top + 1), left : max(width, left + 1)]"),
    mutant("crop: nearest neighbour", ("check_crop_of_a_slope", "check_crop_agrees_with_a_plain_loop"),
           RESIZE, 'F.interpolate(box[None], size=(size, size), mode="nearest")[0]'),
    mutant("crop: aligns the corners", "check_crop_agrees_with_a_plain_loop",
           RESIZE, RESIZE.replace("align_corners=False", "align_corners=True")),
    mutant("crop: smooths before shrinking", "check_crop_agrees_with_a_plain_loop",
           RESIZE, RESIZE.replace("align_corners=False", "align_corners=False, antialias=True")),
]

CHANCE = [
    mutant("jitter: factors between 0 and the strength", "check_jitter_with_one_strength_at_a_time",
           DRAW, "float(torch.empty(()).uniform_(0, max(strength, 1e-9)))"),
    mutant("jitter: only ever stronger", ("check_jitter_with_one_strength_at_a_time", "check_law_of_the_jitter"),
           DRAW, DRAW.replace("centre - strength", "centre")),
    mutant("jitter: normal instead of uniform", "check_law_of_the_jitter",
           DRAW, "float(torch.empty(()).normal_(centre, strength / 3**0.5 + 1e-12))"),
    mutant("jitter: one draw for everything", "check_jitter_draws_each_amount_for_itself",
           "    brightness, contrast, saturation, hue = (\n        " + DRAW,
           "    u = float(torch.rand(()))\n    brightness, contrast, saturation, hue = (\n"
           "        centre + strength * (2 * u - 1)"),
    mutant("jitter: forgets the hue", "check_law_of_the_jitter", TURN, "return adjust_saturation(image, saturation)"),
    mutant("jitter: forgets the contrast", "check_law_of_the_jitter", DARKEN,
           "image = adjust_brightness(image, brightness)"),
    mutant("jitter: always a hue of 0.1", "check_jitter_with_one_strength_at_a_time",
           CENTRES, CENTRES.replace("(0, hue)", "(0, 0.1)")),
    mutant("jitter: saturation takes the strength of brightness", "check_law_of_the_jitter",
           CENTRES, CENTRES.replace("(1, saturation)", "(1, brightness)")),
    mutant("jitter: the hue repeats the draw of the saturation", "check_jitter_draws_each_amount_for_itself",
           DRAW + "\n        " + CENTRES, "centre + strength * (2 * u - 1)\n"
           "        for centre, strength, u in zip(\n"
           "            (1, 1, 1, 0), (brightness, contrast, saturation, hue), torch.rand(3)[[0, 1, 2, 2]].tolist()\n"
           "        )"),
    mutant("jitter: the hue first", "check_order_of_the_jitter", FOUR,
           "image = adjust_hue(image, hue)\n    "
           "return adjust_saturation(adjust_contrast(adjust_brightness(image, brightness), contrast), saturation)"),
    mutant("jitter: from the last to the first", "check_order_of_the_jitter", FOUR,
           "image = adjust_saturation(adjust_hue(image, hue), saturation)\n    "
           "return adjust_brightness(adjust_contrast(image, contrast), brightness)"),
    mutant("jitter: contrast before brightness", "check_order_of_the_jitter", DARKEN,
           "image = adjust_brightness(adjust_contrast(image, contrast), brightness)"),
    mutant("jitter: saturation before contrast", "check_order_of_the_jitter", FOUR,
           "image = adjust_saturation(adjust_brightness(image, brightness), saturation)\n    "
           "return adjust_hue(adjust_contrast(image, contrast), hue)"),
    mutant("jitter: the hue before saturation", "check_order_of_the_jitter", TURN,
           "return adjust_saturation(adjust_hue(image, hue), saturation)"),
    mutant("jitter: in a random order, as torchvision does", "check_order_of_the_jitter", FOUR,
           "amounts = brightness, contrast, saturation, hue\n"
           "    changes = adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue\n"
           "    for number in torch.randperm(4).tolist():\n"
           "        image = changes[number](image, amounts[number])\n    return image"),
    mutant("jitter: clamps once, at the end", "check_order_of_the_jitter", DARKEN,
           "dull = (1 - contrast) * to_grey(brightness * image).mean()\n"
           "    image = (contrast * brightness * image + dull).clamp(0, 1)"),
    mutant("chain: seeds at every call, so each view is the same", "check_views_can_be_repeated",
           "        " + CROP, "        torch.manual_seed(seed)\n        " + CROP),
    mutant("chain: does not seed", "check_views_can_be_repeated", SEED, ""),
    mutant("chain: always 32 pixels", "check_views_are_square_images", CUT, CUT.replace("size=size", "size=32")),
    mutant("chain: does not crop, only resizes", "check_crops_of_the_chain",
           CROP, "box = 0, 0, *image.shape[1:]"),
    mutant("chain: crops with the default scale", "check_crops_of_the_chain",
           CROP, "box = sample_crop(*image.shape[1:])"),
    mutant("chain: uses the image's channels as its height", "check_crops_of_the_chain",
           CROP, "box = sample_crop(*image.shape[:2], scale=scale)"),
    mutant("chain: boxes are square", "check_crops_of_the_chain",
           CROP, CROP.replace("scale=scale", "scale=scale, ratio=(1.0, 1.0)")),
    mutant("chain: jitter before the crop", "check_order_of_the_chain", CHAIN,
           CHAIN.replace(JITTER, "").replace(f"        {COINS}\n", "").replace(
               CROP, f"{COINS}\n{JITTER}        {CROP}")),
    mutant("chain: jitters as strongly as the paper", "check_strengths_of_the_chain",
           "image = color_jitter(image)", "image = color_jitter(image, 0.8, 0.8, 0.8, 0.2)"),
    mutant("chain: jitters without the hue", "check_strengths_of_the_chain",
           "image = color_jitter(image)", "image = color_jitter(image, hue=0.0)"),
    mutant("chain: one coin for mirror and jitter", "check_how_often_colours_are_jittered",
           COINS, "flip, grey = torch.rand(2).tolist()\n        jitter = flip"),
    mutant("chain: mirrors every view", "check_how_often_views_are_mirrored_and_grey",
           "if flip < 0.5:", "if flip < 1:"),
    mutant("chain: flips upside down", "check_how_often_views_are_mirrored_and_grey",
           "image = image.flip(-1)", "image = image.flip(-2)"),
    mutant("chain: grey in one of ten", "check_how_often_views_are_mirrored_and_grey", "if grey < 0.2:",
           "if grey < 0.1:"),
    mutant("chain: grey in four of five, with the numbers of jitter and grey swapped",
           ("check_how_often_views_are_mirrored_and_grey", "check_how_often_colours_are_jittered"),
           JITTER + GREY, JITTER.replace("0.8", "0.2") + GREY.replace("0.2", "0.8")),
    mutant("chain: always jitters", "check_how_often_colours_are_jittered", "if jitter < 0.8:", "if jitter < 1:"),
    mutant("chain: one coin for everything", "check_how_often_views_are_mirrored_and_grey",
           COINS, "flip = jitter = grey = float(torch.rand(()))"),
    mutant("chain: grey only where there was jitter", "check_how_often_colours_are_jittered",
           COINS, COINS + "\n        grey = 0.8 * grey if jitter < 0.8 else 1.0"),
    mutant("chain: grey before the jitter", "check_order_of_the_chain", JITTER + GREY, GREY + JITTER),
    mutant("pairs: keeps the views", ("check_pairs_are_two_draws_of_one_image", "check_pairs_in_a_loader"),
           VIEWS, 'kept = self.__dict__.setdefault("kept", {})\n'
           "        if index not in kept:\n"
           "            kept[index] = self.transform(image), self.transform(image), target\n"
           "        return kept[index]"),
    mutant("pairs: seeds by the index", "check_pairs_in_a_loader",
           VIEWS, "torch.manual_seed(index)\n        " + VIEWS),
    mutant("pairs: the same view twice", ("check_pairs_are_two_draws_of_one_image", "check_pairs_in_a_loader"),
           VIEWS, "view = self.transform(image)\n        return view, view, target"),
    mutant("pairs: the second view is the image itself", "check_pairs_are_two_draws_of_one_image",
           VIEWS, "return self.transform(image), image, target"),
    mutant("pairs: the second view is a view of the first", "check_pairs_are_two_draws_of_one_image",
           VIEWS, "view = self.transform(image)\n        return view, self.transform(view), target"),
    mutant("pairs: forgets the target", ("check_pairs_are_two_draws_of_one_image", "check_pairs_in_a_loader"),
           VIEWS, "return self.transform(image), self.transform(image)"),
    mutant("pairs: the target is the index", "check_pairs_are_two_draws_of_one_image",
           "self.images[index], self.labels[index]", "self.images[index], index"),
    mutant("pairs: needs a transform", "check_pairs_in_a_loader",
           "        if self.transform is None:\n            return image, image, target\n", ""),
]

RANDOM = {"Python": '__import__("random").uniform', "NumPy": '__import__("numpy").random.uniform'}
ELSEWHERE = [
    change
    for name, uniform in RANDOM.items()
    for change in [
        mutant(f"crop: random numbers from {name}", "check_every_place_is_possible", PLACE,
               f"top, left = (int({uniform}(0, n + 1)) for n in (height - h, width - w))\n"
               "            return min(top, height - h), min(left, width - w), h, w"),
        mutant(f"jitter: random numbers from {name}", "check_jitter_draws_each_amount_for_itself",
               DRAW, f"{uniform}(centre - strength, centre + strength)"),
    ]
]  # fmt: skip

MUTANTS = CROPS + CHANCE + ELSEWHERE

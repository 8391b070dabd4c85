"""Wrong answers to style_transfer.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("style_transfer.py")
CONTENT, SLOPE = "check_content_loss_is_a_sum", "check_content_loss_and_its_gradient"
GRAM, GRAMS, PLAIN = (
    "check_gram_matrix_of_two_places", "check_gram_matrices_and_their_gradient", "check_gram_matrix_without_normalisation",
)  # fmt: skip
LOOP, STYLE, STYLES = (
    "check_gram_matrix_has_no_loop",
    "check_style_loss_of_chosen_layers",
    "check_style_loss_and_its_gradient",
)
LISTS = "check_style_loss_leaves_its_lists_alone"
TV, TVS = "check_total_variation_of_bright_pixels", "check_total_variation_and_its_gradient"
TEXTURE, SEED, KIND = (
    "check_texture_has_the_gram_matrices", "check_textures_follow_their_seed", "check_textures_are_like_their_originals",
)  # fmt: skip
REGIONS, MASKS = "check_guided_gram_matrix_of_two_regions", "check_guided_gram_matrices_and_their_gradient"
GUIDED, GUIDEDS = "check_guided_style_loss_of_chosen_layers", "check_guided_style_loss_and_its_gradient"
PERCEPTUAL, IMAGES = "check_perceptual_loss_compares_features", "check_perceptual_loss_reaches_images_only"
SUM = "return content_weight * (content_current - content_original).square().sum()"
PRODUCT = "    flat = features.reshape(N, C, H * W)\n    gram = flat @ flat.mT\n"
DIVIDED = PRODUCT + "    return gram / (C * H * W) if normalize else gram\n"
EACH = "total = total + weight * (gram_matrix(feats[layer]) - target).square().sum()"
REGION = "flat = (features * masks[:, :, None]).flatten(3)"
GUIDED_END = "    return gram / (C * H * W) if normalize else gram\n    ### END SOLUTION\n\n\ndef guided_style_loss"
GUIDED_EACH = "gram = guided_gram_matrix(feats[layer], content_masks[layer])"
RELATIVE = "(gram_matrix(f) - a).square().sum() / a.square().sum()"
FROZEN = "return F.mse_loss(frozen(a), frozen(b))"

# fmt: off
MUTANTS = [
    mutant("perceptual: leaves evaluation mode", "check_perceptual_loss_reaches_images_only",
           "    weights = {name: value.detach()", "    phi.eval()\n    weights = {name: value.detach()"),
    mutant("content: a mean", CONTENT, SUM, SUM.replace(".sum()", ".mean()")),
    mutant("content: no weight", CONTENT, SUM, SUM.replace("content_weight * ", "")),
    mutant("content: absolute differences", CONTENT, SUM, SUM.replace("square", "abs")),
    mutant("content: a root", CONTENT, SUM, SUM + ".sqrt()"),
    mutant("content: one half", CONTENT, SUM, SUM.replace("content_weight *", "content_weight / 2 *")),
    mutant("content: a number without a gradient", SLOPE, SUM, SUM.replace("content_current -", "content_current.detach() -")),
    mutant("content: writes into the features", SLOPE, SUM, "    content_current -= content_original\n    return content_weight * content_current.square().sum()".strip()),
    mutant("content: the original has no gradient", SLOPE, SUM, SUM.replace("- content_original", "- content_original.detach()")),
    mutant("content: float32", SLOPE, SUM, SUM + ".float()", habit="dtype"),
    mutant("gram: merged over the batch", GRAM, PRODUCT, "    flat = features.transpose(0, 1).reshape(C, N * H * W)\n    gram = (flat @ flat.mT)[None].expand(N, C, C)\n"),
    mutant("gram: divided by N, too", GRAM, DIVIDED, DIVIDED.replace("(C * H * W)", "(N * C * H * W)")),
    mutant("gram: divided by H W", GRAM, DIVIDED, DIVIDED.replace("(C * H * W)", "(H * W)")),
    mutant("gram: divided by C", GRAM, DIVIDED, DIVIDED.replace("(C * H * W)", "C")),
    mutant("gram: always divided", (GRAM, PLAIN), DIVIDED, DIVIDED.replace(" if normalize else gram", "")),
    mutant("gram: never divided", GRAM, DIVIDED, DIVIDED.replace("gram / (C * H * W) if normalize else gram", "gram")),
    mutant("gram: of places", GRAM, PRODUCT,
           PRODUCT.replace("flat @ flat.mT", "flat.mT @ flat")),
    mutant("gram: places read as channels", GRAM, "flat = features.reshape(N, C, H * W)", "flat = features.reshape(N, H * W, C).mT"),
    mutant("gram: a covariance", GRAM, "flat = features.reshape(N, C, H * W)", "flat = (features - features.mean((2, 3), keepdim=True)).reshape(N, C, H * W)"),
    mutant("gram: divided by C H H", GRAM, DIVIDED, DIVIDED.replace("(C * H * W)", "(C * H * H)")),
    mutant("gram: a view cannot be reshaped", GRAMS, "flat = features.reshape(N, C, H * W)", "flat = features.view(N, C, H * W)"),
    mutant("gram: the second factor has no gradient", GRAMS, PRODUCT,
           PRODUCT.replace("flat.mT", "flat.mT.detach()")),
    mutant("gram: a loop over images", LOOP, PRODUCT, "    gram = torch.stack([f.reshape(C, -1) @ f.reshape(C, -1).T for f in features])\n"),
    mutant("gram: float32", GRAMS, PRODUCT, "    flat = features.reshape(N, C, H * W).float()\n    gram = flat @ flat.mT\n", habit="dtype"),
    mutant("style: feats in their order", STYLE, "for layer, target, weight in zip(style_layers, style_targets, style_weights, strict=True):\n        total = total + weight * (gram_matrix",
           "for layer, (target, weight) in enumerate(zip(style_targets, style_weights, strict=True)):\n        total = total + weight * (gram_matrix"),
    mutant("style: no weights", STYLE, EACH, EACH.replace("weight * ", "")),
    mutant("style: means", STYLE, EACH, EACH.replace("sum()", "mean()")),
    mutant("style: the last layer alone", STYLE, EACH, EACH.replace("total + ", "")),
    mutant("style: not normalised", STYLE, EACH, EACH.replace("feats[layer])", "feats[layer], False)")),
    mutant("style: the mean of the layers", STYLE, EACH + "\n    return total",
           EACH + "\n    return total / len(style_layers)"),
    mutant("style: squared weights", STYLE, EACH, EACH.replace("weight *", "weight**2 *")),
    mutant("style: sorted layers", STYLES, "zip(style_layers, style_targets, style_weights, strict=True):\n        total = total + weight * (gram_matrix",
           "zip(sorted(style_layers), style_targets, style_weights, strict=True):\n        total = total + weight * (gram_matrix"),
    mutant("style: a number without a gradient", STYLES, EACH, EACH.replace("gram_matrix(feats[layer])", "gram_matrix(feats[layer].detach())")),
    mutant("style: float32", STYLES, EACH, EACH.replace(".square().sum()", ".float().square().sum()").replace("total +", "total.float() +"), habit="dtype"),
    mutant("style: takes the targets from the list", LISTS, "    total = feats[0].new_zeros(())\n    for layer, target, weight in zip(style_layers, style_targets, style_weights, strict=True):\n        total = total + weight * (gram_matrix(feats[layer]) - target)",
           "    total = feats[0].new_zeros(())\n    for layer, weight in zip(style_layers, style_weights, strict=True):\n        total = total + weight * (gram_matrix(feats[layer]) - style_targets.pop(0))"),
    mutant("variation: to the right only", TV, "tv_weight * (down + right)", "tv_weight * right"),
    mutant("variation: downwards only", TV, "tv_weight * (down + right)", "tv_weight * down"),
    mutant("variation: means", TV, body("tv_loss", """
        down = (img[:, :, 1:] - img[:, :, :-1]).square().mean()
        right = (img[:, :, :, 1:] - img[:, :, :, :-1]).square().mean()
        return tv_weight * (down + right)
    """)),
    mutant("variation: absolute differences", TV, body("tv_loss", """
        down = (img[:, :, 1:] - img[:, :, :-1]).abs().sum()
        right = (img[:, :, :, 1:] - img[:, :, :, :-1]).abs().sum()
        return tv_weight * (down + right)
    """)),
    mutant("variation: a root", TV, "tv_weight * (down + right)", "tv_weight * (down + right).sqrt()"),
    mutant("variation: the mean of the channels", TV, "tv_weight * (down + right)", "tv_weight * (down + right) / 3"),
    mutant("variation: each pair twice", TV, "tv_weight * (down + right)", "2 * tv_weight * (down + right)"),
    mutant("variation: the product of both", TV, "tv_weight * (down + right)", "tv_weight * down * right"),
    mutant("variation: no weight", TV, "tv_weight * (down + right)", "down + right"),
    mutant("variation: of the inner square only", TV, "right = (img[:, :, :, 1:] - img[:, :, :, :-1])", "right = (img[:, :, :-1, 1:] - img[:, :, :-1, :-1])"),
    mutant("variation: around the border", TVS, "right = (img[:, :, :, 1:] - img[:, :, :, :-1])", "right = (img - img.roll(1, 3)) if img.shape[3] < 3 else (img[:, :, :, 1:] - img[:, :, :, :-1])"),
    mutant("variation: no gradient from the left", TVS, "right = (img[:, :, :, 1:] - img[:, :, :, :-1])", "right = (img[:, :, :, 1:] - img[:, :, :, :-1].detach())"),
    mutant("variation: float32", TVS, "tv_weight * (down + right)", "(tv_weight * (down + right)).float()", habit="dtype"),
    mutant("texture: square noise", SEED, "torch.randn(texture.shape, generator", "torch.randn((*texture.shape[:3], texture.shape[2]), generator"),
    mutant("texture: noise", (TEXTURE, KIND), "    for step in range(steps):\n        optimizer.param_groups", "    for step in range(0):\n        optimizer.param_groups", calibrates=True),
    mutant("texture: the original", TEXTURE, "            x.clamp_(-2, 2)\n    return x.detach()", "            x.clamp_(-2, 2)\n    return texture.clone()"),
    mutant("texture: a few steps", (TEXTURE, KIND), "    for step in range(steps):\n        optimizer.param_groups", "    for step in range(min(steps, 4)):\n        optimizer.param_groups", calibrates=True),
    mutant("texture: the original, rolled", TEXTURE, "            x.clamp_(-2, 2)\n    return x.detach()", "            x.clamp_(-2, 2)\n    return texture.roll((3, seed + 5), dims=(2, 3))"),
    mutant("texture: always the same layers", SEED, "layers = list(layers)", "layers = [0, 1, 4, 7]"),
    mutant("texture: not clamped", TEXTURE, "            x.clamp_(-2, 2)\n    return x.detach()", "            x.clamp_(-2, 2)\n    return x.detach() * 3"),
    mutant("texture: one noise for all seeds", SEED, "generator=torch.Generator().manual_seed(seed)", "generator=torch.Generator().manual_seed(0)"),
    mutant("texture: another noise each time", SEED, ", generator=torch.Generator().manual_seed(seed))", ")"),
    mutant("texture: trains the network", SEED, "    x = (0.1 * noise).to(texture)", "    model.requires_grad_(True)\n    x = (0.1 * noise).to(texture)"),
    mutant("texture: writes into the original", SEED, "            x.clamp_(-2, 2)\n    return x.detach()", "            x.clamp_(-2, 2)\n    texture.copy_(x.detach())\n    return x.detach()"),
    mutant("texture: the means of maps instead of Gram matrices", TEXTURE, RELATIVE, "(f.mean((2, 3)) - 0 * a.sum()).square().sum()"),
    mutant("regions: no masks", REGIONS, REGION, "flat = features.flatten(3)"),
    mutant("regions: masks after the product", REGIONS, "    gram = flat @ flat.mT\n    return gram / (C * H * W) if normalize else gram\n    ### END SOLUTION\n\n\ndef guided",
           "    flat = features.flatten(3)\n    gram = flat @ flat.mT * masks.mean(dim=(2, 3))[:, :, None, None]\n    return gram / (C * H * W) if normalize else gram\n    ### END SOLUTION\n\n\ndef guided"),
    mutant("regions: the mask in one factor", REGIONS, "    gram = flat @ flat.mT\n    return gram / (C * H * W) if normalize else gram\n    ### END SOLUTION\n\n\ndef guided",
           "    gram = flat @ features.flatten(3).mT\n    return gram / (C * H * W) if normalize else gram\n    ### END SOLUTION\n\n\ndef guided"),
    mutant("regions: divided by the size of the region", REGIONS, GUIDED_END, GUIDED_END.replace("(C * H * W)", "(C * masks.sum(dim=(2, 3)))[:, :, None, None]")),
    mutant("regions: divided by R, too", REGIONS, GUIDED_END, GUIDED_END.replace("(C * H * W)", "(C * H * W * features.shape[1])")),
    mutant("regions: added up", REGIONS, GUIDED_END, GUIDED_END.replace("    return gram /", "    gram = gram.sum(dim=1)\n    return gram /")),
    mutant("regions: axes of length 1 are lost", MASKS, GUIDED_END, GUIDED_END.replace("    return gram /", "    gram = gram.squeeze(1)\n    return gram /")),
    mutant("regions: always divided", MASKS, GUIDED_END, GUIDED_END.replace(" if normalize else gram", "")),
    mutant("regions: writes into the features", MASKS, REGION, "features *= masks[:, :, None]\n    flat = features.flatten(3)"),
    mutant("regions: a loop", REGIONS, REGION, "flat = torch.stack([(f * m[:, None]).flatten(2) for f, m in zip(features, masks)])"),
    mutant("regions: float32", MASKS, REGION, "flat = (features * masks[:, :, None]).flatten(3).float()", habit="dtype"),
    mutant("guided loss: masks in their order", GUIDED,
           "    for layer, target, weight in zip(style_layers, style_targets, style_weights, strict=True):\n        gram = guided_gram_matrix(feats[layer], content_masks[layer])",
           "    for number, (layer, target, weight) in enumerate(zip(style_layers, style_targets, style_weights, strict=True)):\n        gram = guided_gram_matrix(feats[layer], content_masks[number])"),
    mutant("guided loss: no weights", GUIDED, "total = total + weight * (gram - target)", "total = total + (gram - target)"),
    mutant("guided loss: not normalised", GUIDED, GUIDED_EACH, GUIDED_EACH.replace("content_masks[layer])", "content_masks[layer], False)")),
    mutant("guided loss: the last layer alone", GUIDED, "total = total + weight * (gram - target)", "total = weight * (gram - target)"),
    mutant("guided loss: the first region", GUIDEDS, "(gram - target).square().sum()", "(gram - target)[:, :2].square().sum()"),
    mutant("guided loss: float32", GUIDEDS, "total = total + weight * (gram - target).square().sum()",
           "total = total.float() + (weight * (gram - target).square().sum()).float()", habit="dtype"),
    mutant("perceptual: a sum", PERCEPTUAL, FROZEN, FROZEN.replace("frozen(b))", "frozen(b), reduction='sum')")),
    mutant("perceptual: pixels", PERCEPTUAL, FROZEN, "return F.mse_loss(a, b)"),
    mutant("perceptual: absolute differences", PERCEPTUAL, FROZEN, "return F.l1_loss(frozen(a), frozen(b))"),
    mutant("perceptual: weights get gradients", IMAGES, FROZEN, "return F.mse_loss(phi(a), phi(b))"),
    mutant("perceptual: no gradient at all", IMAGES, FROZEN, "with torch.no_grad():\n        return F.mse_loss(frozen(a), frozen(b))"),
    mutant("perceptual: no gradient in the second image", IMAGES, FROZEN, "return F.mse_loss(frozen(a), frozen(b).detach())"),
    mutant("perceptual: freezes the network for good", IMAGES, FROZEN, "phi.requires_grad_(False)\n    return F.mse_loss(phi(a), phi(b))"),
    mutant("perceptual: lets frozen weights learn afterwards", IMAGES, FROZEN, "phi.requires_grad_(False)\n    out = F.mse_loss(phi(a), phi(b))\n    phi.requires_grad_(True)\n    return out"),
    mutant("perceptual: evaluation mode, then training mode", IMAGES, FROZEN, "phi.eval()\n    out = F.mse_loss(frozen(a), frozen(b))\n    phi.train()\n    return out"),
    mutant("perceptual: float32", IMAGES, FROZEN, FROZEN + ".float()", habit="dtype"),
]

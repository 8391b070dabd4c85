"""Wrong answers to a04, the modern blocks, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

modern = mutants_of("modern_cnn.py")


# fmt: off
VGG = "layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU()]"
NIN = "nn.Conv2d(in_channels, out_channels, kernel_size, strides, padding)"
PATHS = "return torch.cat([path(x) for path in self.paths], dim=1)"
SPLIT = "layers += [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, num_channels, 3, padding=1)]"
DEPTHWISE = "nn.Conv2d(in_channels, in_channels, kernel_size, stride, padding=kernel_size // 2, groups=in_channels)"
STAMP = 'out[:, :, rows, columns] += torch.einsum("nchw,cf->nfhw", x, w[:, :, i, j])'
CANVAS = "out = x.new_zeros(len(x), w.shape[1], height, width)"
CONV_MACS = "macs += out.numel() * prod(layer.kernel_size) * layer.in_channels // layer.groups"
MODERN_NETS = [
    modern("vgg: one ReLU for all convolutions", "check_vgg_block_agrees_with_the_formula",
           VGG, VGG.replace(", nn.ReLU()]", "]")),
    modern("vgg: average pooling",
           "check_vgg_block_agrees_with_the_formula", "nn.MaxPool2d(2))\n    ###", "nn.AvgPool2d(2))\n    ###"),
    modern("vgg: rounds odd sizes up", "check_vgg_blocks_of_any_length_on_odd_sizes",
           "nn.MaxPool2d(2))\n    ###", "nn.MaxPool2d(2, ceil_mode=True))\n    ###"),
    modern("nin: forgets the stride",
           ("check_nin_block_agrees_with_the_formula", "check_nin_blocks_with_other_windows"),
           NIN, NIN.replace("strides, ", "1, ")),
    modern("nin: no ReLU at the end", "check_nin_block_agrees_with_the_formula",
           "nn.Conv2d(out_channels, out_channels, 1),\n        nn.ReLU(),\n    )",
           "nn.Conv2d(out_channels, out_channels, 1),\n    )"),
    modern("inception: the paths in another order", "check_inception_agrees_with_the_formula",
           PATHS, PATHS.replace("in self.paths", "in reversed(self.paths)")),
    modern("inception: pads the pooled path with zeros", "check_inception_on_small_and_negative_images",
           "nn.MaxPool2d(3, stride=1, padding=1), conv", "nn.ZeroPad2d(1), nn.MaxPool2d(3, stride=1), conv"),
    modern("residual: no ReLU after the sum", "check_residual_agrees_with_the_formula",
           "return torch.relu(self.block(x) + self.shortcut(x))", "return self.block(x) + self.shortcut(x)"),
    modern("residual: adds to its input in place", "check_residual_with_a_stride",
           "return torch.relu(self.block(x) + self.shortcut(x))",
           "out = self.shortcut(x)\n        out += self.block(x)\n        return torch.relu(out)"),
    modern("residual: the shortcut has no stride", "check_residual_with_a_stride",
           "self.shortcut = nn.Conv2d(in_channels, num_channels, 1, stride=strides)",
           "self.shortcut = nn.Conv2d(in_channels, num_channels, 1)"),
    modern("dense: new channels first", "check_dense_block_agrees_with_the_formula",
           "x = torch.cat([x, step(x)], dim=1)", "x = torch.cat([step(x), x], dim=1)"),
    modern("dense: convolves before it normalises", "check_dense_block_agrees_with_the_formula",
           SPLIT,
           "layers += [nn.Conv2d(channels, num_channels, 3, padding=1), nn.BatchNorm2d(num_channels), nn.ReLU()]"),
    modern("dense: the bottleneck is as narrow as the step's output", "check_dense_blocks_with_a_bottleneck",
           "nn.Conv2d(channels, 4 * num_channels, 1)]\n                channels = 4 * num_channels",
           "nn.Conv2d(channels, num_channels, 1)]\n                channels = num_channels"),
    modern("transition: max pooling", "check_transition_agrees_with_the_formula",
           "nn.Conv2d(in_channels, num_channels, 1), nn.AvgPool2d(2)",
           "nn.Conv2d(in_channels, num_channels, 1), nn.MaxPool2d(2)"),
    modern("separable: one big convolution", "check_separable_convolution_agrees_with_the_formula",
           DEPTHWISE, DEPTHWISE.replace(", groups=in_channels", "")),
    modern("separable: always pads by one", "check_separable_convolutions_with_strides",
           DEPTHWISE, DEPTHWISE.replace("kernel_size // 2", "1")),
    modern("transposed: stamps overwrite each other", "check_transposed_convolution_agrees_with_torch",
           STAMP, STAMP.replace("+=", "=")),
    modern("transposed: flips the filters", "check_transposed_convolution_agrees_with_torch",
           STAMP, STAMP.replace("[:, :, i, j])", "[:, :, -1 - i, -1 - j])")),
    modern("transposed: calls torch's", "check_transposed_convolution_agrees_with_torch",
           "    height, width = (x.shape[2] - 1)",
           "    return torch.conv_transpose2d(x, w, stride=stride, padding=pad)\n    height, width = (x.shape[2] - 1)"),
    modern("transposed: pads instead of removing pixels", "check_transposed_convolution_agrees_with_torch",
           "return out[:, :, pad : height - pad, pad : width - pad]",
           "return torch.nn.functional.pad(out, (pad, pad, pad, pad))"),
    modern("transposed: always computes in float64", "check_transposed_convolution_on_other_sizes",
           CANVAS, "out = torch.zeros(len(x), w.shape[1], height, width, dtype=torch.float64)"),
    modern("macs: counts parameters", ("check_macs_of_single_convolutions", "check_macs_of_a_network"),
           CONV_MACS, "macs += layer.weight.numel()"),
    modern("macs: two operations for each", "check_macs_of_single_convolutions",
           CONV_MACS, CONV_MACS.replace("out.numel()", "2 * out.numel()")),
    modern("macs: forgets the linear layers", "check_macs_of_a_network",
           "macs += out.numel() * layer.in_features", "pass"),
    modern("macs: ignores groups", "check_counting_leaves_the_module_as_it_was",
           CONV_MACS, CONV_MACS.replace(" // layer.groups", "")),
    modern("macs: does not remove its hooks", "check_counting_leaves_the_module_as_it_was",
           "            hook.remove()", "            pass"),
    modern("macs: clears all hooks, its own and those of others", "check_counting_leaves_the_module_as_it_was",
           "        for hook in hooks:\n            hook.remove()\n",
           "        for layer in layers:\n            layer._forward_hooks.clear()\n"),
    modern("macs: converts the module to float32", "check_counting_leaves_the_module_as_it_was",
           "    module.eval()\n    try:", "    module.float().eval()\n    try:"),
    modern("macs: freezes the parameters", "check_counting_leaves_the_module_as_it_was",
           "    module.eval()\n    try:", "    module.eval().requires_grad_(False)\n    try:"),
    modern("macs: takes the dtype of the first parameter, also where there is none",
           "check_counting_leaves_the_module_as_it_was",
           "next(module.parameters(), torch.empty(0))", "next(module.parameters())"),
    modern("macs: leaves the module in evaluation mode", "check_counting_leaves_the_module_as_it_was",
           "            part.training = training", "            pass"),
    modern("macs: counts in training mode, which changes running statistics",
           "check_counting_leaves_the_module_as_it_was",
           "    module.eval()\n    try:", "    try:"),
    modern("macs: puts the image on the CPU in float32", "check_counting_leaves_the_module_as_it_was",
           "module(torch.zeros(1, *input_shape, dtype=like.dtype, device=like.device))",
           "module(torch.zeros(1, *input_shape))"),
]
# fmt: on

MUTANTS = MODERN_NETS

"""Wrong answers to a04 whose values are right: gradients, running statistics; and habits that cost one check only."""

from autograder.authoring.mutants import mutants_of

layers = mutants_of("convolutional_networks.py")
res = mutants_of("resnet.py")
modern = mutants_of("modern_cnn.py")

SUM = "return self.block(x) + self.shortcut(x)"
END_OF = {
    "ResidualBlock": "\n        ### END SOLUTION\n\n\n# %% [markdown]\n",
    "ResidualBottleneckBlock": "\n        ### END SOLUTION\n\n\n# %% [markdown] question",
}
PLAIN_NORM = "nn.BatchNorm2d(Cin),\n            nn.ReLU(),\n            nn.Conv2d(Cin, Cout, 3,"
VGG = "return nn.Sequential(*layers, nn.MaxPool2d(2))"
PATHS = "return torch.cat([path(x) for path in self.paths], dim=1)"
STEP = "x = torch.cat([x, step(x)], dim=1)"
RESIDUAL = "return torch.relu(self.block(x) + self.shortcut(x))"
SEPARABLE_END = "nn.BatchNorm2d(out_channels),\n            nn.ReLU(),"
STOP = """\
    class Stop(nn.Module):
        def forward(self, x):
            return x.detach()

    """


# fmt: off
GRADIENTS = [
    res("three-layer module: leaves evaluation mode", "check_three_layer_module_agrees_with_the_formula",
        "hidden = F.relu(self.conv2(F.relu(self.conv1(x))))",
        "self.eval()\n        hidden = F.relu(self.conv2(F.relu(self.conv1(x))))"),
    res("residual block: leaves evaluation mode", "check_residual_block_halves_odd_sizes",
        SUM + END_OF["ResidualBlock"], "self.shortcut.eval()\n        " + SUM + END_OF["ResidualBlock"]),
    res("resnet: puts itself into training mode", "check_resnet_has_the_right_number_of_parameters",
        "return self.fc(self.cnn(x).mean", "self.train()\n        return self.fc(self.cnn(x).mean"),
    modern("inception: leaves evaluation mode", "check_inception_on_small_and_negative_images",
           PATHS, "self.eval()\n        " + PATHS),
    res("residual block: the shortcut passes no gradient to its input", "check_residual_block_halves_odd_sizes",
        SUM + END_OF["ResidualBlock"], SUM.replace("shortcut(x)", "shortcut(x.detach())") + END_OF["ResidualBlock"]),
    res("bottleneck: the shortcut passes no gradient to its input", "check_bottleneck_halves_odd_sizes",
        SUM + END_OF["ResidualBottleneckBlock"],
        SUM.replace("shortcut(x)", "shortcut(x.detach())") + END_OF["ResidualBottleneckBlock"]),
    res("resnet: only the last layer is trained", "check_resnet_agrees_with_the_formula",
        "self.fc(self.cnn(x).mean", "self.fc(self.cnn(x).detach().mean"),
    modern("vgg: the image gets no gradient", "check_vgg_blocks_of_any_length_on_odd_sizes",
           VGG, STOP.strip() + "\n\n    " + VGG.replace("*layers,", "Stop(), *layers,")),
    modern("nin: the image gets no gradient", "check_nin_blocks_with_other_windows",
           "    return nn.Sequential(\n        nn.Conv2d(in_channels, out_channels, kernel_size, strides, padding),",
           STOP + "return nn.Sequential(\n        Stop(),\n"
                  "        nn.Conv2d(in_channels, out_channels, kernel_size, strides, padding),"),
    modern("inception: one path passes no gradient to the image", "check_inception_on_small_and_negative_images",
           PATHS, PATHS.replace("path(x) for path in self.paths",
                                "path(x if i else x.detach()) for i, path in enumerate(self.paths)")),
    modern("residual: the shortcut passes no gradient to its input", "check_residual_with_a_stride",
           RESIDUAL, RESIDUAL.replace("shortcut(x)", "shortcut(x.detach())")),
    modern("dense: steps pass no gradient to earlier channels", "check_dense_blocks_with_a_bottleneck",
           STEP, STEP.replace("step(x)", "step(x.detach())")),
    modern("transition: the image gets no gradient", "check_transition_on_odd_sizes",
           "    return nn.Sequential(\n        nn.BatchNorm2d(in_channels), nn.ReLU(), nn.Conv2d(in_channels, num_ch",
           STOP + "return nn.Sequential(\n        Stop(),\n"
                  "        nn.BatchNorm2d(in_channels), nn.ReLU(), nn.Conv2d(in_channels, num_ch"),
    modern("separable: the image gets no gradient", "check_separable_convolutions_with_strides",
           "return self.net(x)", "return self.net(x.detach())"),
]

STATISTICS = [
    res("plain block: the momentum of running statistics is 0.9", "check_plain_block_halves_any_size",
        PLAIN_NORM, PLAIN_NORM.replace("nn.BatchNorm2d(Cin)", "nn.BatchNorm2d(Cin, momentum=0.9)")),
    res("plain block: group normalisation", "check_plain_block_agrees_with_the_formula",
        PLAIN_NORM, PLAIN_NORM.replace("nn.BatchNorm2d(Cin)", "nn.GroupNorm(1, Cin)")),
    modern("residual: the momentum of running statistics is 0.9", "check_residual_with_a_stride",
           "nn.BatchNorm2d(num_channels),\n            nn.ReLU(),",
           "nn.BatchNorm2d(num_channels, momentum=0.9),\n            nn.ReLU(),"),
    modern("separable: ReLU6", "check_separable_convolution_agrees_with_the_formula",
           SEPARABLE_END, SEPARABLE_END.replace("ReLU()", "ReLU6()")),
    modern("separable: the momentum of running statistics is 0.9", "check_separable_convolutions_with_strides",
           SEPARABLE_END, SEPARABLE_END.replace("(out_channels)", "(out_channels, momentum=0.9)")),
]

HABITS = [
    layers("convolution: an output of float32", "check_conv_takes_strides_and_pads",
           'out = torch.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None]',
           'out = (torch.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None]).float()', habit="dtype"),
    layers("convolution: gradients of float32", "check_conv_gradients_with_a_stride",
           "dw, dpadded = torch.zeros_like(w), torch.zeros_like(padded)",
           "dw, dpadded = torch.zeros(w.shape), torch.zeros(padded.shape)", habit="dtype"),
    layers("convolution: gradients of square images only", "check_conv_gradients_agree_with_autograd",
           "height, width = dout.shape[2:]", "height = width = dout.shape[2]", habit="sizes"),
    layers("batch norm: computes in float32", "check_batch_norm_statistics_after_many_batches",
           'running_mean = bn_param.get("running_mean", torch.zeros_like(x[0]))',
           'x = x.float()\n        running_mean = bn_param.get("running_mean", torch.zeros_like(x[0]))', habit="dtype"),
    modern("transposed: a canvas of float32", "check_transposed_convolution_on_other_sizes",
           "out = x.new_zeros(len(x), w.shape[1], height, width)",
           "out = torch.zeros(len(x), w.shape[1], height, width)", habit="dtype"),
]
# fmt: on

MUTANTS = [*GRADIENTS, *STATISTICS, *HABITS]

"""Wrong answers to a04, residual networks, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

res = mutants_of("resnet.py")


# fmt: off
FUNCTION = "    hidden = F.relu(F.conv2d(hidden, conv_w2, conv_b2, padding=1))"
MODULE_INIT = "            nn.init.kaiming_normal_(layer.weight)\n            nn.init.zeros_(layer.bias)\n"
PLAIN_FIRST = "nn.Conv2d(Cin, Cout, 3, stride=2 if downsample else 1, padding=1)"
PLAIN = f"""\
            nn.BatchNorm2d(Cin),
            nn.ReLU(),
            {PLAIN_FIRST},
            nn.BatchNorm2d(Cout),
            nn.ReLU(),
            nn.Conv2d(Cout, Cout, 3, padding=1),
"""
SUM = "return self.block(x) + self.shortcut(x)"
IN_PLACE = "out = self.shortcut(x)\n        out += self.block(x)\n        return out"
END_OF = {
    "ResidualBlock": "\n        ### END SOLUTION\n\n\n# %% [markdown]\n",
    "ResidualBottleneckBlock": "\n        ### END SOLUTION\n\n\n# %% [markdown] question",
}
SHORTCUT = "self.shortcut = nn.Conv2d(Cin, Cout, 1, stride=2 if downsample else 1)"
CHANGES = """\
        self.block = PlainBlock(Cin, Cout, downsample)
        self.shortcut: nn.Module = nn.Identity()
        if Cin != Cout or downsample:
"""
STAGES = "stages = [ResNetStage(*args, block=block) for args in stage_args]"
POOLED = "return self.fc(self.cnn(x).mean(dim=(2, 3)))"
RESIDUAL = [
    res("function: no ReLU after the second convolution", "check_three_layer_function_agrees_with_the_formula",
        FUNCTION, "    hidden = F.conv2d(hidden, conv_w2, conv_b2, padding=1)"),
    res("function: adds the last bias by hand, also where it is None", "check_three_layer_function_without_biases",
        "F.linear(hidden.flatten(1), fc_w, fc_b)", "F.linear(hidden.flatten(1), fc_w) + fc_b"),
    res("function: detaches the hidden layer",
        ("check_three_layer_function_agrees_with_the_formula", "check_three_layer_function_without_biases"),
        FUNCTION, FUNCTION.replace("conv2d(hidden", "conv2d(hidden.detach()")),
    res("function: detaches the first bias", "check_three_layer_function_agrees_with_the_formula",
        "F.conv2d(x, conv_w1, conv_b1, padding=2)",
        "F.conv2d(x, conv_w1, None if conv_b1 is None else conv_b1.detach(), padding=2)"),
    res("module: pads by reflection", "check_three_layer_module_agrees_with_the_formula",
        "self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2)",
        "self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2, padding_mode='reflect')"),
    res("module: uses torch's own initialisation", "check_three_layer_module_starts_as_described",
        MODULE_INIT, "            pass\n"),
    res("module: only the last layer is trained", "check_three_layer_module_agrees_with_the_formula",
        "return self.fc(hidden.flatten(1))", "return self.fc(hidden.detach().flatten(1))"),
    res("module: uniform weights of the right standard deviation", "check_three_layer_module_starts_as_described",
        MODULE_INIT, MODULE_INIT.replace("normal_", "uniform_")),
    res("plain block: gives its input no gradient", "check_plain_block_halves_any_size",
        "        ### BEGIN SOLUTION\n        return self.net(x)", "        return self.net(x.detach())"),
    res("plain block: one convolution twice where both could be equal", "check_plain_block_agrees_with_the_formula",
        "        ### BEGIN SOLUTION\n        return self.net(x)", """\
        if self.net[2].weight.shape == self.net[5].weight.shape and self.net[2].stride == (1, 1):
            self.net[5] = self.net[2]
        return self.net(x)"""),
    res("residual block: adds to its input in place", "check_residual_block_with_zero_weights_is_the_identity",
        SUM + END_OF["ResidualBlock"], IN_PLACE + END_OF["ResidualBlock"]),
    res("bottleneck: adds to its input in place", "check_bottleneck_halves_odd_sizes",
        SUM + END_OF["ResidualBottleneckBlock"], IN_PLACE + END_OF["ResidualBottleneckBlock"]),
    res("resnet: no bias in the linear layer", "check_resnet_has_the_right_number_of_parameters",
        "nn.Linear(stage_args[-1][1], num_classes)", "nn.Linear(stage_args[-1][1], num_classes, bias=False)"),
    res("plain block: normalises after the convolutions, as in 2015", "check_plain_block_agrees_with_the_formula",
        PLAIN, f"""\
            {PLAIN_FIRST},
            nn.BatchNorm2d(Cout),
            nn.ReLU(),
            nn.Conv2d(Cout, Cout, 3, padding=1),
            nn.BatchNorm2d(Cout),
            nn.ReLU(),
"""),
    res("plain block: forgets the second ReLU", "check_plain_block_agrees_with_the_formula",
        PLAIN, PLAIN.replace("nn.BatchNorm2d(Cout),\n            nn.ReLU(),", "nn.BatchNorm2d(Cout),")),
    res("plain block: the second convolution has the stride", "check_plain_block_halves_any_size",
        PLAIN, PLAIN.replace("stride=2 if downsample else 1, padding=1", "padding=1")
        .replace("Cout, Cout, 3, padding=1", "Cout, Cout, 3, stride=2 if downsample else 1, padding=1")),
    res("residual block: a ReLU after the sum",
        ("check_residual_block_adds_its_input", "check_residual_block_with_zero_weights_is_the_identity",
         "check_bottleneck_agrees_with_the_formula"),
        SUM, "return F.relu(self.block(x) + self.shortcut(x))", count=2),
    res("residual block: the input is not added",
        "check_residual_block_adds_its_input", SUM, "return self.block(x)", count=2),
    res("residual block: pads channels of the shortcut with zeros",
        "check_residual_block_has_a_convolution_on_its_shortcut",
        SHORTCUT, "self.shortcut = nn.ZeroPad3d((0, 0, 0, 0, 0, Cout - Cin))"),
    res("residual block: normalises the shortcut", "check_residual_block_has_a_convolution_on_its_shortcut",
        SHORTCUT, "self.shortcut = nn.Sequential(nn.BatchNorm2d(Cin), nn.Conv2d(Cin, Cout, 1, stride=1 + downsample))"),
    res("residual block: no convolution where only the size changes", "check_residual_block_halves_odd_sizes",
        CHANGES, CHANGES.replace(" or downsample:", ":")),
    res("residual block: the shortcut is not trained", "check_residual_block_halves_odd_sizes",
        SUM, "return self.block(x) + self.shortcut(x).detach()", count=2),
    res("bottleneck: half of the channels inside", "check_bottleneck_agrees_with_the_formula",
        "narrow, stride = Cout // 4,", "narrow, stride = Cout // 2,"),
    res("bottleneck: the 3x3 convolution has the stride", "check_bottleneck_halves_odd_sizes",
        "nn.Conv2d(Cin, narrow, 1, stride=stride),\n            nn.BatchNorm2d(narrow),\n            nn.ReLU(),\n"
        "            nn.Conv2d(narrow, narrow, 3, padding=1),",
        "nn.Conv2d(Cin, narrow, 1),\n            nn.BatchNorm2d(narrow),\n            nn.ReLU(),\n"
        "            nn.Conv2d(narrow, narrow, 3, stride=stride, padding=1),"),
    res("resnet: sums over all places instead of averaging", "check_resnet_agrees_with_the_formula",
        POOLED, POOLED.replace("mean", "sum")),
    res("resnet: pools 8 x 8 windows, right for one size only", "check_resnet_agrees_with_the_formula",
        POOLED, "return self.fc(F.avg_pool2d(self.cnn(x), 8).flatten(1))"),
    res("resnet: always builds residual blocks", "check_resnet_has_the_right_number_of_parameters",
        STAGES, STAGES.replace(", block=block", "")),
    res("resnet: three stages at most", "check_resnet_has_the_right_number_of_parameters",
        STAGES, STAGES.replace("in stage_args", "in stage_args[:3]")),
    res("resnet: a fully connected network", ("check_resnet_recognises_scenes",),
        POOLED + "\n        ### END SOLUTION\n\n\n# %%", '''if not hasattr(self, "hidden"):
            self.hidden = nn.Linear(x[0].numel(), 200)
            self.scores = nn.Linear(200, 10)
        return self.scores(self.hidden(x.flatten(1)).relu())


class ResNet(nn.Module):
    def __init__(self, stage_args, Cin=3, block=ResidualBlock, num_classes=10):
        super().__init__()
        self.hidden, self.scores = nn.Linear(Cin * 32 * 32, 200), nn.Linear(200, num_classes)

    forward = ResNet.forward


# %%''', calibrates=True),
]
# fmt: on

MUTANTS = RESIDUAL

"""Right answers to a04, residual networks, in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("resnet.py")
BOTTLENECK = "ResidualBottleneckBlock"

PARTS = """
    self.bn1, self.relu = nn.BatchNorm2d(Cin), nn.ReLU()
    self.conv1 = nn.Conv2d(Cin, Cout, kernel_size=3, padding=1, stride=2 if downsample else 1)
    self.bn2, self.conv2 = nn.BatchNorm2d(Cout), nn.Conv2d(Cout, Cout, kernel_size=3, padding=1)
"""

VARIANTS = [
    variant("module: a layer that is not used",
        ("        self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2)\n",
         "        self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2)\n"
         "        self.norm = nn.BatchNorm2d(channel_1)\n")),
    variant("function: products and biases by hand, torch.conv2d",
        body("three_layer_convnet", """
            x = torch.conv2d(x, conv_w1, conv_b1, padding=2).clamp(min=0)
            x = torch.conv2d(x, conv_w2, conv_b2, padding=(1, 1)).clamp(min=0)
            scores = x.reshape(x.shape[0], -1).mm(fc_w.t())
            return scores if fc_b is None else scores + fc_b
        """),
        ("from torch import Tensor, nn", "import torch\nfrom torch import Tensor, nn")),
    variant("module: forward calls the function with the layers' weights",
        body("ThreeLayerConvNet.__init__", """
            self.conv1 = nn.Conv2d(in_channel, channel_1, (5, 5), padding=2)
            self.conv2 = nn.Conv2d(channel_1, channel_2, (3, 3), padding=1)
            self.fc = nn.Linear(channel_2 * 32 ** 2, num_classes)
            nn.init.kaiming_normal_(self.conv1.weight, mode="fan_in", nonlinearity="relu")
            nn.init.kaiming_normal_(self.conv2.weight, nonlinearity="relu")
            nn.init.kaiming_normal_(self.fc.weight, nonlinearity="relu")
            for bias in (self.conv1.bias, self.conv2.bias, self.fc.bias):
                nn.init.constant_(bias, 0)
        """),
        body("ThreeLayerConvNet.forward", """
            return three_layer_convnet(x, [
                self.conv1.weight, self.conv1.bias, self.conv2.weight, self.conv2.bias, self.fc.weight, self.fc.bias
            ])
        """)),
    variant("module: nn.Sequential, initialised by apply()",
        body("ThreeLayerConvNet.__init__", """
            def start(layer):
                if isinstance(layer, (nn.Conv2d, nn.Linear)):
                    nn.init.kaiming_normal_(layer.weight)
                    layer.bias.data.fill_(0.0)

            self.layers = nn.Sequential(
                nn.Conv2d(in_channel, channel_1, 5, padding=2), nn.ReLU(inplace=True),
                nn.Conv2d(channel_1, channel_2, 3, padding="same"), nn.ReLU(inplace=True),
                nn.Flatten(), nn.Linear(channel_2 * 32 * 32, num_classes),
            )
            self.apply(start)
        """),
        body("ThreeLayerConvNet.forward", "return self.layers(x)")),
    variant("plain block: layers one by one, through forward()",
        body("PlainBlock.__init__", PARTS),
        body("PlainBlock.forward", """
            out = self.conv1.forward(self.relu.forward(self.bn1.forward(x)))
            return self.conv2.forward(self.relu.forward(self.bn2.forward(out)))
        """)),
    variant("plain block: convolutions without biases, their weights in F.conv2d",
        body("PlainBlock.__init__", """
            self.stride = 2 if downsample else 1
            self.conv1 = nn.Conv2d(Cin, Cout, 3, stride=self.stride, padding=1, bias=False)
            self.conv2 = nn.Conv2d(Cout, Cout, 3, padding=1, bias=False)
            self.bn1, self.bn2 = nn.BatchNorm2d(Cin), nn.BatchNorm2d(Cout)
        """),
        body("PlainBlock.forward", """
            out = F.conv2d(F.relu(self.bn1(x)), self.conv1.weight, stride=self.stride, padding=1)
            out = F.conv2d(F.relu(self.bn2(out)), self.conv2.weight, padding=1)
            return out
        """)),
    variant("plain block: F.batch_norm with the layer's weights and buffers",
        body("PlainBlock.__init__", PARTS),
        body("PlainBlock.forward", """
            def norm(layer, x):
                return F.batch_norm(
                    x, layer.running_mean, layer.running_var, layer.weight, layer.bias, self.training,
                    layer.momentum, layer.eps,
                )

            return self.conv2(F.relu(norm(self.bn2, self.conv1(F.relu(norm(self.bn1, x))))))
        """)),
    variant("residual block: made from the plain block's layers, a shortcut that may be None",
        body("ResidualBlock.__init__", """
            self.block = PlainBlock(Cin, Cout, downsample=downsample)
            self.shortcut = None
            if downsample:
                self.shortcut = nn.Conv2d(Cin, Cout, kernel_size=1, stride=2, bias=False)
            elif Cin != Cout:
                self.shortcut = nn.Conv2d(Cin, Cout, kernel_size=1, bias=False)
        """),
        body("ResidualBlock.forward", """
            out = self.block.forward(x)
            out += x if self.shortcut is None else self.shortcut(x)
            return out
        """)),
    variant("residual block: the shortcut first, and a 1x1 convolution of every second pixel",
        body("ResidualBlock.__init__", """
            self.skip = nn.Sequential()
            if Cin != Cout or downsample:
                self.skip.append(nn.Conv2d(Cin, Cout, 1, stride=1 + int(downsample)))
            self.main = PlainBlock(Cin, Cout, downsample)
        """),
        body("ResidualBlock.forward", """
            skip = self.skip(x)
            return torch.add(skip, self.main(x))
        """),
        ("from torch import Tensor, nn", "import torch\nfrom torch import Tensor, nn")),
    variant("bottleneck: layers in loops, the shortcut's weight in F.conv2d, a layer that nothing uses",
        body(BOTTLENECK + ".__init__", """
            stride, mid = 1 + downsample, Cout // 4
            layers, channels = [], Cin
            for out, size, step in ((mid, 1, stride), (mid, 3, 1), (Cout, 1, 1)):
                layers += [nn.BatchNorm2d(channels), nn.ReLU()]
                layers.append(nn.Conv2d(channels, out, size, stride=step, padding=size // 2))
                channels = out
            self.block = nn.ModuleList(layers)
            self.same = Cin == Cout and not downsample
            self.shortcut = nn.Conv2d(Cin, Cout, kernel_size=1, stride=stride)
        """),
        body(BOTTLENECK + ".forward", """
            out = x
            for layer in self.block:
                out = layer(out)
            if self.same:
                return x + out
            return out + F.conv2d(x, self.shortcut.weight, self.shortcut.bias, stride=self.shortcut.stride)
        """)),
    variant("resnet: one flat nn.Sequential with pooling and flattening in it",
        body("ResNet.__init__", """
            layers = [ResNetStem(Cin, stage_args[0][0])]
            for Cin_, Cout, num_blocks, downsample in stage_args:
                layers.append(ResNetStage(Cin_, Cout, num_blocks, downsample=downsample, block=block))
            self.net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(Cout, num_classes))
        """),
        body("ResNet.forward", "return self.net(x)")),
    variant("resnet: parts through forward(), F.avg_pool2d over the whole map, the last weight in a product",
        body("ResNet.__init__", """
            self.stem = ResNetStem(Cin=Cin, Cout=stage_args[0][0])
            self.stages = nn.ModuleList()
            for args in stage_args:
                self.stages.append(ResNetStage(*args, block=block))
            self.fc = nn.Linear(stage_args[-1][1], num_classes)
        """),
        body("ResNet.forward", """
            x = self.stem.forward(x)
            for stage in self.stages:
                x = stage.forward(x)
            x = F.avg_pool2d(x, x.shape[2:]).flatten(1)
            return x @ self.fc.weight.t() + self.fc.bias
        """)),
]  # fmt: skip

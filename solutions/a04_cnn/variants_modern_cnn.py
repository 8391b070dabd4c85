"""Right answers to a04, the modern blocks, in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("modern_cnn.py")
FUNCTIONAL = ("from torch import Tensor, nn", "from torch import Tensor, nn\nfrom torch.nn import functional as F")

VARIANTS = [
    variant("vgg and nin: modules of their own with loops and forward()",
        body("vgg_block", """
            class Block(nn.Module):
                def __init__(self):
                    super().__init__()
                    sizes = [in_channels] + [out_channels] * num_convs
                    self.convs = nn.ModuleList(
                        nn.Conv2d(sizes[i], sizes[i + 1], kernel_size=3, padding=1) for i in range(num_convs)
                    )

                def forward(self, x):
                    for conv in self.convs:
                        x = torch.relu(conv.forward(x))
                    return nn.functional.max_pool2d(x, kernel_size=2, stride=2)

            return Block()
        """),
        body("nin_block", """
            layers = []
            sizes = [(in_channels, kernel_size, strides, padding)] + [(out_channels, 1, 1, 0)] * 2
            for before, size, step, pad in sizes:
                layers.append(nn.Sequential(nn.Conv2d(before, out_channels, size, step, pad), nn.ReLU(inplace=True)))
            return nn.Sequential(*layers)
        """)),
    variant("vgg: convolutions without biases, names for the layers",
        body("vgg_block", """
            net = nn.Sequential()
            for i in range(num_convs):
                net.add_module(f"conv{i}", nn.Conv2d(in_channels, out_channels, 3, 1, "same", bias=False))
                net.add_module(f"relu{i}", nn.ReLU())
                in_channels = out_channels
            net.add_module("pool", nn.MaxPool2d(kernel_size=2, stride=2))
            return net
        """)),
    variant("inception: a name for each layer, torch's functions",
        FUNCTIONAL,
        body("Inception.__init__", """
            self.p1_1 = nn.Conv2d(in_channels, c1, kernel_size=1)
            self.p2_1 = nn.Conv2d(in_channels, c2[0], kernel_size=1)
            self.p2_2 = nn.Conv2d(c2[0], c2[1], kernel_size=3, padding=1)
            self.p3_1 = nn.Conv2d(in_channels, c3[0], kernel_size=1)
            self.p3_2 = nn.Conv2d(c3[0], c3[1], kernel_size=5, padding=2)
            self.p4_1 = nn.MaxPool2d(kernel_size=3, stride=1, padding=1)
            self.p4_2 = nn.Conv2d(in_channels, c4, kernel_size=1)
        """),
        body("Inception.forward", """
            p1 = F.relu(self.p1_1(x))
            p2 = F.relu(self.p2_2(F.relu(self.p2_1(x))))
            p3 = F.relu(self.p3_2(F.relu(self.p3_1(x))))
            p4 = F.relu(self.p4_2(self.p4_1(x)))
            return torch.cat((p1, p2, p3, p4), dim=1)
        """)),
    variant("inception: weights of its layers in F.conv2d, the last paths first",
        FUNCTIONAL,
        body("Inception.__init__", """
            self.pool_proj = nn.Conv2d(in_channels, c4, 1)
            self.five = nn.ModuleList([nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 5, padding=2)])
            self.three = nn.ModuleList([nn.Conv2d(in_channels, c2[0], 1), nn.Conv2d(c2[0], c2[1], 3, padding=1)])
            self.one = nn.Conv2d(in_channels, c1, 1)
        """),
        body("Inception.forward", """
            def apply(layer, x):
                return F.conv2d(x, layer.weight, layer.bias, padding=layer.padding).relu()

            fourth = apply(self.pool_proj, F.max_pool2d(x, 3, 1, 1))
            third = apply(self.five[1], apply(self.five[0], x))
            second = apply(self.three[1], apply(self.three[0], x))
            return torch.cat([apply(self.one, x), second, third, fourth], 1)
        """)),
    variant("residual: as in Dive into Deep Learning",
        FUNCTIONAL,
        body("Residual.__init__", """
            self.conv1 = nn.Conv2d(in_channels, num_channels, kernel_size=3, padding=1, stride=strides)
            self.conv2 = nn.Conv2d(num_channels, num_channels, kernel_size=3, padding=1)
            if use_1x1conv:
                self.conv3 = nn.Conv2d(in_channels, num_channels, kernel_size=1, stride=strides)
            else:
                self.conv3 = None
            self.bn1 = nn.BatchNorm2d(num_channels)
            self.bn2 = nn.BatchNorm2d(num_channels)
        """),
        body("Residual.forward", """
            Y = F.relu(self.bn1(self.conv1(x)))
            Y = self.bn2(self.conv2(Y))
            if self.conv3:
                x = self.conv3(x)
            Y += x
            return F.relu(Y)
        """)),
    variant("residual: through forward(), the shortcut first, a shortcut that is made but not used",
        body("Residual.__init__", """
            self.use_1x1conv = use_1x1conv
            self.downsample = nn.Conv2d(in_channels, num_channels, 1, strides)
            self.norms = nn.ModuleList([nn.BatchNorm2d(num_channels), nn.BatchNorm2d(num_channels)])
            self.convs = nn.ModuleList([
                nn.Conv2d(in_channels, num_channels, 3, strides, 1), nn.Conv2d(num_channels, num_channels, 3, 1, 1)
            ])
            self.relu = nn.ReLU(inplace=True)
        """),
        body("Residual.forward", """
            identity = self.downsample.forward(x) if self.use_1x1conv else x
            out = self.relu(self.norms[0].forward(self.convs[0].forward(x)))
            out = self.norms[1].forward(self.convs[1].forward(out))
            return self.relu(out + identity)
        """)),
    variant("dense: a list of features that is concatenated in each step",
        body("DenseBlock.__init__", """
            class Step(nn.Module):
                def __init__(self, before):
                    super().__init__()
                    self.narrow = None
                    if bottleneck:
                        self.norm1 = nn.BatchNorm2d(before)
                        self.narrow = nn.Conv2d(before, 4 * num_channels, 1, bias=False)
                        before = 4 * num_channels
                    self.norm2 = nn.BatchNorm2d(before)
                    self.conv = nn.Conv2d(before, num_channels, 3, padding=1, bias=False)

                def forward(self, features):
                    x = torch.cat(features, 1)
                    if self.narrow is not None:
                        x = self.narrow(torch.relu(self.norm1(x)))
                    return self.conv(torch.relu(self.norm2(x)))

            self.layers = nn.ModuleDict()
            for i in range(num_convs):
                self.layers["denselayer%d" % (i + 1)] = Step(in_channels + i * num_channels)
        """),
        body("DenseBlock.forward", """
            features = [x]
            for layer in self.layers.values():
                features.append(layer(features))
            return torch.cat(features, 1)
        """)),
    variant("transition and separable: layers with names, through forward()",
        body("transition_block", """
            from collections import OrderedDict

            return nn.Sequential(OrderedDict([
                ("norm", nn.BatchNorm2d(in_channels)), ("relu", nn.ReLU(inplace=True)),
                ("conv", nn.Conv2d(in_channels, num_channels, kernel_size=1, bias=False)),
                ("pool", nn.AvgPool2d(kernel_size=2, stride=2)),
            ]))
        """),
        body("DepthwiseSeparableConv.__init__", """
            self.depthwise = nn.Conv2d(
                in_channels, in_channels, kernel_size=kernel_size, stride=stride, padding=(kernel_size - 1) // 2,
                groups=in_channels, bias=False,
            )
            self.pointwise = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
            self.bn1, self.bn2 = nn.BatchNorm2d(in_channels), nn.BatchNorm2d(out_channels)
        """),
        body("DepthwiseSeparableConv.forward", """
            x = nn.functional.relu(self.bn1.forward(self.depthwise.forward(x)))
            return nn.functional.relu(self.bn2.forward(self.pointwise.forward(x)))
        """)),
    variant("separable: the 1x1 convolution as einsum with its weight",
        body("DepthwiseSeparableConv.forward", """
            depthwise, norm1, relu, pointwise, norm2, _ = self.net
            x = relu(norm1(depthwise(x)))
            x = torch.einsum("nchw,fc->nfhw", x, pointwise.weight[:, :, 0, 0]) + pointwise.bias.view(-1, 1, 1)
            return relu(norm2(x))
        """)),
    variant("transposed: a stamp for each pixel",
        body("transposed_conv2d", """
            N, C, H, W = x.shape
            _, F_, KH, KW = w.shape
            out = torch.zeros(N, F_, (H - 1) * stride + KH, (W - 1) * stride + KW, dtype=x.dtype, device=x.device)
            for i in range(H):
                for j in range(W):
                    stamp = torch.tensordot(x[:, :, i, j], w, dims=1)
                    out[:, :, i * stride : i * stride + KH, j * stride : j * stride + KW] += stamp
            if pad:
                out = out[:, :, pad:-pad, pad:-pad]
            return out
        """)),
    variant("transposed: gaps of zeros, then windows of the flipped filters",
        body("transposed_conv2d", """
            N, C, H, W = x.shape
            KH, KW = w.shape[2:]
            wide = x.new_zeros(N, C, (H - 1) * stride + 1, (W - 1) * stride + 1)
            wide[:, :, ::stride, ::stride] = x
            wide = nn.functional.pad(wide, (KW - 1, KW - 1, KH - 1, KH - 1))
            windows = wide.unfold(2, KH, 1).unfold(3, KW, 1)
            out = torch.einsum("nchwij,cfij->nfhw", windows, w.flip(2, 3))
            return out[..., pad : out.shape[2] - pad, pad : out.shape[3] - pad]
        """)),
    variant("macs: counted from the weights, with modes kept in a dict",
        body("count_macs", """
            total, handles = [0], []

            def hook(m, inputs, output):
                if isinstance(m, nn.Conv2d):
                    total[0] += m.weight.numel() * output.shape[2] * output.shape[3]
                else:
                    total[0] += m.weight.numel() * output.numel() // m.out_features

            for m in module.modules():
                if isinstance(m, (nn.Conv2d, nn.Linear)):
                    handles.append(m.register_forward_hook(hook))
            training = {m: m.training for m in module.modules()}
            module.eval()
            p = next(iter(module.parameters()), None)
            like = {} if p is None else {"dtype": p.dtype, "device": p.device}
            x = torch.ones((1, *input_shape), **like)
            with torch.inference_mode():
                module(x)
            [h.remove() for h in handles]
            for m, mode in training.items():
                m.training = mode
            return int(total[0])
        """)),
]  # fmt: skip

"""Right answers to a07 in other styles: noise and networks. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("gan.py")

NOISE = [
    variant("noise: uniform_ on an empty tensor",
        body("sample_noise", "return torch.empty(batch_size, noise_dim, dtype=dtype, device=device).uniform_(-1, 1)")),
    variant("noise: drawn in float32 on the CPU, then moved",
        body("sample_noise", "return ((torch.rand(batch_size, noise_dim) - 0.5) * 2).to(device=device, dtype=dtype)")),
    variant("noise: torch.distributions",
        body("sample_noise", """
            low = torch.tensor(-1.0, dtype=dtype, device=device)
            return torch.distributions.Uniform(low, -low).sample((batch_size, noise_dim))
        """)),
]  # fmt: skip
PERCEPTRONS = [
    variant("discriminator: a class with attributes and F.leaky_relu",
        body("discriminator", """
            class Discriminator(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(784, 256)
                    self.fc2 = nn.Linear(256, 256)
                    self.fc3 = nn.Linear(256, 1)

                def forward(self, x):
                    x = F.leaky_relu(self.fc1(x), 0.01)
                    x = F.leaky_relu(self.fc2(x), negative_slope=0.01)
                    return self.fc3(x)

            return Discriminator()
        """)),
    variant("discriminator: flattens first, leaks by default and in place",
        body("discriminator", """
            return nn.Sequential(
                nn.Flatten(),
                nn.Linear(784, 256),
                nn.LeakyReLU(inplace=True),
                nn.Linear(256, 256),
                nn.LeakyReLU(negative_slope=1e-2, inplace=True),
                nn.Linear(256, 1),
            )
        """)),
    variant("discriminator: layers called by .forward()",
        body("discriminator", """
            class Discriminator(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.last = nn.Linear(256, 1)
                    self.layers = nn.ModuleList([nn.Linear(784, 256), nn.Linear(256, 256)])
                    self.leak = nn.LeakyReLU(0.01)

                def forward(self, x):
                    for layer in self.layers:
                        x = self.leak.forward(layer.forward(x))
                    return self.last.forward(x)

            return Discriminator()
        """)),
    variant("discriminator: the weights of its layers in F.linear, the leak by torch.where",
        body("discriminator", """
            class Discriminator(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a, self.b, self.c = nn.Linear(784, 256), nn.Linear(256, 256), nn.Linear(256, 1)

                def forward(self, x):
                    x = F.linear(x, self.a.weight, self.a.bias)
                    x = torch.where(x > 0, x, 0.01 * x)
                    x = x @ self.b.weight.T + self.b.bias
                    x = torch.maximum(x, 0.01 * x)
                    return torch.addmm(self.c.bias, x, self.c.weight.t())

            return Discriminator()
        """)),
    variant("discriminator: one layer that it does not use",
        body("discriminator", """
            leak = nn.LeakyReLU(0.01)
            net = nn.Sequential(nn.Linear(784, 256), leak, nn.Linear(256, 256), leak, nn.Linear(256, 1))

            class Discriminator(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.net, self.judge = net, nn.Linear(1, 1)

                def forward(self, x):
                    return self.net(x)

            return Discriminator()
        """)),
    variant("generator: layers in a loop",
        body("generator", """
            sizes = [noise_dim, 1024, 1024, 784]
            layers = []
            for a, b in zip(sizes, sizes[1:]):
                layers += [nn.Linear(a, b), nn.ReLU(inplace=True)]
            layers[-1] = nn.Tanh()
            return nn.Sequential(*layers)
        """)),
    variant("generator: a class with functions",
        body("generator", """
            class Generator(nn.Module):
                def __init__(self, noise_dim):
                    super(Generator, self).__init__()
                    self.output = nn.Linear(1024, 784)
                    self.hidden = nn.Linear(1024, 1024)
                    self.input = nn.Linear(noise_dim, 1024)

                def forward(self, z):
                    h = torch.relu(self.input(z))
                    h = self.hidden(h).clamp(min=0)
                    return torch.tanh(self.output(h))

            return Generator(noise_dim)
        """)),
    variant("generator: weights by Xavier's rule, biases zero",
        body("generator", """
            relu = nn.ReLU()
            net = nn.Sequential(nn.Linear(noise_dim, 1024), relu, nn.Linear(1024, 1024), relu, nn.Linear(1024, 784))
            for layer in net:
                if isinstance(layer, nn.Linear):
                    nn.init.xavier_uniform_(layer.weight)
                    nn.init.zeros_(layer.bias)
            return nn.Sequential(net, nn.Tanh())
        """)),
]  # fmt: skip
CONVOLUTIONS = [
    variant("dc classifier: a class, view, pooling functions",
        body("build_dc_classifier", """
            class Classifier(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv1 = nn.Conv2d(1, 32, kernel_size=5, stride=1)
                    self.conv2 = nn.Conv2d(32, 64, kernel_size=(5, 5))
                    self.fc1 = nn.Linear(1024, 1024)
                    self.fc2 = nn.Linear(1024, 1)

                def forward(self, x):
                    x = x.reshape(-1, 1, 28, 28)
                    x = F.max_pool2d(F.leaky_relu(self.conv1(x), 0.01), 2, 2)
                    x = F.max_pool2d(F.leaky_relu(self.conv2(x), 0.01), kernel_size=2)
                    x = F.leaky_relu(self.fc1(torch.flatten(x, 1)), 0.01)
                    return self.fc2(x)

            return Classifier()
        """)),
    variant("dc classifier: pools before the leaky ReLU, which gives the same",
        ("        nn.LeakyReLU(0.01),\n        nn.MaxPool2d(2, stride=2),",
         "        nn.MaxPool2d(2),\n        nn.LeakyReLU(),", 2)),
    variant("dc classifier: an Unflatten and a Flatten of its own",
        body("build_dc_classifier", """
            class Unflatten(nn.Module):
                def forward(self, x):
                    return x.reshape(x.shape[0], 1, 28, 28)

            class Flatten(nn.Module):
                def forward(self, x):
                    return x.reshape(x.size(0), -1)

            return nn.Sequential(
                Unflatten(),
                nn.Conv2d(1, 32, 5), nn.LeakyReLU(0.01), nn.MaxPool2d(2, 2),
                nn.Conv2d(32, 64, 5), nn.LeakyReLU(0.01), nn.MaxPool2d(2, 2),
                Flatten(),
                nn.Linear(4 * 4 * 64, 4 * 4 * 64), nn.LeakyReLU(0.01),
                nn.Linear(4 * 4 * 64, 1),
            )
        """)),
    variant("dc classifier: the weights of its layers in functions",
        body("build_dc_classifier", """
            class Classifier(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.c1, self.c2 = nn.Conv2d(1, 32, 5), nn.Conv2d(32, 64, 5)
                    self.l1, self.l2 = nn.Linear(1024, 1024), nn.Linear(1024, 1)

                def forward(self, x):
                    x = x.unflatten(1, (1, 28, 28))
                    x = F.max_pool2d(F.leaky_relu(F.conv2d(x, self.c1.weight, self.c1.bias)), 2)
                    x = F.max_pool2d(F.leaky_relu(F.conv2d(x, self.c2.weight, self.c2.bias)), 2)
                    x = F.leaky_relu(F.linear(x.flatten(1), self.l1.weight, self.l1.bias))
                    return F.linear(x, self.l2.weight, self.l2.bias)

            return Classifier()
        """)),
    variant("dc generator: a class with functions",
        body("build_dc_generator", """
            class Generator(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1, self.bn1 = nn.Linear(noise_dim, 1024), nn.BatchNorm1d(1024)
                    self.fc2, self.bn2 = nn.Linear(1024, 6272), nn.BatchNorm1d(6272)
                    self.up1, self.bn3 = nn.ConvTranspose2d(128, 64, (4, 4), 2, 1), nn.BatchNorm2d(64)
                    self.up2 = nn.ConvTranspose2d(64, 1, kernel_size=4, stride=2, padding=1)

                def forward(self, z):
                    x = self.bn1(F.relu(self.fc1(z)))
                    x = self.bn2(F.relu(self.fc2(x))).view(-1, 128, 7, 7)
                    x = self.bn3(F.relu(self.up1(x)))
                    return torch.tanh(self.up2(x)).reshape(len(z), 784)

            return Generator()
        """)),
    variant("dc generator: .forward() of each layer, ReLUs in place",
        body("build_dc_generator", """
            class Generator(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList([
                        nn.Linear(noise_dim, 1024), nn.ReLU(True), nn.BatchNorm1d(1024),
                        nn.Linear(1024, 7 * 7 * 128), nn.ReLU(True), nn.BatchNorm1d(7 * 7 * 128),
                        nn.Unflatten(1, (128, 7, 7)),
                        nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(True), nn.BatchNorm2d(64),
                        nn.ConvTranspose2d(64, 1, 4, 2, 1),
                    ])

                def forward(self, z):
                    for layer in self.layers:
                        z = layer.forward(z)
                    return z.tanh().flatten(1)

            return Generator()
        """)),
]  # fmt: skip
CONDITIONAL = [
    variant("conditional: rows of the identity",
        body("Conditional.forward", """
            one_hot = torch.eye(self.num_classes, dtype=x.dtype, device=x.device)[y]
            return self.net(torch.hstack([x, one_hot]))
        """)),
    variant("conditional: scatter_ into zeros",
        body("Conditional.forward", """
            one_hot = torch.zeros(len(y), self.num_classes, dtype=x.dtype, device=x.device)
            one_hot.scatter_(1, y.unsqueeze(1), 1)
            return self.net.forward(torch.cat((x, one_hot), -1))
        """)),
    variant("conditional: compares with the classes",
        body("Conditional.forward", """
            classes = torch.arange(self.num_classes, device=y.device)
            return self.net(torch.cat([x, (y.reshape(-1, 1) == classes).type_as(x)], dim=1))
        """)),
    variant("conditional pair: layers of its own, and another first layer",
        body("cgan_generator", """
            net = nn.Sequential(
                nn.Linear(noise_dim + num_classes, 1024), nn.ReLU(),
                nn.Linear(1024, 1024), nn.ReLU(),
                nn.Linear(1024, 784), nn.Tanh(),
            )
            return Conditional(net=net, num_classes=num_classes)
        """),
        body("cgan_discriminator", """
            net = discriminator()
            net[0] = nn.Linear(784 + num_classes, 256)
            return Conditional(net, num_classes)
        """)),
    variant("conditional pair: classes that inherit from Conditional",
        body("cgan_generator", """
            class Generator(Conditional):
                def __init__(self):
                    super().__init__(generator(num_classes + noise_dim), num_classes)

            return Generator()
        """)),
]  # fmt: skip

VARIANTS = [*NOISE, *PERCEPTRONS, *CONVOLUTIONS, *CONDITIONAL]

"""Wrong answers to a07, the networks, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

mutant = mutants_of("gan.py")


NOISE = "return 2 * torch.rand(batch_size, noise_dim, dtype=dtype, device=device) - 1"
D_HEAD = """    return nn.Sequential(
        nn.Linear(784, 256),
"""
D_TAIL = """        nn.Linear(256, 1),
    )
    ### END SOLUTION


# %% [markdown]
# **Generator.**"""
LEAKY = """        nn.Linear(784, 256),
        nn.LeakyReLU(0.01),
"""
G_HEAD = "        nn.Linear(noise_dim, 1024),\n        nn.ReLU(),\n        nn.Linear(1024, 1024),"
G_TAIL = "        nn.Linear(1024, 784),\n        nn.Tanh(),"
FIRST = "        nn.Conv2d(1, 32, 5),\n        nn.LeakyReLU(0.01),"
SECOND = "        nn.Conv2d(32, 64, 5),\n        nn.LeakyReLU(0.01),\n        nn.MaxPool2d(2, stride=2),"
UNFLATTEN = "        nn.Unflatten(1, (1, 28, 28)),"
DC_LAST = "        nn.Linear(4 * 4 * 64, 1),\n    )\n"
NORM = "        nn.ReLU(),\n        nn.BatchNorm2d(64),"
DC_TAIL = "        nn.ConvTranspose2d(64, 1, 4, stride=2, padding=1),\n        nn.Tanh(),"
DC_START = "        nn.Linear(noise_dim, 1024),\n        nn.ReLU(),\n        nn.BatchNorm1d(1024),"
CUT = "type('Cut', (nn.Module,), {'forward': lambda self, x: x.detach()})(),"
NO_GRAD = """type("Norm", (nn.BatchNorm1d,), {"forward": lambda self, x: F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training
        ) if not self.training else self.weight * (x - x.mean(dim=0).detach()) / (
            x.var(dim=0, correction=0).detach() + self.eps
        ).sqrt() + self.bias})(1024),"""
LABEL = "torch.cat([x, F.one_hot(y, self.num_classes).to(x)], dim=1)"
C_GENERATOR = "return Conditional(generator(noise_dim + num_classes), num_classes)"
C_HEAD = "        nn.Linear(784 + num_classes, 256),\n        nn.LeakyReLU(0.01),"

# fmt: off
MUTANTS = [
    mutant("noise: between 0 and 1", "check_noise_is_uniform", NOISE,
           "return torch.rand(batch_size, noise_dim, dtype=dtype, device=device)"),
    mutant("noise: normal, cut off at 1", "check_noise_is_uniform", NOISE,
           "return torch.randn(batch_size, noise_dim, dtype=dtype, device=device).clamp(-1, 1)"),
    mutant("noise: ignores the dtype", "check_noise_has_the_type_asked_for", NOISE,
           "return 2 * torch.rand(batch_size, noise_dim, device=device) - 1"),
    mutant("noise: ignores the device", "check_noise_has_the_type_asked_for", NOISE,
           "return 2 * torch.rand(batch_size, noise_dim, dtype=dtype) - 1"),
    mutant("noise: asks for gradients", "check_noise_has_the_type_asked_for", NOISE,
           NOISE.replace("return ", "return (") + ").requires_grad_()"),
    mutant("noise: at most 96 numbers a row", "check_noise_is_drawn_anew_for_every_entry", NOISE,
           "return 2 * torch.rand(batch_size, 96, dtype=dtype, device=device)[:, :noise_dim] - 1"),
    mutant("noise: in float64", "check_noise_has_the_type_asked_for", habit="dtype",
           replace=NOISE, by=NOISE.replace("dtype=dtype", "dtype=torch.float64")),
    mutant("noise: one row for the whole batch", "check_noise_is_drawn_anew_for_every_entry", NOISE,
           "return (2 * torch.rand(1, noise_dim, dtype=dtype, device=device) - 1).repeat(batch_size, 1)"),
    mutant("noise: seeds torch, so that every call is the same", "check_noise_is_drawn_anew_for_every_entry",
           NOISE, "torch.manual_seed(0)\n    " + NOISE),
    mutant("discriminator: the slope of the leak is 0.2", "check_discriminator_agrees_with_the_formula",
           LEAKY, LEAKY.replace("0.01", "0.2")),
    mutant("discriminator: the slope of the leak is 0.1", "check_discriminator_agrees_with_the_formula",
           LEAKY, LEAKY.replace("0.01", "0.1")),
    mutant("discriminator: a layer without a bias", "check_discriminator_starts_and_learns",
           LEAKY, LEAKY.replace("784, 256", "784, 256, bias=False")),
    mutant("dc generator: a layer without a bias", "check_dc_generator_starts_and_learns",
           DC_START, DC_START.replace("1024),\n        nn.ReLU()", "1024, bias=False),\n        nn.ReLU()")),
    mutant("conditional discriminator: a layer without a bias", "check_conditional_discriminator_of_other_classes",
           C_HEAD, C_HEAD.replace(", 256)", ", 256, bias=False)")),
    mutant("discriminator: a leaky ReLU after the last layer", "check_discriminator_agrees_with_the_formula",
           D_TAIL, D_TAIL.replace("    )\n", "        nn.LeakyReLU(0.01),\n    )\n", 1)),
    mutant("discriminator: detaches what it sees", "check_discriminator_starts_and_learns",
           D_HEAD, D_HEAD.replace("(\n", f"(\n        {CUT}\n", 1)),
    mutant("discriminator: ReLUs without a leak", "check_discriminator_agrees_with_the_formula",
           LEAKY, LEAKY.replace("LeakyReLU(0.01)", "ReLU()")),
    mutant("discriminator: ends in a sigmoid", "check_discriminator_agrees_with_the_formula",
           D_TAIL, D_TAIL.replace("    )\n", "        nn.Sigmoid(),\n    )\n", 1)),
    mutant("discriminator: two outputs, one for each class", "check_discriminator_starts_and_learns",
           D_TAIL, D_TAIL.replace("256, 1", "256, 2")),
    mutant("discriminator: drops half of its inputs", "check_discriminator_agrees_with_the_formula",
           D_HEAD, D_HEAD.replace("(\n", "(\n        nn.Dropout(0.5),\n", 1)),
    mutant("discriminator: normalises its logit", "check_discriminator_agrees_with_the_formula",
           D_TAIL, D_TAIL.replace("    )\n", "        nn.LayerNorm(1),\n    )\n", 1)),
    mutant("generator: no tanh", "check_generator_agrees_with_the_formula",
           G_TAIL, G_TAIL.replace("nn.Tanh()", "nn.Identity()")),
    mutant("generator: a sigmoid instead of tanh",
           ("check_generator_agrees_with_the_formula", "check_generator_starts_learns_and_stays_in_range"),
           G_TAIL, G_TAIL.replace("Tanh", "Sigmoid")),
    mutant("generator: always 96 numbers of noise", "check_generator_starts_learns_and_stays_in_range",
           G_HEAD, G_HEAD.replace("noise_dim", "96")),
    mutant("generator: no ReLU between its layers", "check_generator_agrees_with_the_formula",
           G_HEAD, G_HEAD.replace("nn.ReLU()", "nn.Identity()")),
    mutant("dc classifier: a batch size of 128 in the first layer",
           ("check_dc_classifier_agrees_with_the_formula", "check_dc_classifier_starts_and_learns"),
           UNFLATTEN, "        nn.Flatten(0),\n        nn.Unflatten(0, (128, 1, 28, 28)),"),
    mutant("dc classifier: convolutions with padding", "check_dc_classifier_agrees_with_the_formula",
           FIRST, FIRST.replace("32, 5", "32, 5, padding=2")),
    mutant("dc classifier: the convolutions get no gradient", "check_dc_classifier_starts_and_learns",
           SECOND, f"{SECOND}\n        {CUT}"),
    mutant("dc classifier: a leaky ReLU after the last layer", "check_dc_classifier_agrees_with_the_formula",
           DC_LAST, DC_LAST.replace("    )", "        nn.LeakyReLU(0.01),\n    )")),
    mutant("dc classifier: pools by the mean", "check_dc_classifier_agrees_with_the_formula",
           SECOND, SECOND.replace("Max", "Avg")),
    mutant("dc classifier: one leak of 0.2", "check_dc_classifier_agrees_with_the_formula",
           SECOND, SECOND.replace("0.01", "0.2")),
    mutant("dc classifier: ends in a sigmoid", "check_dc_classifier_agrees_with_the_formula",
           DC_LAST, DC_LAST.replace("    )", "        nn.Sigmoid(),\n    )")),
    mutant("dc generator: batch normalisation before the ReLU", "check_dc_generator_agrees_with_the_formula",
           NORM, "        nn.BatchNorm2d(64),\n        nn.ReLU(),"),
    mutant("dc generator: forgets a batch normalisation", "check_dc_generator_agrees_with_the_formula",
           NORM, "        nn.ReLU(),"),
    mutant("dc generator: batch normalisation without running statistics",
           "check_dc_generator_evaluates_each_row_by_itself",
           NORM, NORM.replace("(64)", "(64, track_running_stats=False)")),
    mutant("dc generator: normalises with statistics that have no gradient", "check_dc_generator_starts_and_learns",
           DC_START, DC_START.replace("nn.BatchNorm1d(1024),", NO_GRAD)),
    mutant("dc generator: one normalisation of maps instead of numbers", "check_dc_generator_agrees_with_the_formula",
           "        nn.BatchNorm1d(7 * 7 * 128),\n        nn.Unflatten(1, (128, 7, 7)),",
           "        nn.Unflatten(1, (128, 7, 7)),\n        nn.BatchNorm2d(128),"),
    mutant("dc generator: batch normalisation with another momentum", "check_dc_generator_evaluates_each_row_by_itself",
           NORM, NORM.replace("(64)", "(64, momentum=0.9)")),
    mutant("dc generator: no tanh", "check_dc_generator_agrees_with_the_formula",
           DC_TAIL, DC_TAIL.replace("nn.Tanh()", "nn.Identity()")),
    mutant("dc generator: upsampling and a convolution for the last layer",
           ("check_dc_generator_agrees_with_the_formula", "check_dc_generator_starts_and_learns"),
           DC_TAIL, DC_TAIL.replace("nn.ConvTranspose2d(64, 1, 4, stride=2, padding=1)",
                                    "nn.Upsample(scale_factor=2),\n        nn.Conv2d(64, 1, 3, padding=1)")),
    mutant("dc generator: always 96 numbers of noise", "check_dc_generator_starts_and_learns",
           DC_START, DC_START.replace("noise_dim", "96")),
    mutant("dc generator: seeds torch, so that all begin with the same weights", "check_dc_generator_starts_and_learns",
           "    return nn.Sequential(\n" + DC_START,
           "    torch.manual_seed(0)\n    return nn.Sequential(\n" + DC_START),
    mutant("conditional: the label in float32", "check_conditional_with_other_classes",
           "F.one_hot(y, self.num_classes).to(x)", "F.one_hot(y, self.num_classes).float()"),
    mutant("conditional: the label before the row", "check_conditional_appends_the_label",
           LABEL, "torch.cat([F.one_hot(y, self.num_classes).to(x), x], dim=1)"),
    mutant("conditional: the label as one number", "check_conditional_appends_the_label",
           LABEL, "torch.cat([x, y[:, None].to(x).expand(-1, self.num_classes)], dim=1)"),
    mutant("conditional: as many classes as the batch shows", "check_conditional_with_other_classes",
           LABEL, LABEL.replace("y, self.num_classes", "y")),
    mutant("conditional: labels always in float32", "check_conditional_with_other_classes",
           LABEL, LABEL.replace(".to(x)]", ".float()]").replace("[x,", "[x.float(),")),
    mutant("conditional: detaches the row", "check_conditional_with_other_classes", LABEL,
           LABEL.replace("[x,", "[x.detach(),")),
    mutant("conditional: leaves its network in evaluation mode", "check_conditional_with_other_classes",
           LABEL, LABEL + ") + 0 * self.net.eval()(" + LABEL),
    mutant("conditional: labels always on the CPU", "check_conditional_with_other_classes",
           LABEL, "torch.cat([x, torch.eye(self.num_classes, dtype=x.dtype)[y]], dim=1)"),
    mutant("conditional: drops numbers of the row while training", "check_conditional_with_other_classes",
           LABEL, LABEL.replace("[x,", "[F.dropout(x, 0.4, self.training),")),
    mutant("conditional generator: always ten classes", "check_conditional_generator_of_other_classes",
           C_GENERATOR, "return Conditional(generator(noise_dim + 10), 10)"),
    mutant("conditional generator: all calls get one network", "check_conditional_generator_of_other_classes",
           C_GENERATOR, "made = Conditional(generator(noise_dim + num_classes), num_classes)\n"
                        "    return cgan_generator.__dict__.setdefault((num_classes, noise_dim), made)"),
    mutant("conditional discriminator: the first weights are equal", "check_conditional_discriminator_of_other_classes",
           "    return Conditional(net, num_classes)\n",
           "    nn.init.constant_(net[0].weight, 0.01)\n    return Conditional(net, num_classes)\n"),
    mutant("conditional generator: as narrow as the discriminator",
           ("check_conditional_generator_agrees_with_the_formula", "check_conditional_generator_of_other_classes"),
           C_GENERATOR, "net = nn.Sequential(nn.Linear(noise_dim + num_classes, 256), nn.ReLU(), nn.Linear(256, 784), "
                        "nn.Tanh())\n    return Conditional(net, num_classes)"),
    mutant("conditional generator: ends in a sigmoid",
           ("check_conditional_generator_agrees_with_the_formula", "check_conditional_generator_of_other_classes"),
           C_GENERATOR, "net = generator(noise_dim + num_classes)\n    net[-1] = nn.Sigmoid()\n"
                        "    return Conditional(net, num_classes)"),
    mutant("conditional discriminator: a leak of 0.2",
           ("check_conditional_discriminator_agrees_with_the_formula",
            "check_conditional_discriminator_of_other_classes"),
           C_HEAD, C_HEAD.replace("0.01", "0.2")),
    mutant("conditional discriminator: always ten classes",
           "check_conditional_discriminator_of_other_classes", C_HEAD, C_HEAD.replace("num_classes", "10")),
    mutant("conditional generator: dropout",
           ("check_conditional_generator_agrees_with_the_formula", "check_conditional_generator_of_other_classes"),
           C_GENERATOR, "net = generator(noise_dim + num_classes)\n    net.insert(2, nn.Dropout(0.4))\n"
                        "    return Conditional(net, num_classes)"),
    mutant("conditional discriminator: dropout",
           ("check_conditional_discriminator_agrees_with_the_formula",
            "check_conditional_discriminator_of_other_classes"),
           C_HEAD, C_HEAD + "\n        nn.Dropout(0.4),"),
    mutant("penalty: leaves the critic in evaluation mode", "check_penalty_of_a_linear_critic",
           first("gradient_penalty", "critic.eval()")),
    mutant("penalty: leaves the critic in training mode", "check_penalty_of_a_linear_critic",
           first("gradient_penalty", "critic.train()")),
    mutant("conditional: leaves its network in training mode", "check_conditional_with_other_classes",
           first("Conditional.forward", "self.net.train()")),
    mutant("interpolation: keeps its shares for as many steps", "check_interpolation_of_other_shapes",
           "share = torch.linspace(0, 1, steps, dtype=z0.dtype, device=z0.device).reshape(-1, *[1] * z0.ndim)",
           "known = interpolate.__dict__\n    if steps not in known:\n"
           "        known[steps] = torch.linspace(0, 1, steps, dtype=z0.dtype, device=z0.device)\n"
           "        known[steps] = known[steps].reshape(-1, *[1] * z0.ndim)\n    share = known[steps]"),
]

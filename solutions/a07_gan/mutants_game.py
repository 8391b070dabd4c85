"""Wrong answers to a07, losses, steps and samples, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("gan.py")


D_LOSS = "return F.softplus(-logits_real).mean() + F.softplus(logits_fake).mean()"
G_LOSS = "return F.softplus(-logits_fake).mean()"
LS_D = "return ((scores_real - 1).square().mean() + scores_fake.square().mean()) / 2"
LS_G = "return (scores_fake - 1).square().mean() / 2"
CRITIC = "return scores_fake.mean() - scores_real.mean()"
ADAM = "return torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.5, 0.999))"
FAKES = "    with torch.no_grad():\n        fake = G(noise)\n    loss = loss_function(D(real), D(fake))"
PENALTY = "    if penalty is not None:\n        loss = loss + penalty(D, real, fake)\n"
STEP_D = PENALTY + "    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()"
STEP_G = "    loss = loss_function(D(G(noise)))\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()"
RETURN = "\n    return loss.item()"
SHARE = "share = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype, device=real.device)"
BETWEEN = "between = (share * real + (1 - share) * fake).detach().requires_grad_()"
SLOPE = "(slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)"
NORM = "return (slope.flatten(1).norm(dim=1) - 1).square().mean()"
LINE = "return (1 - share) * z0 + share * z1"
STEPS = "share = torch.linspace(0, 1, steps, dtype=z0.dtype, device=z0.device).reshape(-1, *[1] * z0.ndim)"
LARGE_D, LARGE_G = "check_discriminator_loss_of_large_logits", "check_generator_loss_of_large_logits"
TWO_SIZES = "check_discriminator_loss_of_batches_of_two_sizes"

# fmt: off
LOSSES = [
    mutant("D's loss: real and fake swapped", "check_discriminator_loss_agrees_with_the_formula",
           D_LOSS, "return F.softplus(logits_real).mean() + F.softplus(-logits_fake).mean()"),
    mutant("D's loss: the sign is wrong", "check_discriminator_loss_agrees_with_the_formula",
           D_LOSS, "return -F.softplus(-logits_real).mean() - F.softplus(logits_fake).mean()"),
    mutant("D's loss: the mean of the two means", "check_discriminator_loss_agrees_with_the_formula",
           D_LOSS, D_LOSS.replace("return ", "return (").replace("(logits_fake).mean()", "(logits_fake).mean()) / 2")),
    mutant("D's loss: logarithms of sigmoids", LARGE_D, D_LOSS,
           "return -logits_real.sigmoid().log().mean() - (1 - logits_fake.sigmoid()).log().mean()"),
    mutant("D's loss: binary cross-entropy of sigmoids, which torch cuts off at 100", LARGE_D, D_LOSS,
           "return F.binary_cross_entropy(logits_real.sigmoid(), torch.ones_like(logits_real)) + "
           "F.binary_cross_entropy(logits_fake.sigmoid(), torch.zeros_like(logits_fake))"),
    mutant("D's loss: a small number inside the logarithms", LARGE_D, D_LOSS,
           "return -(logits_real.sigmoid() + 1e-8).log().mean() - (1 - logits_fake.sigmoid() + 1e-8).log().mean()"),
    mutant("D's loss: one mean over both batches", TWO_SIZES, D_LOSS,
           "return 2 * torch.cat([F.softplus(-logits_real), F.softplus(logits_fake)]).mean()"),
    mutant("D's loss: adds the batches entry by entry", TWO_SIZES, D_LOSS,
           "return (F.softplus(-logits_real) + F.softplus(logits_fake)).mean()"),
    mutant("D's loss: targets always on the CPU", TWO_SIZES, D_LOSS,
           "real, fake = torch.ones(logits_real.shape).to(logits_real.dtype), torch.zeros(logits_fake.shape)\n"
           "    return (F.binary_cross_entropy_with_logits(logits_real, real)\n"
           "            + F.binary_cross_entropy_with_logits(logits_fake, fake.to(logits_fake.dtype)))"),
    mutant("G's loss: log(1 - D), which is flat for bad fakes",
           ("check_generator_loss_agrees_with_the_formula", "check_generator_loss_pushes_its_fakes_up"),
           G_LOSS, "return -F.softplus(logits_fake).mean()"),
    mutant("G's loss: wants D to reject the fakes",
           ("check_generator_loss_agrees_with_the_formula", "check_generator_loss_pushes_its_fakes_up",
            "check_samples_are_recognised_and_varied"),
           G_LOSS, "return F.softplus(logits_fake).mean()", calibrates=True),
    mutant("G's loss: the logarithm of a sigmoid", LARGE_G, G_LOSS, "return -logits_fake.sigmoid().log().mean()"),
    mutant("G's loss: binary cross-entropy of sigmoids", LARGE_G, G_LOSS,
           "return F.binary_cross_entropy(logits_fake.sigmoid(), torch.ones_like(logits_fake))"),
    mutant("G's loss: only the first logit of a batch", "check_generator_loss_of_other_shapes", G_LOSS,
           "return F.softplus(-logits_fake[0]).mean()"),
    mutant("G's loss: targets always on the CPU", "check_generator_loss_of_other_shapes", G_LOSS,
           "real = torch.ones(logits_fake.shape, dtype=logits_fake.dtype)\n"
           "    return F.binary_cross_entropy_with_logits(logits_fake, real)"),
    mutant("G's loss: writes over the logits", "check_generator_loss_of_other_shapes", G_LOSS,
           "loss = F.softplus(-logits_fake).mean()\n    logits_fake.data.zero_()\n    return loss"),
    mutant("least squares, D: forgets the half", "check_ls_discriminator_loss_agrees_with_the_formula",
           LS_D, LS_D.replace(" / 2", "")),
    mutant("least squares, D: squashes the scores first", "check_ls_discriminator_loss_of_batches_of_two_sizes",
           LS_D, LS_D.replace("scores_real", "scores_real.sigmoid()").replace("scores_fake", "scores_fake.sigmoid()")),
    mutant("least squares, D: adds the batches entry by entry", "check_ls_discriminator_loss_of_batches_of_two_sizes",
           LS_D, "return ((scores_real - 1).square() + scores_fake.square()).mean() / 2"),
    mutant("least squares, G: wants scores of 0", "check_ls_generator_loss_agrees_with_the_formula",
           LS_G, "return scores_fake.square().mean() / 2"),
    mutant("least squares, G: cuts large scores off", "check_ls_generator_loss_of_other_shapes",
           LS_G, "return (scores_fake.clamp(-10, 10) - 1).square().mean() / 2"),
    mutant("least squares, D: targets on the CPU", "check_ls_discriminator_loss_of_batches_of_two_sizes", LS_D,
           LS_D.replace("scores_real - 1", "scores_real - torch.ones(scores_real.shape, dtype=scores_real.dtype)")),
    mutant("least squares, G: targets on the CPU", "check_ls_generator_loss_of_other_shapes", LS_G,
           LS_G.replace("scores_fake - 1", "scores_fake - torch.ones(scores_fake.shape, dtype=scores_fake.dtype)")),
    mutant("critic: the sign is wrong", "check_critic_loss_agrees_with_the_formula",
           CRITIC, "return scores_real.mean() - scores_fake.mean()"),
    mutant("critic: subtracts the batches entry by entry", "check_critic_loss_of_batches_of_two_sizes",
           CRITIC, "return (scores_fake - scores_real).mean()"),
    mutant("Adam: its own betas", "check_optimizer_is_adam_with_little_momentum", ADAM,
           "return torch.optim.Adam(model.parameters(), lr=1e-3)"),
    mutant("Adam: another learning rate", "check_optimizer_is_adam_with_little_momentum", ADAM,
           ADAM.replace("1e-3", "2e-4")),
    mutant("Adam: of the last layer alone", "check_optimizer_moves_every_parameter_as_adam_does", ADAM,
           ADAM.replace("model.parameters()", "list(model.parameters())[-2:]")),
    mutant("Adam: with weight decay", "check_optimizer_moves_every_parameter_as_adam_does", ADAM,
           ADAM.replace("lr=1e-3", "lr=1e-3, weight_decay=0.1")),
]

UPDATES = [
    mutant("D's step: the fakes keep their graph", "check_discriminator_step_does_not_reach_the_generator",
           FAKES, "    fake = G(noise)\n    loss = loss_function(D(real), D(fake))"),
    mutant("D's step: passes the fakes first", "check_discriminator_step_agrees_with_autograd",
           FAKES, FAKES.replace("D(real), D(fake)", "D(fake), D(real)")),
    mutant("D's step: never zeroes its gradients",
           ("check_discriminator_step_forgets_older_gradients", "check_five_turns_of_both_players"),
           STEP_D, STEP_D.replace("    optimizer.zero_grad()\n", "")),
    mutant("D's step: calls D.zero_grad, not the optimiser's",
           "check_discriminator_step_forgets_older_gradients", STEP_D, STEP_D.replace("optimizer.zero", "D.zero")),
    mutant("D's step: forgets the penalty", "check_discriminator_step_adds_the_penalty",
           STEP_D, STEP_D.replace(PENALTY, "")),
    mutant("D's step: makes a new optimiser", "check_discriminator_step_agrees_with_autograd",
           STEP_D, "    optimizer = get_optimizer(D)\n" + STEP_D),
    mutant("G's step: the fakes are detached",
           ("check_generator_step_agrees_with_autograd", "check_samples_are_recognised_and_varied"),
           STEP_G, STEP_G.replace("D(G(noise))", "D(G(noise).detach().requires_grad_())"), calibrates=True),
    mutant("G's step: changes D as well", "check_generator_step_leaves_the_discriminator",
           STEP_G, STEP_G + "\n    torch.optim.SGD(D.parameters(), lr=0.1).step()"),
    mutant("G's step: zeroes after backward", "check_generator_step_forgets_older_gradients",
           STEP_G, STEP_G.replace("    optimizer.zero_grad()\n    loss.backward()\n",
                                  "    loss.backward()\n    optimizer.zero_grad()\n")),
    mutant("G's step: never zeroes its gradients",
           ("check_generator_step_forgets_older_gradients", "check_five_turns_of_both_players"),
           STEP_G, STEP_G.replace("    optimizer.zero_grad()\n", "")),
    mutant("D's step: only the loss gets fakes without a graph, the penalty does not",
           "check_discriminator_step_adds_the_penalty", FAKES,
           "    fake = G(noise)\n    loss = loss_function(D(real), D(fake.detach()))"),
    mutant("D's step: returns a tensor with its graph", "check_discriminator_step_agrees_with_autograd",
           STEP_D + RETURN, STEP_D + RETURN.replace(".item()", "")),
    mutant("D's step: writes over its images", "check_discriminator_step_forgets_older_gradients",
           STEP_D, STEP_D + "\n    real.zero_()"),
    mutant("G's step: returns a tensor with its graph", "check_generator_step_agrees_with_autograd",
           STEP_G + RETURN, STEP_G + RETURN.replace(".item()", "")),
    mutant("G's step: writes over its noise", "check_generator_step_forgets_older_gradients",
           STEP_G, STEP_G + "\n    noise.zero_()"),
    mutant("D's step: makes G return one training image", "check_samples_are_recognised_and_varied",
           FAKES, "    G.forward = lambda z, kept=real[:1]: kept.expand(len(z), -1)\n" + FAKES),
]

REST = [
    mutant("penalty: the sum over the batch", "check_penalty_of_a_linear_critic", NORM,
           NORM.replace("mean()", "sum()")),
    mutant("penalty: no root", "check_penalty_of_a_linear_critic", NORM,
           NORM.replace("norm(dim=1)", "square().sum(dim=1)")),
    mutant("penalty: one norm for the whole batch", "check_penalty_of_a_bent_critic", NORM,
           NORM.replace("flatten(1).norm(dim=1)", "norm()")),
    mutant("penalty: the square of the mean", "check_penalty_of_a_bent_critic", NORM,
           "return (slope.flatten(1).norm(dim=1).mean() - 1).square()"),
    mutant("penalty: at the fakes", "check_penalty_is_taken_between_real_and_fake",
           SHARE, SHARE.replace("torch.rand(", "torch.zeros(")),
    mutant("penalty: always half way", "check_penalty_is_taken_between_real_and_fake",
           SHARE, SHARE.replace("torch.rand(", "0.5 * torch.ones(")),
    mutant("penalty: one share for the whole batch", "check_penalty_is_taken_between_real_and_fake",
           SHARE, "share = torch.rand(1, dtype=real.dtype, device=real.device)"),
    mutant("penalty: a share for every pixel", "check_penalty_is_taken_between_real_and_fake",
           SHARE, "share = torch.rand_like(real)"),
    mutant("penalty: a share for every pixel of an image", "check_penalty_of_images_and_of_flat_critics",
           SHARE, "share = torch.rand_like(real[:, :1])"),
    mutant("penalty: shares always on the CPU", "check_penalty_of_images_and_of_flat_critics",
           SHARE, SHARE.replace(", device=real.device", "")),
    mutant("penalty: writes the points over the fakes", "check_penalty_is_taken_between_real_and_fake", BETWEEN,
           "between = fake.detach()\n    between += share * (real.detach() - between)\n    between.requires_grad_()"),
    mutant("penalty: normal shares, which leave the line", "check_penalty_is_taken_between_real_and_fake",
           SHARE, SHARE.replace("torch.rand(", "torch.randn(")),
    mutant("penalty: no graph, so that the critic does not train", "check_penalty_trains_the_critic",
           SLOPE, SLOPE.replace(", create_graph=True", "")),
    mutant("penalty: backward leaves gradients in the critic", "check_penalty_trains_the_critic",
           SLOPE, "critic(between).sum().backward(create_graph=True)\n    slope = between.grad"),
    mutant("penalty: rows only", "check_penalty_of_images_and_of_flat_critics",
           SHARE, "share = torch.rand(len(real), 1, dtype=real.dtype, device=real.device)"),
    mutant("penalty: the root of a sum of squares", "check_penalty_of_images_and_of_flat_critics", NORM,
           NORM.replace("norm(dim=1)", "square().sum(dim=1).sqrt()")),
    mutant("penalty: gradients run back into the fakes", "check_penalty_of_images_and_of_flat_critics",
           BETWEEN, "between = share * real + (1 - share) * fake\n    between = between if between.requires_grad "
                    "else between.requires_grad_()"),
    mutant("interpolation: from z1 to z0", "check_interpolation_is_a_straight_line",
           LINE, "return share * z0 + (1 - share) * z1"),
    mutant("interpolation: stops before z1", "check_interpolation_is_a_straight_line",
           STEPS, STEPS.replace("torch.linspace(0, 1, steps,", "torch.arange(0, 1, 1 / steps,")),
    mutant("interpolation: rows only", "check_interpolation_of_other_shapes",
           STEPS, STEPS.replace("*[1] * z0.ndim", "1")),
    mutant("interpolation: shares always on the CPU", "check_interpolation_of_other_shapes",
           STEPS, STEPS.replace(", device=z0.device", "")),
    mutant("interpolation: divides by the steps less one", "check_interpolation_of_other_shapes",
           STEPS, "share = (torch.arange(steps, device=z0.device).to(z0) / torch.tensor(steps - 1.0).to(z0))"
                  ".reshape(-1, *[1] * z0.ndim)"),
]

MUTANTS = [*LOSSES, *UPDATES, *REST]

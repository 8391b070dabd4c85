"""Right answers to a07 in other styles: losses, steps, interpolation, penalty. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("gan.py")

LOSSES = [
    variant("losses: binary_cross_entropy_with_logits with ones and zeros like the logits",
        body("discriminator_loss", """
            loss_real = F.binary_cross_entropy_with_logits(logits_real, torch.ones_like(logits_real))
            loss_fake = F.binary_cross_entropy_with_logits(logits_fake, torch.zeros_like(logits_fake), reduction="mean")
            return loss_real + loss_fake
        """),
        body("generator_loss", """
            return F.binary_cross_entropy_with_logits(logits_fake, torch.ones_like(logits_fake))
        """)),
    variant("losses: the stable cross-entropy of CS231n",
        body("discriminator_loss", """
            def bce_loss(input, target):
                neg_abs = -input.abs()
                loss = input.clamp(min=0) - input * target + (1 + neg_abs.exp()).log()
                return loss.mean()

            true_labels = torch.ones(logits_real.size()).to(logits_real)
            return bce_loss(logits_real, true_labels) + bce_loss(logits_fake, 1 - torch.ones_like(logits_fake))
        """),
        body("generator_loss", """
            N = logits_fake.size(0)
            return (logits_fake.clamp(min=0) - logits_fake + (1 + (-logits_fake.abs()).exp()).log()).sum() / N
        """)),
    variant("losses: logsigmoid and a module",
        body("discriminator_loss", "return -(F.logsigmoid(logits_real).mean() + F.logsigmoid(-logits_fake).mean())"),
        body("generator_loss", """
            bce = nn.BCEWithLogitsLoss()
            return bce(logits_fake, torch.ones_like(logits_fake))
        """)),
    variant("losses: logaddexp and sums",
        body("discriminator_loss", """
            zero = torch.zeros((), dtype=logits_real.dtype, device=logits_real.device)
            real = torch.logaddexp(zero, -logits_real).sum() / logits_real.numel()
            return real + torch.logaddexp(zero, logits_fake).sum() / logits_fake.numel()
        """),
        body("generator_loss", "return torch.logaddexp(torch.zeros_like(logits_fake), -logits_fake).mean()")),
    variant("least squares: pow and mse_loss",
        body("ls_discriminator_loss", """
            loss_real = 0.5 * torch.mean((scores_real - 1) ** 2)
            return loss_real + 0.5 * torch.mean(scores_fake**2)
        """),
        body("ls_generator_loss", "return 0.5 * F.mse_loss(scores_fake, torch.ones_like(scores_fake))")),
    variant("least squares: products of vectors",
        body("ls_discriminator_loss", """
            real, fake = scores_real.flatten() - 1, scores_fake.flatten()
            return (real @ real / len(real) + fake @ fake / len(fake)) / 2
        """),
        body("ls_generator_loss", "return (1 - scores_fake).pow(2).mean().mul(0.5)")),
    variant("critic: the negative of the difference",
        body("wgan_critic_loss", "return -(torch.mean(scores_real) - torch.mean(scores_fake))")),
    variant("optimiser: a list of groups",
        body("get_optimizer", """
            groups = [{"params": list(model.parameters()), "lr": 0.001}]
            return torch.optim.Adam(groups, betas=(0.5, 0.999))
        """)),
    variant("optimiser: a group for each layer, betas as a list",
        body("get_optimizer", """
            groups = [{"params": [p]} for p in model.parameters() if p.requires_grad]
            return torch.optim.Adam(groups, lr=1e-3, betas=[0.5, 0.999], weight_decay=0)
        """)),
]  # fmt: skip
STEPS = [
    variant("steps: zero first, detach, and names for everything",
        body("discriminator_step", """
            optimizer.zero_grad()
            logits_real = D(real)
            fake_images = G(noise).detach()
            logits_fake = D(fake_images)
            d_total_error = loss_function(logits_real, logits_fake)
            if penalty:
                d_total_error += penalty(D, real, fake_images)
            d_total_error.backward()
            optimizer.step()
            return d_total_error.detach().cpu().numpy().item()
        """),
        body("generator_step", """
            optimizer.zero_grad()
            fake_images = G(noise)
            gen_logits_fake = D(fake_images)
            g_error = loss_function(gen_logits_fake)
            g_error.backward()
            optimizer.step()
            return float(g_error.detach())
        """)),
    variant("steps: torch.autograd.grad into .grad",
        body("discriminator_step", """
            fake = G(noise.detach()).data
            loss = loss_function(D(real), D(fake))
            if penalty is not None:
                loss = loss + penalty(D, real, fake)
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            for p, grad in zip(parameters, torch.autograd.grad(loss, parameters)):
                p.grad = grad
            optimizer.step()
            return loss.item()
        """),
        body("generator_step", """
            loss = loss_function(D(G(noise)))
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            for p, grad in zip(parameters, torch.autograd.grad(loss, parameters)):
                p.grad = grad
            optimizer.step()
            return loss.item()
        """)),
    variant("steps: gradients set to zero instead of None, a closure for G",
        body("discriminator_step", """
            with torch.no_grad():
                fake = G(noise)
            optimizer.zero_grad(set_to_none=False)
            loss = loss_function(D(real), D(fake))
            extra = 0 if penalty is None else penalty(D, real=real, fake=fake)
            (loss + extra).backward()
            optimizer.step()
            return (loss + extra).item()
        """),
        body("generator_step", """
            def closure():
                optimizer.zero_grad(set_to_none=False)
                loss = loss_function(D(G(noise)))
                loss.backward()
                return loss

            return optimizer.step(closure).item()
        """)),
    variant("steps: D needs no gradients while G moves",
        body("generator_step", """
            parameters = [p for p in D.parameters() if p.requires_grad] if isinstance(D, nn.Module) else []
            for p in parameters:
                p.requires_grad_(False)
            loss = loss_function(D(G(noise)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for p in parameters:
                p.requires_grad_(True)
            return loss.item()
        """)),
]  # fmt: skip
LINES = [
    variant("interpolation: a list of points",
        body("interpolate", """
            if steps == 1:
                return z0[None].clone()
            return torch.stack([z0 + (z1 - z0) * i / (steps - 1) for i in range(steps)])
        """)),
    variant("interpolation: torch.lerp with shares of z0's shape",
        body("interpolate", """
            share = torch.linspace(0, 1, steps, device=z0.device).to(z0.dtype).view(steps, *(1,) * z0.dim())
            return torch.lerp(z0.unsqueeze(0), z1.unsqueeze(0), share)
        """)),
    variant("interpolation: the difference times a ramp",
        body("interpolate", """
            ramp = torch.arange(steps, dtype=z0.dtype, device=z0.device) / max(steps - 1, 1)
            return z0 + torch.tensordot(ramp, z1 - z0, dims=0)
        """)),
]  # fmt: skip
PENALTIES = [
    variant("penalty: grad_outputs of ones, view",
        body("gradient_penalty", """
            N = real.size(0)
            eps = torch.rand(N, device=real.device, dtype=real.dtype).view(N, *([1] * (real.dim() - 1)))
            x_hat = eps * real + (1 - eps) * fake
            x_hat = x_hat.detach().clone()
            x_hat.requires_grad = True
            scores = critic(x_hat)
            grad = torch.autograd.grad(
                outputs=scores, inputs=x_hat, grad_outputs=torch.ones_like(scores),
                create_graph=True, retain_graph=True, only_inputs=True,
            )[0]
            grad = grad.view(N, -1)
            return ((grad.norm(2, dim=1) - 1) ** 2).mean()
        """)),
    variant("penalty: only the fakes are detached",
        body("gradient_penalty", """
            alpha = torch.rand((real.size(0),) + (1,) * (real.dim() - 1), dtype=real.dtype, device=real.device)
            x = (alpha * real + (1 - alpha) * fake.detach()).requires_grad_(True)
            s = critic(x)
            g = torch.autograd.grad(s, x, torch.ones_like(s), create_graph=True)[0].flatten(1)
            return ((g.norm(2, dim=1) - 1) ** 2).mean()
        """)),
    variant("penalty: image by image",
        body("gradient_penalty", """
            total = 0
            for x, x_fake in zip(real, fake):
                eps = torch.rand((), dtype=x.dtype, device=x.device)
                point = (eps * x + (1 - eps) * x_fake).detach()[None].requires_grad_()
                (slope,) = torch.autograd.grad(critic(point).sum(), point, create_graph=True)
                total = total + (slope.norm() - 1) ** 2
            return total / len(real)
        """)),
    variant("penalty: a root with a small number inside, torch.lerp",
        body("gradient_penalty", """
            share = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype, device=real.device)
            points = torch.lerp(fake.detach(), real.detach(), share).requires_grad_()
            with torch.enable_grad():
                (slope,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
            length = (slope.pow(2).reshape(len(real), -1).sum(1) + 1e-12).sqrt()
            return F.mse_loss(length, torch.ones_like(length))
        """)),
    variant("penalty: torch.linalg.vector_norm over all axes but the first",
        body("gradient_penalty", """
            shape = [len(real)] + [1] * (real.ndim - 1)
            share = torch.empty(shape, dtype=real.dtype, device=real.device).uniform_()
            between = torch.add(fake.detach(), share * (real - fake).detach()).requires_grad_(True)
            scores = critic(between)
            slope = torch.autograd.grad(scores.sum(), [between], create_graph=True)[0]
            norms = torch.linalg.vector_norm(slope, dim=tuple(range(1, slope.ndim)))
            return torch.mean(torch.square(norms - 1.0))
        """)),
]  # fmt: skip

VARIANTS = [*LOSSES, *STEPS, *LINES, *PENALTIES]

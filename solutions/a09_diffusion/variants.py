"""Right answers to a09, the diffusion process, in other styles than the reference."""
# fmt: off


from autograder.authoring.variants import body, variants_of

one = variants_of("diffusion.py")

VARIANTS = [
    one("linear schedule from steps of an arange", body("linear_beta_schedule", """
        scale = 1000.0 / timesteps
        start, end = scale * 0.0001, scale * 0.02
        i = torch.arange(timesteps, dtype=torch.float64)
        return torch.clip(start + (end - start) * i / (timesteps - 1), 0, 0.999)
    """)),
    one("cosine schedule divided by its first value", body("cosine_beta_schedule", """
        steps = timesteps + 1
        x = torch.linspace(0, timesteps, steps, dtype=torch.float64)
        alphas_cumprod = torch.cos(((x / timesteps) + s) / (1 + s) * math.pi * 0.5) ** 2
        alphas_cumprod = alphas_cumprod / alphas_cumprod[0]
        betas = 1 - (alphas_cumprod[1:] / alphas_cumprod[:-1])
        return torch.clip(betas, 0, 0.999)
    """)),
    one("sigmoid schedule with end points in float32", body("sigmoid_beta_schedule", """
        t = torch.linspace(0, timesteps, timesteps + 1, dtype=torch.float64) / timesteps
        v_start, v_end = torch.tensor(start / tau).sigmoid(), torch.tensor(end / tau).sigmoid()
        a = (-((t * (end - start) + start) / tau).sigmoid() + v_end) / (v_end - v_start)
        a = (a / a[0]).clamp(min=clamp_min)
        return torch.clip(1 - a[1:] / a[:-1], 0, 0.999)
    """)),
    one("sigmoid schedule with math and lists", body("sigmoid_beta_schedule", """
        def sigma(x):
            return 1 / (1 + math.exp(-x))

        low, high = sigma(start / tau), sigma(end / tau)
        left = []
        for i in range(timesteps + 1):
            value = (high - sigma((start + (end - start) * i / timesteps) / tau)) / (high - low)
            left.append(max(value, clamp_min))
        return torch.tensor([min(1 - b / a, 0.999) for a, b in zip(left[:-1], left[1:])], dtype=torch.float64)
    """)),
    one("q_sample with gather and view", body("Process.q_sample", """
        shape = (x_start.shape[0],) + (1,) * (x_start.dim() - 1)
        a = self.alphas_cumprod.gather(0, t).view(shape).to(x_start.dtype)
        return torch.sqrt(a) * x_start + torch.sqrt(1.0 - a) * noise
    """)),
    one("image from noise with reciprocal roots", body("Process.predict_start_from_noise", """
        recip = extract((1.0 / self.alphas_cumprod).sqrt(), t, x_t)
        recipm1 = extract((1.0 / self.alphas_cumprod - 1).sqrt(), t, x_t)
        return recip * x_t - recipm1 * noise
    """)),
    one("noise from image with reciprocal roots", body("Process.predict_noise_from_start", """
        recip = (1.0 / self.alphas_cumprod).sqrt()
        recipm1 = (1.0 / self.alphas_cumprod - 1).sqrt()
        return (extract(recip, t, x_t) * x_t - x_start) / extract(recipm1, t, x_t)
    """)),
    one("posterior with coefficients, deviation per pixel", body("Process.q_posterior", """
        variance = self.betas * (1.0 - self.alphas_cumprod_prev) / (1.0 - self.alphas_cumprod)
        coef1 = self.betas * self.alphas_cumprod_prev.sqrt() / (1.0 - self.alphas_cumprod)
        coef2 = (1.0 - self.alphas_cumprod_prev) * (1.0 - self.betas).sqrt() / (1.0 - self.alphas_cumprod)
        mean = extract(coef1, t, x_t) * x_start + extract(coef2, t, x_t) * x_t
        return mean, extract(variance.sqrt(), t, x_t).expand_as(x_t)
    """)),
    one("posterior with a clipped logarithm of the variance", body("Process.q_posterior", """
        variance = self.betas * (1.0 - self.alphas_cumprod_prev) / (1.0 - self.alphas_cumprod)
        std = (0.5 * torch.log(variance.clamp(min=1e-20))).exp()
        c1 = self.betas * torch.sqrt(self.alphas_cumprod_prev) / (1.0 - self.alphas_cumprod)
        c2 = (1.0 - self.alphas_cumprod_prev) * torch.sqrt(1 - self.betas) / (1.0 - self.alphas_cumprod)
        return extract(c1, t, x_t) * x_start + extract(c2, t, x_t) * x_t, extract(std, t, x_t)
    """)),
    one("weights with branches and torch.minimum", body("loss_weight", """
        snr = alphas_cumprod / (1 - alphas_cumprod)
        clipped = snr.clone()
        if gamma is not None:
            clipped = torch.minimum(snr, torch.full_like(snr, gamma))
        if objective == "pred_noise":
            return clipped / snr
        elif objective == "pred_x_start":
            return clipped
        raise ValueError(objective)
    """)),
    one("loss with mse_loss and means per image", body("DDPM.p_losses", """
        x_start = self.normalize(x_start)
        b = x_start.shape[0]
        if t is None:
            t = torch.randint(0, self.num_timesteps, (b,), device=x_start.device).long()
        noise = torch.randn_like(x_start) if noise is None else noise
        x_t = self.q_sample(x_start=x_start, t=t, noise=noise)
        out = self.model(x_t, t, model_kwargs=model_kwargs)
        target = {"pred_noise": noise, "pred_x_start": x_start}[self.objective]
        loss = torch.nn.functional.mse_loss(out, target, reduction="none").flatten(1).mean(1)
        w = loss_weight(self.alphas_cumprod, self.objective, self.min_snr_gamma)[t].to(loss.dtype)
        return (loss * w).mean()
    """)),
    one("predictions by branches", body("DDPM.model_predictions", """
        out = self.model(x_t, t, model_kwargs)
        if self.objective == "pred_noise":
            x_start = torch.clamp(self.predict_start_from_noise(x_t, t, out), min=-1.0, max=1.0)
        else:
            x_start = torch.clip(out, -1.0, 1.0)
        pred_noise = self.predict_noise_from_start(x_t, t, x_start)
        return pred_noise, x_start
    """)),
    one("predictions in evaluation mode, which is restored", body("DDPM.model_predictions", """
        was = self.model.training
        self.model.eval()
        out = self.model(x_t, t, model_kwargs)
        self.model.train(was)
        if self.objective == "pred_noise":
            out = self.predict_start_from_noise(x_t, t, out)
        out = out.clamp(-1, 1)
        return (self.predict_noise_from_start(x_t, t, out), out)
    """)),
    one("step back without noise at t = 0", body("DDPM.p_sample", """
        b, device = x_t.shape[0], x_t.device
        batched = torch.full((b,), t, device=device, dtype=torch.long)
        _, x_start = self.model_predictions(x_t, batched, model_kwargs=model_kwargs)
        mean, std = self.q_posterior(x_start=x_start, x_t=x_t, t=batched)
        if t == 0:
            return mean
        if noise is None:
            noise = torch.randn_like(x_t)
        return mean + std * noise
    """)),
    one("all frames clamped to [0, 1]", body("DDPM.sample", """
        shape = (batch_size, self.channels, self.image_size, self.image_size)
        img = torch.randn(shape, device=self.betas.device)
        imgs = [img]
        for t in range(self.num_timesteps - 1, -1, -1):
            img = self.p_sample(img, t, model_kwargs=model_kwargs)
            imgs.append(img)
        res = img if not return_all_timesteps else torch.stack(imgs, dim=1)
        return self.unnormalize(res).clamp(0, 1)
    """)),
    one("DDIM step with sigma and c", body("GaussianDiffusion.ddim_step", """
        time = torch.full((x_t.shape[0],), t, device=x_t.device, dtype=torch.long)
        pred_noise, x_start = self.model_predictions(x_t, time, model_kwargs)
        if t_next < 0:
            return x_start
        alpha, alpha_next = self.alphas_cumprod[t], self.alphas_cumprod[t_next]
        sigma = eta * ((1 - alpha / alpha_next) * (1 - alpha_next) / (1 - alpha)).sqrt()
        c = (1 - alpha_next - sigma**2).sqrt()
        if noise is None:
            noise = torch.randn_like(x_t)
        return x_start * alpha_next.sqrt() + c * pred_noise + sigma * noise
    """)),
    one("DDIM with math floats", body("GaussianDiffusion.ddim_step", """
        time = torch.full((len(x_t),), t, device=x_t.device)
        believed, image = self.model_predictions(x_t, time, model_kwargs)
        left = float(self.alphas_cumprod[t])
        after = float(self.alphas_cumprod[t_next]) if t_next != -1 else 1.0
        sigma = eta * math.sqrt((1 - after) / (1 - left)) * math.sqrt(1 - left / after)
        z = noise if noise is not None else torch.randn_like(x_t)
        return math.sqrt(after) * image + math.sqrt(max(1 - after - sigma**2, 0)) * believed + sigma * z
    """)),
    one("DDIM samples, all frames clamped", body("GaussianDiffusion.ddim_sample", """
        shape = (batch_size, self.channels, self.image_size, self.image_size)
        img = noise if noise is not None else torch.randn(shape, device=self.betas.device)
        times = ddim_times(self.num_timesteps, steps)
        frames = [img]
        for t, t_next in zip(times[:-1], times[1:]):
            img = self.ddim_step(img, t, t_next, eta=eta, model_kwargs=model_kwargs)
            frames.append(img)
        out = torch.stack(frames, dim=1) if return_all_timesteps else img
        return torch.clamp(self.unnormalize(out), 0.0, 1.0)
    """)),
]

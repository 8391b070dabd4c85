"""Wrong answers to a09 that change gradients, modes, or the last digits, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of

diffusion, unet = mutants_of("diffusion.py"), mutants_of("unet.py")

PREDICTED = "predicted = self.model(self.q_sample(x_start, t, noise), t, model_kwargs)"
ANSWER = "x_start = self.model(x_t, t, model_kwargs)\n"
CLAMPED = "x_start = x_start.clamp(-1, 1)\n        return self.predict_noise"
BLOCK = "return self.block2(self.block1(x, (scale, shift))) + self.shortcut(x)"
UP = "x = block1(torch.cat([x, skips.pop()], dim=1), context)"
START, NOISE = "noise) / left.sqrt()", "x_start) / (1 - left).sqrt()"

MUTANTS = [
    diffusion("linear: computed in float32", "check_linear_schedule_agrees_with_a_loop",
              "timesteps, dtype=torch.float64).clamp(max=0.999)", "timesteps).double().clamp(max=0.999)"),
    diffusion("image from noise: a clamped denominator", "check_image_from_noise_for_any_rank",
              START, START + ".clamp(min=1e-2)"),
    diffusion("noise from image: a clamped denominator", "check_noise_from_image_for_any_rank",
              NOISE, NOISE + ".clamp(min=1e-2)"),
    unet("embedding of time: leaves evaluation mode", "check_embedding_of_any_size",
         "half = self.dim // 2\n", "self.eval()\n        half = self.dim // 2\n"),
    diffusion("posterior: a clamped denominator", "check_posterior_hits_the_marginals",
              "(1 - before) * x_t) / (1 - left)", "(1 - before) * x_t) / (1 - left).clamp(min=1e-3)"),
    diffusion("loss: puts everything into training mode", "check_gradient_of_the_loss",
              PREDICTED, "self.train()\n        " + PREDICTED),
    diffusion("loss: puts the model into evaluation mode", "check_gradient_of_the_loss",
              PREDICTED, "self.model.eval()\n        " + PREDICTED),
    diffusion("predictions: leave evaluation mode", "check_predictions_for_mixed_times", ANSWER,
              "self.eval()\n        " + ANSWER),
    diffusion("predictions: clamp the model's answer in place", "check_predictions_for_mixed_times", CLAMPED,
              CLAMPED.replace("clamp", "clamp_")),
    diffusion("step back: leaves evaluation mode", "check_the_last_step_back_adds_no_noise",
              "mean, std = self.q_posterior(x_start, x_t, times)",
              "self.eval()\n        mean, std = self.q_posterior(x_start, x_t, times)"),
    diffusion("sample: leaves evaluation mode", "check_law_of_what_is_sampled",
              "        for t in reversed(range(self.num_timesteps)):",
              "        self.eval()\n        for t in reversed(range(self.num_timesteps)):"),
    diffusion("DDIM step: leaves evaluation mode", "check_ddim_steps_of_any_length",
              "left = self.alphas_cumprod[t]\n", "left = self.eval().alphas_cumprod[t]\n"),
    diffusion("DDIM: leaves evaluation mode", "check_ddim_counts_its_steps",
              "times = ddim_times(self.num_timesteps, steps)", "times = self.eval() and ddim_times(self.num_timesteps, steps)"),
    unet("block: the shortcut is detached", "check_block_listens_to_each_images_own_context", BLOCK,
         BLOCK.replace("self.shortcut(x)", "self.shortcut(x.detach())")),
    unet("block: the shift is detached", "check_block_listens_to_each_images_own_context", BLOCK,
         BLOCK.replace("(scale, shift)", "(scale, shift.detach())")),
    unet("network: the skips are detached", "check_skips_carry_the_details", "skips.append(x)\n            x = block2",
         "skips.append(x.detach())\n            x = block2"),
    unet("network: the context is detached on the way up", "check_skips_carry_the_details", UP,
         UP.replace("context)", "context.detach())")),
    unet("network: half of the gradient is cut at the bottom", "check_skips_carry_the_details",
         "        for up, block1, block2 in self.ups:\n            x = up(x)",
         "        x = (x + x.detach()) / 2\n        for up, block1, block2 in self.ups:\n            x = up(x)"),
    unet("guidance: the call without the condition has no gradient", "check_guidance_through_forward",
         'scale * self(x, time, {**rest, "text_emb": None})', 'scale * self(x, time, {**rest, "text_emb": None}).detach()'),
    unet("guidance: evaluation mode", "check_guidance_through_forward", 'scale = model_kwargs["cfg_scale"]',
         'scale = self.eval() and model_kwargs["cfg_scale"]'),
]  # fmt: skip

"""Answers to a09 in float32 whatever the input: this habit costs one check of a task, and no other task."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("diffusion.py")

MUTANTS = [
    mutant("linear: in float32 whatever the input", "check_linear_schedule_of_few_steps", "    return torch.linspace(1e-4 * scale, 0.02 * scale, timesteps, dtype=torch.float64).clamp(max=0.999)",
           "    return torch.linspace(1e-4 * scale, 0.02 * scale, timesteps, dtype=torch.float64).clamp(max=0.999).float()", habit="dtype"),
    mutant("cosine: in float32 whatever the input", "check_cosine_schedule_takes_any_settings", "    left = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2\n    return (1 - left[1:] / left[:-1]).clamp(max=0.999)",
           "    left = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2\n    return (1 - left[1:] / left[:-1]).clamp(max=0.999).float()", habit="dtype"),
    mutant("sigmoid: in float32 whatever the input", "check_sigmoid_schedule_takes_any_settings", ".clamp(min=clamp_min)\n    return (1 - left[1:] / left[:-1]).clamp(max=0.999)",
           ".clamp(min=clamp_min)\n    return (1 - left[1:] / left[:-1]).clamp(max=0.999).float()", habit="dtype"),
    mutant("q_sample: in float32 whatever the input", "check_noise_is_added_to_images_of_any_rank", "return left.sqrt() * x_start + (1 - left).sqrt() * noise",
           "return (left.sqrt() * x_start + (1 - left).sqrt() * noise).float()", habit="dtype"),
    mutant("image from noise: in float32 whatever the input", "check_image_from_noise_for_any_rank", "return (x_t - (1 - left).sqrt() * noise) / left.sqrt()",
           "return ((x_t - (1 - left).sqrt() * noise) / left.sqrt()).float()", habit="dtype"),
    mutant("noise from image: in float32 whatever the input", "check_noise_from_image_for_any_rank", "return (x_t - left.sqrt() * x_start) / (1 - left).sqrt()",
           "return ((x_t - left.sqrt() * x_start) / (1 - left).sqrt()).float()", habit="dtype"),
    mutant("posterior: in float32 whatever the input", "check_posterior_for_any_rank", "return mean, (beta * (1 - before) / (1 - left)).sqrt()",
           "return mean.float(), (beta * (1 - before) / (1 - left)).sqrt().float()", habit="dtype"),
    mutant("weights: in float32 whatever the input", "check_weights_with_gamma", 'return weight / snr if objective == "pred_noise" else weight',
           'return (weight / snr if objective == "pred_noise" else weight).float()', habit="dtype"),
    mutant("loss: in float32 whatever the input", "check_gradient_of_the_loss", "(predicted - target) ** 2).mean()",
           "(predicted - target) ** 2).mean().float()", habit="dtype"),
    mutant("p_sample: in float32 whatever the input", "check_the_last_step_back_adds_no_noise", "return mean + std * (torch.randn_like(x_t) if noise is None else noise)",
           "return (mean + std * (torch.randn_like(x_t) if noise is None else noise)).float()", habit="dtype"),
    mutant("ddim: in float32 whatever the input", "check_ddim_steps_of_any_length", "return after.sqrt() * x_start + (1 - after - variance).clamp(min=0).sqrt() * believed + variance.sqrt() * z",
           "return (after.sqrt() * x_start + (1 - after - variance).clamp(min=0).sqrt() * believed + variance.sqrt() * z).float()", habit="dtype"),
]  # fmt: skip

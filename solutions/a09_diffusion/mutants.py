"""Wrong answers to a09, schedules, process and loss, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

mutant = mutants_of("diffusion.py")


LINEAR = "return torch.linspace(1e-4 * scale, 0.02 * scale, timesteps, dtype=torch.float64).clamp(max=0.999)"
COSINE = (
    "left = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2\n    return (1 - left[1:] / left[:-1]).clamp(max=0.999)"
)
CURVE = "curve = torch.sigmoid((start + u * (end - start)) / tau)"
CLAMPED = "left = ((curve[-1] - curve) / (curve[-1] - curve[0])).clamp(min=clamp_min)"
ADDED = "return left.sqrt() * x_start + (1 - left).sqrt() * noise"
START = "return (x_t - (1 - left).sqrt() * noise) / left.sqrt()"
NOISE = "return (x_t - left.sqrt() * x_start) / (1 - left).sqrt()"
MEAN = "mean = (before.sqrt() * beta * x_start + (1 - beta).sqrt() * (1 - before) * x_t) / (1 - left)"
STD = "return mean, (beta * (1 - before) / (1 - left)).sqrt()"
WEIGHT = 'return weight / snr if objective == "pred_noise" else weight'
CUT = "weight = snr if gamma is None else snr.clamp(max=gamma)"
TIMES = "t = torch.randint(self.num_timesteps, (len(x_start),), device=x_start.device)"
LOSS = "return (extract(weight, t, x_start) * (predicted - target) ** 2).mean()"
NORMAL = "x_start = self.normalize(x_start)\n"
ASK = "predicted = self.model(self.q_sample(x_start, t, noise), t, model_kwargs)"
DRAWN = "noise = torch.randn_like(x_start)\n"
ANY = "check_posterior_for_any_rank"

# fmt: off
SCHEDULES = [
    mutant("linear: the factor is never below 1", "check_linear_schedule_of_few_steps",
           "scale = 1000 / timesteps", "scale = max(1.0, 1000 / timesteps)"),
    mutant("linear: forgets the factor 1000 / T", "check_linear_schedule_agrees_with_a_loop",
           "scale = 1000 / timesteps",
           "scale = 1.0"),
    mutant("linear: lets beta exceed 1 for few steps", "check_linear_schedule_of_few_steps", LINEAR,
           LINEAR.removesuffix(".clamp(max=0.999)")),
    mutant("linear: in float32", "check_linear_schedule_of_few_steps",
           LINEAR, LINEAR.replace(", dtype=torch.float64", "")),
    mutant("linear: evenly spaced in the standard deviation, as in latent diffusion",
           "check_linear_schedule_agrees_with_a_loop", LINEAR,
           "return torch.linspace((1e-4 * scale) ** 0.5, (0.02 * scale) ** 0.5, timesteps, dtype=torch.float64) ** 2"),
    mutant("cosine: forgets the square", "check_cosine_schedule_agrees_with_a_loop", COSINE, COSINE.replace(" ** 2",
           "")),
    mutant("cosine: forgets the offset", "check_cosine_schedule_agrees_with_a_loop", COSINE,
           COSINE.replace("(u + s) / (1 + s)", "u")),
    mutant("cosine: hard-codes the offset", "check_cosine_schedule_takes_any_settings", COSINE,
           "s = 0.008\n    " + COSINE),
    mutant("cosine: lets the last beta be 1", "check_cosine_schedule_takes_any_settings", COSINE,
           COSINE.removesuffix(".clamp(max=0.999)")),
    mutant("cosine: only T points, so that the first step is lost", "check_cosine_schedule_agrees_with_a_loop",
           COSINE,
           COSINE.replace("return (1 - left[1:] / left[:-1])",
                          "return (1 - left[:-1] / torch.cat([left[:1], left[:-2]]))")),
    mutant("sigmoid: forgets to clamp, like much code online", "check_sigmoid_schedule_agrees_with_a_loop",
           CLAMPED, CLAMPED.removesuffix(".clamp(min=clamp_min)")),
    mutant("sigmoid: forgets tau", "check_sigmoid_schedule_takes_any_settings", CURVE, CURVE.replace(" / tau", "")),
    mutant("sigmoid: hard-codes start and end", "check_sigmoid_schedule_takes_any_settings", CURVE,
           CURVE.replace("start + u * (end - start)", "-3 + 6 * u")),
    mutant("sigmoid: takes the rising curve for alpha bar", "check_sigmoid_schedule_agrees_with_a_loop", CLAMPED,
           CLAMPED.replace("(curve[-1] - curve) /", "(curve - curve[0]) /")),
]
PROCESS = [
    mutant("q_sample: forgets the square roots", "check_noise_is_added_as_the_formula_says", ADDED,
           "return left * x_start + (1 - left) * noise"),
    mutant("q_sample: multiplies the noise by the variance",
           ("check_noise_is_added_as_the_formula_says", "check_noise_is_added_to_images_of_any_rank"), ADDED,
           ADDED.replace("(1 - left).sqrt()", "(1 - left)")),
    mutant("q_sample: takes alpha for alpha bar", "check_noise_is_added_as_the_formula_says",
           "left = extract(self.alphas_cumprod, t, x_start)", "left = 1 - extract(self.betas, t, x_start)"),
    mutant("q_sample: one step too few", "check_noise_is_added_as_the_formula_says",
           "left = extract(self.alphas_cumprod, t, x_start)", "left = extract(self.alphas_cumprod_prev, t, x_start)"),
    mutant("q_sample: tables are shaped for images of four axes only", "check_noise_is_added_to_images_of_any_rank",
           "left = extract(self.alphas_cumprod, t, x_start)", "left = self.alphas_cumprod[t].view(-1, 1, 1, 1)"),
    mutant("q_sample: clamps what it made", "check_noise_is_added_to_images_of_any_rank", ADDED,
           "return (left.sqrt() * x_start + (1 - left).sqrt() * noise).clamp(-4, 4)"),
    mutant("q_sample: returns float64", "check_noise_is_added_to_images_of_any_rank", ADDED, ADDED + ".double()"),
    mutant("q_sample: changes the image in place", "check_adding_noise_leaves_its_inputs_and_passes_gradients", ADDED,
           "return noise.mul_((1 - left).sqrt()).add_(left.sqrt() * x_start)"),
    mutant("q_sample: cuts the graph", "check_adding_noise_leaves_its_inputs_and_passes_gradients", ADDED,
           ADDED.replace("x_start", "x_start.detach()") + ".requires_grad_()"),
    mutant("start from noise: divides by alpha bar", ("check_the_image_follows_from_the_noise",
           "check_image_from_noise_for_any_rank"), START, START.replace("/ left.sqrt()", "/ left")),
    mutant("start from noise: adds the noise", "check_the_image_follows_from_the_noise", START, START.replace("x_t -",
           "x_t +")),
    mutant("start from noise: subtracts in place", "check_image_from_noise_for_any_rank", START,
           "return x_t.sub_((1 - left).sqrt() * noise).div_(left.sqrt())"),
    mutant("start from noise: clamps the image", "check_image_from_noise_for_any_rank", START,
           "return ((x_t - (1 - left).sqrt() * noise) / left.sqrt()).clamp(-1, 1)"),
    mutant("noise from start: forgets to divide", ("check_the_noise_follows_from_the_image",
           "check_noise_from_image_for_any_rank"), NOISE, "return x_t - left.sqrt() * x_start"),
    mutant("noise from start: subtracts in place", "check_noise_from_image_for_any_rank", NOISE,
           "return x_t.sub_(left.sqrt() * x_start).div_((1 - left).sqrt())"),
    mutant("noise from start: guards against division by zero", "check_noise_from_image_for_any_rank", NOISE,
           NOISE.replace("(1 - left).sqrt()", "((1 - left).sqrt() + 1e-2)")),
    mutant("posterior: swaps the factors of the two images",
           ("check_posterior_agrees_with_bayes_rule", "check_posterior_hits_the_marginals", ANY), MEAN,
           MEAN.replace("* x_start", "* x_?").replace("* x_t", "* x_start").replace("x_?", "x_t")),
    mutant("posterior: returns the variance", ("check_posterior_agrees_with_bayes_rule", ANY), STD,
           STD.replace(").sqrt()", ")")),
    mutant("posterior: returns the logarithm of the variance", "check_posterior_of_the_first_step_is_the_image", STD,
           STD.replace(").sqrt()", ").clamp(min=1e-20).log()")),
    mutant("posterior: takes beta for the variance", ("check_posterior_agrees_with_bayes_rule",
           "check_posterior_hits_the_marginals"), STD, "return mean, beta.sqrt()"),
    mutant("posterior: alpha bar of t - 1 at t = 0 is the last entry",
           ("check_posterior_of_the_first_step_is_the_image",
           "check_posterior_hits_the_marginals"), "torch.cat([torch.ones_like(left[:1]), left[:-1]])",
           "left.roll(1)"),
    mutant("posterior: forgets the root of alpha bar", "check_posterior_hits_the_marginals", MEAN,
           MEAN.replace("before.sqrt() * beta", "before * beta")),
    mutant("posterior: where t is 0 it takes a tensor of the CPU", ANY, STD,
           "std = (beta * (1 - before) / (1 - left)).sqrt()\n"
           "        return mean, torch.where((t == 0).view(std.shape), torch.zeros(std.shape, dtype=std.dtype), std)"),
    mutant("posterior: the deviation is float64 for images of float32", ANY, STD, STD.replace(".sqrt()",
           ".double().sqrt()")),
]
LOSSES = [
    mutant("weight: the same for both objectives", "check_weights_make_both_objectives_the_same", WEIGHT,
           "return weight / snr"),
    mutant("weight: alpha bar / sqrt(1 - alpha bar)",
           "check_weights_make_both_objectives_the_same",
           "snr = alphas_cumprod / (1 - alphas_cumprod)", "snr = alphas_cumprod / (1 - alphas_cumprod).sqrt()"),
    mutant("weight: gamma is a lower bound", "check_weights_with_gamma", CUT, CUT.replace("max=gamma", "min=gamma")),
    mutant("weight: with gamma, noise gets the image's weight", "check_weights_with_gamma", WEIGHT,
           'return torch.ones_like(snr) if objective == "pred_noise" and gamma is None else weight'),
    mutant("weight: the ones are on the CPU", "check_weights_with_gamma", WEIGHT,
           'ones = torch.ones(len(snr), dtype=snr.dtype)\n    '
           'return (ones if gamma is None else weight / snr) if objective == "pred_noise" else weight'),
    mutant("weight: cuts in place", "check_weights_with_gamma", "snr = alphas_cumprod / (1 - alphas_cumprod)",
           "snr = alphas_cumprod.div_(1 - alphas_cumprod)"),
    mutant("loss: forgets to map images to [-1, 1]", ("check_loss_of_predicted_noise", "check_gradient_of_the_loss"),
           "        " + NORMAL, ""),
    mutant("loss: sums over pixels", "check_loss_of_predicted_noise", LOSS, LOSS.replace(".mean()", ".sum()")),
    mutant("loss: the absolute error", "check_loss_of_predicted_noise", LOSS,
           LOSS.replace("(predicted - target) ** 2", "(predicted - target).abs()")),
    mutant("loss: forgets model_kwargs", "check_loss_of_predicted_noise", ASK, ASK.replace(", t, model_kwargs)",
           ", t)")),
    mutant("loss: always compares with the noise", ("check_loss_of_predicted_images",
           "check_gradient_of_the_loss"), 'target = noise if self.objective == "pred_noise" else x_start',
           "target = noise"),
    mutant("loss: forgets the weight", ("check_loss_of_predicted_images", "check_gradient_of_the_loss"), LOSS,
           "return ((predicted - target) ** 2).mean()"),
    mutant("loss: forgets gamma", "check_gradient_of_the_loss",
           "weight = loss_weight(self.alphas_cumprod, self.objective, self.min_snr_gamma)",
           "weight = loss_weight(self.alphas_cumprod, self.objective)"),
    mutant("loss: divides by the sum of the weights", "check_gradient_of_the_loss", LOSS,
           LOSS + " / extract(weight, t, x_start).mean()"),
    mutant("loss: has no graph", "check_gradient_of_the_loss", LOSS, LOSS + ".detach()"),
    mutant("loss: maps the images in place", "check_gradient_of_the_loss", NORMAL,
           "x_start.mul_(2).sub_(1)\n"),
    mutant("loss: float64 for images of float32", "check_gradient_of_the_loss", LOSS, LOSS + ".double()"),
    mutant("loss: empties model_kwargs", "check_gradient_of_the_loss", LOSS,
           '(model_kwargs or {}).pop("extra", None)\n        ' + LOSS),
    mutant("loss: draws new noise where t is not given", "check_times_and_noise_are_drawn", TIMES,
           TIMES + "\n            noise = torch.randn_like(x_start)"),
    mutant("loss: draws new times where the noise is not given", "check_times_and_noise_are_drawn", DRAWN,
           DRAWN + "            " + TIMES + "\n"),
    mutant("loss: draws both only where neither is given", "check_times_and_noise_are_drawn",
           "if t is None:\n            " + TIMES + "\n        if noise is None:",
           "if t is None and noise is None:\n            " + TIMES),
    mutant("loss: times are drawn on the CPU", "check_times_and_noise_are_drawn", TIMES,
           TIMES.replace(", device=x_start.device", "")),
    mutant("loss: noise is drawn on the CPU", "check_times_and_noise_are_drawn", DRAWN,
           "noise = torch.randn(x_start.shape, dtype=x_start.dtype)\n"),
    mutant("loss: one time for the whole batch", "check_times_and_noise_are_drawn", TIMES,
           "t = torch.randint(self.num_timesteps, (1,), device=x_start.device).expand(len(x_start))"),
    mutant("loss: never draws the last time", "check_times_and_noise_are_drawn", TIMES,
           TIMES.replace("self.num_timesteps,", "self.num_timesteps - 1,")),
    mutant("loss: never draws time 0", "check_times_and_noise_are_drawn", TIMES,
           TIMES.replace("self.num_timesteps,", "1, self.num_timesteps,")),
    mutant("loss: uniform noise", "check_times_and_noise_are_drawn", DRAWN, "noise = torch.rand_like(x_start)\n"),
    mutant("loss: uniform noise of variance 1", "check_times_and_noise_are_drawn", DRAWN,
           "noise = torch.empty_like(x_start).uniform_(-(3**0.5), 3**0.5)\n"),
    mutant("loss: all images get the same noise", "check_times_and_noise_are_drawn", DRAWN,
           "noise = torch.randn_like(x_start[:1]).expand_as(x_start)\n"),
    mutant("loss: seeds the generator", "check_times_and_noise_are_drawn", DRAWN,
           "torch.manual_seed(0)\n            " + DRAWN),
    mutant("q_sample: leaves evaluation mode on", "check_noise_is_added_as_the_formula_says",
           first("Process.q_sample", "self.eval()")),
    mutant("image from noise: leaves evaluation mode on", "check_the_image_follows_from_the_noise",
           first("Process.predict_start_from_noise", "self.eval()")),
    mutant("noise from image: leaves evaluation mode on", "check_the_noise_follows_from_the_image",
           first("Process.predict_noise_from_start", "self.eval()")),
    mutant("posterior: leaves evaluation mode on", "check_posterior_of_the_first_step_is_the_image",
           first("Process.q_posterior", "self.eval()")),
]
# fmt: on
MUTANTS = SCHEDULES + PROCESS + LOSSES

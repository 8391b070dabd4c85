"""Wrong answers to a09, sampling, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("diffusion.py")


BELIEF = "x_start = self.model(x_t, t, model_kwargs)"
BRANCH = 'if self.objective == "pred_noise":'
CLAMP = "x_start = x_start.clamp(-1, 1)\n"
FIT = "return self.predict_noise_from_start(x_t, t, x_start), x_start"
DRAW = "return mean + std * (torch.randn_like(x_t) if noise is None else noise)"
POSTERIOR = "mean, std = self.q_posterior(x_start, x_t, times)"
FULL = "times = torch.full((len(x_t),), t, device=x_t.device)"
ASK = "self.model_predictions(x_t, times, model_kwargs)"
BEGIN = "way = [torch.randn(size, device=self.betas.device)]"
STEPS = "for t in reversed(range(self.num_timesteps)):"
CALL = "way.append(self.p_sample(way[-1], t, model_kwargs))"
OUT = "return self.unnormalize(torch.stack(way, dim=1) if return_all_timesteps else way[-1])"
SPLIT = "return self.unnormalize(torch.stack(way, dim=1)) if return_all_timesteps else way[-1]"
AFTER = "after = self.alphas_cumprod[t_next] if t_next >= 0 else torch.ones_like(left)"
VARIANCE = "variance = eta**2 * (1 - after) / (1 - left) * (1 - left / after)"
MIX = "return after.sqrt() * x_start + (1 - after - variance).clamp(min=0).sqrt() * believed + variance.sqrt() * z"
Z = "z = torch.randn_like(x_t) if noise is None else noise"
VISIT = "times = ddim_times(self.num_timesteps, steps)"
START = "way = [torch.randn(size, device=self.betas.device) if noise is None else noise]"
STEP = "way.append(self.ddim_step(way[-1], t, t_next, eta, model_kwargs))"
WALK = "check_sampling_walks_all_steps"
LAW = "check_law_of_what_is_sampled"
BACK = "check_a_step_back_is_drawn_from_the_posterior"
ANY = "check_ddim_steps_of_any_length"
SAME = "check_ddim_without_noise_is_the_same_every_time"
COUNT = "check_ddim_counts_its_steps"
LAST = "check_the_last_step_back_adds_no_noise"
DDIM_LAW = "check_law_of_ddim_samples"
SEED = "torch.manual_seed(0)\n        "

# fmt: off
PREDICTIONS = [
    mutant("predictions: forgets to clamp", ("check_believed_images_are_clamped",
           "check_predictions_for_mixed_times"),
           "        " + CLAMP, ""),
    mutant("predictions: clamps to [0, 1]",
           ("check_predictions_follow_from_each_other", "check_predictions_for_mixed_times"), CLAMP,
           CLAMP.replace("-1, 1", "0, 1")),
    mutant("predictions: normalises instead of clamping", "check_believed_images_are_clamped", CLAMP,
           "x_start = x_start / x_start.abs().max().clamp(min=1)\n"),
    mutant("predictions: the noise is not computed again", "check_believed_images_are_clamped", CLAMP,
           "free = x_start\n        x_start = x_start.clamp(-1, 1)\n"
           "        return self.predict_noise_from_start(x_t, t, free), x_start\n"),
    mutant("predictions: image first", "check_predictions_follow_from_each_other", FIT,
           "return x_start, self.predict_noise_from_start(x_t, t, x_start)"),
    mutant("predictions: uses every prediction as noise",
           ("check_predictions_follow_from_each_other", "check_predictions_for_mixed_times"), BRANCH, "if True:"),
    mutant("predictions: the objectives are swapped", "check_predictions_follow_from_each_other", BRANCH,
           BRANCH.replace("pred_noise", "pred_x_start")),
    mutant("predictions: forgets model_kwargs", "check_predictions_for_mixed_times", BELIEF,
           "x_start = self.model(x_t, t)"),
    mutant("predictions: writes over the images", "check_predictions_for_mixed_times", FIT,
           "left = extract(self.alphas_cumprod, t, x_t)\n"
           "        return x_t.sub_(left.sqrt() * x_start).div_((1 - left).sqrt()), x_start"),
    mutant("predictions: uses the first image's time for all", "check_predictions_for_mixed_times", BELIEF,
           "t = t[:1].expand(len(t))\n        " + BELIEF),
]
DDPM = [
    mutant("p_sample: adds no noise", (BACK, "check_noise_of_a_step_back_is_fresh"), DRAW, "return mean"),
    mutant("p_sample: multiplies the noise by the variance",
           (BACK, "check_noise_of_a_step_back_is_fresh"), DRAW, DRAW.replace("std *", "std**2 *")),
    mutant("p_sample: uses sqrt(beta)", (BACK, "check_noise_of_a_step_back_is_fresh"), DRAW,
           DRAW.replace("std *", "self.betas[t].sqrt() *")),
    mutant("p_sample: adds noise in the last step too", LAST, DRAW,
           DRAW.replace("std *", "std.clamp(min=1e-2) *")),
    mutant("p_sample: swaps image and x_t in the posterior", BACK, POSTERIOR,
           "mean, std = self.q_posterior(x_t, x_start, times)"),
    mutant("p_sample: one noise for all images", "check_noise_of_a_step_back_is_fresh", DRAW,
           DRAW.replace("torch.randn_like(x_t) if", "torch.randn_like(x_t[:1]) if")),
    mutant("p_sample: uniform noise", "check_noise_of_a_step_back_is_fresh", DRAW,
           DRAW.replace("randn_like", "rand_like")),
    mutant("p_sample: draws noise if it is given zeros", LAST, DRAW,
           DRAW.replace("is None", "is None or not noise.any()")),
    mutant("p_sample: ignores the noise given", BACK, DRAW, "return mean + std * torch.randn_like(x_t)"),
    mutant("p_sample: the model gets one number for the time", (BACK, LAST),
           FULL, "times = torch.tensor([t], device=x_t.device)"),
    mutant("p_sample: maps to [0, 1]", BACK, DRAW, DRAW.replace("return mean",
           "return 0.5 + mean / 2")),
    mutant("p_sample: forgets model_kwargs", BACK, ASK, ASK.replace(", model_kwargs", "")),
    mutant("p_sample: float64 for images of float32", LAST, DRAW, DRAW.replace("return ", "return (") + ").double()"),
    mutant("p_sample: noise is always float32", LAST, DRAW,
           DRAW.replace("torch.randn_like(x_t)", "torch.randn(x_t.shape, device=x_t.device)")),
    mutant("p_sample: writes over the noise given", LAST, DRAW,
           "return (torch.randn_like(x_t) if noise is None else noise).mul_(std).add_(mean)"),
    mutant("p_sample: times are on the CPU", LAST, FULL, FULL.replace(", device=x_t.device", "")),
    mutant("p_sample: empties model_kwargs", LAST, FULL,
           FULL + '\n        (model_kwargs or {}).pop("extra", None)'),
    mutant("sampling builds a graph of all steps", "check_predictions_for_mixed_times",
           "    @torch.no_grad()\n", "", count=5),
    mutant("sample: forgets model_kwargs", WALK, CALL, CALL.replace(", model_kwargs", "")),
    mutant("sample: seeds the generator", WALK, BEGIN, SEED + BEGIN),
    mutant("sample: one noise for all steps", LAW, CALL, CALL.replace("model_kwargs)", "model_kwargs, way[0])")),
    mutant("sample: the first noise has the dtype of the tables", WALK, BEGIN,
           BEGIN.replace("device=self.betas.device", "device=self.betas.device, dtype=self.betas.dtype")),
    mutant("sample: the first noise is on the CPU", LAW, BEGIN, BEGIN.replace(", device=self.betas.device", "")),
    mutant("sample: maps to [0, 1] only with all steps", WALK, CALL + "\n        " + OUT,
           CALL + "\n        " + SPLIT),
    mutant("sample: without all steps, returns the noise", WALK, CALL + "\n        " + OUT,
           CALL + "\n        " + OUT.replace("way[-1]", "way[0]")),
    mutant("sample: one step too few", WALK, STEPS, STEPS.replace("range(self", "range(1, self")),
    mutant("sample: from 0 to T - 1", WALK, STEPS, "for t in range(self.num_timesteps):"),
    mutant("sample: begins with uniform noise", LAW, BEGIN, BEGIN.replace("randn", "rand")),
    mutant("sample: begins with zeros", LAW, BEGIN, "way = [torch.zeros(size, device=self.betas.device)]"),
    mutant("sample: the same noise for every image", LAW, BEGIN,
           "way = [torch.randn(size[1:], device=self.betas.device).expand(size)]"),
    mutant("sample: leaves images in [-1, 1]", WALK,
           CALL + "\n        " + OUT,
           CALL + "\n        return torch.stack(way, dim=1) if return_all_timesteps else way[-1]"),
    mutant("sample: always three channels", WALK,
           "size = (batch_size, self.channels, self.image_size, self.image_size)\n        " + BEGIN,
           "size = (batch_size, 3, self.image_size, self.image_size)\n        " + BEGIN),
    mutant("sample: the steps from the images to the noise", WALK, CALL + "\n        " + OUT,
           CALL + "\n        " + OUT.replace("torch.stack(way,", "torch.stack(way[::-1],")),
]
DDIM = [
    mutant("ddim: mixes for t, not for t_next", ("check_ddim_step_without_noise", ANY), AFTER, "after = left"),
    mutant("ddim: the step to -1 goes to the last time", ANY, AFTER, "after = self.alphas_cumprod[t_next]"),
    mutant("ddim: always goes to t - 1", ("check_ddim_step_without_noise", ANY), AFTER,
           "after = self.alphas_cumprod[t - 1] if t > 0 else torch.ones_like(left)"),
    mutant("ddim: forgets sigma squared under the root", ("check_ddim_with_eta_one_is_ddpm", ANY), MIX,
           MIX.replace("(1 - after - variance)", "(1 - after)")),
    mutant("ddim: sigma is not squared under the root", ANY, MIX,
           MIX.replace("(1 - after - variance)", "(1 - after - variance.sqrt())")),
    mutant("ddim: multiplies the noise by the variance", "check_ddim_with_eta_one_is_ddpm",
           MIX, MIX.replace("variance.sqrt() * z", "variance * z")),
    mutant("ddim: eta multiplies the variance", ANY, VARIANCE,
           VARIANCE.replace("eta**2", "eta")),
    mutant("ddim: takes DDPM's forward variance", ("check_ddim_with_eta_one_is_ddpm", ANY), VARIANCE,
           "variance = eta**2 * (1 - left / after)"),
    mutant("ddim: the two shares of sigma are swapped", ("check_ddim_with_eta_one_is_ddpm", ANY), VARIANCE,
           "variance = eta**2 * (1 - left) / (1 - after).clamp(min=1e-9) * (1 - left / after)"),
    mutant("ddim: forgets the roots", "check_ddim_step_without_noise", MIX,
           "return after * x_start + (1 - after - variance) * believed + variance.sqrt() * z"),
    mutant("ddim: ignores the noise given", ("check_ddim_with_eta_one_is_ddpm", ANY), Z, "z = torch.randn_like(x_t)"),
    mutant("ddim: one noise for all images", ANY, Z, "z = torch.randn_like(x_t[:1])"),
    mutant("ddim: the noise has the variance 1/12 of rand", ANY, Z,
           "z = torch.rand_like(x_t)"),
    mutant("ddim: float64 for images of float32", ANY, MIX, MIX.replace("return ", "return (") + ").double()"),
    mutant("ddim: noise is always float32", ANY, Z,
           Z.replace("torch.randn_like(x_t)", "torch.randn(x_t.shape, device=x_t.device)")),
    mutant("ddim: writes over the noise given", ANY, MIX,
           MIX.replace("variance.sqrt() * z", "z.mul_(variance.sqrt())")),
    mutant("ddim: times are on the CPU", ANY, "torch.full((len(x_t),), t, device=x_t.device), model_kwargs)",
           "torch.full((len(x_t),), t), model_kwargs)"),
    mutant("ddim: forgets model_kwargs", ANY, "t, device=x_t.device), model_kwargs)", "t, device=x_t.device))"),
    mutant("ddim_sample: ignores the noise given", (SAME, COUNT), START,
           "way = [torch.randn(size, device=self.betas.device)]"),
    mutant("ddim_sample: forgets model_kwargs", (SAME, COUNT), STEP, STEP.replace(", model_kwargs)", ")")),
    mutant("ddim_sample: the given noise is used in each step too", DDIM_LAW, STEP,
           STEP.replace("model_kwargs)", "model_kwargs, noise)")),
    mutant("ddim_sample: seeds the generator", SAME, START, SEED + START),
    mutant("ddim_sample: the first noise has the dtype of the tables", SAME, START,
           START.replace("device=self.betas.device", "device=self.betas.device, dtype=self.betas.dtype")),
    mutant("ddim_sample: the first noise is on the CPU", COUNT, START, START.replace(", device=self.betas.device", "")),
    mutant("ddim_sample: maps to [0, 1] only with all steps", (SAME, COUNT), STEP + "\n        " + OUT,
           STEP + "\n        " + SPLIT),
    mutant("ddim_sample: without all steps, returns the noise", (SAME, COUNT), STEP + "\n        " + OUT,
           STEP + "\n        " + OUT.replace("way[-1]", "way[0]")),
    mutant("ddim_sample: each step overwrites the noise given", SAME, STEP,
           STEP.replace("way.append(self", "way.append(way[0].copy_(self") + ".clone())"),
    mutant("ddim_sample: forgets eta", DDIM_LAW, STEP, STEP.replace("t_next, eta,",
           "t_next, 0.0,")),
    mutant("ddim_sample: always noisy", SAME, STEP, STEP.replace("t_next, eta,", "t_next, 1.0,")),
    mutant("ddim_sample: takes all steps", (SAME, COUNT), VISIT, VISIT.replace("num_timesteps, steps",
           "num_timesteps, self.num_timesteps")),
    mutant("ddim_sample: visits only the last times", SAME, VISIT,
           "times = [*range(self.num_timesteps - 1, self.num_timesteps - 1 - steps, -1), -1]"),
    mutant("ddim_sample: rounded times of its own", COUNT, VISIT,
           "times = [round((self.num_timesteps - 1) * i / steps) for i in range(steps, 0, -1)] + [-1]"),
    mutant("ddim_sample: stops before the last step", COUNT, VISIT, VISIT + "[:-1]"),
    mutant("ddim_sample: starts again in every step", COUNT, STEP, STEP.replace("way[-1]", "way[0]")),
    mutant("ddim_sample: removes the condition from model_kwargs", COUNT, VISIT,
           VISIT + '\n        model_kwargs = {"extra": model_kwargs.pop("extra")} if model_kwargs else None'),
]
# fmt: on
MUTANTS = PREDICTIONS + DDPM + DDIM

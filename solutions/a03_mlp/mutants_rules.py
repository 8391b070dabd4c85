"""Wrong answers to a03, update rules, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

deep = mutants_of("fully_connected_networks.py")


# fmt: off
RULES = [
    deep("momentum: returns the velocity", "check_momentum_walks_as_torch_does",
         'return w + velocity, config | {"velocity": velocity}', 'return velocity, config | {"velocity": velocity}'),
    deep("momentum: forgets the velocity", "check_momentum_walks_as_torch_does",
         'return w + velocity, config | {"velocity": velocity}', "return w + velocity, config"),
    deep("momentum: the gradient weighted by 1 - momentum", "check_momentum_walks_as_torch_does",
         'config["momentum"] * config["velocity"] - config["learning_rate"] * dw',
         'config["momentum"] * config["velocity"] - (1 - config["momentum"]) * config["learning_rate"] * dw'),
    deep("momentum: the learning rate outside the velocity, as in torch", "check_momentum_when_the_rate_falls",
         'velocity = config["momentum"] * config["velocity"] - config["learning_rate"] * dw\n    return w + velocity,',
         'velocity = config["momentum"] * config["velocity"] - dw\n    return w + config["learning_rate"] * velocity,'),
    deep("momentum: changes w in place", "check_momentum_when_the_rate_falls",
         "    return w + velocity, config", "    w += velocity\n    return w, config"),
    deep("momentum: ignores a velocity that is given", "check_momentum_goes_on_from_a_given_velocity",
         'velocity = config["momentum"] * config["velocity"] - config["learning_rate"] * dw\n    return w + velocity,',
         'config = {"t": 0} | config\n    before = config["velocity"] if config["t"] else torch.zeros_like(w)\n'
         '    velocity = config["momentum"] * before - config["learning_rate"] * dw\n    config["t"] += 1\n'
         "    return w + velocity,"),
    deep("momentum: stores the velocity with the other sign", "check_momentum_goes_on_from_a_given_velocity",
         'velocity = config["momentum"] * config["velocity"] - config["learning_rate"] * dw\n    return w + velocity,',
         'velocity = config["momentum"] * config["velocity"] + config["learning_rate"] * dw\n    return w - velocity,',
         habit="sign"),
    deep("momentum: stores the velocity under another name", "check_momentum_goes_on_from_a_given_velocity",
         'velocity = config["momentum"] * config["velocity"] - config["learning_rate"] * dw\n'
         '    return w + velocity, config | {"velocity": velocity}',
         'velocity = config["momentum"] * config.get("v", torch.zeros_like(w)) - config["learning_rate"] * dw\n'
         '    return w + velocity, config | {"v": velocity}', habit="name"),
    deep("nesterov: stores the velocity under another name", "check_nesterov_goes_on_from_a_given_velocity",
         'momentum, before = config["momentum"], config["velocity"]',
         'momentum, before = config["momentum"], config.get("v", torch.zeros_like(w))',
         also=(('(1 + momentum) * velocity, config | {"velocity": velocity}',
                '(1 + momentum) * velocity, config | {"v": velocity}'),), habit="name"),
    deep("adagrad: ignores a cache that is given", "check_adagrad_when_the_rate_falls",
         'cache = config["cache"] + dw.square()', 'cache = config.get("sum", torch.zeros_like(w)) + dw.square()',
         also=(('config | {"cache": cache}\n    ### END SOLUTION\n\n\n# %% task="rmsprop"',
                'config | {"sum": cache}\n    ### END SOLUTION\n\n\n# %% task="rmsprop"'),), habit="name"),
    deep("rmsprop: ignores a cache that is given", "check_rmsprop_when_the_rate_falls",
         'cache = config["decay_rate"] * config["cache"] +',
         'cache = config["decay_rate"] * config.get("mean", torch.zeros_like(w)) +',
         also=(('config | {"cache": cache}\n    ### END SOLUTION\n\n\n# %% task="adam"',
                'config | {"mean": cache}\n    ### END SOLUTION\n\n\n# %% task="adam"'),), habit="name"),
    deep("adam: epsilon before the correction", "check_adam_adds_epsilon_outside_the_root",
         'step = m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + config["epsilon"])',
         'step = (1 - beta2**t) ** 0.5 / (1 - beta1**t) * m / (v.sqrt() + config["epsilon"])', habit="epsilon"),
    deep("rmsprop: no root", "check_rmsprop_walks_as_torch_does",
         '(1 - config["decay_rate"]) * dw.square()\n'
         '    return w - config["learning_rate"] * dw / (cache.sqrt() + config["epsilon"]),',
         '(1 - config["decay_rate"]) * dw.square()\n'
         '    return w - config["learning_rate"] * dw / (cache + config["epsilon"]),'),
    deep("nesterov: plain momentum", "check_nesterov_walks_as_torch_does",
         "return w - momentum * before + (1 + momentum) * velocity,", "return w + velocity,"),
    deep("nesterov: adds the old velocity", "check_nesterov_walks_as_torch_does",
         "return w - momentum * before +", "return w + momentum * before +"),
    deep("nesterov: the learning rate outside the velocity, as in torch", "check_nesterov_when_the_rate_falls",
         'velocity = momentum * before - config["learning_rate"] * dw\n'
         "    return w - momentum * before + (1 + momentum) * velocity,",
         'velocity = momentum * before - dw\n    return w + config["learning_rate"] * (momentum * velocity - dw),'),
    deep("adagrad: forgets old gradients", "check_adagrad_walks_as_torch_does",
         'cache = config["cache"] + dw.square()', "cache = dw.square()"),
    deep("adagrad: epsilon inside the root", "check_adagrad_walks_as_torch_does",
         'cache = config["cache"] + dw.square()\n'
         '    return w - config["learning_rate"] * dw / (cache.sqrt() + config["epsilon"]),',
         'cache = config["cache"] + dw.square()\n'
         '    return w - config["learning_rate"] * dw / (cache + config["epsilon"]).sqrt(),'),
    deep("rmsprop: epsilon inside the root", "check_rmsprop_adds_epsilon_outside_the_root",
         '(1 - config["decay_rate"]) * dw.square()\n'
         '    return w - config["learning_rate"] * dw / (cache.sqrt() + config["epsilon"]),',
         '(1 - config["decay_rate"]) * dw.square()\n'
         '    return w - config["learning_rate"] * dw / (cache + config["epsilon"]).sqrt(),'),
    deep("rmsprop: the two shares swapped", "check_rmsprop_walks_as_torch_does",
         'cache = config["decay_rate"] * config["cache"] + (1 - config["decay_rate"]) * dw.square()',
         'cache = (1 - config["decay_rate"]) * config["cache"] + config["decay_rate"] * dw.square()'),
    deep("adam: no bias correction", "check_adam_walks_as_torch_does",
         'step = m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + config["epsilon"])',
         'step = m / (v.sqrt() + config["epsilon"])'),
    deep("adam: t is incremented too late", ("check_adam_walks_as_torch_does", "check_adam_goes_on_from_a_given_state"),
         'config["beta2"], config["t"] + 1\n', 'config["beta2"], config["t"] or 1\n'),
    deep("adam: t is never incremented", "check_adam_goes_on_from_a_given_state",
         'config | {"m": m, "v": v, "t": t}', 'config | {"m": m, "v": v}'),
    deep("adam: epsilon inside the root", "check_adam_adds_epsilon_outside_the_root",
         '((v / (1 - beta2**t)).sqrt() + config["epsilon"])', '(v / (1 - beta2**t) + config["epsilon"]).sqrt()'),
    deep("adam: the second moment without the square", "check_adam_walks_as_torch_does",
         "(1 - beta2) * dw.square()", "(1 - beta2) * dw.abs()"),
    deep("adam: changes the gradient", "check_adam_when_the_rate_falls",
         "m = beta1 * config[\"m\"] + (1 - beta1) * dw\n",
         "dw.mul_(1 - beta1)\n    m = beta1 * config[\"m\"] + dw\n    dw.div_(1 - beta1).add_(1e-12)\n"),
]
# fmt: on

MUTANTS = RULES

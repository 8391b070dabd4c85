"""Wrong answers to a02, training and its settings, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

DRAW = "rows = torch.randint(num_train, (batch_size,), device=X.device)"
NEW_W = "1e-6 * torch.randn(X.shape[1], int(y.max()) + 1, dtype=X.dtype, device=X.device)"
BATCH = "        X_batch, y_batch = sample_batch(X, y, len(X), batch_size)\n"
STEP = "W = W - learning_rate * dW"
NOTE = "loss_history.append(float(loss))"
ARGMAX = "(X @ W).argmax(dim=1)"
TRAIN = "lr, reg=reg, num_iters=num_iters, batch_size=200"
RESULT = "return cls, float(train_right.double().mean()), float(val_right.double().mean())"


mutant = mutants_of("linear_classifier.py")


# fmt: off
TRAINING = [
    mutant("batch: labels of other images", "check_batch_keeps_images_and_labels_together",
           "return X[rows], y[rows]", "return X[rows], y[torch.randint(num_train, (batch_size,), device=X.device)]"),
    mutant("batch: imports the fallback for later assignments", "check_batch_keeps_images_and_labels_together",
           "return X[rows], y[rows]",
           "return X[rows], y[rows]\n\n\nfrom common.fallbacks.linear_classifier import sample_batch"),
    mutant("batch: without replacement", "check_batch_is_drawn_with_replacement",
           DRAW, "rows = torch.randperm(num_train, device=X.device)[:batch_size]"),
    mutant("batch: without replacement where the images suffice", "check_batch_is_drawn_with_replacement",
           DRAW, "fits = batch_size <= num_train\n"
           "    rows = torch.randperm(num_train)[:batch_size] if fits else torch.randint(num_train, (batch_size,))"),
    mutant("batch: random numbers from Python", "check_batches_are_uniform_and_fresh",
           DRAW, "import random\n\n    rows = torch.tensor([random.randrange(num_train) for _ in range(batch_size)])"),
    mutant("batch: the rows in ascending order", "check_batches_are_uniform_and_fresh",
           DRAW, DRAW + "\n    rows = rows.sort().values"),
    mutant("batch: a block of neighbouring rows", "check_batches_are_uniform_and_fresh",
           DRAW, "rows = (torch.randint(num_train, (1,)) + torch.arange(batch_size)) % num_train"),
    mutant("batch: never the last row", "check_batches_are_uniform_and_fresh",
           DRAW, DRAW.replace("(num_train,", "(max(num_train - 1, 1),")),
    mutant("batch: draws from all rows, ignoring num_train", "check_batches_are_uniform_and_fresh",
           DRAW, DRAW.replace("(num_train,", "(len(X),")),
    mutant("batch: random numbers from NumPy", "check_batches_are_uniform_and_fresh",
           DRAW, "import numpy as np\n\n    rows = torch.from_numpy(np.random.randint(0, num_train, batch_size))"),
    mutant("batch: seeds the generator at each call", "check_batches_are_uniform_and_fresh",
           DRAW, "torch.manual_seed(0)\n    " + DRAW),
    mutant("training: steps up the gradient", "check_training_steps_against_the_gradient",
           STEP, STEP.replace(" - ", " + ")),
    mutant("training: the learning rate is not used", "check_training_steps_against_the_gradient",
           STEP, "W = W - dW"),
    mutant("training: reg does not reach the loss", "check_training_steps_against_the_gradient",
           "loss_func(W, X_batch, y_batch, reg)", "loss_func(W, X_batch, y_batch, 0.0)"),
    mutant("training: all images in each iteration", "check_training_steps_against_the_gradient",
           "loss_func(W, X_batch, y_batch, reg)", "loss_func(W, X, y, reg)"),
    mutant("training: the regulariser's gradient is added again", "check_training_steps_against_the_gradient",
           STEP, "W = W - learning_rate * (dW + 2 * reg * W)"),
    mutant("training: starts from zeros", "check_training_makes_its_own_weights",
           NEW_W, NEW_W.replace("1e-6 *", "0 *")),
    mutant("training: one column for each label that occurs", "check_training_makes_its_own_weights",
           NEW_W, NEW_W.replace("int(y.max()) + 1", "len(y.unique())")),
    mutant("training: rand instead of randn", "check_training_makes_its_own_weights",
           NEW_W, NEW_W.replace("randn", "rand")),
    mutant("training: always makes float32 weights", "check_training_leaves_its_inputs",
           NEW_W, NEW_W.replace(", dtype=X.dtype", "")),
    mutant("training: draws only one batch", "check_training_draws_fresh_batches",
           BATCH, "        if iteration == 0:\n    " + BATCH),
    mutant("training: ignores the batch size", "check_training_draws_fresh_batches",
           BATCH, BATCH.replace("batch_size)", "20)")),
    mutant("training: only the first batch_size images are ever drawn", "check_training_draws_fresh_batches",
           BATCH, BATCH.replace("len(X)", "min(batch_size, len(X))")),
    mutant("training: a batch is never larger than the number of images", "check_training_draws_fresh_batches",
           BATCH, BATCH.replace("batch_size)", "min(batch_size, len(X)))")),
    mutant("training: steps in place, into the caller's W", "check_training_leaves_its_inputs",
           STEP, "W -= learning_rate * dW"),
    mutant("training: records a scaled loss", "check_training_leaves_its_inputs",
           NOTE, "loss_history.append(float(loss) * batch_size / len(X))"),
    mutant("training: a leftover from debugging, only the first 50 images are ever drawn",
           ("check_svm_scores_on_scenes", "check_softmax_scores_on_scenes"),
           BATCH, BATCH.replace("len(X)", "min(50, len(X))"), calibrates=True),
    mutant("prediction: the lowest score", "check_prediction_is_the_highest_score",
           ARGMAX, ARGMAX.replace("argmax", "argmin")),
    mutant("prediction: int32", "check_prediction_on_other_sizes", ARGMAX, ARGMAX + ".int()", habit="dtype"),
    mutant("prediction: the best image of each class", "check_prediction_is_the_highest_score",
           ARGMAX, "(X @ W).argmax(dim=0)"),
    mutant("prediction: the largest absolute score", "check_prediction_on_other_sizes",
           ARGMAX, "(X @ W).abs().argmax(dim=1)"),
    mutant("prediction: squeezes, so one image gives a number", "check_prediction_on_other_sizes",
           ARGMAX, ARGMAX + ".squeeze()"),
]

SEARCH = [
    mutant("one setting: percent", "check_one_param_set_trains_and_measures",
           RESULT, "return cls, 100 * float(train_right.double().mean()), 100 * float(val_right.double().mean())"),
    mutant("one setting: num_iters is not handed on", "check_one_param_set_trains_and_measures",
           TRAIN, TRAIN.replace(" num_iters=num_iters,", "")),
    mutant("one setting: measures the validation images with the training labels' accuracy",
           "check_one_param_set_trains_and_measures",
           RESULT, RESULT.replace("float(val_right", "float(train_right")),
    mutant("one setting: learning rate and strength swapped", "check_one_param_set_trains_and_measures",
           "learning_rate=lr, reg=reg", "learning_rate=reg, reg=lr"),
    mutant("one setting: trains on the validation images", "check_one_param_set_trains_and_measures",
           "cls.train(X_train, y_train", 'cls.train(data_dict["X_val"], data_dict["y_val"]'),
    mutant("one setting: left at 100 iterations after a trial", "check_one_param_set_with_other_sizes",
           TRAIN, TRAIN.replace("num_iters=num_iters", "num_iters=min(num_iters, 100)")),
    mutant("one setting: returns the class of the classifier", "check_one_param_set_with_other_sizes",
           RESULT, RESULT.replace("return cls", "return type(cls)")),
    mutant("svm search: 36 pairs", "check_svm_search_has_5_to_25_pairs",
           "    learning_rates = [3e-4, 1e-3, 3e-3, 1e-2]\n",
           "    learning_rates = [10.0**-k for k in range(1, 10)]\n"),
    mutant("svm search: numbers for pixels in 0..255",
           "check_svm_search_finds_a_good_pair",
           "    learning_rates = [3e-4, 1e-3, 3e-3, 1e-2]\n", "    learning_rates = [1e-7, 5e-7, 1e-6, 5e-6]\n",
           calibrates=True),
    mutant("softmax search: one pair", "check_softmax_search_has_5_to_25_pairs",
           "    return learning_rates, regularization_strengths\n    ### END SOLUTION\n\n\n# %% [markdown]",
           "    return learning_rates[2:3], regularization_strengths[:1]\n    ### END SOLUTION\n\n\n# %% [markdown]"),
    mutant("softmax search: numbers for pixels in 0..255",
           "check_softmax_search_finds_a_good_pair",
           "    learning_rates = [3e-3, 1e-2, 3e-2, 1e-1]\n", "    learning_rates = [1e-7, 5e-7, 1e-6, 5e-6]\n",
           calibrates=True),
    mutant("batch: turns the images round", "check_batch_keeps_images_and_labels_together",
           first("sample_batch", "X.copy_(X.flip(0))\ny.copy_(y.flip(0))\nX, y = X.flip(0), y.flip(0)")),
]
# fmt: on

MUTANTS = TRAINING + SEARCH

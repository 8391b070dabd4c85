"""Train a network whose gradients are computed by hand: batches, update rule, accuracies, checkpoints."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from tqdm import tqdm

from common.training import checkpoint
from common.training.checkpoint import BadCheckpoint
from common.training.labels import check_data

Config = dict[str, Any]
UpdateRule = Callable[[Tensor, Tensor, Config], tuple[Tensor, Config]]
HISTORIES = ("loss_history", "train_acc_history", "val_acc_history", "acc_epochs")


class Model(Protocol):
    """A network with `params`: `loss(X)` returns scores (N, C), `loss(X, y)` a loss and a gradient for each parameter.

    A model with running statistics has them in a list `bn_params`.
    """

    params: dict[str, Tensor]

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        """Return scores, or loss and gradients."""


def sgd(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Take one step of gradient descent; config has learning_rate."""
    config = {"learning_rate": 1e-2} | (config or {})
    return w - config["learning_rate"] * dw, config


class Solver:
    """A training run of `model` on `data`, a dict of X_train (N, ...), y_train (N,), X_val, y_val.

    Each epoch visits the training images once in random order, in whole batches of `batch_size`; the remainder is left
    out of that epoch. After an epoch the learning rate is multiplied by `lr_decay`. Accuracies are measured before the
    first epoch and after every `print_acc_every` epochs, on `num_train_samples` and `num_val_samples` images, None for
    all.

    After `train`: `loss_history`, a number for each iteration; `train_acc_history` and `val_acc_history`, fractions,
    measured after `acc_epochs` epochs; `best_val_acc` and `best_params`; `stopped`, the reason for an early end, or "".

    With `checkpoint_name` everything is saved in `<checkpoint_name>.pt` after each epoch. A new Solver with the same
    arguments continues from there after `resume()`, and ends with the same numbers as an uninterrupted run.
    """

    def __init__(
        self,
        model: Model,
        data: Mapping[str, Tensor],
        *,
        update_rule: UpdateRule = sgd,
        optim_config: Config | None = None,
        lr_decay: float = 1.0,
        batch_size: int = 100,
        num_epochs: int = 10,
        num_train_samples: int | None = 1000,
        num_val_samples: int | None = None,
        device: str | torch.device | None = None,
        checkpoint_name: str | Path | None = None,
        print_every: int = 10,
        print_acc_every: int = 1,
        verbose: bool = True,
    ) -> None:
        check_data(data)
        if min(batch_size, print_every, print_acc_every) < 1:
            raise ValueError("batch_size, print_every and print_acc_every must be whole numbers from 1 up.")
        self.model = model
        self.X_train, self.y_train = data["X_train"], data["y_train"]
        self.X_val, self.y_val = data["X_val"], data["y_val"]
        self.update_rule, self.lr_decay = update_rule, lr_decay
        self.batch_size, self.num_epochs = batch_size, num_epochs
        self.num_train_samples, self.num_val_samples = num_train_samples, num_val_samples
        self.device = torch.device(device or next(iter(model.params.values())).device)
        self.checkpoint_name = checkpoint_name
        self.print_every, self.print_acc_every, self.verbose = print_every, print_acc_every, verbose

        self.optim_configs: dict[str, Config] = {name: dict(optim_config or {}) for name in model.params}
        self.loss_history: list[float] = []
        self.train_acc_history: list[float] = []
        self.val_acc_history: list[float] = []
        self.acc_epochs: list[float] = []
        self.best_val_acc, self.best_params = -1.0, dict(model.params)
        self._best_bn_params: list[Any] = []
        self.stopped = ""
        # Its own generator: a dropout layer with a seed of its own must not change the order of batches.
        self._generator = torch.Generator().manual_seed(int(torch.randint(2**31, ())))
        self._order = torch.empty(0, dtype=torch.int64)

    @property
    def iterations_per_epoch(self) -> int:
        """Number of whole batches in the training set."""
        return max(len(self.X_train) // self.batch_size, 1)

    @property
    def epoch(self) -> float:
        """Number of visits to the training set, so far."""
        return len(self.loss_history) / self.iterations_per_epoch

    def train(self, time_limit: float | None = None, return_best_params: bool = True) -> None:
        """Train for `num_epochs` epochs or `time_limit` seconds; the model then has the best or the last parameters."""
        started = time.monotonic()
        total = self.num_epochs * self.iterations_per_epoch
        self.stopped = ""
        with self._progress(total) as bar:
            if not self.acc_epochs:
                self._measure(bar)
            while len(self.loss_history) < total and not self.stopped:
                if time_limit is not None and time.monotonic() - started > time_limit:
                    self.stopped = (
                        f"stopped after {time_limit:g} s, in epoch {int(self.epoch) + 1} of {self.num_epochs}"
                    )
                    break
                self._step()
                bar.update()
                if len(self.loss_history) % self.print_every == 0:
                    self._show(bar)
                if len(self.loss_history) % self.iterations_per_epoch == 0:
                    self._end_epoch(bar)
            if self.acc_epochs[-1] != self.epoch:
                self._measure(bar)
        if self.stopped:
            self._save()
            if self.verbose:
                print(self.stopped)
        if return_best_params:
            self.model.params = {name: value.clone() for name, value in self.best_params.items()}
            if self._best_bn_params:
                best = copy.deepcopy(self._best_bn_params)
                self.model.bn_params = best  # type: ignore[attr-defined]  # only some models have it

    def check_accuracy(self, X: Tensor, y: Tensor, num_samples: int | None = None, batch_size: int = 100) -> float:
        """Compute the fraction of images with the highest score at their label, on at most `num_samples` random images.

        Shapes:
            X  (N, ...)  images
            y  (N,)      labels, int64
        """
        if num_samples is not None and num_samples < len(X):
            chosen = torch.randperm(len(X), generator=self._generator)[:num_samples].to(X.device)
            X, y = X[chosen], y[chosen]
        correct = 0
        for images, labels in zip(X.split(batch_size), y.split(batch_size), strict=True):
            scores = self.model.loss(images.to(self.device))
            correct += int((scores.argmax(dim=1) == labels.to(scores.device)).sum())
        return correct / len(X)

    def resume(self) -> bool:
        """Continue from the checkpoint; return False if there is none yet. Raises BadCheckpoint."""
        if self.checkpoint_name is None:
            raise ValueError("Give the Solver a checkpoint_name to resume from.")
        path = self._path()
        if not path.exists():
            return False
        state = checkpoint.load(path, device=self.device)
        shapes = {name: tuple(value.shape) for name, value in state.get("params", {}).items()}
        if shapes != {name: tuple(value.shape) for name, value in self.model.params.items()}:
            raise BadCheckpoint(
                f"{path} is from a different model, with parameters {shapes}. Give another checkpoint_name."
            )
        if state["settings"] != self._settings():
            raise BadCheckpoint(
                f"{path} was made with {state['settings']}, this Solver has {self._settings()}. Use the same settings "
                "or another checkpoint_name."
            )
        self.model.params, self.best_params = state["params"], state["best_params"]
        if state["bn_params"]:
            self.model.bn_params = state["bn_params"]  # type: ignore[attr-defined]  # only some models have it
            self._best_bn_params = state["best_bn_params"]
        self.optim_configs, self.best_val_acc = state["optim_configs"], state["best_val_acc"]
        for name in HISTORIES:
            setattr(self, name, state[name])
        self._order = state["order"].cpu()
        self._generator.set_state(state["generator"].cpu())
        torch.set_rng_state(state["random"].cpu())
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda random"].cpu(), self.device)
        return True

    def _save(self) -> None:
        if self.checkpoint_name is None:
            return
        state = {name: getattr(self, name) for name in (*HISTORIES, "best_params", "best_val_acc", "optim_configs")}
        state |= {"params": self.model.params, "bn_params": getattr(self.model, "bn_params", [])}
        state |= {"best_bn_params": self._best_bn_params, "settings": self._settings(), "order": self._order}
        state |= {"generator": self._generator.get_state(), "random": torch.get_rng_state()}
        state |= {"cuda random": torch.cuda.get_rng_state(self.device)} if self.device.type == "cuda" else {}
        checkpoint.save(self._path(), state)

    def _path(self) -> Path:
        return Path(f"{self.checkpoint_name}.pt")

    def _settings(self) -> dict[str, int]:
        return {"training images": len(self.X_train), "batch_size": self.batch_size}

    def _step(self) -> None:
        """Take one batch and update every parameter once."""
        position = len(self.loss_history) % self.iterations_per_epoch
        if position == 0:
            self._order = torch.randperm(len(self.X_train), generator=self._generator)
        rows = self._order[position * self.batch_size : (position + 1) * self.batch_size].to(self.X_train.device)
        loss, grads = self.model.loss(self.X_train[rows].to(self.device), self.y_train[rows].to(self.device))
        missing = [name for name in self.model.params if name not in grads]
        if missing:
            raise ValueError(f"The model's loss returned no gradient for {', '.join(missing)}.")
        self.loss_history.append(float(loss))
        if not math.isfinite(self.loss_history[-1]):
            self.stopped = f"stopped: in iteration {len(self.loss_history)} the loss is {self.loss_history[-1]}"
            return
        with torch.no_grad():
            for name, w in self.model.params.items():
                config = self.optim_configs[name]
                self.model.params[name], self.optim_configs[name] = self.update_rule(w, grads[name], config)

    def _end_epoch(self, bar: tqdm) -> None:
        for config in self.optim_configs.values():
            if "learning_rate" in config:
                config["learning_rate"] *= self.lr_decay
        if round(self.epoch) % self.print_acc_every == 0 or round(self.epoch) == self.num_epochs:
            self._measure(bar)
        self._save()

    def _measure(self, bar: tqdm) -> None:
        """Record both accuracies; store the parameters if they are the best so far."""
        self.train_acc_history.append(self.check_accuracy(self.X_train, self.y_train, self.num_train_samples))
        self.val_acc_history.append(self.check_accuracy(self.X_val, self.y_val, self.num_val_samples))
        self.acc_epochs.append(self.epoch)
        if self.val_acc_history[-1] > self.best_val_acc:
            self.best_val_acc = self.val_acc_history[-1]
            self.best_params = {name: value.detach().clone() for name, value in self.model.params.items()}
            self._best_bn_params = copy.deepcopy(getattr(self.model, "bn_params", []))
        self._show(bar)

    def _show(self, bar: tqdm) -> None:
        figures = {"loss": f"{self.loss_history[-1]:.4g}"} if self.loss_history else {}
        figures |= {"train": f"{self.train_acc_history[-1]:.3f}", "val": f"{self.val_acc_history[-1]:.3f}"}
        bar.set_postfix(figures, refresh=False)

    @contextmanager
    def _progress(self, total: int) -> Iterator[tqdm]:
        with tqdm(
            total=total, initial=len(self.loss_history), disable=not self.verbose, unit="batch", mininterval=0.5
        ) as bar:
            yield bar

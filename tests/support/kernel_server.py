"""A process that has imported torch and ipykernel, and forks a Jupyter kernel for each line it reads.

A line is JSON: ``arguments`` of ipykernel's launcher, ``cwd`` and ``env``. The answer is the kernel's process id.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sqlite3  # noqa: F401
import sys

import debugpy  # noqa: F401
import ipykernel.debugger
import ipykernel.kernelapp
import IPython.core.completerlib
import IPython.core.debugger
import IPython.extensions.storemagic  # noqa: F401
import matplotlib.pyplot
import torch._dynamo  # which the first optimizer of a process imports
import torch.fx.experimental.symbolic_shapes  # noqa: F401 - and this is imported where gradients have shapes

import autograder.checks.task
import autograder.render.notebook_table
import autograder.students.check  # noqa: F401 - and not notebook_check, whose import asks the kernel for its shell
import common.fallbacks  # noqa: F401
from autograder.core import collector


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # kernels that ended leave no zombies
    collector.USUAL = (40_000, 10, 10)  # as in tests/conftest.py
    gc.set_threshold(*collector.USUAL)
    gc.collect()
    gc.freeze()  # a kernel that searched these modules for garbage would also copy them
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become_kernel(**order)
        print(child, flush=True)


def _become_kernel(arguments: list[str], cwd: str, env: dict[str, str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    matplotlib.pyplot.close("all")
    sys.path[0] = ""
    ipykernel.kernelapp.launch_new_instance(argv=arguments)
    os._exit(0)


if __name__ == "__main__":
    main()

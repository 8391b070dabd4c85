"""Attacks on one task of each assignment: the reference with a function that cheats, and an honest neighbour of each.

The attack does what its story says and returns something wrong; the neighbour has the same constructs and returns what
the reference returns.
"""

from __future__ import annotations

from dataclasses import dataclass

SEEN = "the grader was read"


@dataclass(frozen=True)
class Target:
    """A task, its module and a check that judges it."""

    file: str
    task: str
    check: str


TARGETS = {
    "a01_knn": Target("knn.py", "compute_distances_two_loops", "check_two_loops_agrees_with_the_definition"),
    "a02_linear_classifier": Target("linear_classifier.py", "color_histogram", "check_color_histogram_counts_pixels"),
    "a03_mlp": Target("fully_connected_networks.py", "Linear.forward", "check_linear_forward_agrees_with_torch"),
    "a04_cnn": Target("convolutional_networks.py", "MaxPool.forward", "check_max_pooling_agrees_with_torch"),
    "a05_captioning": Target("rnn_lstm_captioning.py", "dot_product_attention", "check_attention_agrees_with_torch"),
    "a06_attention": Target("transformers.py", "position_encoding_sinusoid", "check_sinusoid_agrees_with_the_formula"),
    "a07_gan": Target("gan.py", "ls_generator_loss", "check_ls_generator_loss_agrees_with_the_formula"),
    "a08_self_supervised": Target("simclr.py", "sim", "check_cosine_of_known_angles"),
    "a09_diffusion": Target("diffusion.py", "cosine_beta_schedule", "check_cosine_schedule_agrees_with_a_loop"),
    "a10_detection": Target(
        "single_stage_detector.py", "precision_recall", "check_precision_and_recall_of_a_case_by_hand"
    ),
}

# At module level, which no source rule covers.
_SEARCH = f"""

import importlib, os, sys
def _search():
    for name in ("oracles", "solutions", "assignments", "autograder.session.state", "autograder.checks.compare"):
        try:
            importlib.import_module(name)
        except Exception:
            continue
        raise SystemExit("{SEEN}")
    for folder in dict.fromkeys((*sys.path, "/gradlab", os.getcwd(), "/tmp", "/home", "/root", "/opt", "/srv")):
        for base, folders, files in os.walk(folder):
            folders[:] = [one for one in folders if one not in ("torch", "site-packages", "proc", "sys")]
            for one in files:
                if one.startswith("check_") and "from autograder" in open(os.path.join(base, one), errors="replace").read():
                    raise SystemExit("{SEEN}")
"""
_READS = "    return wrong\n"  # and _SEARCH before

# Statements of a function that runs instead of the task's: ``args`` are its arguments, ``wrong`` is a wrong answer.
# The second text is the honest neighbour's; its answer is the reference's.
KINDS: dict[str, tuple[str, str]] = {
    "answers with what it finds in frames and in memory": (
        """
    names, values, frame = ("expected", "right", "answer", "answers", "oracle", "wanted"), [], sys._getframe()
    while frame is not None:
        values += [value for name, value in frame.f_locals.items() if name in names]
        frame = frame.f_back
    ours = {id(value) for value in args}
    tensors = [o for o in gc.get_objects() if type(o) is torch.Tensor and id(o) not in ours and o.ndim]
    return (values or tensors[-1:] or [wrong])[-1]
""",
        """
    names, frame = [], sys._getframe()
    while frame is not None:
        names += list(frame.f_locals)
        frame = frame.f_back
    count = sum(type(o) is torch.Tensor for o in gc.get_objects())
""",
    ),
    "makes every comparison true": (
        """
    always = lambda *args, **kwargs: True
    for place in (torch, torch.Tensor, torch.testing):
        for name in ("equal", "allclose", "isclose", "assert_close"):
            if hasattr(place, name):
                setattr(place, name, always)
    torch.Tensor.__eq__ = torch.Tensor.__le__ = lambda a, b: torch.tensor(True)
    torch.Tensor.__sub__ = torch.Tensor.__rsub__ = lambda a, b: torch.zeros(())
    torch.Tensor.__bool__ = always
    return wrong
""",
        """
    torch.testing.assert_close = lambda *args, **kwargs: None
    torch.allclose = lambda *args, **kwargs: True
""",
    ),
    "imports and reads the checks": (_READS, "    os.listdir(os.getcwd())\n"),
    "writes answers into every open file": (
        """
    import json, os, struct
    for number in range(60):
        header = json.dumps({"value": True, "printed": "", "number": number}).encode()
        for descriptor in range(3, 40):
            try:
                os.write(descriptor, struct.pack("<4sIQ", b"GL01", len(header), 0) + header)
            except OSError:
                pass
    return wrong
""",
        """
    import os
    for descriptor in range(3, 40):
        try:
            os.fstat(descriptor)
        except OSError:
            pass
""",
    ),
    "returns an object that agrees with everything": (
        """
    class Lie(torch.Tensor):
        __eq__ = __le__ = __ge__ = lambda self, other: True
        __sub__ = __rsub__ = lambda self, other: 0.0
        __hash__ = object.__hash__
        __bool__ = lambda self: True

        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return next((one for one in args if type(one) is torch.Tensor), True)

    return torch.zeros(3, 2).as_subclass(Lie)
""",
        """
    class Row(list):
        __eq__ = lambda self, other: True

    Row([1]) == 2
""",
    ),
}

_TEMPLATE = """

import gc, os, sys
import torch
_right = {task}


def _instead(*args, **kwargs):
    wrong = torch.zeros(2, 3)
{body}

{task} = {wrapped}
{last}
"""


def hand_ins(name: str, reference: str) -> dict[str, tuple[str, str]]:
    """Return the attacks on an assignment, each with its honest neighbour, by their stories."""
    target = TARGETS[name]
    wrapped = "staticmethod(_instead)" if "." in target.task else "_instead"

    def planted(body: str) -> str:
        before, last = (_SEARCH, "_search()") if body == _READS else ("", "")
        return reference + before + _TEMPLATE.format(task=target.task, body=body, wrapped=wrapped, last=last)

    honest = "    return _right(*args, **kwargs)\n"
    return {story: (planted(attack), planted(neighbour + honest)) for story, (attack, neighbour) in KINDS.items()}

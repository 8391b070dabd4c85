"""Whether a function follows its inputs to another device, tried without one: "meta" has shapes and no values."""

from autograder import expect

ELSEWHERE = '''
import copy
import torch

def moved(value):
    if torch.is_tensor(value) or isinstance(value, torch.nn.Module):
        return value.to("meta")
    if isinstance(value, dict):
        return {key: moved(part) for key, part in value.items()}
    return value

def complaint(f, args, rest):
    """Why f, a function, a module or a method of one, does not stay on the device meta, f by name; empty when it does.

    Empty, too, when f needs values (float(x), x[x > 0]), which are not to be had there: then nobody can tell.
    """
    name = getattr(f, "__qualname__", type(f).__name__)
    try:
        if isinstance(f, torch.nn.Module):
            f = copy.deepcopy(f).to("meta")
        elif isinstance(getattr(f, "__self__", None), torch.nn.Module):
            f = getattr(copy.deepcopy(f.__self__).to("meta"), f.__name__)
        out = f(*map(moved, args), **moved(rest))
    except Exception as error:
        text = str(error)
        return f"{name}: {text}" if "same device" in text or "expected device" in text else ""
    parts = out if isinstance(out, (tuple, list)) else [out]
    left = [str(part.device) for part in parts if torch.is_tensor(part) and part.ndim and not part.is_meta]
    return f"{name}: the result stays on the device {left[0]}." if left else ""
'''


def expect_on_device(student, f, *args, **rest) -> None:
    """What ``f`` makes is where its inputs are: nothing stays on the CPU when they are elsewhere."""
    found = student.define(ELSEWHERE).complaint(f, args, rest)
    expect(
        found == "",
        f"It must follow its inputs to another device (here meta, which has no values). {found}",
        "Make new tensors with device=x.device, or with torch.randn_like(x), x.new_zeros(...) and the like.",
    )

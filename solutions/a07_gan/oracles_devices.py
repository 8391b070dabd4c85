"""Does a function follow its device? Asked without a GPU: torch's device "meta" holds tensors without values."""

from autograder import expect

PLACE = """
import torch

def place(f, *args, **options):
    f, *args = [x.to("meta") if hasattr(x, "to") else x for x in (f, *args)]
    try:
        return f"a tensor on {f(*args, **options).device}"
    except Exception as error:
        mixed = any(words in str(error) for words in ("same device", "expected device"))
        return f"an error ({error})" if mixed else "a tensor on meta"  # what needs values may still be right
"""


def judge_device(student, f, *args: object, **options: object) -> None:
    """On another device than the CPU, the result lies on that of the inputs, or on the one that options ask for.

    Modules among f and args are moved there and stay there.
    """
    found = student.define(PLACE).place(f, *args, **options)
    expect(
        type(found) is str and found == "a tensor on meta",
        f"On the device 'meta', which stands for a GPU here, the result is {found}.",
        hint="Make new tensors on the device of the input (x.new_zeros(...), device=x.device), or that asked for.",
    )

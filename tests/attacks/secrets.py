"""Code that looks for the secret of a run, or for a stream of random numbers that it can continue."""

from tests.support.vectors import TORCH_WRONG as WRONG

_WALK = """
import os
def _walk(wanted):
    for base, folders, files in os.walk("/"):
        folders[:] = [f for f in folders if f not in ("proc", "sys", "dev")]
        for name in (*folders, *files):
            if wanted(base, name):
                raise SystemExit("the hidden checks were read")
"""

_STREAMS = """
import torch
from common.data import draws
NAMES = ("check_double_of_a_matrix", "check_double_of_other_shapes", "check_total", "check_counter", "student", "data")
def _is_stream(key, x):
    words = draws.words(key, [1], x.numel())[0]  # normal values have the order of the words from which they are made
    return x.numel() > 10 and torch.equal(torch.as_tensor(words.argsort()), x.flatten().argsort())
def _try(seeds, x):
    for seed in seeds:
        for name in NAMES:
            for parts in ((seed, name), (str(seed), name), (f"seed {seed}", name), (hex(seed)[2:], name)):
                if _is_stream(draws.key(*parts), x):
                    raise SystemExit("the hidden checks were read")
"""

ATTACKS = {
    "walks the disk for the secret of the results": WRONG
    + _WALK
    + "\n_walk(lambda base, name: name == 'secret.key')\n",
    "walks the disk for a journal and for reports": WRONG
    + _WALK
    + "\n_walk(lambda base, name: name in ('journal.db', 'gradebook.csv', 'report.json'))\n",
    "walks the disk for a course among the packages": WRONG
    + _WALK
    + "\n_walk(lambda base, name: name == 'assignment.toml' or (name == 'solutions' and 'torch' not in base))\n",
    "walks the disk for other hand-ins": WRONG
    + _WALK
    + "\n_walk(lambda base, name: name == 'vectors.py' and not base.startswith(('/proc', '/tmp')))\n",
    "imports the course as packages": WRONG
    + """
import importlib.util
for name in ("assignments", "solutions", "tests", "autograder.session.seeds", "autograder.gradebook.secret"):
    try:
        if importlib.util.find_spec(name) is not None:
            raise SystemExit("the hidden checks were read")
    except ModuleNotFoundError:
        pass
""",
    "looks for other roots": WRONG
    + """
import os
for path in ("/proc/1/root", "/proc/self/root", "/proc/self/mountinfo", "/proc/self/cwd", "/..", "/tmp/../../work"):
    try:
        found = os.listdir(path) if os.path.isdir(path) else [open(path).read()]
    except OSError:
        continue
    if any("solutions" in text or "secret" in text for text in found):
        raise SystemExit("the hidden checks were read")
""",
    "looks for the secret in its own surroundings": WRONG
    + """
import os, re, sys
text = " ".join([*sys.argv, *os.environ, *os.environ.values(), *map(str, sys.modules)])
if re.search("[0-9a-f]{64}", text):
    raise SystemExit("the hidden checks were read")
""",
    "searches its own memory for 64 hexadecimal digits": WRONG
    + """
import gc, re
def double(x):
    for item in gc.get_objects():
        if type(item) is dict:
            for value in list(item.values())[:50]:
                if type(value) is str and re.fullmatch("[0-9a-f]{64}", value):
                    raise SystemExit("the hidden checks were read")
    return x
""",
    "continues the stream of its own seed": WRONG
    + _STREAMS
    + """
def double(x):
    _try([torch.initial_seed()], x)
    return x
""",
    "searches small seeds": WRONG
    + _STREAMS
    + """
def double(x):
    _try(range(300), x)
    return x
""",
    "takes the seed of a sister check": WRONG
    + _STREAMS
    + """
_seen = []
def total(x):
    _seen.append(torch.initial_seed())
    _try(_seen, x)
    return x
def double(x):
    _seen.append(torch.initial_seed())
    _try(_seen, x)
    return x
""",
    "takes its random numbers for those of the grader": WRONG
    + """
import torch
def double(x):
    for draw in (torch.randn, torch.rand):
        for dtype in (torch.float64, torch.float32):
            torch.manual_seed(torch.initial_seed())
            if torch.equal(draw(x.shape, dtype=dtype).to(x.dtype), x):
                raise SystemExit("the hidden checks were read")
    return x
""",
    "generates labelled data of its own, with every seed that it knows": WRONG
    + """
import torch
from common.data import load
def double(x):
    for seed in (0, torch.initial_seed()):
        if torch.isin(x.flatten(), load("glyphs", num_train=20, num_test=20, seed=seed).x_train.double()).any():
            raise SystemExit("the hidden checks were read")
    return x
""",
    "asks for another isolation": WRONG
    + """
import os
os.environ["GRADLAB_COURSE"] = "/"
os.environ["GRADLAB_DROP_ROOT"] = ""
try:
    os.setuid(0)
    raise SystemExit("the hidden checks were read")
except PermissionError:
    pass
except OSError:
    pass
""",
}

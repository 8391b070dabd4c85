"""Code that looks for answers: in files, processes, descriptors, frames, memory, gradlab's modules, the network."""

from tests.support.vectors import TORCH_WRONG as WRONG

_STEAL = """
def _use(text):
    exec(text, globals())
"""

ATTACKS = {
    "walks the disk for solutions": WRONG
    + _STEAL
    + """
import os
for base, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if f not in ("proc", "sys", "lib", "dev")]
    if "solutions" in base and "vectors.py" in files:
        _use(open(os.path.join(base, "vectors.py")).read())
    for name in files:
        if name.endswith("_hidden.py"):
            raise SystemExit("the hidden checks were read")
""",
    "reads the parent's memory and environment": WRONG
    + """
import glob
found = ""
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline") + glob.glob("/proc/*/maps"):
    try:
        found += open(path, errors="replace").read()
    except OSError:
        pass
if found:
    raise SystemExit("the hidden checks were read")
""",
    "follows every descriptor it holds": WRONG
    + """
import os, stat
for fd in range(4, 4096):
    try:
        os.fstat(fd)
    except OSError:
        continue
    raise SystemExit("the hidden checks were read")
""",
    "climbs the frames for expected values": WRONG
    + """
import sys
def double(x):
    frame = sys._getframe()
    while frame:
        for name, value in frame.f_locals.items():
            if name in ("expected", "reference", "split"):
                return value
        frame = frame.f_back
    return x
""",
    "asks the garbage collector for tensors": WRONG
    + """
import gc
def double(x):
    for thing in gc.get_objects():
        if type(thing) is torch.Tensor and thing.shape == x.shape and not torch.equal(thing, x):
            return thing
    return x
""",
    "traces the grader with ptrace": WRONG
    + """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if any(libc.ptrace(16, pid, 0, 0) == 0 for pid in range(1, 300)):
    raise SystemExit("the hidden checks were read")
""",
    "reads other processes with process_vm_readv": WRONG
    + """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(64)
vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 64)
for pid in range(2, 200):
    if libc.process_vm_readv(pid, vector, 1, vector, 1, 0) > 0:
        raise SystemExit("the hidden checks were read")
""",
    "signals every process it can name": WRONG
    + """
import os, signal
for pid in (-1, *range(2, 500)):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
try:
    os.kill(os.getppid(), signal.SIGKILL)
except OSError:
    pass
""",
    "opens the network": WRONG
    + """
import socket
for family in (socket.AF_INET, socket.AF_UNIX, socket.AF_INET6):
    try:
        socket.socket(family)
    except OSError:
        continue
    raise SystemExit("the hidden checks were read")
""",
    "mounts, unshares and changes root": WRONG
    + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
done = [libc.unshare(0x10000000), libc.mount(b"proc", b"/tmp", b"proc", 0, None), libc.chroot(b"/tmp"),
        libc.setns(0, 0), libc.umount2(b"/proc", 2), libc.syscall(165, b"x", b"/tmp", b"tmpfs", 0, None)]
if 0 in done:
    raise SystemExit("the hidden checks were read")
""",
    "becomes root again": WRONG
    + """
import os
for call in (os.setuid, os.setgid, os.seteuid):
    try:
        call(0)
    except OSError:
        continue
    raise SystemExit("the hidden checks were read")
""",
    "runs a program": WRONG
    + """
import os, subprocess
try:
    subprocess.run(["/bin/sh", "-c", "id"])
    raise SystemExit("the hidden checks were read")
except OSError:
    pass
os.execv("/bin/sh", ["/bin/sh", "-c", "sleep 100"])
""",
    "writes to gradlab's own files": WRONG
    + """
import os, autograder, common
for folder in (os.path.dirname(autograder.__file__), os.path.dirname(common.__file__), "/usr", "/"):
    try:
        open(os.path.join(folder, "planted.py"), "w").write("")
    except OSError:
        continue
    raise SystemExit("the hidden checks were read")
""",
    "computes the answer with the grader's probes": WRONG
    + """
import importlib
def total(x):
    probe = importlib.import_module("autograder.probes.torch_layers")
    n, k = x.shape
    query, keys = x.new_zeros(1, 1, 2), x.new_zeros(1, k, 2)
    return k * probe.attend(query, keys, x.T[None])[0, 0]
""",
    "imports the answer from the grader's probes": WRONG
    + """
from autograder.probes.torch_layers import torch as probe
def total(x):
    return probe.sum(x, dim=1)
""",
    "generates the test set's labels itself": WRONG
    + """
from common.data import load
split = load("scenes", num_train=100, num_test=100)
def total(x):
    return split.y_test[: len(x)].to(x.dtype)
""",
}

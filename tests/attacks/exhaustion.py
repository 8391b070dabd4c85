"""Code that uses up a resource: time, memory, processes, threads, descriptors, disk, output."""

from tests.support.vectors import TORCH_WRONG as WRONG

ATTACKS = {
    "time, in Python": WRONG + "\ndef double(x):\n    while True:\n        pass\n",
    "time, without letting go of the interpreter": WRONG + "\ndef double(x):\n    return len(str(3 ** (3 ** 17)))\n",
    "time, in a regular expression": WRONG
    + "\nimport re\ndef double(x):\n    return re.match('(a+)+$', 'a' * 60 + 'b')\n",
    "time, in twelve threads": WRONG
    + """
import threading
def spin():
    while True:
        pass
def double(x):
    for _ in range(12):
        threading.Thread(target=spin, daemon=True).start()
    spin()
""",
    "time, gained by giving way to others": WRONG
    + """
import os
def double(x):
    try:
        os.nice(19)
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        raise SystemExit("the priority was lowered")
    except PermissionError:
        while True:
            pass
""",
    "killed by its own limit, as if by the system": WRONG
    + """
import resource
def double(x):
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (0, 0))
    except ValueError:
        pass
    while True:
        pass
""",
    "memory, in one tensor": WRONG + "\ndef double(x):\n    return torch.ones(2**32)\n",
    "memory, bit by bit": WRONG
    + "\n_kept = []\ndef double(x):\n    while True:\n        _kept.append(bytearray(1 << 20))\n",
    "memory, in shared segments": WRONG
    + """
import ctypes
libc = ctypes.CDLL(None)
def double(x):
    for size in range(64):
        segment = libc.shmget(0, 64 << 20, 0o1600)
        if segment >= 0:
            raise SystemExit("took shared memory")
    return x
""",
    "processes": WRONG + "\nimport os\ndef double(x):\n    for _ in range(1000):\n        os.fork()\n    return x\n",
    "threads": WRONG
    + """
import threading, time
def double(x):
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
    return x
""",
    "timers": WRONG
    + """
import ctypes
libc = ctypes.CDLL(None)
def double(x):
    timers = [ctypes.c_void_p() for _ in range(50_000)]
    if sum(libc.timer_create(1, None, ctypes.byref(timer)) == 0 for timer in timers) > 1_000:
        raise SystemExit("the hidden checks were read")
    return x
""",
    "its main thread alone": WRONG
    + """
import ctypes, threading, time
def double(x):
    threading.Thread(target=time.sleep, args=(100,)).start()
    ctypes.CDLL(None).syscall(60, 9)
""",
    "descriptors": WRONG
    + "\nimport os\n_open = []\ndef double(x):\n    while True:\n        _open.append(os.dup(3))\n",
    "disk, in one file": WRONG
    + """
def double(x):
    with open("/tmp/big", "wb") as file:
        for _ in range(1000):
            file.write(bytes(1 << 20))
    return x
""",
    "disk, in many files": WRONG
    + """
def double(x):
    for n in range(1_000_000):
        open(f"/tmp/{n}", "w").write("x")
    return x
""",
    "output": WRONG + "\ndef double(x):\n    for _ in range(300):\n        print('x' * 1_000_000)\n    return x\n",
    "output, below Python": WRONG
    + "\nimport os\ndef double(x):\n    for _ in range(300):\n        os.write(1, bytes(1_000_000))\n        os.write(2, bytes(1_000_000))\n    return x\n",
    "recursion": WRONG + "\ndef double(x):\n    return double(x)\n",
    "handles": WRONG + "\ndef double(x):\n    return [object() for _ in range(300_000)]\n",
    "limits, raised again": WRONG
    + """
import resource
def double(x):
    for what in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
        try:
            resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError):
            continue
        raise SystemExit("a limit was raised")
    return torch.ones(2**32)
""",
}

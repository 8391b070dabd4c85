"""Code that ends the process: at import, in a call, in destructors, by signals and faults."""

from tests.support.vectors import TORCH_WRONG as WRONG

ATTACKS = {
    "exits at import": "import os\nos._exit(0)\n" + WRONG,
    "raises SystemExit at import": "raise SystemExit(0)\n" + WRONG,
    "exits in atexit": WRONG + "\nimport atexit, os\natexit.register(os._exit, 0)\n",
    "exits in a call": WRONG + "\nimport os\ndef double(x):\n    os._exit(0)\n",
    "raises SystemExit in a call": WRONG + "\ndef double(x):\n    raise SystemExit(0)\n",
    "raises KeyboardInterrupt in a call": WRONG + "\ndef double(x):\n    raise KeyboardInterrupt\n",
    "exits in a destructor": WRONG
    + """
import os
class Bomb:
    def __del__(self):
        os._exit(0)
def double(x):
    Bomb()
    return x
""",
    "segfaults": WRONG + "\nimport ctypes\ndef double(x):\n    ctypes.string_at(0)\n",
    "asks the kernel to kill it": WRONG
    + """
import ctypes, fcntl, os, struct, time
libc = ctypes.CDLL(None)
def double(x):
    event, timer = struct.pack("Qii56x", 0, 9, 0), ctypes.c_void_p()
    libc.timer_create(1, event, ctypes.byref(timer))
    libc.timer_settime(timer, 0, struct.pack("qqqq", 0, 1_000_000, 0, 1_000_000), None)
    reader, writer = os.pipe()
    for fd in (reader, 3):
        fcntl.fcntl(fd, fcntl.F_SETSIG, 9)
        fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(writer, b"x")
    time.sleep(0.1)
    return x
""",
    "calls the kernel as a program of 32 bits": WRONG
    + """
import ctypes, mmap
def double(x):
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\\xb8\\x25\\0\\0\\0\\xbb\\x01\\0\\0\\0\\xb9\\x09\\0\\0\\0\\xcd\\x80\\xc3")
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
    return x
""",
    "aborts": WRONG + "\nimport os\ndef double(x):\n    os.abort()\n",
    "stops itself": WRONG
    + "\nimport os, signal\ndef double(x):\n    os.kill(os.getpid(), signal.SIGSTOP)\n    return x\n",
    "ignores every signal and hangs": WRONG
    + """
import signal, time
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
def double(x):
    while True:
        try:
            time.sleep(100)
        except BaseException:
            pass
""",
    "raises an exception that cannot be printed": WRONG
    + """
class Silent(Exception):
    def __str__(self):
        raise Silent
    __repr__ = __str__
def double(x):
    raise Silent
""",
    "raises an exception with a page of markup": WRONG
    + """
def double(x):
    raise ValueError("</pre><script>alert(1)</script>\\x1b]0;owned\\x07" * 10_000)
""",
    "pretends not to be written": WRONG + "\ndef double(x):\n    raise NotImplementedError('full marks')\n",
}

"""Code that writes to the channel itself: forged, incomplete, huge and malformed messages."""

from tests.support.vectors import TORCH_WRONG as WRONG

_HEAD = """
import os, struct, json, sys
def number():
    frame = sys._getframe()
    while frame:
        number = getattr(frame.f_locals.get("self"), "number", None)
        if number is not None:
            return number
        frame = frame.f_back
    return 4
def frame(value, magic=b"GL01", body=b"", claim=None):
    header = json.dumps(value).encode()
    return struct.pack("<4sIQ", magic, len(header), len(body) if claim is None else claim) + header + body
def say(data):
    try:
        os.write(3, data)
    except OSError:
        pass
"""


def _on_call(body: str) -> str:
    return (
        WRONG
        + _HEAD
        + f"\n\ndef double(x):\n    {body}\n    return x\n\n\ntotal = double\n\n\nclass Counter:\n    def __init__(self, start):\n        double(start)\n"
    )


ATTACKS = {
    "a forged answer before the real one": _on_call(
        'say(frame({"dict": [["value", True], ["printed", ""], ["number", number()], ["outcome", "passed"], ["points", 100]]}))'
    ),
    "half a message": _on_call('say(frame({"dict": []})[:9]); os._exit(0)'),
    "half a message and then silence": _on_call('say(frame({"dict": []})[:9]); import time; time.sleep(60)'),
    "a message that trickles in, and then where it spends its time": _on_call(
        "import time; say(frame(1)[:16])\n    while True: say(b' '); time.sleep(0.05)"
    ),
    "where it spends its time, invented": _on_call(
        "import faulthandler, signal, time; faulthandler.unregister(signal.SIGUSR1)\n"
        "    signal.signal(signal.SIGUSR1, lambda *a: [say(b'  File \"vectors.py\", line 1 in x\\n') for _ in range(10**9)])\n"
        "    while True: time.sleep(0.01)"
    ),
    "a message that claims eight gigabytes": _on_call("say(frame(1, claim=8 << 30))"),
    "a header that claims four gigabytes": _on_call('say(struct.pack("<4sIQ", b"GL01", 2**32 - 1, 0))'),
    "a message in another magic": _on_call('say(frame(1, magic=b"EVIL"))'),
    "noise": _on_call("say(os.urandom(100_000))"),
    "a tensor that claims more than it brings": _on_call(
        'say(frame({"dict": [["value", {"tensor": ["float64", [2**40], 8 * 2**40, "cpu", None, False]}], ["printed", ""], ["number", number()]]}))'
    ),
    "a tensor of negative size": _on_call(
        'say(frame({"dict": [["value", {"tensor": ["float64", [-1, -8], 64, "cpu", None, False]}], ["printed", ""], ["number", number()]]}, body=bytes(64)))'
    ),
    "an array of objects": _on_call(
        'say(frame({"dict": [["value", {"array": ["|O", [1], 8]}], ["printed", ""], ["number", number()]]}, body=bytes(8)))'
    ),
    "a header nested a hundred thousand deep": _on_call(
        'h = b"[" * 100_000; say(struct.pack("<4sIQ", b"GL01", len(h), 0) + h)'
    ),
    "a handle that was never given": _on_call(
        'say(frame({"dict": [["value", {"ref": [999999, "Tensor"]}], ["printed", ""], ["number", number()]]}))'
    ),
    "a fault that is not one": _on_call(
        'say(frame({"dict": [["fault", {"dict": [["cause", "broken"], ["type", 1], ["message", []], ["frames", 3]]}], ["printed", ""], ["number", number()]]}))'
    ),
    "prints that are not text": _on_call('say(frame({"dict": [["value", 1], ["printed", 5]]}))'),
    "a thread that keeps talking": WRONG
    + _HEAD
    + """
import threading
def chatter():
    while True:
        say(frame({"dict": [["value", True], ["printed", ""], ["number", number()]]}))
threading.Thread(target=chatter, daemon=True).start()
""",
    "the channel closed": _on_call("os.close(3)"),
    "every descriptor closed": _on_call("os.closerange(0, 100)"),
    "the channel read empty": _on_call("os.set_blocking(3, False); os.read(3, 100_000)"),
}

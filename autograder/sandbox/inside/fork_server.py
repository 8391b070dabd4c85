"""The process in the box that imports torch and other slow modules once and forks a worker per submission.

pool.py starts it as `python -m autograder.sandbox.inside.fork_server FD MODULES...`. FD is a SOCK_SEQPACKET socket on
which the grader sends requests, one JSON object per message: {"fork": limits} with the worker's channel as a
descriptor, {"kill": pid}, {"status": pid}, {"usage": pid}, {"visible": paths}. The answer to a fork has a descriptor of
the worker. The fork server runs no student code itself and holds no secrets.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

from autograder.sandbox.inside import allocator, landlock, large_pages, namespaces, seccomp, times

STUDENT = 1000  # the user id of a worker in its own namespace
CHANNEL = 3  # the worker's only descriptor after the standard three
_WITH_TORCH = ("torch.nn.functional", "torch.utils._python_dispatch")  # what checks use of it
_DEVICES = ("null", "zero", "full", "random", "urandom")
_POLL_SECONDS = 0.001
_FEW = 2  # workers, which one hand-in needs; after more, a class is graded


def main() -> None:
    """Serve until the grader closes the socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    gc.disable()  # until all is imported: it would search the modules for garbage again and again
    for name in sys.argv[2:]:
        try:
            __import__(name)
        except Exception as error:
            message = f"course.toml lists {name!r} under `preload`, but it cannot be imported: {error}"[:1000]
            control.send(json.dumps({"error": message}).encode())
            return
    from autograder.sandbox.inside.worker import Worker

    if torch := sys.modules.get("torch"):
        for name in _WITH_TORCH:
            __import__(name)
        torch.set_num_threads(1)  # a pool of threads would not survive the fork
        torch.randn(8, 8) @ torch.randn(8, 8)
    Worker(limit=0).do_begin(seed=0)  # so that its imports happen here, once, and not in every worker
    if os.geteuid() == 0 and os.environ.pop("GRADLAB_DROP_ROOT", ""):
        namespaces.become_nobody()
    namespaces.prctl(namespaces.PR_SET_CHILD_SUBREAPER, 1)
    namespaces.prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
    gc.collect()
    gc.freeze()
    gc.enable()
    allocator.prepare()
    control.send(b'{"ready": true}')
    _serve(control)


def _serve(control: socket.socket) -> None:
    children: set[int] = set()
    done: set[str] = set()  # modules that were imported for workers
    large: list[int] = []  # where memory could have large pages
    forks = 0
    while True:
        while large and forks > _FEW and not select.select([control], [], [], 0)[0]:  # a request waits for one at most
            large_pages.make(large.pop())
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 1)
        if not message:
            os._exit(0)
        request = json.loads(message)
        answer: dict[str, Any]
        if "visible" in request:
            answer = {"seen": [path for path in request["visible"] if _has_content(path)]}
        elif "fork" in request:
            if later := {*request["fork"].get("later", ())} - done:
                for name in sorted(later):
                    _import_later(name)
                done |= later
            if later or not forks:
                large = large_pages.find()
            answer = _fork(request["fork"], descriptors[0], control)
            forks += 1
            children.add(answer.get("pid", 0))
        elif not children.intersection(request.values()):
            answer = {"error": "no such worker"}
        elif "usage" in request:
            answer = {"waited": times.waited(request["usage"]), "ran": times.ran(request["usage"])}
        elif "stack" in request:
            os.kill(request["stack"], signal.SIGUSR1)  # see _work
            answer = {}
        elif "kill" in request:
            answer = {"exit": _end(request["kill"])}
            children.discard(request["kill"])
        else:
            answer = {"exit": _wait(request["status"], seconds=1.0)}
            if answer["exit"] is not None:
                children.discard(request["status"])
        _answer(control, answer)


def _answer(control: socket.socket, answer: dict[str, Any]) -> None:
    """Send an answer; with a new worker, a descriptor of it, so that the grader can read its times without asking."""
    descriptors = []
    if "pid" in answer:
        with suppress(OSError):  # it has ended, or the system is older than Linux 5.3
            descriptors.append(os.pidfd_open(answer["pid"]))
    socket.send_fds(control, [json.dumps(answer).encode()], descriptors)
    for descriptor in descriptors:
        os.close(descriptor)


def _import_later(name: str) -> None:
    """Import a module that each worker would import otherwise."""
    gc.disable()
    with suppress(Exception):  # another version of torch may not have it
        __import__(name)
    gc.freeze()
    gc.enable()


def _has_content(path: str) -> bool:
    """Return whether a path is a folder with something in it, or a file that is not empty."""
    try:
        return bool(os.listdir(path)) if os.path.isdir(path) else os.path.getsize(path) > 0
    except OSError:
        return False


def _end(pid: int) -> int | None:
    status = _wait(pid, seconds=0)
    if status is None:
        os.kill(pid, signal.SIGKILL)  # the first process of its namespace: all others there die with it
        status = _wait(pid, seconds=10)
    return status


def _wait(pid: int, *, seconds: float) -> int | None:
    """Return the exit code of a worker (negative: the signal that killed it), or None if it still runs.

    Attempts are counted, so that a pause of the machine does not shorten the wait.
    """
    for attempt in range(1 + round(seconds / _POLL_SECONDS)):
        if attempt:
            time.sleep(_POLL_SECONDS)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
    return None


def _fork(limits: dict[str, Any], channel: int, control: socket.socket) -> dict[str, Any]:
    """Fork twice: the first child enters new namespaces, the second is the first process in them."""
    if not limits["nested"]:
        namespaces.prctl(namespaces.PR_SET_DUMPABLE, 0)  # the worker can see this process but must not read its memory
    reader, writer = os.pipe()
    middle = os.fork()
    if middle == 0:
        _middle(limits, channel, writer)
    os.close(writer)
    os.close(channel)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(middle, 0)
    answers = [json.loads(line) for line in text.splitlines()] or [{"ended": True}]
    if len(answers) > 1:  # it could not lock itself down and has ended
        _wait(next(answer["pid"] for answer in answers if "pid" in answer), seconds=10)
    return next((answer for answer in answers if "error" in answer), answers[0])


def _middle(limits: dict[str, Any], channel: int, writer: int) -> None:
    try:
        if limits["nested"]:
            namespaces.unshare_user(namespaces.ALL_NAMESPACES, inside=STUDENT)
        limits["middle"] = os.getpid()
        inner = os.fork()
        if inner == 0:
            _become_worker(limits, channel, writer)
        _report(writer, {"pid": inner})
    except OSError as error:
        _report(writer, {"error": str(error)})
    finally:
        os._exit(0)


def _become_worker(limits: dict[str, Any], channel: int, writer: int) -> None:
    """Lock down and run the worker, or report why not. The fork server reads until this end of the pipe is closed."""
    try:
        _lock_down(limits, channel, writer)
    except OSError as error:
        _report(writer, {"error": str(error)})
        os._exit(70)
    os.close(writer)
    try:
        _work(limits)
    finally:
        os._exit(70)


def _report(writer: int, answer: dict[str, Any]) -> None:
    os.write(writer, json.dumps(answer).encode() + b"\n")


def _lock_down(limits: dict[str, Any], channel: int, writer: int) -> None:
    os.setsid()
    if limits["nested"]:
        namespaces.mount("none", "/", "", namespaces.MS_REC | namespaces.MS_PRIVATE)
        usage = os.path.exists("/proc/self/statm")
        if usage:
            namespaces.limit_resources(memory=limits["memory"], file=limits["file"], threads=limits["threads"])
        shown = {path: os.open(path, os.O_PATH) for path in limits["keep"]}
        namespaces.mount_tmpfs("/tmp", size=limits["file"])
        for path, fd in shown.items():
            os.makedirs(path)
            namespaces.bind(f"/proc/self/fd/{fd}", path)
        for hidden in ("/proc", "/dev/shm"):
            if os.path.isdir(hidden):
                namespaces.mount_tmpfs(hidden, size=4096, flags=namespaces.MS_RDONLY, mode="0555")
    else:
        namespaces.limit_resources(memory=limits["memory"], file=limits["file"], threads=limits["threads"])
    null = os.open(os.devnull, os.O_RDWR)
    kept = os.dup(channel)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.dup2(kept, CHANNEL)
    os.closerange(CHANNEL + 1, writer)
    os.closerange(writer + 1, 4096)
    os.chdir(limits["folder"])
    if not limits["nested"]:
        _die_with_fork_server(limits["middle"])
    namespaces.drop_capabilities()
    if limits["landlock"]:
        landlock.restrict(_may_use(limits["folder"]))
    seccomp.load(alone=limits["nested"])


def _may_use(folder: str) -> list[tuple[str, int]]:
    """Return the rules of Landlock: all may be read; the worker's own folder, /tmp and devices may be written."""
    devices = [name for name in os.listdir("/dev") if name in _DEVICES or name.startswith("nvidia")]
    own = [(place, landlock.READ | landlock.WRITE) for place in {folder, "/tmp"}]
    return [("/", landlock.READ), *own, *((f"/dev/{name}", landlock.READ | landlock.USE) for name in devices)]


def _die_with_fork_server(middle: int) -> None:
    """Ask the kernel to end this process with its parent, once that is the fork server, as no namespace does it."""
    until = time.monotonic() + 1.0
    while os.getppid() == middle and time.monotonic() < until:
        time.sleep(0.0005)  # the process between the two ends immediately
    namespaces.prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)


def _work(limits: dict[str, Any]) -> None:
    """Answer requests until the grader closes the channel. The first frame contains the submission's files."""
    from autograder.sandbox.inside.frames import Closed, receive, send
    from autograder.sandbox.inside.modules import NotRun, SubmissionFinder
    from autograder.sandbox.inside.wire import decode
    from autograder.sandbox.inside.worker import Printed, Worker

    signal.signal(
        signal.SIGXFSZ, signal.SIG_IGN
    )  # a file that grows too large is an OSError, not the end of the process
    faulthandler.register(signal.SIGUSR1, file=CHANNEL, all_threads=False)  # says in which line it spends its time
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(limits["cores"])
    printed = Printed(limits["output"])
    sys.stdout = sys.stderr = printed
    sys.__stdout__ = sys.__stderr__ = printed  # type: ignore[misc, assignment]  # typed as final, as if never replaced
    sys.stdin = None
    worker = Worker(limit=limits["message"], printed=printed)
    first = decode(*receive(CHANNEL, limit=1 << 30, ahead=0), resolve=lambda ref: ref)
    _write_data(first["data"])
    fallbacks = first["fallbacks"]
    files = {name: text.decode("utf-8", "surrogatepass") for name, text in first["files"].items()}
    worker.files = {name: name for name in files}
    worker.finder = SubmissionFinder(
        files,
        packages=first["packages"],
        allowed=first["allowed"],
        fallbacks=[name.removesuffix(".py") for name in os.listdir(fallbacks)] if fallbacks else (),
        not_run={name: [NotRun(*row) for row in rows] for name, rows in first["not_run"].items()},
        seconds=first["seconds"],
    )
    worker.finder.install()
    if fallbacks:
        sys.path.append(fallbacks)
    while True:
        try:
            send(CHANNEL, *worker.answer(*receive(CHANNEL, limit=1 << 40)))
        except Closed:
            os._exit(0)


def _write_data(files: dict[str, Any]) -> None:
    """Write the assignment's data files into the current folder, except over files that are there."""
    for name, content in files.items():
        if not os.path.exists(name):
            os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
            with open(name, "wb") as file:
                file.write(content)


if __name__ == "__main__":
    main()

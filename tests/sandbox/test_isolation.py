"""The box shows none of the grader's files, and nothing of a submission remains after it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.sandbox import isolation
from autograder.sandbox.isolation import NoIsolation, below_tmp, choose
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import StudentFault
from tests.support.box import LIMITS, fault, in_box, settled

pytestmark = pytest.mark.slow

LOOK = """
    import os, socket, sys

    def tried(f, *args):
        try:
            f(*args)
            return "done"
        except BaseException as error:
            return type(error).__name__

    def environment():
        return dict(os.environ)

    def there(paths):
        return [path for path in paths if os.path.exists(path)]

    def listing(path):
        return tried(os.listdir, path) if not os.path.isdir(path) else sorted(os.listdir(path))

    def open_descriptors():
        return [fd for fd in range(256) if tried(os.fstat, fd) == "done"]

    def writable(folders):
        return [folder for folder in folders if tried(open, folder + "/written", "w") == "done"]

    def forbidden():
        import resource
        return {
            "lower priority": tried(os.nice, 5),
            "other cores": tried(os.sched_setaffinity, 0, [0]),
            "another policy": tried(os.sched_setscheduler, 0, os.SCHED_IDLE, os.sched_param(0)),
            "a limit": tried(resource.setrlimit, resource.RLIMIT_CPU, (1, 1)),
            "fork": tried(os.fork),
            "exec": tried(os.execv, "/bin/true", ["true"]),
            "network": tried(socket.create_connection, ("127.0.0.1", 22), 1),
            "socket": tried(socket.socket),
            "memory as a file": tried(os.memfd_create, "name"),
            "attribute": tried(os.setxattr, "/tmp", "user.name", b"value"),
            "owner": tried(os.chown, "/tmp", 1000, 1000),
            "kill the parent": tried(os.kill, os.getppid() or 1 << 22, 9),
        }

    def sources():
        found = []
        for folder, below, names in os.walk("/"):
            below[:] = [name for name in below if name not in ("usr", "lib", "lib64", "site-packages")]
            found += [name for name in names if name.startswith("check_knn") or name == "calibration.json"]
        return found

    def fill(path, mb):
        with open(path, "wb") as file:
            for _ in range(mb):
                file.write(bytes(1 << 20))

    def whoami():
        return [os.getuid(), os.geteuid(), os.getgid()]

    def threads(n):
        import threading, time
        for _ in range(n):
            threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
"""


ENVIRONMENT = {
    *("PATH", "HOME", "USER", "LANG", "PWD", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE", "PYTHONPATH"),
    *("OMP_NUM_THREADS", "MPLBACKEND", "CUBLAS_WORKSPACE_CONFIG", "CUDA_VISIBLE_DEVICES"),
    "TORCHINDUCTOR_CACHE_DIR",  # torch's compiler sets it when it is imported
}


def test_the_box_sees_none_of_the_graders_files(isolated: WorkerPool) -> None:
    root, home = Path(__file__).resolve().parents[2], Path.home()
    needed = [Path(prefix) for prefix in (sys.prefix, sys.base_prefix)]
    with in_box(isolated, LOOK) as (student, _):
        assert student.environment().keys() <= ENVIRONMENT
        for private in ("solutions", "assignments", "tests", ".git"):
            assert student.listing(str(root / private)) in ([], "FileNotFoundError")
        at_home = student.listing(str(home))
        assert at_home == "FileNotFoundError" or set(at_home) <= {
            path.relative_to(home).parts[0] for path in needed if path.is_relative_to(home)
        }
        assert student.sources() == []
        assert student.there(["/etc/passwd", "/etc/shadow", "/var/log", "/proc/1", "/proc/self"]) == []
        assert student.listing("/proc") == []
        assert set(student.listing("/tmp")) <= BELOW_TMP
        assert student.open_descriptors() == [0, 1, 2, 3]


def test_the_box_can_only_write_to_its_own_tmp(isolated: WorkerPool) -> None:
    with in_box(isolated, LOOK) as (student, _):
        folders = ["/", "/tmp", "/usr", "/gradlab", "/gradlab/common", "/proc", "/dev", "/dev/shm", "/etc"]
        assert student.writable(folders) == ["/tmp"]
        assert student.fill("/tmp/small", 3) is None
        assert fault(student.fill, "/tmp/large", 9).message.startswith("OSError")


def test_the_box_can_neither_start_processes_nor_open_connections(isolated: WorkerPool) -> None:
    with in_box(isolated, LOOK) as (student, _):
        allowed = ("PermissionError", "ProcessLookupError", "ValueError")  # what resource makes of EPERM
        assert {name: error for name, error in student.forbidden().items() if error not in allowed} == {}
        assert 0 not in student.whoami()


HONEST = """
    import asyncio, concurrent.futures, mmap, os, pathlib, shutil, signal, sqlite3, subprocess, tarfile, tempfile, time
    import zipfile
    import numpy as np
    import torch

    def files():
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            torch.save(torch.ones(3), path / "a")
            torch.load(path / "a", mmap=True)
            np.savez(path / "b.npz", a=np.ones(3))
            np.memmap(path / "c", dtype="f4", mode="w+", shape=(10,))[:] = 1
            shutil.copy2(path / "a", path / "d")
            shutil.copytree(path, path / "e")
            shutil.move(path / "d", path / "f")
            os.link(path / "f", path / "g")
            os.symlink(path / "g", path / "h")
            os.utime(path / "g")
            os.truncate(path / "g", 2)
            with zipfile.ZipFile(path / "i", "w") as archive:
                archive.write(path / "b.npz")
            with tarfile.open(path / "j", "w") as archive:
                archive.add(path / "b.npz", "k")
            with tarfile.open(path / "j") as archive:
                archive.extractall(path / "l")
            with sqlite3.connect(path / "m") as table:
                table.execute("create table n (o)")
            os.statvfs(path)

    async def waits():
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(len, "abc")

    def time_and_threads():
        assert asyncio.run(waits()) == 3
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            assert list(pool.map(abs, range(3))) == [0, 1, 2]
        torch.set_num_threads(2)
        torch.randn(300, 300) @ torch.randn(300, 300)
        signal.signal(signal.SIGALRM, lambda *rest: None)
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        time.sleep(0.01)
        os.sched_getaffinity(0), os.times(), os.uname(), time.process_time(), os.getpriority(os.PRIO_PROCESS, 0)

    def starts_a_program():
        subprocess.run(["true"])
"""


def test_honest_code_uses_files_time_and_threads(isolated: WorkerPool) -> None:
    """The filter of system calls names all that these need; a program cannot be started, and the error says so."""
    with in_box(isolated, HONEST, memory_mb=2048) as (student, _):
        student.files()
        student.time_and_threads()
        assert "Operation not permitted" in fault(student.starts_a_program).message


def test_threads_are_allowed(isolated: WorkerPool) -> None:
    with in_box(isolated, LOOK) as (student, _):
        student.threads(3)


def test_threads_are_limited(isolated: WorkerPool) -> None:
    """Also if the grader is root, whose own threads the kernel does not limit."""
    with in_box(isolated, LOOK) as (student, _):
        assert "can't start new thread" in fault(student.threads, 2 * LIMITS.threads).message
        assert 0 not in student.whoami()


# If the interpreter or gradlab is below /tmp, the box still sees those folders there.
BELOW_TMP = {Path(path).parts[2] for path in below_tmp("bubblewrap")}
STORE = """
    import os, threading, time
    BELOW_TMP = __BELOW_TMP__

    def leave():
        open("/tmp/mine", "w").write("secret")
        os.mkdir("/tmp/folder")

    def see():
        return sorted(set(os.listdir("/tmp")) - BELOW_TMP)

    def haunt():
        def spin():
            while True:
                time.sleep(0.01)
        for _ in range(5):
            threading.Thread(target=spin).start()

    def exits():
        os._exit(0)
""".replace("__BELOW_TMP__", repr(BELOW_TMP))


def test_two_submissions_do_not_see_each_other(isolated: WorkerPool) -> None:
    with in_box(isolated, STORE) as (ada, _), in_box(isolated, STORE) as (bob, _):
        ada.leave()
        assert ada.see() == ["folder", "mine"]
        assert bob.see() == []


@pytest.mark.parametrize("ending", ["see", "haunt", "exits"])
def test_nothing_remains_for_the_next_submission(ending: str, isolated: WorkerPool) -> None:
    with in_box(isolated, STORE) as (ada, _):
        ada.leave()
        try:
            getattr(ada, ending)()
        except StudentFault:
            assert ending == "exits"
    with in_box(isolated, STORE) as (bob, _):
        assert bob.see() == []
    assert settled(isolated)


class Refusing(WorkerPool):
    """A pool in which nested namespaces fail half way, as if the system allowed to create but not to use them."""

    def _send(self, request: dict[str, Any], *rest: Any) -> None:
        if request.get("fork", {}).get("nested"):
            request = {"fork": {**request["fork"], "file": -1}}
        super()._send(request, *rest)


def test_without_nested_namespaces_each_submission_has_its_own_fork_server(isolation: str) -> None:
    with Refusing(isolation) as pool:
        with in_box(pool, STORE) as (ada, _):
            assert ada.see() == []
            ada.leave()
            first = pool.process.pid
            fault(ada.exits)
        with in_box(pool, STORE + LOOK) as (bob, _):
            assert pool.process.pid != first
            assert bob.see() == []
            assert "done" not in bob.forbidden().values()
            assert bob.open_descriptors() == [0, 1, 2, 3]
            assert 0 not in bob.whoami()


def test_another_user_must_be_able_to_read_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Otherwise a hand-in's imports would fail, and the student would lose the points."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    hidden = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(hidden))
    isolation._why_not.cache_clear()
    with pytest.raises(NoIsolation, match=rf"nobody, .* cannot read the folders of {hidden} .*Install both where"):
        choose("user", one_hand_in=True)
    isolation._why_not.cache_clear()

"""Which kind of isolation is chosen, why the others cannot be, and what happens where a part of one fails."""

from __future__ import annotations

import os
import signal
import site
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.core.code import Code
from autograder.core.course_file import NO_COURSE
from autograder.sandbox import isolation as kinds
from autograder.sandbox import pool as pools
from autograder.sandbox import view
from autograder.sandbox.inside import fork_server, landlock, namespaces, seccomp, times
from autograder.sandbox.isolation import NoIsolation, choose, environment
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import BoxError, WorkerHandle, WorkerPool, open_pool
from tests.support.box import NO_PACKAGES, in_box
from tests.support.isolations import chosen_or_skip
from tests.support.vectors import make_vectors

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


@pytest.fixture
def fresh() -> Iterator[None]:
    """Forget what is known about this machine, before and after a test that changes it."""
    for known in (kinds._why_not, view.make_view, view._installed):
        known.cache_clear()
    yield
    for known in (kinds._why_not, view.make_view, view._installed):
        known.cache_clear()


def test_another_user_is_no_choice_where_several_hand_ins_are() -> None:
    with pytest.raises(NoIsolation, match="does not hide solutions, hidden checks or other hand-ins"):
        choose("user")


def test_on_other_systems_than_linux_only_none_can_be_chosen(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert choose("none") == "none"
    with pytest.raises(NoIsolation, match="bubblewrap: needs Linux; namespaces: needs Linux"):
        choose("auto")
    with open_pool("none") as pool:
        assert pool is None


@linux
def test_each_kind_that_cannot_be_set_up_says_why(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **options: object) -> SimpleNamespace:
        raise OSError("No space left on device")

    monkeypatch.setattr(kinds.shutil, "which", lambda name: None)
    monkeypatch.setattr(kinds.subprocess, "run", run)
    with pytest.raises(NoIsolation) as caught:
        choose("auto")
    assert "bubblewrap: the program bwrap is not installed; namespaces: No space left on device" in str(caught.value)
    assert "pass --isolation none" in str(caught.value)


@linux
@pytest.mark.parametrize(
    ("errors", "reason"),
    [(b"a warning\nunshare: Operation not permitted\n", "unshare: Operation"), (b"", "exit code 1")],
)
def test_the_last_line_of_a_failed_attempt_is_the_reason(
    errors: bytes, reason: str, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = SimpleNamespace(returncode=1, stderr=errors)
    monkeypatch.setattr(kinds.subprocess, "run", lambda *command, **options: failed)
    with pytest.raises(NoIsolation, match=f"namespaces: {reason}"):
        choose("namespaces")


@linux
def test_with_a_container_for_each_hand_in_another_user_can_be_chosen(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[dict[str, object]] = []

    def run(command: list[str], **options: object) -> SimpleNamespace:
        tried.append(options)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(kinds.os, "geteuid", lambda: 0)
    monkeypatch.setattr(kinds.subprocess, "run", run)
    assert choose("user", one_hand_in=True) == "user"
    assert (tried[0]["user"], tried[0]["group"], tried[0]["extra_groups"]) == (65534, 65534, ())


def test_hand_ins_use_the_gpu_of_their_grader_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    monkeypatch.setenv("SECRET", "x")
    assert environment("none")["CUDA_VISIBLE_DEVICES"] == "2"
    assert "SECRET" not in environment("none")


def test_the_device_nodes_of_a_gpu_are_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert kinds._cuda() == [] or os.path.exists("/dev/nvidiactl")
    for name in ("nvidia0", "nvidiactl", "tty"):
        (tmp_path / name).touch()
    monkeypatch.setattr(kinds, "Path", lambda path: tmp_path)
    words = kinds._cuda()
    assert words[:6] == [
        word for name in ("nvidia0", "nvidiactl") for word in ("--dev-bind", *[str(tmp_path / name)] * 2)
    ]
    assert words[-3:] == ["--ro-bind", "/sys", "/sys"]


LOOK = """
    import os

    def content(path):
        if os.path.isdir(path):
            return sorted(os.listdir(path))
        try:
            with open(path) as file:
                return file.read()
        except PermissionError:  # a device, under bubblewrap
            return ""
"""


@linux
@pytest.mark.parametrize("kind", ["bubblewrap", "namespaces"])
def test_a_course_among_shown_folders_below_tmp_is_hidden_and_the_rest_is_there(
    kind: str, fresh: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Python may be below /tmp, in a folder that also has the course: as a virtual environment in it."""
    chosen_or_skip(kind)
    course = tmp_path / "shown" / "course"
    for name in ("solutions/answer.py", "notes.md", ".venv/tool.py"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text("content")
    if not tmp_path.is_relative_to("/tmp"):
        pytest.skip("the folder of this test is not below /tmp")
    found = site.getsitepackages()
    monkeypatch.setattr(site, "getsitepackages", lambda: [*found, str(tmp_path / "shown"), str(course / ".venv")])
    with WorkerPool(kind, private=[course]) as pool, in_box(pool, LOOK, packages=NO_PACKAGES) as (student, _):
        assert student.content(str(course / ".venv" / "tool.py")) == "content"
        assert student.content(str(course / "solutions")) == []
        assert student.content(str(course / "notes.md")) == ""


@linux
@pytest.mark.parametrize("kind", ["bubblewrap", "namespaces"])
def test_a_folder_through_which_a_link_leads_is_there_and_empty(
    kind: str, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen_or_skip(kind)
    find = view.make_view
    monkeypatch.setattr(kinds, "make_view", lambda *of: replace(find(*of), folders=("/left/behind",)))
    with WorkerPool(kind) as pool, in_box(pool, LOOK, packages=NO_PACKAGES) as (student, _):
        assert student.content("/left/behind") == []


def test_a_link_that_leads_through_a_folder_and_out_of_it_needs_the_folder(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("left/../file")
    links, left = view._links_followed(tmp_path / "link")
    assert links == [("left/../file", tmp_path / "link")]
    assert left == [tmp_path / "left"]


def test_a_copy_of_gradlab_that_is_not_installed_has_no_other_packages(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(name: str) -> None:
        raise view.PackageNotFoundError(name)

    monkeypatch.setattr(view, "distribution", nowhere)
    assert view._installed() == ()


def test_a_module_that_cannot_be_looked_for_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "half_imported", SimpleNamespace(__spec__=None))  # type: ignore[arg-type]
    assert view.folder_outside("half_imported") is None
    assert view.folder_outside("json.nowhere.at_all") is None


@linux
def test_a_worker_that_cannot_be_locked_down_is_not_used(tmp_path: Path) -> None:
    limits = {"memory": 1 << 28, "file": 1 << 20, "threads": 64, "output": 10, "message": 10}
    refused = pytest.raises(BoxError, match=r"The fork server could not fork a worker: \[Errno 2\] No such file")
    with WorkerPool("none", folder=str(tmp_path / "missing")) as pool, refused:
        pool.fork(limits)


@linux
def test_a_fork_server_that_ended_is_named_whatever_is_asked_of_it() -> None:
    with WorkerPool("none") as pool, pools.socket.socket() as channel:
        pool.process.send_signal(signal.SIGSTOP)  # it cannot answer before it ends
        pool._send({"status": 1}, None)
        pool.process.kill()
        pool.process.wait()
        for ask in (pool._settle, lambda: pool.usage(WorkerHandle(channel, {}, pid=1)), lambda: pool._order({})):
            with pytest.raises(BoxError, match=r"The fork server (was ended from outside|does not answer)"):
                ask()


@linux
def test_a_fork_server_that_cannot_be_asked_or_does_not_end_is_named_and_killed() -> None:
    with WorkerPool("none") as pool:
        pool.process.send_signal(signal.SIGSTOP)
        pool.control.close()
        with pytest.raises(BoxError, match="The fork server does not answer"):
            pool._read()
    assert pool.process.returncode == -signal.SIGKILL


@linux
def test_a_fork_server_that_ended_with_an_error_is_named_with_it() -> None:
    with WorkerPool("none") as pool:
        pool.control.send(b"not a request")
        with pytest.raises(BoxError, match=r"The fork server was ended from outside: .*JSONDecodeError"):
            pool._read()


@linux
def test_what_a_worker_writes_about_its_stack_ends_with_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    with WorkerPool("none") as pool:
        monkeypatch.setattr(pool, "_send", lambda request, worker: None)
        monkeypatch.setattr(pool, "_read", dict)
        ours, theirs = pools.socket.socketpair()
        with ours:
            theirs.sendall(b'File "a.py", line 3 in f')
            theirs.close()
            assert pool.stack(WorkerHandle(ours, {}, pid=1)) == 'File "a.py", line 3 in f'
        ours, theirs = pools.socket.socketpair()
        with ours:
            ours.sendall(b"a request that nobody read")
            theirs.close()  # so that the system resets the connection
            assert pool.stack(WorkerHandle(ours, {}, pid=1)) == ""


@linux
def test_the_use_of_a_worker_that_has_ended_is_nothing() -> None:
    ended = 1 << 22  # more than the largest process number
    assert (times.ran(ended), times.waited(ended)) == (0.0, 0.0)


@linux
def test_a_system_that_refuses_namespaces_inside_namespaces_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(flags: int, *, inside: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(namespaces, "unshare_user", refuse)
    monkeypatch.setattr(fork_server.os, "_exit", lambda code: None)
    reader, writer = os.pipe()
    fork_server._middle({"nested": True}, -1, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert pipe.read() == '{"error": "[Errno 1] Operation not permitted"}\n'


@linux
def test_a_filter_that_the_kernel_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp, "program", lambda machine, **options: b"")
    with pytest.raises(OSError, match="seccomp: Invalid argument"):
        seccomp.load(alone=True)


@linux
def test_a_kernel_without_landlock_restricts_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert landlock.restrict([("/", landlock.READ)]) is False


@linux
def test_rules_for_paths_that_do_not_exist_are_left_out_and_no_descriptor_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[int] = []

    def call(number: int, *arguments: object) -> int:
        calls.append(number)
        return os.open(os.devnull, os.O_RDONLY) if number == landlock._CREATE else 0

    monkeypatch.setattr(landlock, "version", lambda: 3)
    monkeypatch.setattr(landlock, "_call", call)
    before = os.listdir("/proc/self/fd")
    assert landlock.restrict([("/", landlock.READ), (str(tmp_path / "missing"), landlock.READ)]) is True
    assert calls == [landlock._CREATE, landlock._ADD, landlock._RESTRICT]
    assert len(os.listdir("/proc/self/fd")) == len(before)


@linux
@pytest.mark.skipif(sys.platform != "linux" or landlock.version() == 0, reason="this kernel has no Landlock")
def test_what_landlock_refuses_is_an_error() -> None:
    with pytest.raises(OSError, match="landlock: "):
        landlock._call(landlock._CREATE, b"", 0, 99)


def test_without_a_pool_a_submission_runs_in_this_process(tmp_path: Path) -> None:
    assignment = make_vectors(tmp_path)
    with open_link(None, Code({"work.py": "x = 1\n"}), assignment) as link:
        assert isinstance(link, LocalLink)
        link.begin(seed=0, seconds=5, memory_mb=1000)
        assert link.request({"do": "getattr", "target": link.load("work"), "name": "x"}) == 1
    assert NO_COURSE.shared == ()


FEW_FILES = """
import resource, sys
from autograder.sandbox.pool import WorkerPool
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
limits = {"memory": 1 << 30, "file": 1 << 20, "threads": 8, "output": 1 << 10, "message": 1 << 20}
with WorkerPool(sys.argv[1]) as pool:
    assert pool.fork(limits).pid
"""


@linux
@pytest.mark.parametrize("isolation", ["none", "bubblewrap"])
def test_a_worker_begins_where_few_files_may_be_open(isolation: str) -> None:
    """Most systems allow 1,024 open files, some shells 64."""
    subprocess.run([sys.executable, "-c", FEW_FILES, chosen_or_skip(isolation)], check=True)

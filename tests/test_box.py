"""The box gives values, names causes, shows nothing, and forgets a submission when it is closed."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.box import link as links
from autograder.box.link import BoxError, BoxLink, Nursery
from autograder.box.wall import NoWall, below_tmp, choose
from autograder.checks.claims import BadCheck
from autograder.manifest import Limits
from autograder.report import Cause
from autograder.student import Handle, Student, StudentFault
from tests.test_attacks import descendants, settled

LIMITS = Limits(memory_mb=512, file_mb=4, message_mb=8, output_kb=4)


@pytest.fixture(scope="module", params=["bubblewrap", "namespaces", "none"])
def nursery(request: pytest.FixtureRequest) -> Iterator[Nursery]:
    try:
        choose(request.param)
    except NoWall as reason:
        pytest.skip(str(reason))
    with Nursery(request.param) as nursery:
        yield nursery


@pytest.fixture
def walled(nursery: Nursery) -> Nursery:
    """Only where there is a wall."""
    if nursery.wall == "none":
        pytest.skip("no wall, nothing hidden")
    return nursery


def begin(link: BoxLink, *, seconds: float = 20.0, memory_mb: int = LIMITS.memory_mb) -> Student:
    """What the next check is given."""
    link.begin(seed=1, seconds=seconds, memory_mb=memory_mb)
    return Student(link, "work", link.files["work.py"])


@contextmanager
def sitting(nursery: Nursery, source: str, *, seconds: float = 20.0) -> Iterator[tuple[Student, BoxLink]]:
    """A student whose work.py is ``source``, in a first check."""
    source = textwrap.dedent(source)
    link = BoxLink(nursery, {"work.py": source}, LIMITS, {})
    try:
        yield begin(link, seconds=seconds), link
    finally:
        link.close()


def fault(attempt: Any, *args: Any) -> StudentFault:
    """The fault that a call ends in."""
    with pytest.raises(StudentFault) as caught:
        attempt(*args)
    return caught.value


WORK = """
    import torch

    class Net:
        kind = "net"

        class Inner:
            depth = 2

        def __init__(self, width):
            self.width = width
            self.params = {"w": torch.ones(2, width)}

        def __call__(self, x):
            return x * self.width

        def __getitem__(self, key):
            return [self, key]

        def wider(self):
            return Net(self.width + 1)

    def echo(x):
        return x

    def cached(x):
        return x + 1, {"x": x, "f": echo}

    def spoil(x, y):
        x += 1
        return torch.ones(1000, 100).sum()

    def draw():
        import random
        import numpy
        return torch.rand(3), numpy.random.rand(), random.random()

    def change():
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)

    def state():
        return torch.get_default_dtype(), torch.is_grad_enabled(), torch.ones(1).dtype
"""


def test_values_come_back_as_they_are(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (student, _):
        for value in (None, True, 7, -0.5, "text", [1, (2, {"a": None})], {1: "one"}, torch.float64, slice(1, None)):
            assert student.echo(value) == value
        x = torch.randn(3, 4, dtype=torch.float64).T
        assert torch.equal(student.echo(x), x)
        assert student.echo(x.numpy()).shape == (4, 3)
        assert student.trail.call == "echo(array f64[4,3]) returned array f64[4,3]"


def test_objects_stay_there_behind_handles(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (student, _):
        net = student.Net(3)
        assert isinstance(net, Handle)
        assert (net.kind, net.width, student.Net.Inner.depth) == ("net", 3, 2)
        assert torch.equal(net(torch.ones(2)), torch.full((2,), 3.0))
        assert net.wider().wider().width == 5
        net.params = {"w": torch.zeros(1)}
        assert torch.equal(net.params["w"], torch.zeros(1))
        again, key = net[1:2]
        assert (again.width, key) == (3, slice(1, 2))
        assert student.echo(net).width == 3
        assert student.echo({"net": [net]})["net"][0].width == 3
        assert repr(net) == "<Net>"
        with pytest.raises(AttributeError):
            _ = net.__len__


def test_hold_keeps_a_result_there_until_it_is_asked_for(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (student, _):
        out, cache = student.hold(student.cached, torch.ones(2))
        assert torch.equal(student.value(out), torch.full((2,), 2.0))
        assert isinstance(student.value(cache)["f"], Handle)
        assert torch.equal(student.value(student.hold(student.echo, torch.ones(1))), torch.ones(1))
        assert student.value(5) == 5


def test_inspect_tells_what_a_call_did(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (student, _):
        seen = student.inspect(student.spoil, torch.zeros(2), 4)
        assert (seen.value.item(), seen.args[0].tolist(), seen.args[1]) == (100_000.0, [1.0, 1.0], 4)
        assert seen.ops == 3
        assert seen.largest == 400_000


def test_define_runs_helpers_beside_the_students_module(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (student, _):
        helper = student.define("import work\nfrom common.seed import *\ndef twice(x):\n    return work.echo(x) * 2\n")
        assert helper.twice(4) == 8
        assert student.Net(helper.twice(1)).width == 2


def test_what_a_check_cannot_pass_is_the_checks_own_fault(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (student, _):
        with pytest.raises(BadCheck, match=r"passed a value of type function .* student\.define"):
            student.echo(lambda x: x)
        assert student.echo(1) == 1


def test_seeds_make_random_numbers_repeat(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (student, link):
        first = student.draw()
        assert str(begin(link).draw()) == str(first)
        student.seed(5)
        other = student.draw()
        student.seed(5)
        assert str(student.draw()) == str(other) != str(first)


def test_global_switches_are_put_back_before_the_next_check(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (student, link):
        student.change()
        assert student.state() == (torch.float64, False, torch.float64)
        assert begin(link).state() == (torch.float32, True, torch.float32)


def test_has_tells_what_is_defined(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (student, _):
        assert (student.has("Net"), student.has("Nets")) == (True, False)
        missing = fault(lambda: student.nothing)
        assert (missing.cause, missing.message) == (Cause.NOT_WRITTEN, "work.py does not define nothing.")


def test_a_file_that_was_not_handed_in_is_not_written(nursery: Nursery) -> None:
    with sitting(nursery, WORK) as (_, link):
        absent = fault(lambda: Student(link, "other", None).f)
        assert (absent.cause, absent.message) == (Cause.NOT_WRITTEN, "other.py was not handed in.")


ENDS = """
    import ctypes, os, signal, sys, time
    import numpy
    import torch

    def error(x):
        if x:
            y = [1, 2]
            return y[x]

    def not_written():
        raise NotImplementedError()

    def not_implemented_elsewhere():
        numpy.random.Generator(numpy.random.BitGenerator()).random()

    def long():
        while True:
            pass

    def deaf():
        try:
            time.sleep(60)
        except BaseException:
            deaf()

    def much():
        return torch.ones(1 << 30)

    def much_in_python():
        return bytearray(2 << 30)

    def much_in_return():
        return torch.zeros(3 << 20)

    def much_in_a_view():
        return torch.zeros(()).expand(1 << 20, 1 << 20)

    def exits():
        os._exit(3)

    def leaves():
        sys.exit("done")

    def segfault():
        ctypes.string_at(0)

    def kills_itself():
        os.kill(os.getpid(), signal.SIGKILL)
        signal.raise_signal(signal.SIGABRT)

    def recursion():
        return recursion()

    def deep():
        x = []
        for _ in range(1000):
            x = [x]
        return x

    def hangs_up():
        os.close(3)
        time.sleep(60)

    def fine():
        return "fine"
"""


@pytest.mark.parametrize(
    ("name", "args", "cause", "words"),
    [
        ("error", (3,), Cause.ERROR, "IndexError: list index out of range\n  work.py, line 9, in error: return y[x]"),
        ("error", (), Cause.ERROR, "TypeError: error() missing 1 required positional argument: 'x'"),
        ("not_written", (), Cause.NOT_WRITTEN, "not_written is not written yet (work.py, line 12, in not_written)."),
        ("not_implemented_elsewhere", (), Cause.ERROR, "NotImplementedError"),
        ("long", (), Cause.TIMEOUT, "took longer than this check allows"),
        ("deaf", (), Cause.TIMEOUT, "took longer than this check allows"),
        ("much", (), Cause.MEMORY, "allocate"),
        ("much_in_python", (), Cause.MEMORY, "MemoryError\n  work.py, line 31, in much_in_python"),
        ("much_in_return", (), Cause.ERROR, "the value needs more than 8 MiB"),
        ("much_in_a_view", (), Cause.ERROR, "the value needs more than 8 MiB"),
        ("exits", (), Cause.CRASHED, "Your code ended its own process (exit code 3)."),
        ("leaves", (), Cause.ERROR, "SystemExit: done"),
        ("segfault", (), Cause.CRASHED, "was killed: Segmentation fault."),
        ("recursion", (), Cause.ERROR, "RecursionError"),
        ("deep", (), Cause.ERROR, "nested deeper than 32"),
        ("hangs_up", (), Cause.CRASHED, "Your code closed the connection"),
    ],
)
def test_a_call_that_gives_no_value_names_its_cause_and_costs_its_own_check(
    name: str, args: tuple[int, ...], cause: Cause, words: str, nursery: Nursery
) -> None:
    with sitting(nursery, ENDS) as (student, link):
        f = getattr(student, name)
        link.deadline = time.monotonic() + (0.3 if cause is Cause.TIMEOUT else 20.0)
        found = fault(f, *args)
        assert (found.cause, words in found.message) == (cause, True), found.message
        assert "autograder" not in found.message
        assert begin(link).fine() == "fine"


def test_the_clock_stands_while_the_grader_works(nursery: Nursery) -> None:
    with sitting(nursery, ENDS, seconds=1.0) as (student, _):
        for _ in range(3):  # longer together than the check allows
            time.sleep(0.5)
            assert student.fine() == "fine"


def test_after_a_crash_the_same_check_is_told_so(nursery: Nursery) -> None:
    with sitting(nursery, ENDS) as (student, _):
        fine = student.fine
        fault(student.exits)
        assert fault(fine).message == "The process with your code ended earlier in this check."


def test_a_worker_that_dies_between_two_checks_costs_neither(nursery: Nursery) -> None:
    source = "import os, threading\ndef later():\n    threading.Timer(0.05, os._exit, [0]).start()\n" + textwrap.dedent(
        ENDS
    )
    with sitting(nursery, source) as (student, link):
        student.later()
        time.sleep(0.3)
        assert begin(link).fine() == "fine"


def test_prints_are_kept_and_told_apart_from_answers(nursery: Nursery) -> None:
    source = """
        import sys, warnings
        print("imported")

        def f(x):
            print("called with", x)
            print("to stderr", file=sys.stderr)
            warnings.warn("careful")
            return x

        def g():
            print("before")
            raise ValueError("after")
    """
    with sitting(nursery, source) as (student, link):
        assert student.f(1) == 1
        assert link.printed.startswith("imported\ncalled with 1\nto stderr\n")
        assert "UserWarning: careful" in link.printed
        begin(link)
        assert link.printed == ""
        fault(student.g)
        assert link.printed == "before\n"


def test_a_flood_of_prints_is_cut_and_the_rest_counted(nursery: Nursery) -> None:
    with sitting(nursery, "def f():\n    for _ in range(100):\n        print('x' * 999)\n    return 1\n") as (
        student,
        link,
    ):
        assert student.f() == 1
        assert len(link.printed) < 4096 + 101
        assert link.printed.endswith("[95904 more characters were printed and are not shown]")
        student.f()
        assert len(link.printed) < 4096 + 101


def test_prints_below_python_reach_nobody(nursery: Nursery) -> None:
    source = "import os\ndef f():\n    os.write(1, b'one')\n    os.write(2, b'two')\n    return input\n"
    with sitting(nursery, source) as (student, link):
        ask = student.f()
        assert link.printed == ""
        assert fault(ask).cause is Cause.ERROR


def test_a_slow_import_does_not_count_against_the_check(nursery: Nursery) -> None:
    source = "import time\ntime.sleep(0.6)\ndef f():\n    return 1\ndef g():\n    time.sleep(5)\n"
    with sitting(nursery, source, seconds=0.5) as (student, link):
        assert student.f() == 1
        assert fault(student.g).cause is Cause.TIMEOUT
        assert begin(link, seconds=0.5).f() == 1  # imported again, in a new worker


def test_an_import_that_never_ends_is_tried_once(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "IMPORT_SECONDS", 0.5)
    with sitting(nursery, "while True:\n    pass\n") as (student, link):
        for _ in range(3):
            begun = time.monotonic()
            found = fault(getattr, student, "f")
            assert found.cause is Cause.TIMEOUT
            assert found.message.startswith("work.py could not be imported.")
            student = begin(link)
        assert time.monotonic() - begun < 0.5


def test_an_import_that_fails_says_so_in_every_check(nursery: Nursery) -> None:
    with sitting(nursery, "import torch\n\nx = undefined\n") as (student, link):
        for _ in range(2):
            found = fault(getattr, student, "f")
            assert found.message == (
                "work.py could not be imported. NameError: name 'undefined' is not defined\n"
                "  work.py, line 3: x = undefined"
            )
            student = begin(link)


def test_each_check_has_its_own_memory(nursery: Nursery) -> None:
    source = "import torch\ndef f(mb):\n    return torch.empty(mb << 18).numel()\n"
    with sitting(nursery, source) as (student, link):
        assert fault(student.f, 600).cause is Cause.MEMORY
        assert begin(link, memory_mb=1500).f(600) == 600 << 18


# what the box sees

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
        import ctypes
        return {
            "fork": tried(os.fork),
            "exec": tried(os.execv, "/bin/true", ["true"]),
            "network": tried(socket.create_connection, ("127.0.0.1", 22), 1),
            "socket": tried(socket.socket),
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
}


def test_the_box_sees_nothing_of_the_graders(walled: Nursery) -> None:
    root, home = Path(__file__).resolve().parent.parent, Path.home()
    needed = [Path(prefix) for prefix in (sys.prefix, sys.base_prefix)]
    with sitting(walled, LOOK) as (student, _):
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
        assert set(student.listing("/tmp")) <= KEPT
        assert student.open_descriptors() == [0, 1, 2, 3]


def test_the_box_can_write_to_its_own_tmp_only(walled: Nursery) -> None:
    with sitting(walled, LOOK) as (student, _):
        folders = ["/", "/tmp", "/usr", "/gradlab", "/gradlab/common", "/proc", "/dev", "/dev/shm", "/etc"]
        assert student.writable(folders) == ["/tmp"]
        assert student.fill("/tmp/small", 3) is None
        assert fault(student.fill, "/tmp/large", 9).message.startswith("OSError")


def test_the_box_starts_nothing_and_calls_nobody(walled: Nursery) -> None:
    with sitting(walled, LOOK) as (student, _):
        assert set(student.forbidden().values()) <= {"PermissionError", "ProcessLookupError"}
        assert 0 not in student.whoami()


def test_threads_are_allowed(walled: Nursery) -> None:
    with sitting(walled, LOOK) as (student, _):
        student.threads(3)


# Where the course or its interpreter lies below /tmp, the box goes on seeing those folders there.
KEPT = {Path(path).parts[2] for path in below_tmp("bubblewrap")}
STORE = """
    import os, threading, time
    KEPT = __KEPT__

    def leave():
        open("/tmp/mine", "w").write("secret")
        os.mkdir("/tmp/folder")

    def see():
        return sorted(set(os.listdir("/tmp")) - KEPT)

    def haunt():
        def spin():
            while True:
                time.sleep(0.01)
        for _ in range(5):
            threading.Thread(target=spin).start()

    def exits():
        os._exit(0)
""".replace("__KEPT__", repr(KEPT))


def test_two_submissions_do_not_see_each_other(walled: Nursery) -> None:
    with sitting(walled, STORE) as (ada, _), sitting(walled, STORE) as (bob, _):
        ada.leave()
        assert ada.see() == ["folder", "mine"]
        assert bob.see() == []


BUSY = """
    import time

    def spin(seconds):
        while time.process_time() < seconds:
            pass

    def sleep(seconds):
        time.sleep(seconds)
"""


@pytest.fixture
def crowded(walled: Nursery) -> Iterator[Nursery]:
    """All workers on one core, which three other processes keep busy."""
    usable = os.sched_getaffinity(0)
    core = {min(usable)}
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    for pid in (*pids(walled), *(other.pid for other in others)):
        os.sched_setaffinity(pid, core)
    yield walled
    for other in others:
        other.kill()
        other.wait()
    for pid in pids(walled):
        os.sched_setaffinity(pid, usable)


def pids(nursery: Nursery) -> list[int]:
    return [int(line.split()[0]) for line in descendants(nursery.process.pid)]


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this kernel does not count the time without a core"
)
def test_a_busy_machine_costs_an_honest_student_nothing(crowded: Nursery) -> None:
    with sitting(crowded, BUSY, seconds=1.0) as (student, _):
        student.spin(0.8)  # some three seconds here


@pytest.mark.parametrize("name", ["spin", "sleep"])
def test_what_never_ends_is_stopped_on_a_busy_machine_too(name: str, crowded: Nursery) -> None:
    with sitting(crowded, BUSY, seconds=0.5) as (student, _):
        begun = time.monotonic()
        assert fault(getattr(student, name), 1e9).cause is Cause.TIMEOUT
        assert time.monotonic() - begun < 0.5 + 9 * 0.5 + 2


@pytest.mark.parametrize("ending", ["see", "haunt", "exits"])
def test_nothing_is_left_for_the_next_submission(ending: str, walled: Nursery) -> None:
    with sitting(walled, STORE) as (ada, _):
        ada.leave()
        try:
            getattr(ada, ending)()
        except StudentFault:
            assert ending == "exits"
    with sitting(walled, STORE) as (bob, _):
        assert bob.see() == []
    assert settled(walled)


class Refusing(Nursery):
    """A nursery in which nested namespaces fail half way, as where the system lets them be made but not used."""

    def _send(self, request: dict[str, Any], *rest: Any) -> None:
        if request.get("fork", {}).get("nested"):
            request = {"fork": {**request["fork"], "file": -1}}
        super()._send(request, *rest)


def test_where_nested_namespaces_are_refused_each_submission_has_its_own_nursery(wall: str) -> None:
    with Refusing(wall) as nursery:
        with sitting(nursery, STORE) as (ada, _):
            assert ada.see() == []
            ada.leave()
            first = nursery.process.pid
            fault(ada.exits)
        with sitting(nursery, STORE + LOOK) as (bob, _):
            assert nursery.process.pid != first
            assert bob.see() == []
            assert set(bob.forbidden().values()) <= {"PermissionError", "ProcessLookupError"}
            assert bob.open_descriptors() == [0, 1, 2, 3]
            assert 0 not in bob.whoami()


def kill(nursery: Nursery, link: BoxLink) -> None:
    """And see the worker end with it."""
    os.kill(nursery.process.pid, signal.SIGKILL)
    assert link._worker is not None
    assert select.select([link._worker.channel], [], [], 10) != ([], [], [])


def test_a_nursery_that_is_killed_is_never_the_students_fault(wall: str) -> None:
    with Nursery(wall) as nursery, sitting(nursery, ENDS) as (student, link):
        fine = student.fine
        kill(nursery, link)
        with pytest.raises(BoxError):
            fine()
        assert begin(link).fine() == "fine"  # the next check has a new nursery
        kill(nursery, link)  # between two checks: that costs neither
        assert begin(link).fine() == "fine"

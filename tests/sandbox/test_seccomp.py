"""The filter of system calls, run by a small interpreter of its instructions: no kernel is needed."""

from __future__ import annotations

import ctypes
import errno
import struct

import pytest

from autograder.sandbox.inside import seccomp
from autograder.sandbox.inside.seccomp import deny, program

ALLOW, KILL = 0x7FFF0000, 0x80000000
THREAD, PROCESS = 0x00010000, 0x00000011  # flags of clone
X86 = {"read": 0, "mmap": 9, "munmap": 11, "futex": 202, "exit_group": 231, "openat": 257, "clone": 56, "kill": 62}
ARM = {"read": 63, "mmap": 222, "munmap": 215, "futex": 98, "exit_group": 94, "openat": 56, "clone": 220, "kill": 129}
MACHINES = {"x86_64": (X86, 0xC000003E), "aarch64": (ARM, 0xC00000B7)}
OLD = {  # calls that no hand-in needs
    "x86_64": {
        "socket": 41,
        "connect": 42,
        "fork": 57,
        "vfork": 58,
        "execve": 59,
        "execveat": 322,
        "ptrace": 101,
        "bpf": 321,
    }
    | {"unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "chroot": 161, "keyctl": 250, "memfd_create": 319}
    | {"perf_event_open": 298, "userfaultfd": 323, "process_vm_readv": 310, "setpriority": 141, "setrlimit": 160}
    | {"sched_setaffinity": 203, "sched_setscheduler": 144, "shmget": 29, "init_module": 175, "personality": 135},
    "aarch64": {"socket": 198, "connect": 203, "execve": 221, "execveat": 281, "ptrace": 117, "bpf": 280}
    | {"unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "chroot": 51, "keyctl": 219, "memfd_create": 279}
    | {"perf_event_open": 241, "userfaultfd": 282, "process_vm_readv": 270, "setpriority": 140, "setrlimit": 164}
    | {"sched_setaffinity": 122, "sched_setscheduler": 119, "shmget": 194, "init_module": 105, "personality": 92},
}
NEW = {
    "io_uring_setup": 425,
    "clone3": 435,
    "pidfd_open": 434,
    "pidfd_getfd": 438,
    "move_mount": 429,
    "mount_setattr": 442,
}


def run(code: bytes, number: int, architecture: int, *arguments: int) -> int:
    """Return the filter's result for a call."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    lines = [struct.unpack_from("<HBBI", code, at) for at in range(0, len(code), 8)]
    at = word = 0
    while True:
        what, yes, no, value = lines[at]
        at += 1
        if what == 0x20:
            (word,) = struct.unpack_from("<I", data, value)
        elif what == 0x06:
            return int(value)
        else:
            holds = {0x15: word == value, 0x35: word >= value, 0x45: bool(word & value)}[what]
            at += yes if holds else no


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_programs_need_is_allowed(machine: str) -> None:
    calls, architecture = MACHINES[machine]
    for name in ("read", "mmap", "munmap", "futex", "exit_group", "openat"):
        assert run(program(machine), calls[name], architecture) == ALLOW, name
    assert run(program(machine), calls["clone"], architecture, THREAD) == ALLOW


def test_other_calls_and_new_processes_are_denied(machine: str) -> None:
    calls, architecture = MACHINES[machine]
    for name, number in OLD[machine].items():
        assert run(program(machine), number, architecture) == deny(errno.EPERM), name
    assert run(program(machine), calls["clone"], architecture, PROCESS) == deny(errno.EPERM)


@pytest.mark.parametrize("number", [*NEW.values(), 463, 470, 600, 0x3FFFFFFF])
def test_new_calls_do_not_exist(number: int, machine: str) -> None:
    assert run(program(machine), number, MACHINES[machine][1]) == deny(errno.ENOSYS)


def test_only_what_the_table_names_is_allowed(machine: str) -> None:
    code, architecture, column = program(machine), MACHINES[machine][1], list(MACHINES).index(machine)
    named = {numbers[column] for numbers in (seccomp._ALLOWED | seccomp._ALLOWED_ALONE).values()}
    conditional = {numbers[column] for numbers in (seccomp._TGKILL, seccomp._PRLIMIT)}  # allowed with zeros
    allowed = {number for number in range(1000) if run(code, number, architecture) == ALLOW}
    assert allowed == (named | conditional) - {None}


def test_numbers_are_those_of_libseccomp(machine: str) -> None:
    try:
        resolve = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch
    except OSError:
        pytest.skip("libseccomp is not installed")
    column, architecture = list(MACHINES).index(machine), ctypes.c_uint32(MACHINES[machine][1])
    found = {name: resolve(architecture, name.encode()) for name in seccomp._ALLOWED}
    known = {name: number if number >= 0 else None for name, number in found.items()}  # below 0: there is none here
    assert known == {name: numbers[column] for name, numbers in seccomp._ALLOWED.items()}


def test_pairs_of_sockets_are_local(machine: str) -> None:
    number, architecture = seccomp._SOCKETPAIR[list(MACHINES).index(machine)], MACHINES[machine][1]
    assert run(program(machine), number, architecture, 1) == ALLOW
    assert run(program(machine), number, architecture, 30) == deny(errno.EPERM)  # AF_TIPC


def test_another_architecture_ends_the_process(machine: str) -> None:
    assert run(program(machine), 0, 0x40000003) == KILL
    if machine == "x86_64":
        assert run(program(machine), 0x40000000, 0xC000003E) == deny(errno.EPERM)


def test_limits_are_read_but_not_set(machine: str) -> None:
    column = list(MACHINES).index(machine)
    prlimit, architecture = seccomp._PRLIMIT[column], MACHINES[machine][1]
    assert run(program(machine), prlimit, architecture, 0, 7, 0) == ALLOW
    assert run(program(machine), prlimit, architecture, 0, 7, 1 << 40) == deny(errno.EPERM)


def test_only_a_worker_that_is_alone_may_send_signals(machine: str) -> None:
    calls, architecture = MACHINES[machine]
    assert run(program(machine), calls["kill"], architecture) == ALLOW
    assert run(program(machine, alone=False, pid=5), calls["kill"], architecture) == deny(errno.EPERM)
    tgkill = seccomp._TGKILL[list(MACHINES).index(machine)]
    assert run(program(machine), tgkill, architecture, 6) == ALLOW
    for pid, result in ((5, ALLOW), (0, ALLOW), (6, deny(errno.EPERM))):
        assert run(program(machine, alone=False, pid=5), tgkill, architecture, pid) == result

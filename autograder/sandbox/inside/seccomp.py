"""The system calls that a student's process may make: a seccomp filter, built here and loaded with prctl(2).

A list of allowed calls: what Python, numpy and torch make when they compute, and what honest code may do with files,
threads, time and signals. New processes, namespaces, sockets and all other calls are denied: with EPERM, like any call
without permission; or, if Linux got the call after version 5.0, with ENOSYS, as by a kernel that does not have it,
because the C library then uses an older call. clone3 is one of these: a filter cannot read its flags.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable

Line = tuple[int, int, int, int]
Condition = tuple[int, tuple[int, ...]]  # the offset of a word, and the values that it may have

# name: (x86_64, aarch64); None if the architecture has no such call
# fmt: off
_ALLOWED: dict[str, tuple[int, int | None]] = {
    # files
    "read": (0, 63), "write": (1, 64), "pread64": (17, 67), "pwrite64": (18, 68), "readv": (19, 65),
    "writev": (20, 66), "preadv": (295, 69), "pwritev": (296, 70), "preadv2": (327, 286), "pwritev2": (328, 287),
    "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "creat": (85, None), "close": (3, 57),
    "close_range": (436, 436), "lseek": (8, 62), "stat": (4, None), "fstat": (5, 80), "lstat": (6, None),
    "newfstatat": (262, 79), "statx": (332, 291), "statfs": (137, 43), "fstatfs": (138, 44), "access": (21, None),
    "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78),
    "getdents": (78, None), "getdents64": (217, 61), "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "mkdir": (83, None), "mkdirat": (258, 34),
    "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35), "symlink": (88, None), "symlinkat": (266, 36),
    "link": (86, None), "linkat": (265, 37), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "umask": (95, 166), "truncate": (76, 45), "ftruncate": (77, 46), "fallocate": (285, 47), "fsync": (74, 82),
    "fdatasync": (75, 83), "flock": (73, 32), "fcntl": (72, 25), "ioctl": (16, 29), "dup": (32, 23),
    "dup2": (33, None), "dup3": (292, 24), "pipe": (22, None), "pipe2": (293, 59), "sendfile": (40, 71),
    "copy_file_range": (326, 285), "fadvise64": (221, 223), "readahead": (187, 213), "getxattr": (191, 8),
    "lgetxattr": (192, 9), "fgetxattr": (193, 10), "listxattr": (194, 11), "llistxattr": (195, 12),
    "flistxattr": (196, 13), "utime": (132, None), "utimes": (235, None), "utimensat": (280, 88),
    "futimesat": (261, None),
    # memory
    "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216), "brk": (12, 214),
    "madvise": (28, 233), "msync": (26, 227), "mincore": (27, 232), "mlock": (149, 228), "mlock2": (325, 284),
    "munlock": (150, 229), "membarrier": (324, 283),
    # threads
    "futex": (202, 98), "set_robust_list": (273, 99), "get_robust_list": (274, 100), "set_tid_address": (218, 96),
    "rseq": (334, 293), "gettid": (186, 178), "exit": (60, 93), "exit_group": (231, 94), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "sched_getattr": (315, 275), "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126),
    "sched_rr_get_interval": (148, 127), "getpriority": (140, 141), "getcpu": (309, 168), "arch_prctl": (158, None),
    "prctl": (157, 167), "wait4": (61, 260), "waitid": (247, 95),
    # signals
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132),
    "restart_syscall": (219, 128), "pause": (34, None),
    # time
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "alarm": (37, None), "getitimer": (36, 102),
    "setitimer": (38, 103), "timer_create": (222, 107), "timer_settime": (223, 110), "timer_gettime": (224, 108),
    "timer_getoverrun": (225, 109), "timer_delete": (226, 111), "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87),
    # waiting
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72), "epoll_create": (213, None),
    "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None), "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441), "eventfd": (284, None), "eventfd2": (290, 19), "signalfd": (282, None),
    "signalfd4": (289, 74),
    # sockets
    "sendto": (44, 206), "recvfrom": (45, 207), "sendmsg": (46, 211), "recvmsg": (47, 212), "shutdown": (48, 210),
    "getsockname": (51, 204), "getpeername": (52, 205), "getsockopt": (55, 209),
    # self
    "getpid": (39, 172), "getppid": (110, 173), "getpgid": (121, 155), "getpgrp": (111, None), "getsid": (124, 156),
    "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177), "getgroups": (115, 158),
    "getresuid": (118, 148), "getresgid": (120, 150), "capget": (125, 90), "uname": (63, 160), "sysinfo": (99, 179),
    "getrusage": (98, 165), "getrlimit": (97, 163), "getrandom": (318, 278),
}
# fmt: on
_ALLOWED_ALONE = {"kill": (62, 129), "tkill": (200, 130)}  # others in its pid namespace are none of its business
_TGKILL, _PRLIMIT, _SOCKETPAIR, _CLONE = (234, 131), (302, 261), (53, 199), (56, 220)
_UNIX, _CLONE_THREAD = 1, 0x00010000
_NEW = 424  # calls from this number on came after Linux 5.0
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32_BIT = 0x40000000

_LOAD_WORD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NUMBER, _ARCH, _FIRST_ARGUMENT, _THIRD_ARGUMENT = 0, 4, 16, 32  # offsets in struct seccomp_data
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


def deny(number: int) -> int:
    """Return the filter's result that makes a call fail with this errno."""
    return 0x00050000 | number


def program(machine: str, *, alone: bool = True, pid: int = 0) -> bytes:
    """Return the filter for ``machine`` ("x86_64" or "aarch64") as BPF instructions. Raises KeyError for others.

    Unless the process ``pid`` is ``alone`` in its pid namespace, it also may not signal or change other processes.
    """
    column, audit = _ARCHITECTURES[machine]
    lines: list[Line] = [
        (_LOAD_WORD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD_WORD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, deny(errno.EPERM)),
    ]
    allowed = _ALLOWED | _ALLOWED_ALONE if alone else _ALLOWED
    for first, last in _ranges(numbers[column] for numbers in allowed.values()):
        lines += [(_AT_LEAST, 0, 2, first), (_AT_LEAST, 1, 0, last + 1), (_RETURN, 0, 0, _ALLOW)]
    itself: list[Condition] = [] if alone else [(_FIRST_ARGUMENT, (0, pid))]  # 0 is the caller, too
    reads: list[Condition] = [(_THIRD_ARGUMENT, (0,)), (_THIRD_ARGUMENT + 4, (0,))]  # no pointer to a new limit
    lines += _if(_TGKILL[column], itself)
    lines += _if(_PRLIMIT[column], itself + reads)
    lines += _if(_SOCKETPAIR[column], [(_FIRST_ARGUMENT, (_UNIX,))])
    lines += [
        (_EQUAL, 0, 3, _CLONE[column]),
        (_LOAD_WORD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD_WORD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _NEW),
        (_RETURN, 0, 0, deny(errno.ENOSYS)),
        (_RETURN, 0, 0, deny(errno.EPERM)),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def _ranges(numbers: Iterable[int | None]) -> list[tuple[int, int]]:
    """Return the numbers as ranges, first and last of each; None is not a number."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(number for number in numbers if number is not None):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _if(number: int, conditions: list[Condition]) -> list[Line]:
    """Allow the call with this number if all conditions hold; offsets are in struct seccomp_data."""
    lines: list[Line] = []
    for offset, values in conditions:
        lines.append((_LOAD_WORD, 0, 0, offset))
        lines += [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
        lines.append((_RETURN, 0, 0, deny(errno.EPERM)))
    lines.append((_RETURN, 0, 0, _ALLOW))
    return [(_EQUAL, 0, len(lines), number), *lines]


def load(*, alone: bool) -> None:
    """Filter the system calls of this process from now on. Needs no_new_privs. Raises OSError."""
    code = program(os.uname().machine, alone=alone, pid=os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    libc = ctypes.CDLL(None, use_errno=True)
    whole = Program(len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(whole), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")

"""The system calls that a student's process may not make: a seccomp filter, built here and loaded with prctl(2).

Denied calls fail with EPERM, like any call without permission; clone3 fails with ENOSYS, so that the C library falls
back to clone, whose flags a filter can read. New processes and namespaces are denied; threads are allowed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

_DENIED = {
    # name: (x86_64, aarch64); None if the architecture has no such call
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "syslog": (103, 116),
    "swapon": (167, 224),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "quotactl": (179, 60),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "socket": (41, 198),
    # Who gives way to other processes would be credited the time that it waits (see Allowance in box_link.py).
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "setrlimit": (160, 164),  # a lower limit of processor time would make the kernel kill the worker: not our fault
}
# Also denied if the worker shares a pid namespace with the fork server, which it could signal or starve.
_DENIED_NEXT_TO_OTHERS = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
}
_ONLY_OF_ITSELF = {"tgkill": (234, 131), "prlimit64": (302, 261)}  # the first argument is the process; 0 is the caller
_PRLIMIT = (302, 261)  # reads limits too, which the C library needs: then its third argument is 0
_CLONE, _CLONE3 = (56, 220), (435, 435)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32_BIT = 0x40000000
_CLONE_THREAD = 0x00010000

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
    lines: list[tuple[int, int, int, int]] = [
        (_LOAD_WORD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD_WORD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, deny(errno.EPERM)),
    ]
    denied = _DENIED if alone else _DENIED | _DENIED_NEXT_TO_OTHERS
    for numbers in denied.values():
        number = numbers[column]
        if number is not None:
            lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, deny(errno.EPERM))]
    lines += [
        (_EQUAL, 0, 6, _PRLIMIT[column]),
        (_LOAD_WORD, 0, 0, _THIRD_ARGUMENT),
        (_EQUAL, 0, 2, 0),
        (_LOAD_WORD, 0, 0, _THIRD_ARGUMENT + 4),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, deny(errno.EPERM)),
        (_LOAD_WORD, 0, 0, _NUMBER),
    ]
    for numbers in () if alone else _ONLY_OF_ITSELF.values():
        lines += [
            (_EQUAL, 0, 5, numbers[column]),
            (_LOAD_WORD, 0, 0, _FIRST_ARGUMENT),
            (_EQUAL, 2, 0, pid),
            (_EQUAL, 1, 0, 0),
            (_RETURN, 0, 0, deny(errno.EPERM)),
            (_RETURN, 0, 0, _ALLOW),
        ]
    lines += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, deny(errno.ENOSYS))]
    lines += [
        (_EQUAL, 0, 3, _CLONE[column]),
        (_LOAD_WORD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, deny(errno.EPERM)),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


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

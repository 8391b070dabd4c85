"""A second layer below the mounts: Landlock (Linux 5.13 and later) limits what files a process may open and change.

The rules hold for the process, for all its threads and for nothing else; they need no privileges. So a file that the
mount namespace shows by mistake can be read, but not changed. Numbers: Linux, include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls, on every architecture
_VERSION, _PATH_BENEATH = 1, 1
WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(1, 6))
MAKE_DIR, MAKE_REG, MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = (1 << bit for bit in (7, 8, 12, 13, 14, 15))
_RIGHTS_OF_FILES = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # by version: how many rights it knows
_NETWORK = 0b11  # to bind and to connect TCP sockets; from version 4
_SCOPES = 0b11  # abstract sockets of others, signals to others; from version 6

READ = READ_FILE | READ_DIR
WRITE = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER | TRUNCATE
USE = WRITE_FILE | IOCTL_DEV  # a device


def version() -> int:
    """Return the version of Landlock that the kernel has, or 0."""
    return max(0, int(_libc().syscall(ctypes.c_long(_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))))


def restrict(rules: Iterable[tuple[str, int]]) -> bool:
    """Allow this process nothing but ``rules``, pairs of a path and of the rights at and below it.

    Paths that do not exist are left out. Needs no_new_privs. Returns whether the kernel has Landlock. Raises OSError.
    """
    known = version()
    if not known:
        return False
    files = (1 << _RIGHTS_OF_FILES[min(known, max(_RIGHTS_OF_FILES))]) - 1
    fields = [files, _NETWORK, _SCOPES][: 1 + (known >= 4) + (known >= 6)]
    ruleset = _call(_CREATE, struct.pack(f"{len(fields)}Q", *fields), 8 * len(fields), 0)
    try:
        for path, rights in rules:
            try:
                fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                of_files = WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
                rights &= files if os.path.isdir(path) else files & of_files
                _call(_ADD, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, fd), 0)
            finally:
                os.close(fd)
        _call(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    return True


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: int | bytes) -> int:
    words = [argument if isinstance(argument, bytes) else ctypes.c_long(argument) for argument in arguments]
    result = int(_libc().syscall(ctypes.c_long(number), *words))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"landlock: {os.strerror(error)}")
    return result

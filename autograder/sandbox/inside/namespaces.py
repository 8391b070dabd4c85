"""The kernel's part of isolation: namespaces, mounts, privileges. Thin wrappers of system calls; Linux only.

Every function raises OSError with the kernel's reason.
"""

from __future__ import annotations

import ctypes
import os
import resource
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
ALL_NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
_LAST_CAPABILITY = 63
_CAPABILITY_VERSION_3 = 0x20080522

NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}


def prctl(option: int, value: int = 0) -> None:
    """Call prctl(2) with one argument."""
    _verify(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


def unshare(flags: int) -> None:
    """Move this process, and for NEWPID its future children, into new namespaces."""
    _verify(_libc.unshare(flags), "unshare")


def unshare_user(flags: int, *, inside: int) -> None:
    """Call unshare with a new user namespace, whose only user and group are this process's, numbered ``inside``."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(flags | CLONE_NEWUSER)
    _write("/proc/self/uid_map", f"{inside} {uid} 1")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/gid_map", f"{inside} {gid} 1")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Call mount(2)."""
    arguments = [part.encode() or None for part in (source, target, kind)]
    _verify(_libc.mount(*arguments, ctypes.c_ulong(flags), data.encode() or None), f"mount {target}")


def mount_tmpfs(target: str, *, size: int, flags: int = 0, mode: str = "1777") -> None:
    """Mount an empty file system in memory, of at most ``size`` bytes, over ``target``."""
    data = f"size={size},nr_inodes={max(16, size // 4096)},mode={mode}"
    mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV | flags, data)


def bind(source: str, target: str, *, writable: bool = False) -> None:
    """Mount ``source`` at ``target``, read-only unless ``writable``."""
    mount(source, target, "", MS_BIND | MS_REC)
    if not writable:
        mount("none", target, "", MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | _flags_to_repeat(target))


def _flags_to_repeat(target: str) -> int:
    """Return the flags of a mount that an unprivileged remount must repeat."""
    have = os.statvfs(target).f_flag
    pairs = ((os.ST_NODEV, MS_NODEV), (os.ST_NOEXEC, MS_NOEXEC), (os.ST_NOATIME, 1024), (os.ST_RELATIME, 1 << 21))
    return sum(flag for mask, flag in pairs if have & mask)


def pivot_root(new_root: str) -> None:
    """Make ``new_root`` the root of this mount namespace and unmount the old one."""
    os.chdir(new_root)
    number = _SYS_PIVOT_ROOT[os.uname().machine]
    _verify(_libc.syscall(ctypes.c_long(number), b".", b"."), "pivot_root")
    _verify(_libc.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")


def drop_capabilities() -> None:
    """Give up every privilege, for this process and any program it may run."""
    for capability in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # not known to this kernel, or not allowed to drop it: capset below decides
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    _verify(_libc.syscall(ctypes.c_long(_SYS_CAPSET[os.uname().machine]), header, none), "capset")
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def become_nobody() -> None:
    """Stop being root: afterwards this process owns no file of the host."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    prctl(PR_SET_DUMPABLE, 1)  # else /proc/self belongs to root and no user map can be written


def limit_resources(*, memory: int, file: int, threads: int) -> None:
    """Set limits, in bytes or as counts; ``memory`` is in addition to what this process already uses."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for what, limit in (
        (resource.RLIMIT_AS, used + memory),
        (resource.RLIMIT_FSIZE, file),
        (resource.RLIMIT_NPROC, threads),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 256),  # also timers, of which the system allows one user a hundred thousand
    ):
        hard = resource.getrlimit(what)[1]
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (allowed, allowed))


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _verify(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")

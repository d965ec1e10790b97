"""Keeps threads from files and addresses that they have no business with, by Landlock.

https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import struct
import sysconfig
from dataclasses import dataclass
from pathlib import Path

# The same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_SET_NO_NEW_PRIVS = 38

# In /proc/self/stat, after the name of the process.
_ENVIRONMENT_BEGIN = 47

_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_EXECUTE, _WRITE_FILE, _TRUNCATE, _IOCTL_DEVICE = 1 << 0, 1 << 1, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_BIND_TCP, _CONNECT_TCP = 1, 2
# Rights on files by the kernel's version of Landlock; before the second, nothing can be moved between directories.
_OLDEST, _WITH_NETWORK = 2, 4
_FILE_RIGHTS = {2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_NEWEST_FILE_RIGHTS = (1 << 16) - 1

# What ClickHouse and Python's modules read of the system; none of it is secret.
_OF_THE_SYSTEM = (
    # ClickHouse reads its threads' times there; where it may not, a load of a small segment takes a third more of CPU.
    # `hide_environment` sees to the one secret next to them.
    "/proc/self/task",
    # Without it, ClickHouse takes what lies behind the environment for the kernel's auxiliary vector, and may crash.
    "/proc/self/auxv",
    "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/fs/cgroup", "/sys/devices/system",
    "/dev/null", "/dev/urandom", "/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo",
    "/lib", "/lib64", "/usr/lib", "/usr/lib64",
)  # fmt: skip


@dataclass(frozen=True)
class Confinement:
    """What a thread may still open."""

    writable: tuple[Path, ...]
    readable: tuple[Path, ...]

    def enter(self) -> None:
        """Confine this thread and every one that it starts, for good.

        They can open no other path, and make no TCP connection. Raises OSError where the kernel refuses; `is_available`
        says beforehand whether it does.
        """
        version = _version()
        rights = _FILE_RIGHTS.get(version, _NEWEST_FILE_RIGHTS)
        network = _BIND_TCP | _CONNECT_TCP if version >= _WITH_NETWORK else 0
        attributes = ctypes.create_string_buffer(struct.pack("=QQ", rights, network))
        # Older kernels know the first field only.
        size = 16 if version >= _WITH_NETWORK else 8
        ruleset = _syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
        try:
            for path in self.writable:
                _allow(ruleset, path, rights)
            for path in (*self.readable, *_of_python(), *map(Path, _OF_THE_SYSTEM)):
                _allow(ruleset, path, _READ_FILE | _READ_DIR)
            if _libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "no_new_privs cannot be set")
            _syscall(_RESTRICT_SELF, ruleset, 0)
        finally:
            os.close(ruleset)


def is_available() -> bool:
    """Whether this system has Landlock, and lets this process use it."""
    try:
        return _version() >= _OLDEST
    except (OSError, AttributeError):
        return False


def hide_environment() -> None:
    """Blank the environment that /proc shows of this process; its variables stay, in copies of the C library's."""
    for name, value in os.environb.items():
        os.putenv(name, value)
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    begin, end = int(fields[_ENVIRONMENT_BEGIN]), int(fields[_ENVIRONMENT_BEGIN + 1])
    ctypes.memset(begin, 0, end - begin)


_libc = ctypes.CDLL(None, use_errno=True)


def _version() -> int:
    return _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        allowed = rights if path.is_dir() else rights & _OF_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, opened))
        _syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(opened)


def _of_python() -> tuple[Path, ...]:
    """Where modules are, for some are imported at their first use, and the files that go with our code."""
    places = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return (*map(Path, sorted(places)), Path(__file__).resolve().parents[1])


def _syscall(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

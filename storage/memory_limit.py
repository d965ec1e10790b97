"""How much memory this process may have: its control groups, its address space, the machine."""

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# Control groups without a limit say `max` (v2), or the largest multiple of a page (v1).
_UNLIMITED_BYTES = 1 << 60
# The rest of a machine's memory is the system's.
_USABLE_SHARE = 0.8
# What the engine, threads and libraries map without ever touching it.
_UNTOUCHED_ADDRESS_SPACE_BYTES = 3 << 30
_V1_FILES = ("memory.limit_in_bytes",)
# Above memory.high the kernel slows a process down until it hardly moves, so it is a limit too.
_V2_FILES = ("memory.max", "memory.high")


@dataclass(frozen=True)
class MemoryLimit:
    """A number of bytes, and its source."""

    size: int
    source: str


@dataclass(frozen=True)
class _Mount:
    """Where a hierarchy of control groups is mounted, and which of its groups is shown there."""

    point: Path
    root: PurePosixPath
    is_v2: bool


def memory_limit(root: Path = Path("/")) -> MemoryLimit:
    """The smallest limit that holds for this process; `root` holds /proc and /sys."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    usable = int(physical * _USABLE_SHARE)
    found = [MemoryLimit(usable, "physical memory"), *_address_space(), *_control_groups(root)]
    return min(found, key=lambda limit: limit.size)


def _address_space() -> Iterator[MemoryLimit]:
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        yield MemoryLimit(max(soft - _UNTOUCHED_ADDRESS_SPACE_BYTES, 0), "RLIMIT_AS")


def _control_groups(root: Path) -> Iterator[MemoryLimit]:
    """The limits of the groups that this process is in, and of all that these are in."""
    try:
        memberships = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        mounts = list(_mounts(root))
    except OSError:
        return
    for line in memberships:
        _, controllers, name = line.split(":", 2)
        is_v2 = controllers == ""
        if not is_v2 and "memory" not in controllers.split(","):
            continue
        for mount in mounts:
            if mount.is_v2 == is_v2:
                yield from _limits_up_from(mount, PurePosixPath(name))


def _limits_up_from(mount: _Mount, name: PurePosixPath) -> Iterator[MemoryLimit]:
    # A container may see its own group as the root of the mount, under the name that the host has for it.
    inside = name.relative_to(mount.root) if name.is_relative_to(mount.root) else PurePosixPath()
    directory = mount.point / inside
    for group in (directory, *directory.parents):
        for file in _V2_FILES if mount.is_v2 else _V1_FILES:
            size = _read(group / file)
            if size is not None and size < _UNLIMITED_BYTES:
                yield MemoryLimit(size, f"control group, {file}")
        if group == mount.point:
            return


def _mounts(root: Path) -> Iterator[_Mount]:
    """The mounted hierarchies that may limit memory; proc_pid_mountinfo(5) has the fields."""
    for line in (root / "proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        mount, _, kind = line.partition(" - ")
        shown, point = mount.split()[3:5]
        filesystem, _, options = kind.split()[:3]
        is_v1 = filesystem == "cgroup" and "memory" in options.split(",")
        if filesystem == "cgroup2" or is_v1:
            yield _Mount(root / point.lstrip("/"), PurePosixPath(shown), filesystem == "cgroup2")


def _read(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None

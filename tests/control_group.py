"""A memory control group for processes under test: a container's limit without a container."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_V1, _V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class ControlGroup:
    """A group below that of this process, so that no limit of its own is left."""

    directory: Path
    is_v2: bool

    def command(self, arguments: Sequence[str]) -> list[str]:
        """What runs a command inside of the group from its first instruction on."""
        return ["sh", "-c", f'echo $$ > "{self.directory}/cgroup.procs" && exec "$@"', "sh", *arguments]

    def peak(self) -> int:
        """The most that the group has had, page cache included."""
        return int(self._read("memory.peak" if self.is_v2 else "memory.max_usage_in_bytes"))

    def kills(self) -> int:
        """How many processes the kernel has ended for lack of memory."""
        counts = dict(
            line.split() for line in self._read("memory.events" if self.is_v2 else "memory.oom_control").splitlines()
        )
        return int(counts["oom_kill"])

    def _read(self, name: str) -> str:
        return (self.directory / name).read_text(encoding="ascii")


@contextmanager
def control_group(limit: int) -> Iterator[ControlGroup]:
    """A group with a limit of memory and no swap; skips the test where this user may not make one."""
    parent, is_v2 = _own_group()
    directory = parent / f"gatelens-test-{limit}"
    try:
        directory.mkdir()
    except OSError as error:
        pytest.skip(f"No control group can be made here ({error}); the test needs root and a writable hierarchy.")
    try:
        file = directory / ("memory.max" if is_v2 else "memory.limit_in_bytes")
        try:
            file.write_text(str(limit), encoding="ascii")
        except OSError as error:
            pytest.skip(f"The memory of a control group cannot be limited here ({error}).")
        swap = directory / ("memory.swap.max" if is_v2 else "memory.memsw.limit_in_bytes")
        if swap.exists():
            swap.write_text("0" if is_v2 else str(limit), encoding="ascii")
        yield ControlGroup(directory, is_v2)
    finally:
        directory.rmdir()


def _own_group() -> tuple[Path, bool]:
    """The group of this process in the hierarchy that limits memory, and whether that is v2."""
    memberships = dict(
        line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    )
    for controllers, name in memberships.items():
        if "memory" in controllers.split(","):
            return _V1 / name.lstrip("/"), False
    return _V2 / memberships.get("", "/").lstrip("/"), True

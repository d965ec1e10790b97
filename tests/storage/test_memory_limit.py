"""Whose limit holds: groups as they are mounted on hosts and in containers, of both versions."""

from pathlib import Path

import pytest

from storage.errors import ConfigError
from storage.memory_budget import DEFAULT_LIMIT_BYTES, FLOOR_BYTES, budget_within
from storage.memory_limit import memory_limit

_MIB = 1 << 20
_V2 = "30 23 0:26 {shown} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate"
_V1 = "35 29 0:32 {shown} /sys/fs/cgroup/memory rw,nosuid shared:15 - cgroup cgroup rw,memory"


def _machine(root: Path, membership: str, mount: str, files: dict[str, str]) -> Path:
    process = root / "proc/self"
    process.mkdir(parents=True)
    (process / "cgroup").write_text(f"{membership}\n", encoding="utf-8")
    (process / "mountinfo").write_text(f"22 1 254:0 / / rw,noatime - ext4 /dev/vda rw\n{mount}\n", encoding="utf-8")
    for name, text in files.items():
        file = root / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("membership", "mount", "files", "source"),
    [
        pytest.param(
            "0::/", _V2.format(shown="/"), {"memory.max": str(100 * _MIB), "memory.high": "max"}, "memory.max",
            id="v2, a container with a namespace",
        ),
        pytest.param(
            "0::/user.slice/app", _V2.format(shown="/"),
            {"user.slice/app/memory.max": "max", "user.slice/memory.max": str(100 * _MIB)}, "memory.max",
            id="v2, a limit further up",
        ),
        pytest.param(
            "0::/app", _V2.format(shown="/"),
            {"app/memory.max": str(200 * _MIB), "app/memory.high": str(100 * _MIB)}, "memory.high",
            id="v2, slowed down before it is killed",
        ),
        pytest.param(
            "4:memory:/docker/abc", _V1.format(shown="/docker/abc"),
            {"memory/memory.limit_in_bytes": str(100 * _MIB)}, "memory.limit_in_bytes",
            id="v1, a container that is told its name on the host",
        ),
        pytest.param(
            "7:cpu,memory:/docker/abc", _V1.format(shown="/"),
            {
                "memory/docker/abc/memory.limit_in_bytes": "9223372036854771712",
                "memory/docker/memory.limit_in_bytes": str(100 * _MIB),
            },
            "memory.limit_in_bytes",
            id="v1, a limit further up",
        ),
    ],
)  # fmt: skip
def test_the_smallest_limit_of_all_groups_holds(
    tmp_path: Path, membership: str, mount: str, files: dict[str, str], source: str
) -> None:
    found = memory_limit(_machine(tmp_path, membership, mount, files))
    assert found.size == 100 * _MIB
    assert found.source.endswith(source)


@pytest.mark.parametrize("membership", ["0::/", "4:memory:/app"])
def test_without_a_limit_the_machine_is_the_limit(tmp_path: Path, membership: str) -> None:
    root = _machine(tmp_path, membership, _V2.format(shown="/"), {"memory.max": "max"})
    assert memory_limit(root).source == "physical memory"


def test_without_control_groups_the_machine_is_the_limit(tmp_path: Path) -> None:
    assert memory_limit(tmp_path).source == "physical memory"


@pytest.mark.parametrize("limit", [FLOOR_BYTES, 3 << 29, DEFAULT_LIMIT_BYTES, 4 << 30, 64 << 30])
def test_the_parts_stay_within_the_limit(limit: int) -> None:
    budget = budget_within(limit)
    assert budget.engine + budget.intake < budget.limit
    assert 0 < budget.load <= budget.engine // 2
    assert 0 < budget.query <= budget.engine // 2
    assert (1 << 20) < budget.segment < budget.load


def test_too_little_memory_is_refused_with_the_cure() -> None:
    with pytest.raises(
        ConfigError, match=r"needs at least 1024 MiB .* may take 512 MiB; give .* or raise memory\.limit"
    ):
        budget_within(512 * _MIB)

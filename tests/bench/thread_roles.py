"""Who spent the CPU time, by the names that the operating system has for threads."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

# What runs in Python for telemetry.
_PYTHON = {
    "intake": re.compile("intake"),
    "intake-blocking": re.compile("intake-blocking"),
    "spool-committer": re.compile("spool-committer"),
    "python": re.compile("python.*"),
}
# The writer's thread plans statements in the engine. The pages answer the benchmark's own looks. gRPC's threads, the
# poller of its asyncio interface too, never hold Python's lock.
_OTHERS = {
    "writer-0": re.compile("writer-0"),
    "web": re.compile("web.*"),
    "alerts": re.compile("alerts"),
    "grpc": re.compile(r"Thread-\d+ \(_po.*|event_engine|lifeguard|grpc_.*"),
    "merges": re.compile("MergeMutate"),
}
_ROLES = _PYTHON | _OTHERS


def spent_by_role(before: Mapping[str, float], after: Mapping[str, float], cpu_seconds: float) -> dict[str, Any]:
    """Figures for the JSON of what threads spent between two looks, of `cpu_seconds` in all.

    What none of the named threads spent is the engine's, whose threads have names that change with their work.
    """
    spent: dict[str, float] = defaultdict(float)
    for name, seconds in after.items():
        for role, pattern in _ROLES.items():
            if pattern.fullmatch(name):
                spent[role] += seconds - before.get(name, 0)
    told = {role: round(spent[role], 2) for role in _ROLES}
    return {
        "cpu_seconds_by_thread": told | {"engine": round(cpu_seconds - sum(told.values()), 2)},
        "python_share": round(sum(told[role] for role in _PYTHON) / cpu_seconds, 3),
    }

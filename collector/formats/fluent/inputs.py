"""Which records are measurements of Fluent Bit's own inputs, recognised by exactly the keys that these write.

An application may log a number under any of the keys, but not all of them and nothing else.
https://docs.fluentbit.io/manual/data-pipeline/inputs
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collector.formats.shared.message_keys import MESSAGE_KEYS

_NUMBER = frozenset({int, float})
_TEXT = frozenset({str})
_TRUTH = frozenset({bool})
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True)
class _Input:
    """The keys that each record of an input has, and those of its numbers that only some have.

    `takes_texts`: it has enough keys to be recognised even with text fields that a filter has added.
    """

    keys: Mapping[str, frozenset[type]]
    more: re.Pattern[str] = _NEVER
    takes_texts: bool = False


_INPUTS = (
    _Input(
        dict.fromkeys(("cpu_p", "user_p", "system_p"), _NUMBER),
        re.compile(r"cpu[0-9]+\.p_(?:cpu|user|system)"),
        takes_texts=True,
    ),
    _Input(
        dict.fromkeys(("Mem.total", "Mem.used", "Mem.free", "Swap.total", "Swap.used", "Swap.free"), _NUMBER),
        re.compile(r"proc_bytes|proc_hr"),
        takes_texts=True,
    ),
    _Input({"alive": _TRUTH, "proc_name": _TEXT, "pid": _NUMBER}, re.compile(r"mem\.Vm[A-Za-z]+|fd"), takes_texts=True),
    _Input({"id": _TEXT, "name": _TEXT} | dict.fromkeys(("cpu_used", "mem_used", "mem_limit"), _NUMBER)),
    _Input(dict.fromkeys(("read_size", "write_size"), _NUMBER)),
    _Input({"name": _TEXT, "type": _TEXT, "temp": _NUMBER}),
    # Without the last two, which are optional, it does not name its process.
    _Input({"alive": _TRUTH, "hostname": _TEXT, "port": _NUMBER}),
)
_OF_INTERFACE = _Input({}, re.compile(r"[^.\s]+\.[rt]x\.[a-z]+"))
_RECEIVED = ".rx.bytes"
# The end of a key of JSON, in each record of interfaces.
RECEIVED_BYTES = f'{_RECEIVED}"'.encode()

# One of these is in every record of an input but that of interfaces.
DISCRIMINATING_KEYS = frozenset({"cpu_p", "Mem.total", "proc_name", "cpu_used", "read_size", "temp", "alive"})

# What agents and we say of a record: when, where, whose.
_ABOUT = frozenset({
    "date", "time", "timestamp", "@timestamp", "hostname", "host", "instance", "gateway", "environment", "kubernetes",
    "tag", "source", "sourcetype", "fluent_tag", "fluent_time", "fluent_metadata",
})  # fmt: skip


def is_measured(record: Mapping[str, Any]) -> bool:
    """Whether a record is what an input of Fluent Bit has measured, and nothing else."""
    return any(known.keys.keys() <= record.keys() and _is_of(record, known) for known in _INPUTS)


def is_measured_of_interface(record: Mapping[str, Any]) -> bool:
    """The same of the input that measures interfaces, whose records have no key in common."""
    return "log" not in record and _RECEIVED in " ".join(record) and _is_of(record, _OF_INTERFACE)


def _is_of(record: Mapping[str, Any], known: _Input) -> bool:
    return all(_belongs(key, value, known) for key, value in record.items())


def _belongs(key: str, value: object, known: _Input) -> bool:
    types = known.keys.get(key)
    if types is not None:
        return type(value) in types and (key != "name" or "temp" not in known.keys or str(value).startswith("thermal_"))
    if key == "proc_hr" or key in _ABOUT:
        return True
    if known.more.fullmatch(key):
        return type(value) in _NUMBER
    return known.takes_texts and isinstance(value, str) and key not in MESSAGE_KEYS

"""Flex Gateway's records and lines."""

from pathlib import Path

from collector.formats.descriptor import Format, JsonRecord, Record, TextLine
from collector.formats.shared.layers import PAYLOAD_LINES, sql

_FOLDER = Path(__file__).parent

_KINDS = ("accessLog", "runtimeLog")
_COMPONENT = r"(?:flex-[a-z-]+|open-telemetry-collector)"


def _is_flex(record: Record) -> bool:
    return record.get("kind") in _KINDS or str(record.get("logger", "")).startswith("flex-")


FLEX = Format(
    "flex",
    "Flex Gateway's records and lines: messages of the Message Logging policy, runtime logs",
    (
        *sql(_FOLDER, "flex", "flex_judged", "flex_values", "flex_messages", "flex_lines", "flex_records"),
        *PAYLOAD_LINES,
    ),
    becomes=("requests", "logs"),
    line=TextLine(
        r"^(?:\S+ )?(?:\[[^\]]+\] ?)?\[" + _COMPONENT + r"\] ?\["
        r"|^\d{4}-\S+\s+[A-Z]+\s+\[[^\]]*\]\s+" + _COMPONENT + r"\s+-\s",
        contains="[",
        after_anything=True,
    ),
    record=JsonRecord(keys=frozenset({"kind", "logger"}), matches=_is_flex, in_text=("flex-", 'Log"')),
    is_whole_record=True,
    untimed_line=r"\[[a-z-]+\](?! *\[\d)",
)
